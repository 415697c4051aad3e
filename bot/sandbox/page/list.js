// The left column: my chats with last line, time and unread badge.

import * as api from "./api.js";
import { listMoment } from "./dates.js";
import { avatar, button, h, icon, signal, tag } from "./dom.js";

export function chatList(root, { onOpen, onSwitch }) {
  let me = null;
  let world = null;
  let now = null;
  let open = null;
  let entries = [];
  const buttons = new Map(); // chat → its button, kept so that a click or the focus survives a redraw
  let timer = 0;
  const rows = h("div", { class: "rows" });

  async function load() {
    const mine = me.staffId;
    const fresh = await api.chats(mine);
    if (me.staffId !== mine) return;
    entries = fresh;
    draw();
  }

  function draw() {
    const wanted = entries.map(row);
    const stands = wanted.length === rows.childElementCount && wanted.every((node, at) => rows.children[at] === node);
    if (!stands) rows.replaceChildren(...wanted);
    if (!wanted.length) rows.append(h("p", { class: "quiet" }, "还没有会话"));
    const count = entries.reduce((sum, entry) => sum + (entry.chat === open ? 0 : entry.unread), 0);
    signal(root, "unread", { count });
  }

  function row(entry) {
    const direct = entry.kind === "direct";
    const unread = entry.chat === open ? 0 : entry.unread;
    const node = buttonOf(entry.chat);
    node.classList.toggle("current", entry.chat === open);
    node.setAttribute("aria-current", String(entry.chat === open));
    node.replaceChildren(
      avatar(direct ? { kind: "robot", letter: world.robot.avatar } : { kind: "group", id: entry.chat }),
      h("span", { class: "row-text" },
        h("span", { class: "row-top" },
          h("span", { class: "row-title" }, entry.title), direct && tag("机器人", "robot"),
          h("time", {}, listMoment(entry.lastAt, now ?? world.now))),
        h("span", { class: "row-bottom" },
          h("span", { class: "row-last" }, oneLine(entry.lastText)),
          unread > 0 && h("span", { class: "badge", "aria-label": `${unread}条未读` }, unread > 99 ? "99+" : String(unread)))),
    );
    return node;
  }

  function buttonOf(chat) {
    if (!buttons.has(chat)) buttons.set(chat, button({ class: "row", "data-testid": `chat-${chat}`, onclick: () => onOpen(chat) }));
    return buttons.get(chat);
  }

  function head() {
    return h("header", { class: "list-head" },
      button({ class: "list-me", "data-testid": "switch-person-phone", "aria-label": `${me.name}，换一个人`, onclick: onSwitch }, avatar({ id: me.staffId, name: me.name }, "small")),
      h("span", { class: "list-who" }, h("b", {}, me.name), h("small", {}, me.title)),
      button({ class: "icon-button list-switch", title: "换一个人", "aria-label": "换一个人", onclick: onSwitch }, icon("swap", 20)),
      button({ class: "icon-button list-operator", title: "运维视角", "aria-label": "运维视角", "data-testid": "operator-toggle-phone", onclick: (event) => signal(event.currentTarget, "operator") }, icon("pulse", 22)));
  }

  return {
    /** Rejects, and changes nothing, where the person does not exist. */
    async show(person, app) {
      entries = await api.chats(person.staffId);
      [me, world, open] = [person, app.world, null];
      draw();
      root.replaceChildren(head(), rows);
    },
    refresh() {
      clearTimeout(timer);
      timer = setTimeout(() => load().catch(() => {}), 120);
    },
    mark(chat) {
      open = chat;
      draw();
    },
    clock(moment) {
      const dayChanged = now?.slice(0, 10) !== moment.slice(0, 10);
      now = moment;
      if (dayChanged && me && world) draw();
    },
    find: (chat) => entries.find((entry) => entry.chat === chat),
  };
}

/** A message's text as one quiet line, without the marks of Markdown. */
function oneLine(text) {
  return String(text ?? "")
    .replace(/!\[([^\]]*)\]\([^)]*\)/g, "[图片]")
    .replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .replace(/(\*\*|__|^#{1,6}\s|^>\s?)/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}
