// Nodes without HTML: what people and the bot write only ever becomes text.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** What a node holds from now on; clients of some years ago know no `replaceChildren`. */
export function fill(node, ...children) {
  node.textContent = "";
  node.append(...children);
}

export const $ = (id) => document.getElementById(id);

export function button(attributes, ...children) {
  return h("button", { type: "button", ...attributes }, ...children);
}

/** What this tab alone remembers; gone with it. A browser that forbids it simply remembers nothing. */
export const memory = {
  get(name) {
    try {
      return JSON.parse(sessionStorage.getItem(`zicha.${name}`));
    } catch {
      return null;
    }
  },
  set(name, value) {
    try {
      sessionStorage.setItem(`zicha.${name}`, JSON.stringify(value));
    } catch {
      // full or forbidden: then this tab forgets at a reload, nothing else changes
    }
  },
  clear() {
    try {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith("zicha.")) sessionStorage.removeItem(key);
    } catch {
      // as above
    }
  },
};
