// Starts the page and holds it together: who I am, which chat is open, and the one stream of events which feeds every part.

import * as api from "./api.js";
import { clockBar } from "./clock.js";
import { avatar, button, icon, notify } from "./dom.js";
import { chatList } from "./list.js";
import { enlarge } from "./menu.js";
import { operatorPanel } from "./operator.js";
import { platforms } from "./platforms.js";
import { room } from "./room.js";
import { welcome } from "./welcome.js";

const $ = (id) => document.getElementById(id);
const phone = matchMedia("(max-width: 640px)");
const app = { world: null, me: null, chat: null, now: null };
let hangUp = () => {};
let steps = Promise.resolve(); // one change of place after the other

const choose = (staffId) => go({ as: staffId });
const bar = clockBar($("clock"), { onNow: heardClock });
const list = chatList($("list"), { onOpen: (chat) => go({ as: app.me.staffId, chat }), onSwitch: () => go({}) });
const pane = room($("pane"), { onBack: () => go({ as: app.me.staffId }), onRead: () => list.refresh() });
const panel = operatorPanel($("operator"), { onToggle: operatorToggled });
const door = welcome($("welcome"), { onChoose: choose });

function go({ as, chat }) {
  const query = new URLSearchParams();
  if (as) query.set("as", as);
  if (chat) query.set("chat", chat);
  location.hash = query.toString();
}

/** The hash is the only truth about who and where. */
async function follow() {
  const query = new URLSearchParams(location.hash.slice(1));
  const as = query.get("as");
  if (!as) return leave();
  try {
    if (app.me?.staffId !== as) await enter(as);
    await open(query.get("chat"));
  } catch (problem) {
    notify(problem.message);
    if (!app.me) return leave();
    go({ as: app.me.staffId, chat: app.chat });
  }
}

function leave() {
  hangUp();
  hangUp = () => {};
  app.me = null;
  app.chat = null;
  $("app").hidden = true;
  document.title = "自查助手 演示";
  door.show(app.world);
}

async function enter(as) {
  const me = await person(as);
  await list.show(me, app);
  app.me = me;
  app.chat = null;
  pane.clear();
  door.hide();
  $("app").hidden = false;
  drawRail();
  listen();
}

async function person(staffId) {
  const featured = app.world.personas.find((one) => one.staffId === staffId);
  if (featured) return featured;
  const found = (await api.people(staffId, 30)).find((one) => one.staffId === staffId);
  return found ?? { staffId, name: staffId, title: "" };
}

async function open(chat) {
  if (!chat && !phone.matches) chat = "direct";
  $("frame").classList.toggle("in-chat", Boolean(chat));
  app.chat = chat;
  list.mark(chat);
  if (!chat) return pane.clear();
  const entry = list.find(chat) ?? { chat, kind: chat === "direct" ? "direct" : "group", title: chat === "direct" ? app.world.robot.name : "群聊" };
  await pane.open(app.me, entry, app.world);
  list.refresh();
}

function listen() {
  hangUp();
  hangUp = api.listen(app.me.staffId, panel.isOpen(), {
    message(message) {
      if (message.chat === app.chat) pane.heard(message);
      list.refresh();
    },
    update(message) {
      if (!message.chat || message.chat === app.chat) pane.changed(message);
      list.refresh();
    },
    clock: bar.heard,
    ledger: panel.heard,
    state(online) {
      $("app").classList.toggle("offline", !online);
      if (!online) return;
      pane.reload();
      list.refresh();
      panel.catchUp();
      bar.refresh();
    },
  });
}

function heardClock(now) {
  app.now = now;
  list.clock(now);
}

function operatorToggled(isOpen) {
  $("frame").classList.toggle("with-operator", isOpen);
  $("rail").querySelector(".rail-operator")?.setAttribute("aria-pressed", String(isOpen));
  if (app.me) listen();
}

function drawRail() {
  const { me } = app;
  $("rail").replaceChildren(
    button({ class: "rail-me", "data-testid": "switch-person", title: "换一个人", "aria-label": `${me.name}，换一个人`, onclick: () => go({}) },
      avatar({ id: me.staffId, name: me.name })),
    button({ class: "rail-item current", title: "消息", "aria-label": "消息", onclick: () => go({ as: me.staffId }) }, icon("chat"), "消息"),
    button({ class: "rail-item rail-operator", "data-testid": "operator-toggle", title: "运维视角", "aria-pressed": String(panel.isOpen()), onclick: () => panel.toggle() },
      icon("pulse"), "运维"),
  );
}

async function start() {
  document.addEventListener("say", (event) => pane.say(event.detail.text, true));
  document.addEventListener("enlarge", (event) => enlarge(event.detail));
  document.addEventListener("operator", () => panel.toggle());
  document.addEventListener("unread", (event) => {
    document.title = `${event.detail.count ? `(${event.detail.count}) ` : ""}${app.me?.name ?? ""} · 自查助手 演示`;
  });
  document.addEventListener("visibilitychange", () => document.hidden || pane.seen());
  try {
    app.world = await api.world();
  } catch (problem) {
    $("app").hidden = true;
    door.fail(problem.message, () => location.reload());
    return;
  }
  if (app.world.page) platforms($("platforms"), "dingtalk");
  bar.heard(await api.clock().catch(() => ({ now: app.world.now, running: false })));
  steps = follow();
  window.addEventListener("hashchange", () => (steps = steps.then(follow)));
}

start();
