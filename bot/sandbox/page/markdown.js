// DingTalk's subset of Markdown → nodes: headings 1–6, quote, bold, italic, links, pictures, lists, line breaks. Nothing else, no HTML.

import { h } from "./dom.js";
import { linkNode, picture } from "./links.js";

const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const BULLET = /^\s*[-*+]\s+(.*)$/;
const NUMBERED = /^\s*(\d{1,4})[.)]\s+(.*)$/;
const QUOTE = /^\s*>\s?(.*)$/;
const INLINE = new RegExp(
  [
    String.raw`\\([\\*_\[\]()#>!+.-])`,
    String.raw`!\[([^\]]*)\]\(\s*([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\s*\)`,
    String.raw`\[((?:[^\[\]]|\[[^\[\]]*\])+)\]\(\s*([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\s*\)`,
    String.raw`\*\*(?=\S)([\s\S]+?)\*\*(?!\*)`,
    String.raw`(?<![A-Za-z0-9_])__(?=\S)([\s\S]+?)__(?![A-Za-z0-9_])`,
    String.raw`\*(?=[^\s*])([^*]+?)\*`,
    String.raw`(?<![A-Za-z0-9_])_(?=[^\s_])([^_]+?)_(?![A-Za-z0-9_])`,
    String.raw`&(nbsp|lt|gt|amp|quot);`,
    String.raw` {2,}\n\s*|\n\s*`,
  ].join("|"),
  "g",
);
const ENTITIES = { nbsp: "\u00a0", lt: "<", gt: ">", amp: "&", quot: '"' };

/** The whole text as a fragment of block elements. */
export function markdown(text) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(String(text ?? "").replace(/\r\n?/g, "\n").split("\n")));
  return fragment;
}

function blocks(lines) {
  const out = [];
  let at = 0;
  const take = (pattern) => {
    const found = [];
    while (at < lines.length && pattern.test(lines[at])) found.push(pattern.exec(lines[at++]));
    return found;
  };
  while (at < lines.length) {
    const heading = HEADING.exec(lines[at].trim());
    if (!lines[at].trim()) at += 1;
    else if (heading) {
      at += 1;
      out.push(h(`h${heading[1].length}`, {}, inline(heading[2])));
    } else if (QUOTE.test(lines[at])) {
      out.push(h("blockquote", {}, blocks(take(QUOTE).map((match) => match[1]))));
    } else if (BULLET.test(lines[at])) {
      out.push(list("ul", take(BULLET).map((match) => ({ text: match[1] }))));
    } else if (NUMBERED.test(lines[at])) {
      out.push(list("ol", take(NUMBERED).map((match) => ({ number: match[1], text: match[2] }))));
    } else {
      const paragraph = [];
      while (at < lines.length && lines[at].trim() && (!paragraph.length || !opensBlock(lines[at]))) paragraph.push(lines[at++]);
      out.push(h("p", {}, gathered(inline(paragraph.join("\n").trim()))));
    }
  }
  return out;
}

function opensBlock(line) {
  return HEADING.test(line.trim()) || QUOTE.test(line) || BULLET.test(line) || NUMBERED.test(line);
}

/** Items which are nothing but quick replies lie side by side; other lists are lists. */
function list(kind, items) {
  const filled = items.map((item) => ({ ...item, nodes: inline(item.text.trim()) }));
  if (filled.every((item) => item.nodes.length && item.nodes.every((node) => isChip(node) || isGap(node)))) {
    return h("div", { class: "chips leading" }, filled.map(({ number, nodes }) => {
      const chips = nodes.filter(isChip);
      if (number) chips[0].prepend(`${number} `);
      return chips;
    }));
  }
  const start = kind === "ol" ? filled[0].number : null;
  return h(kind, { start }, filled.map((item) => h("li", {}, gathered(item.nodes))));
}

const isChip = (node) => node instanceof HTMLElement && node.classList.contains("chip");
const isGap = (node) => (node instanceof Text ? /^[\s\u00a0|｜·、/]*$/.test(node.data) : node.tagName === "BR");

/** Several quick replies in a row are laid out together, wrapping; a single one in a sentence stays in the sentence. */
function gathered(nodes) {
  const out = [];
  let at = 0;
  while (at < nodes.length) {
    if (!isChip(nodes[at])) {
      out.push(nodes[at++]);
      continue;
    }
    let end = at;
    while (end < nodes.length && (isChip(nodes[end]) || isGap(nodes[end]))) end += 1;
    const chips = nodes.slice(at, end).filter(isChip);
    const alone = chips.length === 1 && (out.some((node) => !isGap(node)) && out.at(-1)?.tagName !== "BR");
    if (alone) out.push(chips[0]);
    else {
      while (out.length && isGap(out.at(-1))) out.pop();
      out.push(h("span", { class: out.length ? "chips" : "chips leading" }, chips));
    }
    at = alone ? at + 1 : end;
  }
  return out;
}

/** Running text as a list of nodes. */
function inline(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) nodes.push(new Text(text.slice(from, match.index)));
    nodes.push(inlineNode(match));
    from = match.index + match[0].length;
  }
  if (from < text.length) nodes.push(new Text(text.slice(from)));
  return nodes;
}

function inlineNode([whole, escaped, alt, source, label, address, bold, boldLow, italic, italicLow, entity]) {
  if (escaped !== undefined) return new Text(escaped);
  if (source !== undefined) return picture(source, alt);
  if (address !== undefined) return linkNode(address, h("span", {}, inline(label)));
  if (bold ?? boldLow) return h("strong", {}, inline(bold ?? boldLow));
  if (italic ?? italicLow) return h("em", {}, inline(italic ?? italicLow));
  if (entity !== undefined) return new Text(ENTITIES[entity]);
  // A bare newline is only a space in DingTalk; two spaces before it make the break.
  return whole.startsWith("  ") ? h("br") : new Text(" ");
}
