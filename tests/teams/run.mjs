// End to end with the real Teams test client in headless Chromium: real tokens, the production validator, proactive cards, clicks by people.
// Opt-in; see README.md. Everything stays on 127.0.0.1.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url)), root = path.resolve(here, "../..");
const modules = path.resolve(process.env.NODE_MODULES ?? path.join(here, "node_modules"));
const { chromium } = createRequire(path.join(modules, "x.js"))("playwright-core");
const work = fs.mkdtempSync(path.join(os.tmpdir(), "irf-teams-"));
const server = Number(process.env.PORT ?? 7471), base = `http://127.0.0.1:${server}`;
const appId = "00000000-0000-4000-8000-0000000000f2", tenant = "00000000-0000-4000-8000-000000000001";
const people = {
  alex: { id: "00000000-0000-4000-8000-0000000000b1", name: "Alex Analyst", port: server + 1 },
  sam: { id: "00000000-0000-4000-8000-0000000000b2", name: "Sam Second", port: server + 2 },
};
const adele = "00000000-0000-4000-8000-0000000000a1", primaryGroup = "00000000-0000-4000-8000-0000000000e2";
const patience = Number(process.env.PATIENCE ?? 90_000);
const started = [];
let failures = 0, alerts = 0;

function start(command, args, options, log) {
  const out = fs.openSync(path.join(work, log), "a");
  const child = spawn(command, args, { ...options, stdio: ["ignore", out, out] });
  started.push(child);
  return child;
}

async function stop(child) {
  if (child.exitCode !== null) return;
  const gone = new Promise(resolve => child.once("exit", resolve));
  child.kill("SIGINT");
  const killed = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await gone;
  clearTimeout(killed);
}

class Stop extends Error {}

async function until(what, probe) {
  const end = Date.now() + patience;
  for (;;) {
    try { const found = await probe(); if (found) return found; } catch (e) { if (e instanceof Stop) throw e; }
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

function policies(quorum) {
  const folder = path.join(work, `policies-${quorum}`);
  fs.cpSync(path.join(root, "policies"), folder, { recursive: true });
  const ladder = path.join(folder, "ladder.yaml"), actions = path.join(folder, "actions.yaml");
  const edit = (file, pairs) => { let text = fs.readFileSync(file, "utf8"); for (const [a, b] of pairs) { if (!text.includes(a)) throw new Error(`${file} lacks ${a}`); text = text.replace(a, b); } fs.writeFileSync(file, text); };
  // The first rung from the Entra group; the second soon; an end that a test can wait for.
  edit(ladder, [[`    members:\n      - { id: ${people.alex.id}, name: Alex Analyst }`, `    entra_group: ${primaryGroup}`], ["after: 5 min", "after: 5 s"], ["after: 15 min", "after: 60 s"], ["window: 15 min", "window: 15 s"]]);
  fs.writeFileSync(actions, fs.readFileSync(actions, "utf8").replace(/approval_timeout: \d+ min/g, "approval_timeout: 60 s"));
  if (quorum > 1) edit(actions, [["  disable_user_account_temporarily:\n", `  disable_user_account_temporarily:\n    quorum: ${quorum}\n`]]);
  return folder;
}

async function bot(quorum) {
  const dll = path.join(root, "local/bin/Debug/net10.0/IRFunctions.Local.dll");
  const clients = Object.values(people).flatMap(p => ["--teams-client", `127.0.0.1:${p.port}`]);
  const child = start("dotnet", [dll, "--port", String(server), "--state", path.join(work, `state-${quorum}`), "--no-feed", "--no-staff", "--policies", policies(quorum), ...clients], { cwd: work }, "bot.log");
  await until("the bot", async () => {
    if (child.exitCode !== null) throw new Stop(`the bot ended: ${fs.readFileSync(path.join(work, "bot.log"), "utf8").slice(0, 600)}`);
    return (await fetch(`${base}/api/health`)).ok;
  });
  return child;
}

async function client(name) {
  const person = people[name], folder = path.join(work, name), url = `http://127.0.0.1:${person.port}/_connector`;
  fs.mkdirSync(folder, { recursive: true });
  const other = n => `  - { id: "29:${name}-${n}", name: Other ${n}, userPrincipleName: o${n}@contoso.example, aadObjectId: 00000000-0000-4000-8000-00000000100${n}, givenName: Other, surname: "${n}", email: o${n}@contoso.example }`;
  const config = path.join(folder, ".m365agentsplayground.yml");
  fs.writeFileSync(config, [`version: "0.1.1"`, `tenantId: ${tenant}`, `bot: { id: "28:${appId}", name: Incident approvals }`,
    `currentUser: { id: "29:${name}", name: ${person.name}, userPrincipleName: ${name}@contoso.example, aadObjectId: ${person.id}, givenName: ${name}, surname: Test, email: ${name}@contoso.example }`,
    "users:", ...[1, 2, 3, 4, 5].map(other), `personalChat: { id: "chat-${name}" }`, `groupChat: { id: "group-${name}", name: Group }`,
    `team: { id: "team-${name}", name: Team, aadGroupId: 00000000-0000-4000-8000-000000002001, channels: [ { id: "channel-${name}", name: Announcements } ] }`, ""].join("\n"));
  const cli = path.join(modules, "@microsoft/m365agentsplayground/cli.js");
  const child = start("node", [cli, "-e", `${base}/api/messages`, "-c", "msteams", "-p", String(person.port), "--su", url, "--cid", appId, "--cs", "loopback-only", "--tid", tenant, "--disable-telemetry"], {
    cwd: folder, env: { ...process.env, BROWSER: "none", TEAMSAPPTESTER_BROWSER: "none", SEND_INSTALLATION_ACTIVITY: "true", M365_AGENTS_PLAYGROUND_CONFIG_PATH: config,
      NODE_OPTIONS: `-r ${path.join(here, "preload.cjs")}`, IRF_TOKENS: `${base}/teams`, IRF_SERVICE_URL: url },
  }, `${name}.log`);
  await until(`${name}'s Teams`, async () => (await fetch(`http://127.0.0.1:${person.port}/`)).ok);
  return child;
}

async function alert(user) {
  const json = JSON.parse(fs.readFileSync(path.join(root, "samples/graph-alert-account-adele.json"), "utf8"));
  const id = `e2e-${Date.now()}-${++alerts}`;
  Object.assign(json, { id, providerAlertId: id, incidentId: id, title: `Unfamiliar sign-in ${id}`, category: "InitialAccess", mitreTechniques: ["T1078"] });
  json.evidence = json.evidence.filter(e => e.userAccount?.azureAdUserId);
  for (const e of json.evidence) e.userAccount.azureAdUserId = user;
  const answer = await fetch(`${base}/alerts/messages`, { method: "POST", headers: { "Content-Type": "application/json", BrokerProperties: JSON.stringify({ MessageId: id }) }, body: JSON.stringify(json) });
  if (!answer.ok) throw new Error(`the queue answered ${answer.status}`);
  return json.title;
}

const canSignIn = async user => (await (await fetch(`${base}/graph/v1.0/users/${user}?$select=accountEnabled`, { headers: { Authorization: "Bearer test" } })).json()).accountEnabled;
const group = (method, path_, body) => fetch(`${base}/graph/v1.0/groups/${primaryGroup}/members/${path_}`, { method, headers: { Authorization: "Bearer test", "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
const card = (page, title) => page.locator(".ac-adaptiveCard", { hasText: title }).last();
async function press(page, title, button, reason) {
  const on = card(page, title);
  await on.waitFor({ timeout: patience });
  if (reason) await on.locator("input, textarea").first().fill(reason);
  await on.getByRole("button", { name: button, exact: true }).click();
}
const shows = (page, title, text) => until(`"${text}" on the card`, async () => (await card(page, title).innerText()).includes(text));
// The client shows an error's words under the card, until the card is updated; the code stays inside.
const hears = (page, text) => until(`"${text}" on the page`, async () => (await page.locator("body").innerText()).includes(text));

async function scenario(name, run) {
  const began = Date.now();
  try { await run(); console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(0)} s)`); }
  catch (e) { failures++; console.error(`FAILED  ${name}: ${e.message.split("\n")[0]}`); for (const [who, page] of Object.entries(pages)) await page.screenshot({ path: path.join(work, `failed-${failures}-${who}.png`) }).catch(() => {}); }
}

const pages = {};
let browser;
async function together(quorum, run) {
  const running = [await bot(quorum)];
  for (const name of Object.keys(people)) running.push(await client(name));
  for (const [name, person] of Object.entries(people)) {
    pages[name] = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
    await pages[name].goto(`http://127.0.0.1:${person.port}/`);
    await hears(pages[name], "installationUpdate 200");
  }
  await run();
  for (const page of Object.values(pages)) await page.close();
  for (const child of running.reverse()) await stop(child);
}

try {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  await together(1, async () => {
    await scenario("denied: nothing runs", async () => {
      const title = await alert(adele);
      await press(pages.alex, title, "Deny", "known travel");
      await shows(pages.alex, title, "Denied: nothing ran");
      if (!await canSignIn(adele)) throw new Error("the account was disabled");
    });
    await scenario("self-approval is refused", async () => {
      const title = await alert(people.alex.id);
      await press(pages.alex, title, "Approve", "it is fine, it is me");
      await hears(pages.alex, "about your own account");
      if (!await canSignIn(people.alex.id)) throw new Error("the account was disabled");
    });
    await scenario("somebody removed from the group a moment ago is an outsider", async () => {
      const title = await alert(adele);
      await card(pages.alex, title).waitFor({ timeout: patience });
      await group("DELETE", `${people.alex.id}/$ref`);
      await press(pages.alex, title, "Approve", "still me");
      await hears(pages.alex, "no longer in the approver group");
      await group("POST", "$ref", { "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${people.alex.id}` });
      if (!await canSignIn(adele)) throw new Error("the account was disabled");
    });
    await scenario("a click after the deadline hears that it expired", async () => {
      const title = await alert(adele);
      await card(pages.alex, title).waitFor({ timeout: patience });
      await shows(pages.alex, title, "Expired: nobody decided in time"); // The copy is updated by itself; no button is left.
      if (await card(pages.alex, title).getByRole("button", { name: "Approve", exact: true }).count()) throw new Error("an expired card can still be pressed");
      if (!await canSignIn(adele)) throw new Error("the account was disabled");
    });
    await scenario("approved: it runs, every copy says so, and release undoes it", async () => {
      const title = await alert(adele);
      await card(pages.sam, title).waitFor({ timeout: patience });
      await press(pages.sam, title, "Approve", "matches the sign-in log");
      for (const page of [pages.alex, pages.sam]) await shows(page, title, "Executed: in effect now");
      if (await canSignIn(adele)) throw new Error("the account was not disabled");
      await press(pages.alex, title, "Release: undo it now", "called the owner");
      for (const page of [pages.alex, pages.sam]) await shows(page, title, "Released: undone by a person");
      if (!await canSignIn(adele)) throw new Error("the account is still disabled");
    });
  });
  await together(2, async () => {
    await scenario("four eyes: the first is not enough, the second is", async () => {
      const title = await alert(adele);
      await card(pages.sam, title).waitFor({ timeout: patience });
      await press(pages.alex, title, "Approve", "first");
      await shows(pages.sam, title, "Alex Analyst");
      if (!await canSignIn(adele)) throw new Error("one person was enough");
      await press(pages.sam, title, "Approve", "second");
      await shows(pages.alex, title, "Executed: in effect now");
      if (await canSignIn(adele)) throw new Error("the account was not disabled");
    });
  });
} catch (e) {
  failures++;
  console.error(e.message);
} finally {
  await browser?.close();
  for (const child of started.reverse()) await stop(child);
}
console.log(failures ? `${failures} failed; logs and pictures in ${work}` : "all passed");
if (!failures) fs.rmSync(work, { recursive: true, force: true });
process.exit(failures ? 1 : 0);
