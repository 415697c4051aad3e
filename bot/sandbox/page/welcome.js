// The door: who do you want to be? Featured people as cards, everybody else by search.

import * as api from "./api.js";
import { avatar, button, h, icon, tag } from "./dom.js";

export function welcome(root, { onChoose }) {
  let timer = 0;
  let asked = 0;
  const results = h("div", { class: "found", role: "list", "aria-live": "polite" });
  const search = h("input", {
    type: "search", id: "person-search", "data-testid": "person-search", autocomplete: "off",
    placeholder: "按姓名、单位查找", "aria-label": "查找人员",
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(find, 180);
    },
  });

  async function find() {
    const query = search.value.trim();
    const mine = ++asked;
    if (!query) return results.replaceChildren();
    const found = await api.people(query).catch((problem) => problem);
    if (mine !== asked) return;
    if (found instanceof Error) return results.replaceChildren(h("p", { class: "quiet" }, found.message));
    if (!found.length) return results.replaceChildren(h("p", { class: "quiet" }, "没有找到这个人"));
    results.replaceChildren(...found.map(row));
  }

  function row(person) {
    return h("div", { role: "listitem" },
      button({ class: "found-person", "data-testid": `person-${person.staffId}`, onclick: () => onChoose(person.staffId) },
        avatar({ id: person.staffId, name: person.name }),
        h("span", { class: "found-text" }, h("b", {}, person.name, person.external && tag("外部", "outside")), h("small", {}, person.title))));
  }

  function card(person) {
    return button({ class: "persona", "data-testid": `persona-${person.staffId}`, onclick: () => onChoose(person.staffId) },
      avatar({ id: person.staffId, name: person.name }, "large"),
      h("span", { class: "persona-text" },
        h("b", {}, person.name, person.external && tag("外部", "outside")),
        h("span", { class: "persona-title" }, person.title),
        person.note && h("small", {}, person.note)));
  }

  return {
    show(world) {
      search.value = "";
      results.replaceChildren();
      root.replaceChildren(h("div", { class: "welcome-box" },
        h("header", { class: "welcome-head" },
          avatar({ kind: "robot", letter: world.robot.avatar }, "large"),
          h("div", {}, h("h1", {}, `${world.robot.name} 演示`), h("p", {}, "涉疫数据安全自查，在聊天里完成。先选一个身份。"))),
        h("div", { class: "personas" }, world.personas.map(card)),
        h("label", { class: "search-label", for: "person-search" }, `或者在全部 ${world.peopleCount.toLocaleString("zh-CN")} 人里找`),
        h("div", { class: "search" }, icon("search", 18), search),
        results,
        h("p", { class: "quiet welcome-foot" }, "名册和对话都是虚构的，只在这台机器上。每个标签页可以是不同的人。")));
      root.hidden = false;
    },
    hide() {
      root.hidden = true;
    },
    fail(message, again) {
      root.replaceChildren(h("div", { class: "welcome-box" }, h("h1", {}, "还没有连上"), h("p", { class: "quiet" }, message),
        button({ class: "primary", onclick: again }, "再试一次")));
      root.hidden = false;
    },
  };
}
