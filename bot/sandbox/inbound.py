"""What the platform tells the bot about one message (A/0699, A/0718, developerpedia bot/message.md). Pure."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from .store import Media
from .world import Group, Person, World

DIRECT = "direct:"  # how the chat of one person with the robot is named in the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person sent, before it takes the platform's shape."""

    text: str = ""
    media: Media | None = None
    recognition: str = ""
    duration_ms: int = 0


def envelope(
    world: World, person: Person, group: Group | None, *, robot_code: str, at_ms: int, expires_ms: int
) -> dict[str, Any]:
    """The fields all kinds of messages share; `sessionWebhook` is added when it is pushed."""
    data: dict[str, Any] = {
        "conversationId": group.conversation_id if group else _opaque("cid", person.staff_id, 32),
        "chatbotCorpId": world.corp_id,
        "chatbotUserId": "$:LWCP_v1:$" + _opaque("", world.corp_id + "robot", 24),
        "msgId": "msg" + base64.b64encode(secrets.token_bytes(16)).decode(),
        "senderNick": person.name,
        "isAdmin": person.admin,
        "sessionWebhookExpiredTime": expires_ms,
        "createAt": at_ms,
        "conversationType": "2" if group else "1",
        "senderId": "$:LWCP_v1:$" + _opaque("", person.staff_id, 24),
        "robotCode": robot_code,
        "senderPlatform": "Win",
    }
    if person.external:
        data["senderCorpId"] = _opaque("ding", person.staff_id, 24)
    else:
        data["senderCorpId"] = world.corp_id
        data["senderStaffId"] = person.staff_id
    if group:
        data["conversationTitle"] = group.title
        data["isInAtList"] = True
        data["atUsers"] = [{"dingtalkId": data["chatbotUserId"]}]
    return data


def body(said: Said, *, robot_name: str, in_group: bool) -> dict[str, Any]:
    """`msgtype` and the part that goes with it."""
    if said.media is None:
        return {"msgtype": "text", "text": {"content": _without_at(said.text, robot_name, in_group)}}
    code = {"downloadCode": said.media.code}
    family = said.media.type.partition("/")[0]
    if family == "image":
        picture = {**code, "pictureDownloadCode": said.media.code}
        if not said.text:
            return {"msgtype": "picture", "content": picture}
        words = {"text": _without_at(said.text, robot_name, in_group)}
        return {"msgtype": "richText", "content": {"richText": [words, {"type": "picture", **picture}]}}
    if family == "audio":
        sound = {**code, "recognition": said.recognition, "duration": said.duration_ms}
        return {"msgtype": "audio", "content": sound}
    if family == "video":
        film = {**code, "videoType": said.media.type.partition("/")[2], "duration": said.duration_ms}
        return {"msgtype": "video", "content": film}
    numbers = {"fileId": _number(said.media.id + "f"), "spaceId": _number(said.media.id + "s")}
    return {"msgtype": "file", "content": {**code, "fileName": said.media.name, **numbers}}


def _without_at(text: str, robot_name: str, in_group: bool) -> str:
    """In groups the @ is taken out and a leading space stays behind (sample of G/0078)."""
    return " " + text.replace(f"@{robot_name}", "").strip() if in_group else text


def _opaque(prefix: str, seed: str, length: int) -> str:
    digest = hashlib.sha256(seed.encode()).digest()
    return prefix + base64.urlsafe_b64encode(digest).decode().rstrip("=")[:length]


def _number(seed: str) -> str:
    return str(int(hashlib.sha256(seed.encode()).hexdigest()[:8], 16))
