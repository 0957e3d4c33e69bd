// @ts-check
// Puts new HTML in the place of old without taking anything out of a person's hands: what they typed, opened or have the focus on stays.

// The server encodes every value it puts into a page; nothing else passes through here.
const policy = /** @type {any} */ (window).trustedTypes?.createPolicy("console", { createHTML: (/** @type {string} */ html) => html });

/** @param {string} html @returns {DocumentFragment} */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(html) : html;
  return template.content;
}

/** @param {string} html @returns {Document} */
export function parsePage(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
}

/** Attributes that are the person's or the clock's. */
const theirs = new Set(["open", "value", "disabled", "title", "class@TIME"]);

/** @param {Element} old @param {Element} fresh */
function attributes(old, fresh) {
  for (const { name, value } of [...fresh.attributes])
    if (!kept(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!kept(old, name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
}

/** @param {Element} e @param {string} name */
function kept(e, name) {
  if (name === "value" && (e instanceof HTMLButtonElement || (e instanceof HTMLInputElement && e.type === "hidden"))) return false;
  return theirs.has(name) || theirs.has(`${name}@${e.tagName}`);
}

/** @param {Node} a @param {Node} b */
function fits(a, b) {
  if (a.nodeType !== b.nodeType || a.nodeName !== b.nodeName) return false;
  return !(a instanceof Element && b instanceof Element) || a.id === b.id;
}

/** Makes the children of one node those of the other. @param {Node} old @param {Node} fresh */
export function morph(old, fresh) {
  /** @type {Map<string, Element>} */
  const byId = new Map();
  for (const child of old.childNodes) if (child instanceof Element && child.id) byId.set(child.id, child);
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const named = wanted instanceof Element && wanted.id ? byId.get(wanted.id) : undefined;
    if (named && named !== at) old.insertBefore(named, at);
    const here = named ?? (at && fits(at, wanted) ? at : null);
    if (!here) { old.insertBefore(document.importNode(wanted, true), at); continue; }
    if (here === at) at = at.nextSibling;
    same(here, wanted);
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

/** @param {ChildNode} old @param {Node} fresh */
function same(old, fresh) {
  if (!(old instanceof Element) || !(fresh instanceof Element)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.nodeName !== fresh.nodeName) { old.replaceWith(document.importNode(fresh, true)); return; }
  attributes(old, fresh);
  // What a form answered, what is typed, and what the clock writes are not the server's.
  if (old instanceof HTMLOutputElement || old instanceof HTMLTextAreaElement || old instanceof HTMLTimeElement) return;
  morph(old, fresh);
}
