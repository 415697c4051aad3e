// A file in the chat: icon by type, name, size; a click downloads it.

import { h } from "./dom.js";
import { mediaAddress } from "./api.js";

const KINDS = {
  xlsx: ["sheet", "X"], xls: ["sheet", "X"], csv: ["sheet", "X"],
  docx: ["doc", "W"], doc: ["doc", "W"],
  pdf: ["pdf", "PDF"],
  ppt: ["slides", "P"], pptx: ["slides", "P"],
  zip: ["pack", "ZIP"], rar: ["pack", "RAR"],
  jpg: ["picture", "图"], jpeg: ["picture", "图"], png: ["picture", "图"], gif: ["picture", "图"], bmp: ["picture", "图"],
};

export function fileCard(media) {
  const name = media?.name || "文件";
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1].toLowerCase() ?? "";
  const [kind, letters] = KINDS[ending] ?? ["other", "?"];
  const address = media?.url?.startsWith("/") ? media.url : mediaAddress(media?.id ?? "");
  return h("a", { class: "file-card", "data-testid": "file-card", href: address, download: name, "aria-label": `下载 ${name}` },
    h("span", { class: "file-text" }, h("span", { class: "file-name" }, middle(name)), h("small", {}, [size(media?.size), "点击下载"].filter(Boolean).join(" · "))),
    h("span", { class: `file-icon file-${kind}`, "aria-hidden": "true" }, letters));
}

/** Long names keep their beginning and, after the break, their ending. */
function middle(name) {
  return name.length > 60 ? `${name.slice(0, 42)}…${name.slice(-14)}` : name;
}

function size(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
