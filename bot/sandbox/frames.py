"""The stream protocol's frames and acks as pure functions (developerpedia, stream/protocol.md)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

TOPIC_BOT = "/v1.0/im/bot/messages/get"
TYPES = frozenset({"EVENT", "CALLBACK", "SYSTEM"})


def new_message_id() -> str:
    """A new one for each push, also when the same message is pushed again."""
    return f"{uuid.uuid4().hex[:8]}_{uuid.uuid4().hex[:3]}_{uuid.uuid4().hex[:11]}"


def frame(kind: str, topic: str, data: dict[str, Any], *, app: str, connection: str, message_id: str, ms: int) -> str:
    return json.dumps(
        {
            "specVersion": "1.0",
            "type": kind,
            "headers": {
                "appId": app,
                "connectionId": connection,
                "contentType": "application/json",
                "messageId": message_id,
                "time": str(ms),
                "topic": topic,
            },
            "data": json.dumps(data, ensure_ascii=False),
        },
        ensure_ascii=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    code: int
    message_id: str
    data: Any


def read_ack(raw: object) -> Ack | str:
    """The ack, or in words what is wrong with it."""
    if not isinstance(raw, str):
        return "确认必须是文本帧"
    try:
        ack = json.loads(raw)
    except ValueError:
        return "确认不是 JSON"
    if not isinstance(ack, dict) or not isinstance(ack.get("code"), int):
        return "确认缺少数字 code"
    headers = ack.get("headers")
    if not isinstance(headers, dict) or not isinstance(headers.get("messageId"), str):
        return "确认缺少 headers.messageId"
    if headers.get("contentType") != "application/json":
        return "确认的 headers.contentType 不是 application/json"
    if not isinstance(ack.get("message", ""), str):
        return "确认的 message 不是字符串"
    data = ack.get("data")
    if not isinstance(data, str):
        return "确认的 data 不是 JSON 字符串"
    try:
        return Ack(code=ack["code"], message_id=headers["messageId"], data=json.loads(data or "null"))
    except ValueError:
        return "确认的 data 不是 JSON 字符串"


def subscriptions(value: object) -> frozenset[tuple[str, str]] | None:
    """(type, topic) pairs of an open request; None if malformed or empty."""
    if not isinstance(value, list) or not value:
        return None
    pairs = set()
    for one in value:
        if not isinstance(one, dict) or one.get("type") not in TYPES or not isinstance(one.get("topic"), str):
            return None
        pairs.add((one["type"], one["topic"]))
    return frozenset(pairs)
