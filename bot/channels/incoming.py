"""A bot message of DingTalk's as ours: who said what where, and which files came with it (fields: facts §2.2, §2.3).

Pure. Must not know how messages arrive nor what they mean.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from handlers.messages import Address, ChatKind, Content, FileRef, Inbound, Stranger


def parse(data: Mapping[str, Any], *, robot: str, corp_id: str, only: bool = True) -> Inbound | None:
    """A bot message as ours (fields: facts §2.2, §2.3); None where it cannot be told whose it is. Pure. `only`: a frame
    that names another robot than `robot` is a stranger's; otherwise `robot` stands in where none is named."""
    msg_id, conversation = str(data.get("msgId") or ""), str(data.get("conversationId") or "")
    if not msg_id or not conversation:
        return None
    sender = str(data.get("senderStaffId") or "")
    stranger = _stranger(data, robot=robot if only else "", corp_id=corp_id)
    if stranger:
        sender = ""  # the same as without a staff id
    if str(data.get("conversationType")) == "2":
        chat = Address("dingtalk", ChatKind.GROUP, conversation)
    else:
        # a 1:1 chat is addressed by the person: sending to its conversationId fails (facts §6)
        chat = Address("dingtalk", ChatKind.DIRECT, sender or f"outside-{conversation}")
    content, text = _content(data)
    return Inbound(
        robot=str(data.get("robotCode") or robot),
        msg_id=msg_id,
        sender_id=sender,
        sender_name=str(data.get("senderNick") or ""),
        chat=chat,
        chat_title=str(data.get("conversationTitle") or ""),
        content=content,
        text=text.strip(),
        files=_files(data),
        received_at=_moment(data.get("createAt")),
        stranger=stranger,
    )


def _stranger(data: Mapping[str, Any], *, robot: str, corp_id: str) -> Stranger | None:
    """Of another organisation, or for a robot that is not ours: the names in the frame say so."""
    named = str(data.get("robotCode") or "")
    if named and robot and named != robot:
        return Stranger.ROBOT
    corps = {str(data[name]) for name in ("senderCorpId", "chatbotCorpId") if data.get(name)}
    return Stranger.ORGANISATION if corp_id and corps - {corp_id} else None


def _content(data: Mapping[str, Any]) -> tuple[Content, str]:
    """What was sent and its words. The quota-exhausted message has neither text nor content (facts §2.5)."""
    body = data.get("content")
    content: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    text = data.get("text")
    if not text and not body:
        return Content.WITHHELD, ""  # of whatever type
    match data.get("msgtype"):
        case "text" if isinstance(text, Mapping):
            return Content.TEXT, str(text.get("content") or "")
        case "richText" if content:
            words = "".join(str(part.get("text") or "") for part in _parts(content)).strip()
            return (Content.TEXT, words) if words else (Content.PICTURE, "")
        case "picture":
            return Content.PICTURE, ""
        case "audio":
            words = str(content.get("recognition") or "")
            return (Content.SPEECH, words) if words else (Content.OTHER, "")
        case "file" | "video":
            return Content.FILE, ""
    return Content.OTHER, ""


def _parts(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The pieces of a rich text, words and pictures."""
    pieces = content.get("richText")
    return [piece for piece in pieces if isinstance(piece, Mapping)] if isinstance(pieces, list) else []


def _files(data: Mapping[str, Any]) -> tuple[FileRef, ...]:
    """The pictures and files that were sent along (facts §2.3); of a video nothing is wanted."""
    body = data.get("content")
    if not isinstance(body, Mapping):
        return ()
    match data.get("msgtype"):
        case "picture":
            found = [(body, Content.PICTURE)]
        case "file":
            found = [(body, Content.FILE)]
        case "richText":
            found = [(part, Content.PICTURE) for part in _parts(body) if part.get("type") == "picture"]
        case _:
            return ()
    return tuple(
        FileRef(code=code, name=str(part.get("fileName") or ""), kind=kind)
        for part, kind in found
        if (code := str(part.get("downloadCode") or part.get("pictureDownloadCode") or ""))
    )


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
