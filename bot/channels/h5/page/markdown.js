// The bot's Markdown → nodes: paragraphs, line breaks, bold, lists, quotes, headings. No HTML, no links, no pictures.

import { h } from "./dom.js";

const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBERED = /^\s*(\d{1,4})[.)]\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;

/** Blocks of the text. Headings become paragraphs in bold: the page has its own. */
export function markdown(text) {
  const lines = String(text ?? "").replace(/\r\n?/g, "\n").split("\n");
  const out = [];
  for (let at = 0; at < lines.length; ) {
    const kind = [BULLET, NUMBERED, QUOTE, HEADING].find((pattern) => pattern.test(lines[at]));
    if (!lines[at].trim()) at += 1;
    else if (kind === HEADING) out.push(h("p", {}, h("strong", {}, inline(HEADING.exec(lines[at++])[1]))));
    else {
      const from = at;
      while (at < lines.length && (kind ? kind.test(lines[at]) : lines[at].trim() && !opensBlock(lines[at]))) at += 1;
      out.push(block(kind, lines.slice(from, at)));
    }
  }
  return out;
}

const opensBlock = (line) => [BULLET, NUMBERED, QUOTE, HEADING].some((pattern) => pattern.test(line));

function block(kind, lines) {
  if (kind === BULLET) return h("ul", {}, lines.map((line) => h("li", {}, inline(BULLET.exec(line)[1]))));
  if (kind === QUOTE) return h("blockquote", {}, markdown(lines.map((line) => QUOTE.exec(line)[1]).join("\n")));
  if (kind === NUMBERED) {
    const items = lines.map((line) => NUMBERED.exec(line));
    return h("ol", { start: items[0][1] }, items.map((item) => h("li", { value: item[1] }, inline(item[2]))));
  }
  return h("p", {}, lines.map((line, n) => [n > 0 && h("br"), inline(line.trim())]));
}

/** Bold between `**`; everything else as it stands. */
function inline(text) {
  return text.split(/\*\*(\S|\S.*?\S)\*\*/).map((part, n) => (n % 2 ? h("strong", {}, part) : part));
}
