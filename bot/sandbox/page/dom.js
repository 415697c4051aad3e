// Building the page: elements are made node by node, data only ever becomes text. Icons, avatars and small signals between the parts.

const SVG = "http://www.w3.org/2000/svg";

/** h("button", {class: "x", onclick: f, "aria-label": "…"}, "text", node, null, [more]) */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A button that never submits anything. */
export function button(attributes, ...children) {
  return h("button", { type: "button", ...attributes }, ...children);
}

/** Tells the enclosing parts that something was asked for: say, enlarge, menu … */
export function signal(element, name, detail = {}) {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

const ICONS = {
  chat: "M4 5.5h16v11H10l-4 3.5v-3.5H4z",
  pulse: "M3 12.5h4l3-7.5 4 14 3-6.5h4",
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.2v.1",
  file: "M20 11.5l-8 8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7L9.8 17a1.6 1.6 0 0 1-2.3-2.3l7.5-7.4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13M15.5 15.5L20 20",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  group: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6M3.5 19c0-3 2.4-5 5.5-5s5.5 2 5.5 5M15.5 5.3a3 3 0 0 1 0 5.4M17 14.3c2.2.6 3.5 2.4 3.5 4.7",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 8v4.5l3 2",
  swap: "M7 8h11l-3-3M17 16H6l3 3",
  down: "M6 9l6 6 6-6",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.5v13l10-6.5z",
};

export function icon(name, size = 22) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const TINTS = 6;

function tint(key) {
  let sum = 0;
  for (const letter of String(key)) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return sum % TINTS;
}

/** Rounded square with the last two characters of the name, as DingTalk draws people without a photograph. */
export function avatar({ id = "", name = "", kind = "person", letter = "" }, size = "") {
  const classes = `avatar avatar-${kind} ${size} tint-${tint(id || name)}`;
  if (kind === "group") return h("span", { class: classes, "aria-hidden": "true" }, icon("group", 24));
  const shown = kind === "robot" ? letter || "自" : [...name.replace(/[（(].*$/, "")].slice(-2).join("");
  return h("span", { class: classes, "aria-hidden": "true" }, shown);
}

export function tag(text, kind = "") {
  return h("span", { class: `tag ${kind}` }, text);
}

let noticeTimer = 0;

/** A short line at the bottom which goes away by itself. */
export function notify(text) {
  const box = document.getElementById("notice");
  box.replaceChildren(h("span", {}, text));
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => box.replaceChildren(), 3200);
}
