// 免登: the platform's client tells the page a code, the bot asks the platform whose it is. No password, no form.

import * as net from "./net.js";
import { words } from "./words.js";

const PATIENCE = 10_000;
let script = null;

/** Logs in; throws a `Problem` with words for the person. */
export async function login(setup) {
  const platform = setup.platforms[0];
  await net.login(platform, await authCode(setup));
}

/** True where a client of the platform shows this page. */
export async function inClient(setup) {
  if (setup.jsapi) await loaded();
  return Boolean(bridge());
}

async function authCode(setup) {
  if (!(await inClient(setup))) throw new net.Problem("outside", words.outside);
  const answer = await Promise.race([asked(bridge(), setup.corpId), tooSlow()]);
  const code = typeof answer === "string" ? answer : (answer?.code ?? answer?.auth_code ?? answer?.authCode);
  if (!code) throw new net.Problem("code", words.slowLogin);
  return code;
}

/** `dd.getAuthCode` of 浙政钉, which answers with a promise; where there is none, the older way, which calls back. */
function asked(dd, corpId) {
  if (dd.getAuthCode) return Promise.resolve(dd.getAuthCode({ corpId })).catch(() => null);
  return new Promise((resolve) => dd.runtime.permission.requestAuthCode({ corpId, onSuccess: resolve, onFail: () => resolve(null) }));
}

function bridge() {
  const dd = window.dd ?? window.gdt;
  return dd?.getAuthCode || dd?.runtime?.permission?.requestAuthCode ? dd : null;
}

const tooSlow = () => new Promise((resolve) => setTimeout(() => resolve(null), PATIENCE));

/** The platform's script, from here and not from elsewhere. */
function loaded() {
  if (!script) {
    script = new Promise((resolve) => {
      const node = document.createElement("script");
      node.src = "page/jsapi.js";
      node.onload = node.onerror = () => resolve();
      document.head.append(node);
    });
  }
  return script;
}
