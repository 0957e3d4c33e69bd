// Draws run-light.svg and run-dark.svg from run.txt: node docs/images/draw.mjs
// run.txt holds lines of a real run (time | mark and kind | text); "…" stands where a line went on.
import { readFileSync, writeFileSync } from "node:fs";

const folder = new URL("./", import.meta.url);
const [columns, step, left, top, glyph] = [76, 19, 16, 56, 8]; // characters of text, line height, margins, width of a character at 13 px
const textAt = left + 10 * glyph + 15 * glyph;
const width = Math.ceil(textAt + columns * glyph + left);

const themes = {
  light: { back: "#ffffff", frame: "#d0d7de", text: "#1f2328", dim: "#656d76", bold: "#1f2328", ask: "#9a6700", good: "#1a7f37", act: "#0969da" },
  dark: { back: "#0d1117", frame: "#30363d", text: "#e6edf3", dim: "#8d96a0", bold: "#ffffff", ask: "#e3b341", good: "#56d364", act: "#58a6ff" },
};
const colours = { "▶": "bold", "◌": "dim", "□": "dim", "§": "text", "?": "ask", "✓": "good", "↺": "good", "■": "act" };

function wrap(text) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if ((lines.at(-1) + " " + word).trim().length > columns) lines.push(word);
    else lines[lines.length - 1] = (lines.at(-1) + " " + word).trim();
  }
  return lines;
}

const escape = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const rows = readFileSync(new URL("run.txt", folder), "utf8").trimEnd().split("\n").map(line => line.split("|").map(part => part.trim()));

function draw(theme) {
  let y = top;
  const put = (x, colour, text, bold = false) => `<text x="${x.toFixed(1)}" y="${y}" fill="${theme[colour]}"${bold ? ' font-weight="bold"' : ""}>${escape(text)}</text>`;
  const parts = [`<text x="${left}" y="26" fill="${theme.dim}">$ dotnet run --project local</text>`];
  for (const [time, kind, text] of rows) {
    const [mark, name] = kind.split(" ");
    parts.push(put(left, "dim", time), put(left + 10 * glyph, colours[mark], mark), put(left + 12 * glyph, colours[mark], name, mark === "▶"));
    for (const line of wrap(text)) {
      parts.push(put(textAt, mark === "◌" || mark === "□" ? "dim" : "text", line, mark === "▶"));
      y += step;
    }
  }
  const height = y + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">
<title>An alert is assessed and decided; a person approves; an account is switched off, read back, and switched on again</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="${theme.back}" stroke="${theme.frame}"/>
${parts.join("\n")}
</svg>
`;
}

for (const [name, theme] of Object.entries(themes)) writeFileSync(new URL(`run-${name}.svg`, folder), draw(theme));
