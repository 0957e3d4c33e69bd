// @ts-check
// Sends what a person decides to the API, which judges it like every other door, and shows what it answered.
import { tell } from "./news.js";

/** Requests this page answered itself: that they wait no more is no news. @type {Set<string>} */
export const answered = new Set();

const away = "It cannot be reached now, and nothing was sent. Reload the page: your sign-in may have run out.";

/** @typedef {{ok: boolean, text: string, body: any}} Outcome */

/** @param {string} method @param {string} url @param {object} body @returns {Promise<Outcome>} */
async function send(method, url, body) {
  // A sign-in that ran out is a redirect to elsewhere, which is not followed.
  const answer = await fetch(url, {
    method: method.toUpperCase(), redirect: "manual", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }).catch(() => null);
  if (!answer || answer.type === "opaqueredirect") return { ok: false, text: away, body: {} };
  const said = await answer.json().catch(() => ({}));
  return { ok: answer.ok, text: said.detail || said.title || `Not taken (${answer.status}).`, body: said };
}

/** @param {HTMLFormElement} form @param {string} text @param {boolean} good */
function say(form, text, good) {
  const output = form.querySelector("output");
  if (output) { output.className = good ? "good" : "bad"; output.textContent = text; }
}

/** @param {HTMLFormElement} form @param {boolean} off */
function hold(form, off) {
  // Also those that stand outside of it.
  for (const field of form.elements) if (field instanceof HTMLButtonElement) field.disabled = off;
}

/**
 * What the form says; null where it lacks a reason.
 * @param {HTMLFormElement} form @param {HTMLButtonElement | null} button @returns {Record<string, any> | null}
 */
function read(form, button) {
  /** @type {Record<string, any>} */
  const body = {};
  for (const field of /** @type {Iterable<any>} */ (form.elements))
    if (field.name && field.tagName !== "BUTTON") body[field.name] = "number" in field.dataset ? Number(field.value) : field.value;
  if (button?.name) body[button.name] = button.value;
  if ("reason" in body && !body.reason.trim()) {
    if (!form.dataset.untyped) {
      say(form, "Say why first; it goes on the record.", false);
      /** @type {HTMLElement | null} */ (form.querySelector("[name=reason]"))?.focus();
      return null;
    }
    body.reason = form.dataset.untyped;
  }
  return body;
}

/** @param {any} decision */
const taken = (decision) =>
  /** @type {Record<string, string>} */ ({
    approve: "Your approval was taken.",
    deny: "Your denial was taken: nothing runs.",
    withdraw: "The question was withdrawn.",
  })[decision];

/** What an answer comes to, in words. @param {Outcome} outcome @param {Record<string, any>} body */
function inWords(outcome, body) {
  if (!outcome.ok) return outcome.text;
  if (outcome.body.said) return outcome.body.said;
  const { until, note, change, what } = outcome.body;
  if (until) return `It now ends at ${new Date(until).toLocaleString()}. ${note ?? ""}`;
  /** @type {Record<string, string>} */
  const changes = {
    release: "It is being taken back; this page shows when it was read back.",
    confirm: "It stays until a person releases it.",
  };
  return taken(body.decision) ?? changes[change] ?? (what ? `Done: you ${what}.` : "It was taken.");
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} button */
async function post(form, button) {
  const body = read(form, button);
  if (!body) return;
  hold(form, true);
  say(form, "Sending…", true);
  const card = form.closest("[data-request]")?.getAttribute("data-request");
  if (card) answered.add(card);
  const outcome = await send(form.dataset.act ?? "post", (form.dataset.url ?? "") + (button?.dataset.path ?? ""), body);
  const text = inWords(outcome, body);
  say(form, text, outcome.ok);
  // Beside the form, too: it may be gone in a moment, when somebody else has answered.
  tell(text, { kind: outcome.ok ? "good" : "bad" });
  if (card && !outcome.ok) answered.delete(card);
  if (!outcome.ok || !card) hold(form, false);
  if (outcome.ok && !card) form.querySelectorAll("textarea").forEach((t) => (t.value = ""));
}

/** One reason, one answer to each. @param {HTMLFormElement} form @param {HTMLButtonElement | null} button */
async function each(form, button) {
  const body = read(form, button);
  if (!body) return;
  hold(form, true);
  const items = JSON.parse(form.dataset.items ?? "[]");
  let done = 0;
  /** @type {string[]} */
  const refused = [];
  for (const { url, actionHash } of items) {
    say(form, `Sending ${done + refused.length + 1} of ${items.length}…`, true);
    answered.add(decodeURIComponent(url.split("/").pop()));
    const outcome = await send("post", url, { ...body, actionHash });
    if (outcome.ok) done++; else refused.push(outcome.text);
  }
  const text = `${done} of ${items.length} answers were taken (${body.decision}).${refused.length ? " " + refused[0] : ""}`;
  say(form, text, refused.length === 0);
  tell(text, { kind: refused.length ? "bad" : "good" });
  if (refused.length) hold(form, false);
}

/** From now on every form that acts is sent from here. */
export function takeForms() {
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.act) return;
    e.preventDefault();
    const button = e.submitter instanceof HTMLButtonElement ? e.submitter : null;
    void (form.dataset.act === "each" ? each(form, button) : post(form, button));
  });
  // The browser's own bubble says too little, and stays over the buttons on a phone.
  document.addEventListener("invalid", (e) => {
    if (!(e.target instanceof HTMLElement) || !("form" in e.target)) return;
    e.preventDefault();
    const form = /** @type {HTMLFormElement} */ (e.target.form);
    if (form?.dataset.act) { say(form, "Say why first; it goes on the record.", false); e.target.focus(); }
  }, true);
}
