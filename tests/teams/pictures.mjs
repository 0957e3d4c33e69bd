// Draws every state of the approval card with the official renderer, light and dark, at phone width and wide.
//   IRF_CARDS=/tmp/cards dotnet test tests --filter Pictures_are_drawn && node tests/teams/pictures.mjs /tmp/cards docs/cards
// Needs: npm install --no-save adaptivecards@3.0.6 adaptivecards-designer@2.4.4 playwright-core@1.65.1 --legacy-peer-deps (in any folder named by NODE_MODULES), chromium.
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";

const [from, to] = process.argv.slice(2);
const modules = path.resolve(process.env.NODE_MODULES ?? "node_modules");
const { chromium } = createRequire(path.join(modules, "x.js"))("playwright-core");
const renderer = fs.readFileSync(path.join(modules, "adaptivecards/dist/adaptivecards.js"), "utf8");
const look = theme => ({
  config: fs.readFileSync(path.join(modules, `adaptivecards-designer/lib/hostConfigs/microsoft-teams-${theme}.json`), "utf8"),
  css: fs.readFileSync(path.join(modules, `adaptivecards-designer/dist/containers/teams-container-${theme}.css`), "utf8"),
});

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
fs.mkdirSync(to, { recursive: true });
const problems = [];
for (const theme of ["light", "dark"]) {
  for (const width of [340, 700]) {
    const page = await browser.newPage({ viewport: { width, height: 400 } });
    await page.route("**", route => (route.request().url().startsWith("about:") || route.request().url().startsWith("data:") ? route.continue() : route.abort()));
    await page.setContent(`<html><body style="margin:0;font-family:Segoe UI,system-ui,sans-serif;background:${theme === "dark" ? "#1f1f1f" : "#f5f5f5"}"><div id="card" style="padding:8px;box-sizing:border-box"></div></body></html>`);
    await page.addStyleTag({ content: look(theme).css });
    await page.addScriptTag({ content: renderer });
    for (const file of fs.readdirSync(from).filter(f => f.endsWith(".json")).sort()) {
      const found = await page.evaluate(([json, config, dark]) => {
        const card = new AdaptiveCards.AdaptiveCard();
        card.hostConfig = new AdaptiveCards.HostConfig(JSON.parse(config));
        const context = new AdaptiveCards.SerializationContext();
        card.parse(JSON.parse(json), context);
        const host = document.getElementById("card");
        const drawn = card.render();
        drawn.style.background = dark ? "#2d2d2d" : "#fff";
        drawn.style.borderRadius = "6px";
        host.replaceChildren(drawn);
        const buttons = [...host.querySelectorAll("button")];
        return {
          events: Array.from({ length: context.eventCount }, (_, i) => context.getEventAt(i).message),
          links: [...host.querySelectorAll("a[href]")].map(a => a.href), images: host.querySelectorAll("img").length,
          cut: buttons.filter(b => b.scrollWidth > b.clientWidth + 1).map(b => b.textContent),
          sideways: document.documentElement.scrollWidth > innerWidth,
        };
      }, [fs.readFileSync(path.join(from, file), "utf8"), look(theme).config, theme === "dark"]);
      const name = `${path.basename(file, ".json")}-${theme}-${width}.png`;
      await page.locator("#card").screenshot({ path: path.join(to, name) });
      if (found.events.length || found.links.length || found.images || found.cut.length || found.sideways) problems.push(`${name}: ${JSON.stringify(found)}`);
    }
    await page.close();
  }
}
await browser.close();
for (const problem of problems) console.error(problem);
console.log(`${fs.readdirSync(to).length} pictures in ${to}, ${problems.length} with problems`);
process.exit(problems.length ? 1 : 0);
