"""Reading requests and wording answers the way each side expects them; decides nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .refusals import ApiRefusal, OldRefusal, PageRefusal, bad

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def json_body(request: web.Request) -> dict[str, Any]:
    """The JSON object of a new-API call; anything else is refused with 400 (A/0714)."""
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise bad("invalidParameter.msgBody.invalid", "消息体必须是JSON格式") from None
    if not isinstance(body, dict):
        raise bad("invalidParameter.msgBody.invalid", "消息体必须是JSON对象")
    request["body"] = body
    return body


async def page_body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise PageRefusal("请求不是 JSON") from None
    if not isinstance(body, dict):
        raise PageRefusal("请求必须是 JSON 对象")
    return body


def envelope(refusal: ApiRefusal) -> web.Response:
    body = {"code": refusal.code, "message": refusal.message, "requestid": str(uuid.uuid4()).upper()}
    return web.json_response(body, status=refusal.status)


def old(refusal: OldRefusal) -> web.Response:
    return web.json_response({"errcode": refusal.errcode, "errmsg": refusal.errmsg})


def bad_gateway() -> web.Response:
    """Not every answer of the platform is JSON."""
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return web.Response(status=502, text=page, content_type="text/html")


def not_found() -> ApiRefusal:
    return ApiRefusal(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method")
