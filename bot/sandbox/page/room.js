// The chat pane: header, messages in order (keyed by id, so nothing is shown twice), composer below.

import * as api from "./api.js";
import { bubble, readMark } from "./bubble.js";
import { composer } from "./composer.js";
import { dayKey, separatorMoment } from "./dates.js";
import { button, h, icon, notify, signal, tag } from "./dom.js";

const GAP = 5 * 60 * 1000;

export function room(root, { onBack, onRead }) {
  let me = null;
  let chat = null;
  let robot = null;
  let shown = new Map(); // id → {message, node}
  let last = null;
  let writing = null;
  let loading = 0;
  let arrived = []; // what came while the chat was being loaded, told after it

  const log = h("div", { class: "messages", "data-testid": "messages", role: "log", "aria-live": "polite", "aria-label": "消息", tabindex: "0" });
  const jump = button({ class: "jump", hidden: true, onclick: () => toEnd() }, icon("down", 16), "有新消息");
  log.addEventListener("scroll", () => atEnd() && (jump.hidden = true));
  new ResizeObserver(() => wasAtEnd && toEnd()).observe(log);
  let wasAtEnd = true;
  log.addEventListener("scroll", () => (wasAtEnd = atEnd()));
  log.addEventListener("load", () => wasAtEnd && toEnd(), true);

  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  function toEnd() {
    log.scrollTop = log.scrollHeight;
    wasAtEnd = true;
    jump.hidden = true;
  }

  function header() {
    const direct = chat.kind === "direct";
    return h("header", { class: "pane-head" },
      button({ class: "icon-button back", "aria-label": "返回会话列表", "data-testid": "back", onclick: onBack }, icon("back")),
      h("h2", {}, chat.title, direct ? tag("机器人", "robot") : h("small", {}, chat.members ? `（${chat.members}人）` : "")),
      button({ class: "icon-button pane-operator", title: "运维视角", "aria-label": "运维视角", onclick: (event) => signal(event.currentTarget, "operator") }, icon("pulse")));
  }

  function draw(messages) {
    shown = new Map();
    last = null;
    log.setAttribute("aria-busy", "true");
    log.replaceChildren();
    for (const message of [...messages].sort((one, other) => one.id - other.id)) append(message);
    if (!messages.length) log.append(h("p", { class: "empty" }, chat.kind === "direct" ? "发一句“你好”就可以开始" : "这里还没有消息"));
    log.removeAttribute("aria-busy");
    toEnd();
  }

  function append(message) {
    log.querySelector(".empty")?.remove();
    const newDay = !last || dayKey(last.at) !== dayKey(message.at);
    if (newDay || Date.parse(message.at) - Date.parse(last.at) > GAP) {
      log.append(h("div", { class: "moment" }, h("time", { datetime: message.at }, separatorMoment(message.at, newDay))));
    }
    const node = bubble(message, chat, robot, me);
    log.append(node);
    shown.set(message.id, { message, node });
    last = message;
  }

  /** Only what differs is drawn anew: a read mark must not take a button away under somebody's finger. */
  function renewed({ message: before, node }, message) {
    if (same(before, message)) {
      node.querySelector(".read-mark")?.replaceWith(readMark(message, chat));
      return node;
    }
    const fresh = bubble(message, chat, robot, me);
    node.replaceWith(fresh);
    return fresh;
  }

  function put(message) {
    const known = shown.get(message.id);
    if (known) {
      shown.set(message.id, { message, node: renewed(known, message) });
      return false;
    }
    if (last && message.id < last.id) {
      draw([...[...shown.values()].map((one) => one.message), message]);
      return true;
    }
    append(message);
    return true;
  }

  function seen() {
    if (!chat || document.hidden) return;
    api.markRead(me.staffId, chat.chat).then(onRead, () => {});
  }

  async function attempt(work) {
    try {
      return { value: await work(), done: true };
    } catch (problem) {
      notify(problem.message);
      return { done: false };
    }
  }

  /** Shows what the gateway has of this chat; what is said while it is being asked comes after it. */
  async function load(show) {
    const [who, where] = [me, chat];
    loading += 1;
    try {
      const messages = await api.messages(who.staffId, where.chat);
      if (me === who && chat === where) show(messages);
    } finally {
      loading -= 1;
      if (!loading) for (const tell of arrived.splice(0)) tell();
    }
  }

  const afterLoading = (tell) => (loading ? void arrived.push(tell) : tell());

  function hear(message) {
    const stay = wasAtEnd || message.mine;
    const isNew = put(message);
    if (stay) toEnd();
    else if (isNew) jump.hidden = false;
    if (isNew && !message.mine) seen();
  }

  function change(message) {
    if (!shown.has(message.id)) return;
    put(message);
    if (wasAtEnd) toEnd();
  }

  const here = {
    async open(person, entry, { robot: helper, samples = [] }) {
      if (chat?.chat === entry.chat && me?.staffId === person.staffId) return;
      [me, chat, robot] = [person, entry, helper];
      writing = composer(chat, robot, samples, { onSay: here.say, onFile: here.send });
      [shown, last, arrived] = [new Map(), null, []];
      log.replaceChildren();
      root.replaceChildren(header(), log, jump, writing.node);
      root.dataset.kind = chat.kind;
      await load(draw);
      if (chat !== entry) return;
      seen();
      if (matchMedia("(min-width: 641px)").matches) writing.focus();
    },
    clear() {
      chat = null;
      arrived = [];
      root.replaceChildren(h("p", { class: "nothing" }, "选一个会话"));
    },
    heard({ chat: _, ...message }) {
      if (chat) afterLoading(() => hear(message));
    },
    changed({ chat: _, ...message }) {
      if (chat) afterLoading(() => change(message));
    },
    async reload() {
      if (!chat) return;
      await load((messages) => {
        const ids = new Set(messages.map((message) => message.id));
        if ([...shown.keys()].every((id) => ids.has(id))) messages.forEach(hear);
        else draw(messages); // the gateway began anew
      }).catch((problem) => notify(problem.message));
    },
    seen,
    /** `tapped`: a quick reply; in a group the client adds the @ of the robot. */
    async say(text, at) {
      if (!chat) return false;
      const { done } = await attempt(() => api.say(me.staffId, chat.chat, text, chat.kind === "direct" ? false : at));
      return done;
    },
    async send(file, at = false) {
      const { done } = await attempt(() => api.upload(me.staffId, chat.chat, file, at));
      return done;
    },
  };
  here.clear();
  return here;
}

/** Whether two states of a message differ in nothing but who has read it. */
function same(one, other) {
  const core = ({ read, readCount, ...rest }) => JSON.stringify(rest);
  return core(one) === core(other);
}
