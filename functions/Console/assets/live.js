// @ts-check
// Keeps the page as things stand: parts arrive as server-sent events; where there is no stream, the page is asked for every few seconds.
import { morph, parse, parsePage } from "./morph.js";
import { heard, tick } from "./times.js";
import { tell } from "./news.js";
import { answered } from "./acts.js";

const quiet = 8000; // Nothing for so long: it is not live.
const every = 5000;
const unseen = 10 * 60000; // A page that nobody looked at for so long lets go of its stream.
const title = document.title;

/** @type {EventSource | null} */
let source = null;
let last = Date.now();
let polling = false;
let hiddenSince = 0;

/** @param {Document | Element | DocumentFragment} within @returns {Map<string, string>} */
function requests(within) {
  const cards = [...within.querySelectorAll("[data-request]")];
  return new Map(cards.map((e) => [e.getAttribute("data-request") ?? "", e.querySelector("h2")?.textContent ?? ""]));
}

/** @param {string} id @param {DocumentFragment | Element} fresh */
function put(id, fresh) {
  const part = document.getElementById("part-" + id);
  if (!part) return;
  const [before, after] = [requests(part), requests(fresh)];
  morph(part, fresh);
  tick();
  if (id === "nav") badge();
  if (id !== "waiting" || !started) return;
  for (const [request, question] of after) if (!before.has(request)) tell(`New: ${question}`);
  for (const [request, question] of before)
    if (!after.has(request) && !answered.has(request))
      tell(`No longer waiting: ${question}`, { href: "/console/request/" + encodeURIComponent(request) });
}

let started = false;

function badge() {
  const waiting = document.querySelector('nav a[href="/"] .n')?.textContent;
  document.title = waiting ? `(${waiting}) ${title}` : title;
}

/** @param {string} text @param {string} [href] */
function connection(text, href) {
  const line = document.getElementById("connection");
  if (!line) return;
  line.hidden = !text;
  if (line.dataset.said === text) return;
  line.dataset.said = text;
  line.replaceChildren(text);
  if (!href) return;
  const link = document.createElement("a");
  link.href = href;
  link.textContent = "Sign in again";
  line.append(" ", link);
}

function open() {
  const live = document.body.dataset.live;
  if (!live || source) return;
  const stream = (source = new EventSource(live));
  stream.addEventListener("part", (e) => { const { id, html } = JSON.parse(e.data); put(id, parse(html)); });
  stream.addEventListener("now", (e) => { last = Date.now(); started = true; polling = false; heard(Number(e.data)); connection(""); });
  stream.addEventListener("trouble", (e) => connection(`It cannot be read now: ${JSON.parse(e.data)}. What is shown may be old.`));
  stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) { source = null; polling = true; void poll(); } });
}

/** The page itself, where there is no stream; also finds out that nobody is signed in any more. */
async function poll() {
  const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
  if (!answer) return connection("Not live: it cannot be reached. Trying again.");
  if (answer.type === "opaqueredirect" || answer.status === 401)
    return connection("Your sign-in has run out, and what is shown is getting old.", document.body.dataset.signin);
  if (!answer.ok) return connection(`It cannot be read now (${answer.status}). What is shown may be old.`);
  const page = parsePage(await answer.text());
  last = Date.now();
  started = true;
  heard(Number(page.body.dataset.now));
  for (const part of page.querySelectorAll("[id^=part-]")) put(part.id.slice(5), part);
  connection("");
}

/** Starts, and looks after it for as long as the page is there. */
export function listen() {
  if (!document.body.dataset.live) return;
  open();
  badge();
  setInterval(() => {
    if (document.hidden && hiddenSince && Date.now() - hiddenSince > unseen) { source?.close(); source = null; return; }
    if (polling) void poll();
    if (!source) open();
    if (Date.now() - last > quiet && !document.hidden) connection("Not live: nothing was heard for some seconds. Trying again.");
  }, every);
  document.addEventListener("visibilitychange", () => {
    hiddenSince = document.hidden ? Date.now() : 0;
    if (!document.hidden) { last = Date.now(); open(); }
  });
}
