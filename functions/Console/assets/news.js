// @ts-check
// Short notes at the edge of the page, read out by a screen reader.

const most = 4;

/** @param {string} text @param {{href?: string, kind?: "good" | "bad"}} [more] */
export function tell(text, more = {}) {
  const list = document.getElementById("news");
  if (!list) return;
  const note = document.createElement("p");
  note.textContent = text;
  if (more.kind) note.className = more.kind;
  if (more.href) {
    const link = document.createElement("a");
    link.href = more.href;
    link.textContent = "Look";
    note.append(" ", link);
  }
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = "Close";
  away.addEventListener("click", () => note.remove());
  note.append(" ", away);
  list.append(note);
  while (list.children.length > most) list.firstElementChild?.remove();
  setTimeout(() => note.remove(), 20000);
}
