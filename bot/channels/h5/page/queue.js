// What a person said, on its way: one after the other, the same message until it is taken, whatever is cut in between.

import { memory } from "./dom.js";
import * as net from "./net.js";
import { holdsNumber } from "./private.js";

const LONGEST = 15_000;

export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `tell` has taken(message, lines), state(message, state), refused(message, words), ended(). */
export function queue(last, tell) {
  let waiting = [];
  let busy = false;
  let held = true;
  let tries = 0;
  let timer = 0;

  /** Files and numbers of persons are kept in this page alone, never in the tab's memory. */
  function keep() {
    memory.set("queue", waiting.filter(({ file, text }) => !file && !holdsNumber(text ?? "")).map(({ since, ...rest }) => ({ ...rest, at: Date.now() - (performance.now() - since) })));
    memory.set("files", waiting.some(({ file }) => file));
  }

  async function step() {
    clearTimeout(timer);
    if (busy || held || !waiting.length) return;
    busy = true;
    const message = waiting[0];
    try {
      const { lines, said } = await carried(message);
      memory.set("saidAt", said); // as the bot told it: what is said later counts as said later
      tries = 0;
      waiting.shift();
      keep();
      tell.taken(message, lines);
    } catch (problem) {
      failed(message, problem);
    } finally {
      busy = false;
    }
    if (!tries) step();
  }

  function carried({ id, text, tap, file, since }) {
    const about = { id, age: (performance.now() - since) / 1000, since: memory.get("saidAt") ?? "", after: last() };
    tell.state(id, "sending");
    return file ? net.send(about, file) : net.say({ ...about, ...(tap ? { tap } : { text }) });
  }

  function failed(message, problem) {
    if (problem.why === "login") {
      held = true;
      tell.state(message.id, "waiting");
      tell.ended();
    } else if (["offline", "trouble", "too fast"].includes(problem.why)) {
      tries += 1;
      tell.state(message.id, "waiting");
      timer = setTimeout(step, Math.max(problem.wait * 1000, Math.min(1000 * 2 ** (tries - 1), LONGEST)));
    } else {
      waiting.shift();
      keep();
      tell.refused(message, problem.message);
    }
  }

  window.addEventListener("online", () => step());
  window.addEventListener("beforeunload", (event) => waiting.some(({ file }) => file) && event.preventDefault());

  return {
    add(message) {
      waiting.push({ since: performance.now(), ...message });
      keep();
      step();
    },
    /** What a reload interrupted; true where a file was among it. */
    restore() {
      const lost = memory.get("files") === true && !waiting.some(({ file }) => file);
      const known = new Set(waiting.map(({ id }) => id));
      const kept = (memory.get("queue") ?? []).filter(({ id }) => !known.has(id));
      waiting = [...kept.map(({ at, ...rest }) => ({ ...rest, since: performance.now() - Math.max(0, Date.now() - at) })), ...waiting];
      memory.set("files", false);
      return { lost, kept };
    },
    go() {
      held = false;
      tries = 0;
      step();
    },
    hold() {
      held = true;
    },
    forget() {
      waiting = [];
      keep();
    },
    get pending() {
      return waiting.length > 0;
    },
  };
}
