// Starts the page and holds it together: who is here, what stands in the log, what is on its way.

import { chat } from "./chat.js";
import { composer } from "./composer.js";
import { $, button, fill, h, memory } from "./dom.js";
import { inClient, login } from "./login.js";
import * as net from "./net.js";
import { masked } from "./private.js";
import { newId, queue } from "./queue.js";
import { greeting, words } from "./words.js";

const AGAIN = 3000;
let setup = null;
let who = "";
let hangUp = () => {};
let goingOut = false;

const log = chat({ onTap: ({ line, option, label }) => say({ tap: { line, option } }, label) });
const pen = composer({ onSay: (text) => say({ text }, masked(text)), onFile: (file) => say({ file }, `${words.file}：${file.name}`) });
const outbox = queue(() => log.newest, {
  taken(message, lines) {
    log.state(message.id, "taken");
    log.append(lines);
  },
  state(id, state) {
    log.state(id, state);
    if (state === "waiting") banner(words.offline);
  },
  refused(message, text) {
    log.state(message.id, "refused");
    pen.tell(text);
  },
  ended: () => loggedOut(),
});

function say(message, shown) {
  const id = newId();
  log.say(id, shown);
  if (message.tap) log.tapped(message.tap);
  outbox.add({ id, shown, ...message });
}

function banner(text, act = null) {
  const box = $("banner");
  if (box.dataset.text === text && !act) return;
  box.dataset.text = text;
  fill(box, ...(text ? [h("span", {}, text)] : []), ...(act ? [act] : []));
}

/** Instead of the log: what is wrong, what to do, one button. */
function door(title, text, act) {
  $("door").hidden = false;
  const rest = act ? [h("h2", {}, title), h("p", {}, text), button({ class: "primary", "data-testid": "login", onclick: act }, words.loginAgain)] : [h("p", { class: "waiting" }, title)];
  fill($("door"), ...rest);
  if (act) pen.hide();
}

// ---------------------------------------------------------------- coming in

async function start() {
  door(words.loggingIn);
  try {
    setup = await net.setup();
  } catch {
    door(words.unreachable);
    setTimeout(start, AGAIN);
    return;
  }
  const known = memory.get("who");
  const here = known && (await net.me().catch(() => null));
  if (here && here.who === known) await enter(here);
  else await comeIn();
}

/** In the platform's client whoever holds the phone logs in anew: a session another person left is not theirs. */
async function comeIn() {
  door(words.loggingIn);
  banner("");
  try {
    if ((await inClient(setup)) || !(await net.me().catch(() => null))) await login(setup);
    await enter(await net.me());
  } catch (problem) {
    const outside = problem.why === "outside";
    door(outside ? words.outside : words.loginFailed, outside ? words.outsideHelp : problem.message || words.unreachable, comeIn);
  }
}

async function enter(me) {
  if (who && who !== me.who) somebodyElse();
  if (memory.get("who") !== me.who) memory.clear();
  who = me.who;
  memory.set("who", who);
  $("title").textContent = me.campaign;
  $("who").textContent = greeting(me.name);
  $("leave").hidden = false;
  log.recall();
  const isNew = !log.newest;
  await catchUp(me);
  $("door").hidden = true;
  banner("");
  pen.show(setup);
  if (isNew) log.toLast();
  goOn();
  if (me.greet) outbox.add({ id: `hello-${who}-${me.newest}`, text: "继续" });
  listen();
}

/** The last lines at first; after a break those since. */
async function catchUp(me) {
  const { lines, more } = log.newest ? await net.after(log.newest) : await net.before(me.newest + 1);
  $("earlier").hidden = !more && !(log.oldest > 1 && log.oldest < Infinity);
  log.append(lines);
}

/** What was on its way when the page was reloaded goes on. */
function goOn() {
  const { lost, kept } = outbox.restore();
  for (const { id, shown } of kept) if (shown && !log.has(id)) log.say(id, shown);
  if (lost) pen.tell(words.fileLost);
  outbox.go();
}

function listen() {
  hangUp();
  hangUp = net.listen(() => log.newest, {
    lines: (lines) => log.append(lines),
    ended: () => loggedOut(),
    state(open) {
      if (open) {
        banner("");
        if (outbox.pending) outbox.go();
      } else banner(outbox.pending ? words.offline : words.reconnecting);
    },
  });
}

// ---------------------------------------------------------------- going out

/** The session is over. Another tab may have logged in again; if not, once without asking, then by a button. */
async function loggedOut() {
  hangUp();
  outbox.hold();
  if (goingOut) return;
  goingOut = true;
  try {
    const here = await net.me().catch(async () => {
      await login(setup);
      return net.me();
    });
    await enter(here);
  } catch {
    banner(words.expired, button({ class: "primary", "data-testid": "login", onclick: again }, words.loginAgain));
  } finally {
    goingOut = false;
  }
}

async function again() {
  banner(words.loggingIn);
  try {
    await login(setup);
    await enter(await net.me());
  } catch (problem) {
    banner(problem.message || words.expired, button({ class: "primary", "data-testid": "login", onclick: again }, words.loginAgain));
  }
}

/** Nothing of the one before stays, and nothing they wrote is sent in the name of the one who came. */
function somebodyElse() {
  log.clear();
  pen.clear();
  outbox.forget();
  memory.clear();
}

async function leave() {
  hangUp();
  outbox.hold();
  await net.logout().catch(() => null);
  somebodyElse();
  who = "";
  $("who").textContent = "";
  $("leave").hidden = true;
  $("earlier").hidden = true;
  banner("");
  door(words.left, words.leftHelp, comeIn);
}

async function earlier() {
  const { lines, more } = await net.before(log.oldest).catch(() => ({ lines: [], more: true }));
  log.prepend(lines);
  $("earlier").hidden = !more;
}

$("leave").addEventListener("click", leave);
$("earlier").addEventListener("click", earlier);
window.addEventListener("offline", () => banner(words.offline));
start();
