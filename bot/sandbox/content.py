"""What one message shows, whichever door it came through; no rule and no storage in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    title: str
    url: str
    pic_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    kind: str  # text · markdown · actionCard · link · image · file · feedCard
    title: str = ""
    text: str = ""
    buttons: tuple[Button, ...] = ()
    single_line: bool = False  # buttons stand side by side
    media: str = ""
    pic_url: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "title": self.title,
            "text": self.text,
            "buttons": [{"title": b.title, "url": b.url, "picUrl": b.pic_url} for b in self.buttons],
            "singleLine": self.single_line,
            "media": self.media,
            "picUrl": self.pic_url,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Content:
        return cls(
            kind=data["kind"],
            title=data["title"],
            text=data["text"],
            buttons=tuple(Button(title=b["title"], url=b["url"], pic_url=b["picUrl"]) for b in data["buttons"]),
            single_line=data["singleLine"],
            media=data["media"],
            pic_url=data["picUrl"],
        )

    def brief(self, name: str = "") -> str:
        """The one line of a chat list."""
        if self.kind == "image":
            return "[图片]" + self.text
        if self.kind == "file":
            return f"[文件] {name}".rstrip()
        return (self.title or self.text).replace("\n", " ")[:60]


def malformed_urls(content: Content) -> list[str]:
    """Action addresses a client would silently ignore.

    The host of ``dtmd://`` must be all lower case and the text percent-encoded (field tested; G/0095).
    """
    found = []
    for button in content.buttons:
        url = button.url
        if url.lower().startswith("dtmd:"):
            head = "dtmd://dingtalkclient/sendMessage?content="
            if not url.startswith(head) or len(url) == len(head) or not url.isascii() or " " in url:
                found.append(url)
        elif not url.startswith(("http://", "https://", "dingtalk://")):
            found.append(url)
    return found
