// The log: lines by number, so that none stands there twice, and what the person said, each above its answer.

import { $, fill, memory } from "./dom.js";
import { botLine, markChosen, markSending, momentLine, ownLine } from "./line.js";
import { words } from "./words.js";

const PAUSE = 5 * 60 * 1000;
const MOST_OWN = 200;
const HEADER = 72; // pixels at the top that may be covered

/** `onTap({line, option, label})`. */
export function chat({ onTap }) {
  const log = $("log");
  const lines = new Map(); // number → {line, node}
  const own = new Map(); // id → node
  let remembered = {}; // id → words, in this tab alone
  let newest = 0;
  let oldest = Infinity;

  const atEnd = () => window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 80;

  function drawn(line) {
    const node = botLine(line, (option) => onTap({ line: line.number, option, label: line.options[option] }));
    lines.set(line.number, { line, node });
    return node;
  }

  /** What has to stand above a line: when it was, and what it answers. */
  function above(line, before) {
    const nodes = [];
    if (!before || Date.parse(line.at) - Date.parse(before.at) > PAUSE) nodes.push(momentLine(line.at));
    if (line.tapped) tapped(line.tapped);
    if (line.answers && !own.has(line.answers) && !line.answers.startsWith("hello-")) nodes.push(ownNode(line.answers, saidBefore(line)));
    return nodes;
  }

  function tapped({ line, option }) {
    const there = lines.get(line);
    if (there) markChosen(there.node, option);
  }

  const saidBefore = ({ answers, tapped: tap }) => remembered[answers] ?? lines.get(tap?.line)?.line.options?.[tap.option] ?? words.elsewhere;

  function ownNode(id, shown) {
    const node = ownLine(id, shown);
    own.set(id, node);
    return node;
  }

  function remember(id, shown) {
    remembered = Object.fromEntries([...Object.entries(remembered), [id, shown]].slice(-MOST_OWN));
    memory.set("said", remembered);
  }

  /** A long answer is read from its beginning; otherwise the end is what counts. */
  function show(first) {
    const end = document.documentElement.scrollHeight;
    const room = window.innerHeight - $("composer").offsetHeight - HEADER;
    const tall = first && log.getBoundingClientRect().bottom - first.getBoundingClientRect().top > room;
    if (tall) window.scrollTo({ top: first.getBoundingClientRect().top + window.scrollY - HEADER });
    else window.scrollTo({ top: end });
  }

  // a picture that arrives late pushes what was shown away
  log.addEventListener("load", (event) => event.target.closest(".line") === log.lastElementChild && show(event.target), true);

  function markNewest() {
    for (const node of log.querySelectorAll(".line.newest")) node.classList.remove("newest");
    const last = [...log.querySelectorAll(".line.bot")].filter((node) => node.querySelector(".option")).pop();
    last?.classList.add("newest");
  }

  return {
    get newest() {
      return newest;
    },
    get oldest() {
      return oldest;
    },
    has: (id) => own.has(id),
    recall() {
      remembered = memory.get("said") ?? {};
    },
    clear() {
      lines.clear();
      own.clear();
      remembered = {};
      newest = 0;
      oldest = Infinity;
      fill(log);
    },
    /** New lines, oldest first; those that are there already are passed over. */
    append(found) {
      const fresh = found.filter(({ number }) => number > newest);
      if (!fresh.length) return;
      const stay = newest && atEnd();
      let first = null;
      for (const line of fresh) {
        const before = lines.get(newest)?.line;
        const node = drawn(line);
        log.append(...above(line, before), node);
        first = first || node;
        newest = line.number;
        oldest = Math.min(oldest, newest);
      }
      markNewest();
      if (stay) show(first);
    },
    /** Older ones, on top; what is being read stays where it is. */
    prepend(found) {
      const older = found.filter(({ number }) => number < oldest);
      if (!older.length) return;
      const height = document.documentElement.scrollHeight;
      const nodes = older.map((line) => [line, drawn(line)]);
      log.prepend(...nodes.flatMap(([line, node], n) => [...above(line, older[n - 1]), node]));
      oldest = older[0].number;
      window.scrollBy(0, document.documentElement.scrollHeight - height);
    },
    /** What the person says now. */
    say(id, shown) {
      remember(id, shown);
      log.append(ownNode(id, shown));
      show(null);
    },
    state(id, state) {
      if (own.has(id)) markSending(own.get(id), state);
    },
    tapped,
    /** Where one left off: the last line, from its beginning. */
    toLast: () => show(lines.get(newest)?.node ?? null),
  };
}
