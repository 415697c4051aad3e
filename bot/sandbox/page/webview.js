// The window in which the client shows a page, and the little it tells the page: a code for whoever holds the phone.

import { button, h, icon } from "./dom.js";

/** `code()` is a fresh auth code; `onBack` when the window is closed by its button. */
export function webview({ code, onBack }) {
  let frame = null;

  window.addEventListener("message", async ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || data?.ask !== "authCode") return;
    const answer = await code().catch(() => "");
    source.postMessage({ answer: data.number, code: answer }, origin);
  });

  function close() {
    frame?.remove();
    frame = null;
  }

  return {
    show(url, title) {
      close();
      frame = h("iframe", { class: "web", "data-testid": "web", title, src: url });
      return h("div", { class: "webview" },
        h("header", { class: "screen-head" },
          button({ class: "icon-button", "aria-label": "返回", "data-testid": "phone-back", onclick: () => (close(), onBack()) }, icon("back")), h("b", {}, title)),
        frame);
    },
    close,
    isOpen: () => frame !== null,
  };
}
