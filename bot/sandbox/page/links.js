// What may be done with an address in a message: say something as the user, open a page, or nothing at all.

import { mediaAddress } from "./api.js";
import { button, h, signal } from "./dom.js";

// The host must be exactly lower case: the real client silently ignores "dingtalkClient".
const QUICK_REPLY = /^dtmd:\/\/dingtalkclient\/sendMessage\?(.+)$/;
const SIDE_PAGE = /^dingtalk:\/\/dingtalkclient\/page\/link\?(.+)$/;

/** → {kind: "say", text} · {kind: "open", href} · {kind: "dead"} */
export function aim(address) {
  const url = String(address ?? "").trim();
  const reply = QUICK_REPLY.exec(url);
  if (reply) {
    const text = parameter(reply[1], "content");
    return text ? { kind: "say", text } : { kind: "dead" };
  }
  const page = SIDE_PAGE.exec(url);
  if (page) return webPage(parameter(page[1], "url"));
  return webPage(url);
}

function parameter(query, name) {
  return (new URLSearchParams(query).get(name) ?? "").trim();
}

function webPage(url) {
  if (!/^https?:\/\//i.test(url)) return { kind: "dead" };
  try {
    return { kind: "open", href: new URL(url).href };
  } catch {
    return { kind: "dead" };
  }
}

/** A link inside running text: quick replies become chips, web pages stay links, anything else is only its words. */
export function linkNode(address, label) {
  const target = aim(address);
  if (target.kind === "open") {
    return h("a", { href: target.href, target: "_blank", rel: "noopener noreferrer" }, label);
  }
  if (target.kind === "dead" && !/^dtmd:/i.test(address)) return h("span", { class: "dead-link" }, label);
  return replyButton(target, "chip", label);
}

/** A card's button: says, opens, or does nothing. */
export function cardButton(address, label) {
  const target = aim(address);
  if (target.kind !== "open") return replyButton(target, "card-button", label);
  const attributes = { class: "card-button", href: target.href, target: "_blank", rel: "noopener noreferrer" };
  return h("a", { ...attributes, "data-testid": "reply-button" }, label);
}

function replyButton(target, look, label) {
  const dead = target.kind === "dead";
  return button(
    {
      class: `reply-button ${look}${dead ? " dead" : ""}`,
      "data-testid": "reply-button",
      title: dead ? "钉钉不认识这个地址，点了没有反应" : null,
      onclick: (event) => !dead && signal(event.currentTarget, "say", { text: target.text }),
    },
    label,
  );
}

/** Pictures come from this gateway only; a foreign one is named, not fetched. */
export function picture(address, alt = "图片") {
  const source = pictureSource(address);
  if (!source) return h("span", { class: "foreign-picture" }, `［${alt || "图片"}］`);
  return button(
    { class: "picture", "aria-label": `放大${alt || "图片"}`, onclick: (event) => signal(event.currentTarget, "enlarge", { source, alt }) },
    h("img", { src: source, alt, loading: "lazy" }),
  );
}

function pictureSource(address) {
  const text = String(address ?? "");
  if (text.startsWith("/sandbox/media/")) return text;
  if (/^https?:\/\//i.test(text)) {
    const url = new URL(text, location.href);
    return url.origin === location.origin ? url.pathname + url.search : null;
  }
  return /^@?[\w.+=$-]+$/.test(text) ? mediaAddress(text) : null;
}
