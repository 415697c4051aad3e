// Where one writes: Enter sends, Shift+Enter breaks the line; pictures and files by button, drop or paste; the @ of the robot in groups.

import { sample } from "./api.js";
import { button, h, icon } from "./dom.js";

export function composer(chat, robot, samples, { onSay, onFile }) {
  const group = chat.kind === "group";
  const mention = `@${robot.name}`;
  const waiting = h("div", { class: "waiting", "aria-live": "polite" });
  let pasted = [];

  const field = h("textarea", {
    class: "composer-field", "data-testid": "composer", rows: "1", "aria-label": "输入消息", enterkeyhint: "send", maxlength: "5000",
    placeholder: group ? `发消息；要问机器人请先点 ${mention}` : "发消息",
    oninput: changed,
    onpaste: (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      pasted.push(...files);
      drawWaiting();
    },
    onkeydown: (event) => {
      // While an input method composes, Enter belongs to it (229 is what some browsers say right after).
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      send();
    },
  });

  const sendButton = button({ class: "send", "data-testid": "send", onclick: send, disabled: true }, "发送");
  const atButton = group && button({ class: "at-toggle", "data-testid": "at-robot", "aria-pressed": "false", onclick: toggleMention }, mention);
  const pictures = chooser("image-input", "图片", "picture", "image/*");
  const files = chooser("file-input", "文件", "file", null);
  // For visitors with no stamped table at hand; the bot is sent a file like any other.
  const ready = group ? [] : samples.map((name) => button({
    class: "sample", "data-testid": "sample", title: `发送 ${name}`,
    onclick: async () => {
      const content = await sample(name).catch(() => null);
      if (content) await upload([content]);
    },
  }, "发盖章样张"));
  const node = h("section", { class: "composer", "aria-label": "发消息" },
    h("div", { class: "tools" }, atButton, pictures, files, ready, h("span", { class: "hint" }, "Enter 发送，Shift+Enter 换行")),
    waiting,
    field,
    sendButton);

  function chooser(testid, label, image, accept) {
    const input = h("input", {
      type: "file", accept, multiple: true, class: "hidden-input", tabindex: "-1", "aria-hidden": "true", "data-testid": testid,
      onchange: async () => {
        const chosen = [...input.files];
        input.value = "";
        await upload(chosen);
      },
    });
    return [button({ class: "icon-button", title: label, "aria-label": `发送${label}`, onclick: () => input.click() }, icon(image)), input];
  }

  function changed() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
    sendButton.disabled = !field.value.trim() && !pasted.length;
    if (atButton) atButton.setAttribute("aria-pressed", String(field.value.includes(mention)));
  }

  function toggleMention() {
    field.value = field.value.includes(mention) ? field.value.replaceAll(`${mention} `, "").replaceAll(mention, "") : `${mention} ${field.value}`;
    changed();
    field.focus();
  }

  async function send() {
    const typed = field.value;
    const at = group && typed.includes(mention);
    const text = (at ? typed.replaceAll(`${mention} `, "").replaceAll(mention, "") : typed).trim();
    const held = pasted;
    pasted = [];
    drawWaiting();
    field.value = "";
    changed();
    if (held.length) await upload(held, at);
    if (!text && (!at || held.length)) return;
    const sent = await onSay(text || mention, at);
    if (!sent && !field.value) {
      field.value = typed;
      changed();
    }
  }

  async function upload(list, at = group && field.value.includes(mention)) {
    for (const file of list) {
      const line = h("p", { class: "uploading" }, `正在发送 ${file.name || "图片"}…`);
      waiting.append(line);
      await onFile(file, at);
      line.remove();
    }
  }

  function drawWaiting() {
    waiting.replaceChildren(...pasted.map((file, index) => {
      const picture = file.type.startsWith("image/") && h("img", { alt: "", src: URL.createObjectURL(file) });
      return h("span", { class: "pasted" }, picture || file.name,
        button({ "aria-label": "不发这个", onclick: () => (pasted.splice(index, 1), drawWaiting()) }, icon("close", 14)));
    }));
    changed();
  }

  acceptDrops((list) => upload(list));
  return { node, focus: () => field.focus({ preventScroll: true }) };
}

let dropped = () => {};

/** Files dropped anywhere on the chat pane go to the chat which is open. */
function acceptDrops(upload) {
  dropped = upload;
}

const pane = document.getElementById("pane");
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
pane.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  pane.classList.add("dropping");
});
pane.addEventListener("dragleave", (event) => pane.contains(event.relatedTarget) || pane.classList.remove("dropping"));
pane.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  pane.classList.remove("dropping");
  dropped([...event.dataTransfer.files]);
});
