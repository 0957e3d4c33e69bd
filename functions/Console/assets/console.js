// @ts-check
// The console's script. Pages are made by the server; this keeps them live, counts down, and sends what people decide.
import { listen } from "./live.js";
import { takeForms } from "./acts.js";
import { tick } from "./times.js";

tick();
setInterval(tick, 1000);
takeForms();
listen();

// That somebody had the evidence before their eyes is noted on the record by the server; it decides nothing.
/** @param {Element} details */
const look = (details) => {
  const id = details.getAttribute("data-look");
  if (id && details instanceof HTMLDetailsElement && details.open) fetch("/api/approvals/" + encodeURIComponent(id)).catch(() => null);
};
document.addEventListener("toggle", (e) => { if (e.target instanceof Element) look(e.target); }, true);
document.querySelectorAll("details[data-look][open]").forEach(look);

// A menu that is open closes by Escape, as people expect of one.
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape") return;
  const open = document.querySelector("header details[open]");
  if (open instanceof HTMLDetailsElement) { open.open = false; open.querySelector("summary")?.focus(); }
});
