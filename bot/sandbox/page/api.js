// The gateway's JSON interface and its stream of events: the only place which knows addresses.

export class Refused extends Error {}

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new Refused(body?.message ?? body?.error ?? `请求没有成功（${response.status}）`);
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused("连不上演示网关，请看它是否还在运行");
  }
  return answer(response);
}

function get(path, query = {}) {
  const search = new URLSearchParams(query).toString();
  return request(`/sandbox/${path}${search ? `?${search}` : ""}`, { cache: "no-store" });
}

function post(path, body) {
  return request(`/sandbox/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const world = () => get("world");
export const people = (q, limit = 30) => get("people", { q, limit });
export const chats = (as) => get("chats", { as });
export const messages = async (as, chat) => (await get("messages", { as, chat })).messages;
export const say = (as, chat, text, at) => post("say", { as, chat, text, at });
export const markRead = (as, chat) => post("read", { as, chat });
export const recall = (as, id) => post("recall", { as, id });
export const clock = () => get("clock");
export const setClock = (order) => post("clock", order);
export const faults = async () => {
  const answer = await get("fault");
  return Array.isArray(answer) ? { faults: answer } : answer;
};
export const setFault = (name, count, seconds) => post("fault", { name, count, seconds });
export const ledger = async (after, limit) => (await get("ledger", { after, limit })).entries;
export const phone = (as) => get("phone", { as });
export const authCode = async (as) => (await post("auth-code", { as })).code;
export const mediaAddress = (id) => `/sandbox/media/${encodeURIComponent(id)}`;

/** A file that lies ready for visitors. */
export async function sample(name) {
  const response = await fetch(`/sandbox/sample/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Refused("没有这个文件");
  return new File([await response.blob()], name, { type: response.headers.get("content-type") });
}

/** `at`: with the @ of the robot, without which a group's picture does not reach it. */
export function upload(as, chat, file, at) {
  const form = new FormData();
  form.append("as", as);
  form.append("chat", chat);
  if (at) form.append("at", "1");
  form.append("file", file, file.name || "picture.png");
  return request("/sandbox/upload", { method: "POST", body: form });
}

/** One stream of events; comes back by itself. `hear` has message, update, clock, ledger, state(online). */
export function listen(as, withLedger, hear) {
  const query = new URLSearchParams({ as });
  if (withLedger) query.set("ledger", "1");
  let source = null;
  let closed = false;
  let timer = 0;

  function connect() {
    source = new EventSource(`/sandbox/events?${query}`);
    source.onopen = () => hear.state(true);
    source.onerror = () => {
      hear.state(false);
      if (source.readyState !== EventSource.CLOSED || closed) return;
      clearTimeout(timer);
      timer = setTimeout(connect, 2000);
    };
    for (const name of ["message", "update", "clock", "ledger"]) {
      source.addEventListener(name, (event) => hear[name](JSON.parse(event.data)));
    }
  }

  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    source.close();
  };
}
