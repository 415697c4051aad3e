// Where the person writes: words, files, the few commands everybody needs. What is written stays until it is sent.

import { $, button, memory } from "./dom.js";
import { holdsNumber } from "./private.js";
import { fileTooLarge, textTooLong, words } from "./words.js";

const MOST_ROWS = 6;

/** `onSay(text)`, `onFile(file)`. */
export function composer({ onSay, onFile }) {
  const [form, field, file, problem] = [$("composer"), $("say"), $("file"), $("problem")];
  let limits = { maxFileMb: 20, maxText: 2000 };

  function tell(text) {
    problem.textContent = text;
  }

  function grow() {
    field.rows = 1;
    const line = parseFloat(getComputedStyle(field).lineHeight);
    while (field.rows < MOST_ROWS && field.scrollHeight > field.clientHeight + line / 2) field.rows += 1;
  }

  function submit() {
    const text = field.value.trim();
    if (!text) return field.focus();
    if ([...text].length > limits.maxText && !text.includes("\n")) return tell(textTooLong([...text].length, limits.maxText));
    tell("");
    field.value = "";
    memory.set("draft", "");
    grow();
    onSay(text);
  }

  field.addEventListener("input", () => {
    grow();
    memory.set("draft", holdsNumber(field.value) ? "" : field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  file.addEventListener("change", () => {
    const [chosen] = file.files;
    if (!chosen) return;
    if (chosen.size > limits.maxFileMb * 1_000_000) tell(fileTooLarge(chosen.size, limits.maxFileMb));
    else {
      tell("");
      onFile(chosen);
    }
    file.value = "";
  });
  form.querySelector(".quick").append(...words.quick.map((word) => button({ class: "quick-word", onclick: () => onSay(word) }, word)));

  return {
    tell,
    show(setup) {
      limits = setup;
      form.hidden = false;
      if (!field.value) field.value = memory.get("draft") ?? "";
      grow();
    },
    hide() {
      form.hidden = true;
      tell("");
    },
    clear() {
      field.value = "";
      tell("");
    },
  };
}
