// Both platforms side by side, for the same person: whoever is chosen on one side is chosen on the other.

import { platforms } from "./platforms.js";

const PATHS = { dingtalk: "/", zhezhengding: "/page/phone.html" };
const $ = (id) => document.getElementById(id);
const person = (hash) => new URLSearchParams(hash.slice(1)).get("as") ?? "";

function show(as) {
  for (const [name, path] of Object.entries(PATHS)) {
    const there = $(name).contentWindow?.location;
    if (there?.pathname === path && person(there.hash) === as) continue;
    if (there?.pathname === path) there.hash = as ? `as=${as}` : "";
    else $(name).src = path + (as ? `#as=${as}` : "");
  }
}

/** Somebody else was chosen on one of the sides. */
function heard(frame) {
  const as = person(frame.contentWindow.location.hash);
  if (as !== person(location.hash)) location.hash = as ? `as=${as}` : "";
}

for (const name of Object.keys(PATHS)) {
  $(name).addEventListener("load", () => $(name).contentWindow.addEventListener("hashchange", () => heard($(name))));
}
window.addEventListener("hashchange", () => show(person(location.hash)));
platforms($("platforms"), "both");
show(person(location.hash));
