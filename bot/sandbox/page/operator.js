// "运维视角": what the operator sees. Counters and faults; the ledger itself is in ledger.js.

import * as api from "./api.js";
import { button, h, icon, notify, tag } from "./dom.js";
import { ledgerView } from "./ledger.js";

const COUNTED = [["push", "推送"], ["ack", "确认"], ["api", "接口调用"], ["webhook", "webhook"], ["violation", "违规"], ["redeliver", "重投"]];
const NAMES = {
  duplicate: "重复推送", disconnect: "断开连接", drop_ack: "确认丢失", throttle: "接口限流", token_expire: "凭证失效",
  hang: "应答变慢", http_500: "网关出错", no_delivery: "暂停推送", flow_control: "收件人流控",
};

export function operatorPanel(root, { onToggle }) {
  const counts = new Map();
  const figures = h("dl", { class: "figures" });
  const view = ledgerView();
  const state = h("small", { class: "wire-state", "data-testid": "wire-state" });
  const faultList = h("div", { class: "faults" });
  const count = h("input", { type: "number", min: "1", max: "1000", value: "1", inputmode: "numeric", "aria-label": "次数" });
  const seconds = h("input", { type: "number", min: "1", max: "3600", value: "10", inputmode: "numeric", "aria-label": "秒数" });
  let last = 0;
  let catching = null;
  let drawn = "";

  root.append(
    h("header", { class: "operator-head" }, h("h2", {}, "运维视角"), state,
      button({ class: "icon-button", "aria-label": "关闭运维视角", "data-testid": "operator-close", onclick: () => toggle(false) }, icon("close", 20))),
    figures,
    h("details", { class: "fault-box" },
      h("summary", {}, "制造故障"),
      h("p", { class: "quiet" }, "每次", count, "次，最长", seconds, "秒"),
      faultList),
    view.node);
  drawFigures();

  function drawFigures() {
    figures.replaceChildren(...COUNTED.map(([kind, label]) => h("div", { class: `figure figure-${kind}${counts.get(kind) ? " some" : ""}` },
      h("dt", {}, label), h("dd", { "data-testid": `count-${kind}` }, String(counts.get(kind) ?? 0)))));
  }

  function enter(entry) {
    if (entry.seq <= last) return;
    last = entry.seq;
    counts.set(entry.kind, (counts.get(entry.kind) ?? 0) + 1);
    view.add(entry);
  }

  /** Everything since the last entry seen; entries heard meanwhile wait, so that none is taken twice or skipped. */
  async function catchUp() {
    if (root.hidden || catching) return;
    catching = [];
    try {
      if (last && !(await api.ledger(last - 1, 1)).length) startOver();
      for (;;) {
        const entries = await api.ledger(last, 200);
        entries.forEach(enter);
        if (entries.length < 200) break;
      }
    } catch (problem) {
      notify(problem.message);
    }
    catching.forEach(enter);
    catching = null;
    drawFigures();
  }

  /** The gateway was started with an empty ledger. */
  function startOver() {
    last = 0;
    counts.clear();
    view.clear();
  }

  async function drawFaults() {
    const answer = await api.faults().catch(() => ({ faults: [] }));
    const { faults, connections, waiting } = answer;
    if (JSON.stringify(answer) === drawn) return;
    drawn = JSON.stringify(answer);
    state.textContent = connections === undefined ? "" : `机器人连接 ${connections}，待推送 ${waiting}`;
    faultList.replaceChildren(...faults.map(faultRow));
    if (!faults.length) faultList.replaceChildren(h("p", { class: "quiet" }, "网关没有可制造的故障"));
  }

  function faultRow({ name, title, explain, active, left = 0, seconds: rest = 0 }) {
    const on = active ?? (left > 0 || (name === "no_delivery" && rest > 0));
    const [short, long] = explain ? [title, explain] : [NAMES[name] ?? name, title];
    return h("div", { class: `fault${on ? " active" : ""}` },
      h("div", { class: "fault-text" }, h("b", {}, short, on && tag(left > 1 ? `还剩 ${left} 次` : "生效中", "outside")), h("small", {}, long)),
      button({ class: "clock-step", "data-testid": `fault-${name}`, "aria-label": `制造故障：${short}`, onclick: () => cause({ name, title: short }) }, "制造"));
  }

  async function cause(fault) {
    try {
      await api.setFault(fault.name, Number(count.value) || 1, Number(seconds.value) || 10);
      notify(`已制造：${fault.title}`);
    } catch (problem) {
      notify(problem.message);
    }
    drawFaults();
  }

  function toggle(open = root.hidden) {
    root.hidden = !open;
    onToggle(open);
    if (!open) return;
    catchUp();
    drawFaults();
  }

  root.addEventListener("keydown", (event) => event.key === "Escape" && toggle(false));
  setInterval(() => root.hidden || document.hidden || drawFaults(), 10000);

  return {
    toggle,
    isOpen: () => !root.hidden,
    catchUp,
    heard(entry) {
      if (catching) return catching.push(entry);
      enter(entry);
      drawFigures();
    },
  };
}
