// One entry of the log: what the bot said with its buttons or its paper, or what the person said.

import { button, h } from "./dom.js";
import { markdown } from "./markdown.js";
import { paperAddress } from "./net.js";
import { words } from "./words.js";

const ZONE = "Asia/Shanghai";
const DAY = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "long", day: "numeric" });
const TIME = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", hour12: false });

/** `onTap(option)` says what a button says. */
export function botLine(line, onTap) {
  const node = h("article", { class: "line bot", "data-testid": "line", "data-number": line.number, "data-kind": line.kind, "aria-label": words.bot },
    line.kind === "paper" ? paper(line) : h("div", { class: "said" }, markdown(line.markdown)));
  if (line.options?.length) node.append(options(line, onTap));
  return node;
}

function options(line, onTap) {
  const short = line.options.every((label) => label.length <= 8);
  return h("div", { class: short ? "options short" : "options", role: "group", "aria-label": line.options.length > 1 ? "选项" : null },
    line.options.map((label, n) => button({ class: "option", "data-testid": "option", onclick: () => onTap(n) }, label)));
}

function paper({ number, name, picture, gone }) {
  if (gone) return h("p", { class: "paper gone" }, h("span", { class: "paper-name" }, name), h("span", {}, words.paperGone));
  const address = paperAddress(number);
  if (picture) return h("img", { class: "picture", src: address, alt: name });
  return h("a", { class: "paper", href: address, download: name, "data-testid": "paper" },
    h("span", { class: "paper-name" }, name), h("span", { class: "paper-act" }, words.download));
}

/** What the person said: `shown` are words, a label, or that there was something. */
export function ownLine(id, shown) {
  return h("article", { class: "line me", "data-testid": "own", "data-id": id, "aria-label": words.me },
    h("div", { class: "said" }, shown), h("p", { class: "sending", hidden: true }));
}

const STATES = { sending: words.sending, waiting: words.waiting, refused: words.notSent };

export function markSending(node, state) {
  const mark = node.querySelector(".sending");
  mark.hidden = !(state in STATES);
  mark.textContent = STATES[state] ?? "";
  node.dataset.state = state;
}

/** Day and time above what comes after a pause. */
export function momentLine(at) {
  const moment = new Date(at);
  return h("p", { class: "moment" }, h("time", { datetime: at }, `${DAY.format(moment)} ${TIME.format(moment)}`));
}

/** A button that was tapped: told in words too, not by colour alone. */
export function markChosen(node, option) {
  const chosen = node.querySelectorAll(".option")[option];
  if (!chosen || chosen.querySelector(".chosen")) return;
  chosen.classList.add("tapped");
  chosen.append(h("span", { class: "chosen" }, `（${words.chosen}）`));
}
