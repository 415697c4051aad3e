// One message as the client draws it: text, markdown, card, link, picture, file, feed; with read mark and menu.

import { fileCard } from "./files.js";
import { avatar, button, h, icon, tag } from "./dom.js";
import { aim, cardButton, picture } from "./links.js";
import { markdown } from "./markdown.js";
import { openMenu } from "./menu.js";

const HOLD = 500;

/** A row of the log: avatar, name in groups, the bubble, the read mark. */
export function bubble(message, chat, robot, me) {
  const side = message.mine ? "me" : message.from.startsWith("robot") ? "robot" : "other";
  const marks = { "data-testid": "message", "data-from": side, "data-id": message.id, "data-kind": message.kind };
  if (message.recalled) {
    const who = message.mine ? "你" : message.fromName;
    return h("div", { class: "recalled", ...marks }, `${who}撤回了一条消息`);
  }
  const face = side === "robot" ? { kind: "robot", letter: robot.avatar } : { id: message.from, name: message.mine ? me.name : message.fromName };
  const body = h("div", { class: `bubble kind-${message.kind}` }, content(message));
  const more = button({ class: "more", "aria-label": "消息操作", "aria-haspopup": "menu", onclick: (event) => menuAt(event.currentTarget) }, icon("more", 18));
  const menuAt = (place, point) => openMenu({ message, me, place, point });
  offerMenu(body, menuAt);
  return h("article", { class: `message from-${side}`, ...marks, "aria-label": `${message.mine ? "我" : message.fromName}` },
    avatar(face),
    h("div", { class: "message-body" },
      chat.kind === "group" && !message.mine && h("div", { class: "sender" }, message.fromName, side === "robot" && tag("机器人", "robot")),
      h("div", { class: "line" }, body, more),
      message.mine && readMark(message, chat)));
}

/** Right click, or a long press on a touch screen. */
function offerMenu(body, menuAt) {
  let timer = 0;
  let held = false;
  body.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a:not(.file-card)")) return; // a web address keeps the browser's own menu
    event.preventDefault();
    if (!held) menuAt(body, { x: event.clientX, y: event.clientY });
  });
  body.addEventListener("touchstart", (event) => {
    held = false;
    const { clientX: x, clientY: y } = event.touches[0];
    timer = setTimeout(() => {
      held = true;
      menuAt(body, { x, y });
    }, HOLD);
  }, { passive: true });
  for (const name of ["touchend", "touchmove", "touchcancel"]) body.addEventListener(name, () => clearTimeout(timer), { passive: true });
  body.addEventListener("click", (event) => {
    if (!held) return;
    held = false;
    event.stopPropagation();
    event.preventDefault();
  }, true);
}

/** 已读 / 未读 under one's own bubble. */
export function readMark(message, chat) {
  const read = message.read || message.readCount > 0;
  const text = !read ? "未读" : chat.kind === "group" && message.readCount > 0 ? `${message.readCount}人已读` : "已读";
  return h("div", { class: `read-mark${read ? "" : " unread"}` }, text);
}

function content(message) {
  switch (message.kind) {
    case "markdown": return h("div", { class: "markdown" }, markdown(message.text));
    case "actionCard": return actionCard(message);
    case "link": return linkCard(message);
    case "feedCard": return feedCard(message);
    case "image": return [picture(message.media?.url ?? message.picUrl, message.media?.name || "图片"), message.text && h("div", { class: "plain caption" }, plain(message))];
    case "file": return fileCard(message.media);
    default: return h("div", { class: "plain" }, plain(message));
  }
}

/** Text with the @ in blue and web addresses as links; everything else as it was typed. */
function plain({ text = "", atNames = [] }) {
  const missing = atNames.filter((name) => !text.includes(`@${name}`)).map((name) => h("span", { class: "mention" }, `@${name} `));
  const names = atNames.map((name) => `@${name}`.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(["https?:\\/\\/[\\w.~:/?#@!$&'*+,;=%\\-\\[\\]]+", ...names].join("|"), "g");
  const nodes = [...missing];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(text.slice(from, match.index));
    nodes.push(match[0].startsWith("@") ? h("span", { class: "mention" }, match[0]) : webLink(match[0]));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}

function webLink(address) {
  const target = aim(address);
  if (target.kind !== "open") return address;
  return h("a", { href: target.href, target: "_blank", rel: "noopener noreferrer" }, address);
}

// As in DingTalk the card's title is what the chat list shows; on the card itself stands the text.
function actionCard({ title, text, buttons = [], singleLine }) {
  return h("div", { class: "card", role: "group", "aria-label": title || null },
    h("div", { class: "card-text markdown" }, text ? markdown(text) : h("h4", {}, title)),
    buttons.length > 0 && h("div", { class: `card-buttons${singleLine ? " side-by-side" : ""}` },
      buttons.map((one) => cardButton(one.url, one.title))));
}

function linkCard({ title, text, picUrl, buttons = [] }) {
  const target = aim(buttons[0]?.url);
  const inside = [h("b", {}, title), h("span", { class: "link-body" }, h("span", { class: "link-text" }, text), picUrl ? picture(picUrl, "") : null)];
  if (target.kind !== "open") return h("div", { class: "link-card" }, inside);
  return h("a", { class: "link-card", href: target.href, target: "_blank", rel: "noopener noreferrer" }, inside);
}

function feedCard({ buttons = [] }) {
  return h("div", { class: "card feed" }, buttons.map((one) => cardButton(one.url, one.title)));
}
