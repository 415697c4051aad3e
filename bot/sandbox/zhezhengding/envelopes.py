"""The shapes of 浙政钉's answers: taken, refused by the gateway, refused by the business behind it."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web


class GovRefusal(Exception):
    """What is answered instead: HTTP status and body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def refused_at_the_gate(code: str, message: str, status: int = 403) -> GovRefusal:
    """By the gateway itself: flat, with capitals."""
    told = {"Code": code, "Message": message, "_RequestId": _request_id(), "HostId": "sandbox", "bizErrorCode": code}
    return GovRefusal(status, {"success": False, **told})


def refused(code: str, message: str) -> GovRefusal:
    """By the business: HTTP 200 and an outer `success` that is true."""
    told = {"responseMessage": message, "responseCode": code, "bizErrorCode": code}
    return GovRefusal(200, {"success": True, "content": {"success": False, **told}, "bizErrorCode": code})


def missing(name: str) -> GovRefusal:
    return refused("300001", f"参数 {name} 不能为空")


def taken(data: Any = None, **more: Any) -> web.Response:
    told = {"success": True, "requestId": _request_id(), "responseMessage": "OK"}
    content = {**({} if data is None else {"data": data}), **more, **told, "responseCode": "0", "bizErrorCode": "0"}
    return web.json_response({"success": True, "content": content, "bizErrorCode": "0"})


def flat(**content: Any) -> web.Response:
    """Work notices and robots answer without codes."""
    return web.json_response({"success": True, "content": content})


def _request_id() -> str:
    return uuid.uuid4().hex
