// The switch between the two platforms of the demo: DingTalk, 浙政钉, both at once. The person stays the same.

import { h } from "./dom.js";

const PLACES = [
  ["dingtalk", "/", "钉钉"],
  ["zhezhengding", "/page/phone.html", "浙政钉"],
  ["both", "/page/both.html", "两边一起看"],
];

export function platforms(root, current) {
  const links = PLACES.map(([name, path, label]) =>
    h("a", { class: "platform", "data-testid": `platform-${name}`, "data-path": path, "aria-current": name === current ? "page" : null }, label));

  function follow() {
    const as = new URLSearchParams(location.hash.slice(1)).get("as");
    for (const link of links) link.href = link.dataset.path + (as ? `#as=${encodeURIComponent(as)}` : "");
  }

  root.classList.add("platforms");
  root.replaceChildren(...links);
  root.hidden = window.parent !== window; // one half of «both» needs no switch of its own
  window.addEventListener("hashchange", follow);
  follow();
}
