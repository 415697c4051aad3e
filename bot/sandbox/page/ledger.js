// The ledger of the wire, newest at the bottom: filter by kind, pause, unfold an entry as JSON.

import { clockSeconds } from "./dates.js";
import { button, h, icon } from "./dom.js";

const KINDS = {
  push: "推送", ack: "确认", redeliver: "重投", api: "接口", webhook: "webhook", violation: "违规",
  open: "登记", connect: "连上", disconnect: "断开", ping: "心跳", clock: "时钟",
};
const QUIET = new Set(["ping"]);
const KEPT = 500;

export function ledgerView() {
  const hidden = new Set(QUIET);
  const filters = h("div", { class: "filters", role: "group", "aria-label": "按种类筛选" });
  const rows = h("div", { class: "ledger-rows", "data-testid": "ledger", role: "log", "aria-live": "off", "aria-label": "网关流水", tabindex: "0" });
  const pauseButton = button({ class: "ledger-pause", "aria-pressed": "false", "data-testid": "ledger-pause", onclick: pause });
  const node = h("section", { class: "ledger" },
    h("div", { class: "ledger-bar" }, h("b", {}, "网关流水"), pauseButton), filters, rows);
  let waiting = [];
  let paused = false;
  let frame = 0;

  function pause() {
    paused = !paused;
    if (!paused) flush();
    drawPause();
  }

  function drawPause() {
    pauseButton.setAttribute("aria-pressed", String(paused));
    pauseButton.replaceChildren(icon(paused ? "play" : "pause", 15), paused ? `继续${waiting.length ? `（新增${waiting.length}）` : ""}` : "暂停");
  }

  function drawFilters() {
    filters.replaceChildren(...Object.entries(KINDS).map(([kind, label]) => button({
      class: `filter kind-${kind}`, "aria-pressed": String(!hidden.has(kind)), "data-testid": `filter-${kind}`,
      onclick: () => {
        if (!hidden.delete(kind)) hidden.add(kind);
        drawFilters();
        for (const row of rows.children) row.hidden = hidden.has(row.dataset.kind);
      },
    }, label)));
  }

  function flush() {
    const atEnd = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 60;
    rows.append(...waiting.slice(-KEPT).map(row));
    waiting = [];
    while (rows.childElementCount > KEPT) rows.firstElementChild.remove();
    if (atEnd) rows.scrollTop = rows.scrollHeight;
  }

  function row(entry) {
    const detail = h("pre", { hidden: true });
    const line = button({
      class: "entry-line", "aria-expanded": "false",
      onclick: () => {
        detail.hidden = !detail.hidden;
        line.setAttribute("aria-expanded", String(!detail.hidden));
        if (!detail.textContent) detail.textContent = JSON.stringify(entry.detail ?? {}, null, 2);
        if (!detail.hidden) detail.scrollIntoView({ block: "nearest" });
      },
    },
    h("time", {}, clockSeconds(entry.at)),
    h("span", { class: `kind kind-${entry.kind}` }, KINDS[entry.kind] ?? entry.kind),
    h("span", { class: "way", title: entry.direction === "in" ? "到网关" : "出网关" }, entry.direction === "in" ? "←" : "→"),
    h("span", { class: "summary" }, entry.summary),
    Number.isFinite(entry.ms) && h("span", { class: "ms" }, `${Math.round(entry.ms)}ms`));
    return h("div", { class: "entry", "data-kind": entry.kind, "data-seq": entry.seq, hidden: hidden.has(entry.kind) }, line, detail);
  }

  drawFilters();
  drawPause();
  return {
    node,
    clear() {
      waiting = [];
      rows.replaceChildren();
    },
    add(entry) {
      waiting.push(entry);
      if (paused) return drawPause();
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        if (!paused) flush();
      });
    },
  };
}
