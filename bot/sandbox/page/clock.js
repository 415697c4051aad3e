// The demo's clock: shows the moment, moves it forward. It glides so that every reminder on the way falls due, and it never goes back.

import * as api from "./api.js";
import { fromLocal, later, localInput, longMoment, parts, shortDay, tomorrowAt } from "./dates.js";
import { button, h, icon, notify } from "./dom.js";

const REMINDER_DAYS = ["05-23", "05-27", "05-30", "05-31"];

export function clockBar(root, { onNow }) {
  let heardAt = 0; // when, by this machine, and what: between two tidings the clock goes on by itself
  let told = null;
  let now = null;
  const face = h("button", {
    type: "button", class: "clock-now", "data-testid": "clock-now", "aria-haspopup": "dialog", "aria-expanded": "false",
    "aria-label": "演示时间", onclick: () => toggle(),
  });
  const wish = h("input", { type: "datetime-local", class: "clock-wish", "data-testid": "clock-wish", "aria-label": "去到这个时间" });
  const picks = h("div", { class: "clock-picks" });
  const explain = "演示时间，只能往前走";
  const hour = () => step("+1小时", () => ({ advance: 3600 }), "clock-advance-hour");
  const morning = () => step("明早9:30", () => ({ to: tomorrowAt(now, "09:30") }), "clock-morning");
  const goto = button({ class: "clock-step", "data-testid": "clock-goto", "aria-haspopup": "dialog", onclick: () => toggle() }, "去到…");
  const sheet = h("div", { class: "clock-sheet", role: "dialog", "aria-label": "调演示时间", hidden: true },
    h("p", { class: "quiet" }, "只能往前走；路上到点的提醒照常发出。"),
    h("div", { class: "clock-extra" }, hour(), morning()),
    h("b", {}, "提醒日"), picks,
    h("b", {}, "去到"),
    h("form", { class: "clock-form", onsubmit: (event) => (event.preventDefault(), leap()) }, wish, h("button", { class: "primary", "data-testid": "clock-leap" }, "出发")));

  root.append(
    h("span", { class: "clock-mark" }, icon("clock", 18)), face,
    h("span", { class: "clock-explain" }, explain),
    h("span", { class: "clock-gliding", role: "status" }, "时间前进中…"),
    h("span", { class: "clock-steps" }, hour(), step("+1天", () => ({ advance: 86400 }), "clock-advance-day"), morning(), goto),
    sheet);

  function step(label, order, testid) {
    return button({ class: "clock-step", "data-testid": testid, onclick: () => move(order()) }, label);
  }

  async function move(order) {
    toggle(false);
    root.classList.add("gliding");
    try {
      const answer = await api.setClock(order);
      if (answer?.now) heard(answer);
      else await refresh();
    } catch (problem) {
      root.classList.remove("gliding");
      notify(problem.message);
    }
  }

  function leap() {
    if (!wish.value) return;
    const to = fromLocal(wish.value);
    if (Date.parse(to) <= Date.parse(now)) return notify(`${explain}，请选更晚的时间`);
    move({ to });
  }

  function toggle(open = sheet.hidden) {
    sheet.hidden = !open;
    face.setAttribute("aria-expanded", String(open));
    if (!open) return;
    wish.min = localInput(now);
    wish.value = tomorrowAt(now, "09:30").slice(0, 16);
    picks.replaceChildren(...REMINDER_DAYS.map(pick));
    sheet.querySelector("button:not(:disabled)")?.focus();
  }

  function pick(day) {
    const to = fromLocal(`${parts(now).year}-${day}T09:30`);
    const past = Date.parse(to) <= Date.parse(now);
    return button({ class: "clock-step", disabled: past, "data-testid": `clock-day-${day}`, onclick: () => move({ to }) }, `${shortDay(to)} ${parts(to).weekday}`);
  }

  function heard(state) {
    told = state.now;
    heardAt = performance.now();
    root.classList.toggle("gliding", Boolean(state.running));
    show(told);
  }

  function show(moment) {
    now = moment;
    const text = longMoment(now);
    if (face.textContent === text) return;
    face.textContent = text;
    onNow(fromLocal(localInput(now)));
  }

  async function refresh() {
    const state = await api.clock().catch(() => null);
    if (state) heard(state);
  }

  document.addEventListener("pointerdown", (event) => sheet.hidden || root.contains(event.target) || toggle(false), true);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || sheet.hidden) return;
    toggle(false);
    face.focus();
  });
  setInterval(() => told && show(later(told, (performance.now() - heardAt) / 1000)), 1000);
  return { heard, refresh };
}
