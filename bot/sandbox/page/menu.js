// What opens above the chat: the menu of a message (撤回, 复制) and a picture in large.

import * as api from "./api.js";
import { button, h, icon, notify } from "./dom.js";

let close = () => {};

/** `place` is the element it belongs to (focus returns there), `point` where the pointer was. */
export function openMenu({ message, me, place, point }) {
  close();
  const entry = (label, act) => button({ class: "menu-item", role: "menuitem", onclick: () => (close(), act()) }, label);
  const menu = h("div", { class: "menu", role: "menu" },
    message.kind !== "image" && message.kind !== "file" && entry("复制", () => copy(message)),
    message.mine && entry("撤回", () => api.recall(me.staffId, message.id).catch((problem) => notify(problem.message))));
  if (!menu.childElementCount) return;
  document.body.append(menu);
  settle(menu, point ?? below(place));
  const outside = (event) => menu.contains(event.target) || close();
  const keys = (event) => {
    const items = [...menu.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    if (step) items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    if (step || event.key === "Escape") event.preventDefault();
  };
  menu.addEventListener("keydown", keys);
  setTimeout(() => document.addEventListener("pointerdown", outside, true));
  close = () => {
    close = () => {};
    document.removeEventListener("pointerdown", outside, true);
    menu.remove();
    if (place.isConnected && place.tagName === "BUTTON") place.focus({ preventScroll: true });
  };
  menu.firstElementChild.focus({ preventScroll: true });
}

function below(place) {
  const box = place.getBoundingClientRect();
  return { x: box.left, y: box.bottom + 4 };
}

function settle(menu, { x, y }) {
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - box.width - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - box.height - 8))}px`;
}

async function copy({ text }) {
  try {
    await navigator.clipboard.writeText(text ?? "");
    notify("已复制");
  } catch {
    notify("浏览器不让复制，请手动选中文字");
  }
}

/** A picture over the whole page; any click or Escape closes it. */
export function enlarge({ source, alt }) {
  const before = document.activeElement;
  const box = h("dialog", { class: "lightbox", "aria-label": alt || "图片", onclick: () => box.close(), onclose: () => (box.remove(), before?.focus?.()) },
    h("img", { src: source, alt: alt ?? "" }),
    button({ class: "icon-button lightbox-close", "aria-label": "关闭" }, icon("close")));
  document.body.append(box);
  box.showModal();
}
