// A phone with 浙政钉 on it: work notices, to-dos, the workbench, and the page they open, logged in as whoever holds the phone.

import * as api from "./api.js";
import { clockBar } from "./clock.js";
import { listMoment } from "./dates.js";
import { avatar, button, h, icon, notify } from "./dom.js";
import { platforms } from "./platforms.js";
import { webview } from "./webview.js";
import { welcome } from "./welcome.js";

const LOOK = 1200;
const $ = (id) => document.getElementById(id);
let world = null;
let me = null;
let now = null;
let place = "messages";
let shown = "";
let phone = { notices: [], todos: [] };

const bar = clockBar($("clock"), { onNow: (moment) => (now = moment) });
const door = welcome($("welcome"), { onChoose: (staffId) => (location.hash = `as=${staffId}`) });
const view = webview({ code: () => api.authCode(me.staffId), onBack: draw });
const screen = h("div", { class: "screen", "data-testid": "phone" });

const TABS = [["messages", "消息"], ["todos", "待办"], ["work", "工作台"]];

function draw() {
  const open = phone.todos.filter(({ state }) => state === "open");
  const parts = { messages: notices, todos: () => todos(open), work: workbench };
  screen.replaceChildren(
    h("header", { class: "screen-head" }, avatar({ id: me.staffId, name: me.name }, "small"), h("b", {}, me.name), h("small", {}, "浙政钉"),
      button({ class: "icon-button", "aria-label": "换一个人", "data-testid": "switch-person", onclick: () => (location.hash = "") }, icon("swap", 20))),
    h("div", { class: "screen-list", "data-testid": "phone-list" }, parts[place]()),
    h("nav", { class: "tabs", "aria-label": "浙政钉" }, TABS.map(([name, label]) =>
      button({ class: "tab", "data-testid": `tab-${name}`, "aria-current": String(name === place), onclick: () => go(name) }, label,
        name === "todos" && open.length > 0 && h("span", { class: "badge" }, String(open.length))))));
}

function go(name) {
  place = name;
  draw();
}

function notices() {
  if (!phone.notices.length) return h("p", { class: "quiet" }, "还没有工作通知。把演示时间往前拨，提醒就会来");
  return [...phone.notices].reverse().map(({ id, atMs, message }) => {
    const { title, text, url } = told(message);
    return button({ class: "card-row", "data-testid": "notice", "data-id": id, onclick: () => open(url) },
      h("span", { class: "row-top" }, h("b", {}, title || "工作通知"), h("time", {}, listMoment(new Date(atMs).toISOString(), now ?? world.now))),
      h("span", { class: "card-text" }, text.replaceAll("**", "")), url && h("span", { class: "card-open" }, "打开自查 ›"));
  });
}

/** Title, words and address of a notice, whatever kind it is. */
function told(message) {
  const body = message[message.msgtype] ?? {};
  const url = body.single_url ?? body.btn_json_list?.[0]?.action_url ?? body.messageUrl ?? body.message_url ?? "";
  return { title: body.title ?? body.head?.text ?? "", text: body.markdown ?? body.text ?? body.content ?? body.body?.content ?? "", url };
}

function todos(open) {
  if (!open.length) return h("p", { class: "quiet", "data-testid": "no-todos" }, "没有待办");
  return open.map(({ taskUuid, subject, dueTime, mobileUrl, url }) =>
    button({ class: "card-row", "data-testid": "todo", "data-id": taskUuid, onclick: () => openPage(mobileUrl || url) },
      h("b", {}, subject), h("small", {}, dueTime ? `截止 ${due(dueTime)}` : ""), h("span", { class: "card-open" }, "去办理 ›")));
}

/** Milliseconds, or a day and a time as they are in Lishui. */
function due(time) {
  const moment = /^\d+$/.test(time) ? new Date(Number(time)) : new Date(`${time.replace(" ", "T")}+08:00`);
  return Number.isNaN(moment.getTime()) ? time : listMoment(moment.toISOString(), now ?? world.now);
}

function workbench() {
  return h("div", { class: "apps" }, button({ class: "work-app", "data-testid": "open-app", onclick: () => openPage(world.page) },
    avatar({ kind: "robot", letter: world.robot.avatar }, "large"), h("span", {}, world.robot.name)));
}

function open(url) {
  if (url) openPage(url);
  else notify("这条通知没有链接");
}

function openPage(url) {
  screen.replaceChildren(view.show(url, world.robot.name));
}

async function look() {
  if (!me) return;
  const mine = me.staffId;
  const fresh = await api.phone(mine).catch((problem) => problem);
  if (me?.staffId !== mine) return;
  if (fresh instanceof Error) return nobody(fresh.message);
  const before = shown;
  shown = JSON.stringify(fresh);
  phone = fresh;
  if (!before && !phone.notices.length && phone.todos.some(({ state }) => state === "open")) place = "todos";
  if (shown !== before && !view.isOpen()) draw();
}

function nobody(message) {
  shown = "";
  screen.replaceChildren(h("p", { class: "quiet" }, message));
}

function follow() {
  const as = new URLSearchParams(location.hash.slice(1)).get("as");
  view.close();
  shown = "";
  if (!as) {
    me = null;
    $("desk").replaceChildren();
    return door.show(world);
  }
  door.hide();
  enter(as).catch((problem) => notify(problem.message));
}

async function enter(as) {
  const featured = world.personas.find((one) => one.staffId === as);
  me = featured ?? (await api.people(as, 30)).find((one) => one.staffId === as) ?? { staffId: as, name: as };
  phone = { notices: [], todos: [] };
  place = "messages";
  $("desk").replaceChildren(h("div", { class: "phone" }, screen));
  draw();
  look();
}

async function start() {
  world = await api.world();
  platforms($("platforms"), "zhezhengding");
  $("clock").hidden = window.parent !== window;
  bar.heard(await api.clock());
  window.addEventListener("hashchange", follow);
  follow();
  setInterval(look, LOOK);
  setInterval(() => bar.refresh(), 2 * LOOK);
}

start().catch((problem) => door.fail(problem.message, () => location.reload()));
