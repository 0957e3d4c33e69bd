// @ts-check
// Times as the person's own clock shows them, counted by the server's.

/** Server time minus this machine's, in milliseconds. */
let ahead = 0;

/** @param {number} server Unix milliseconds by the pipeline's clock. */
export function heard(server) {
  ahead = server - Date.now();
}

const given = Number(document.body.dataset.now);
if (given > 0) heard(given);

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/** "1 h 12 min", "11:42". @param {number} ms */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  return d > 1 ? `${d} d ${h % 24} h` : h > 0 ? `${h} h ${m % 60} min` : `${two(m)}:${two(s % 60)}`;
}

/** @param {Date} at @param {Date} now */
function clock(at, now) {
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  const day = at.toLocaleDateString(undefined, { day: "numeric", month: "short" });
  return at.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${day} ${at.getFullYear()} ${time}`;
}

/** @param {HTMLTimeElement} e @param {number} now */
function words(e, now) {
  const at = Date.parse(e.dateTime);
  switch (e.dataset.tick) {
    case "left": return at > now ? `${span(at - now)} left` : "time is up";
    case "ago": return now - at < 60000 ? "just now" : `${span(now - at)} ago`;
    default: return clock(new Date(at), new Date(now));
  }
}

/** Brings every time on the page up to date. */
export function tick() {
  const now = Date.now() + ahead;
  for (const e of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time[data-tick]"))) {
    const text = words(e, now);
    if (e.textContent !== text) e.textContent = text;
    e.title = new Date(e.dateTime).toLocaleString() + " here, " + e.dateTime.slice(0, 19).replace("T", " ") + " UTC";
    e.classList.toggle("soon", e.dataset.tick === "left" && Date.parse(e.dateTime) - now < 120000);
  }
  for (const bar of /** @type {NodeListOf<HTMLProgressElement>} */ (document.querySelectorAll("progress[data-until]"))) {
    const from = Date.parse(bar.dataset.from ?? ""), until = Date.parse(bar.dataset.until ?? "");
    bar.value = Math.max(0, Math.min(100, (100 * (until - now)) / Math.max(1, until - from)));
  }
}
