// The only place that knows addresses: requests, and the stream of new lines.

export class Problem extends Error {
  /** `why`: a word for the program, `offline` where nothing was reached; the message is for the person. */
  constructor(why, message = "", wait = 0) {
    super(message);
    this.why = why;
    this.wait = wait;
  }
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch {
    throw new Problem("offline");
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const wait = Number(response.headers.get("Retry-After")) || 0;
  throw new Problem(body?.why ?? (response.status >= 500 ? "trouble" : "refused"), body?.words ?? "", wait);
}

const OWN = { "X-Zicha": "1" };

const post = (path, body) =>
  request(path, { method: "POST", headers: { ...OWN, "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const setup = () => request("setup");
export const me = () => request("me");
export const login = (platform, code) => post("login", { platform, code });
export const logout = () => post("logout", {});
export const after = (number) => request(`lines?after=${number}`);
export const before = (number) => request(`lines?before=${number}`);
export const say = (message) => post("say", message);
export const paperAddress = (number) => `papers/${number}`;

export function send(about, file) {
  const query = new URLSearchParams({ ...about, name: file.name || "照片.jpg" });
  return request(`send?${query}`, { method: "POST", headers: { ...OWN, "Content-Type": "application/octet-stream" }, body: file });
}

const POLL = 5000;

/** New lines until `stop` is called. `hear` has lines(list), ended(), state(open). Without the stream it asks now and then. */
export function listen(last, hear) {
  let source = null;
  let stopped = false;
  let open = false;

  async function look() {
    if (stopped || document.hidden) return;
    try {
      const { lines } = await after(last());
      if (!stopped && lines.length) hear.lines(lines);
      if (!stopped) hear.state(true);
      if (source?.readyState === EventSource.CLOSED) connect();
    } catch (problem) {
      if (stopped) return;
      if (problem.why === "login") hear.ended();
      else hear.state(false);
    }
  }

  function connect() {
    source?.close();
    open = false;
    source = new EventSource(`events?after=${last()}`);
    source.onopen = () => {
      open = true;
      hear.state(true);
    };
    source.onerror = () => {
      open = false;
      look();
    };
    source.addEventListener("line", (event) => hear.lines([JSON.parse(event.data)]));
    source.addEventListener("ended", () => {
      source.close();
      hear.ended();
    });
  }

  // a page nobody looks at holds no connection: a browser has six for all its tabs
  function seen() {
    if (document.hidden) {
      source?.close();
      open = false;
    } else {
      connect();
      look();
    }
  }

  const polling = setInterval(() => open || look(), POLL);
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", look);
  if (!document.hidden) connect();
  return () => {
    stopped = true;
    clearInterval(polling);
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", look);
    source?.close();
  };
}
