"""The old API's calls a bot needs: answer by sessionWebhook (A/0699, A/0717), upload media (A/0646)."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import PurePath
from typing import Any

from aiohttp import web

from . import webhook_rules
from .chats import Chats
from .clock import Clock
from .content import malformed_urls
from .ledger import Ledger
from .refusals import OldRefusal
from .store import Media, Store
from .tokens import Tokens

MEGA = 1 << 20
_LIMITS = {
    "image": (20 * MEGA, {"jpg", "jpeg", "gif", "png", "bmp"}),
    "voice": (2 * MEGA, {"amr", "mp3", "wav"}),
    "video": (20 * MEGA, {"mp4"}),
    "file": (20 * MEGA, {"doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"}),
}


class OldApi:
    def __init__(self, clock: Clock, store: Store, chats: Chats, tokens: Tokens, ledger: Ledger) -> None:
        self._clock = clock
        self._store = store
        self._chats = chats
        self._tokens = tokens
        self._ledger = ledger

    async def by_session(self, request: web.Request) -> web.Response:
        request["summary"] = "会话 webhook 回复"
        chat = self._chat_of(request.query.get("session", ""))
        if request.content_type != "application/json":
            raise OldRefusal(43004, "无效的HTTP HEADER Content-Type")
        spoken = webhook_rules.read(await _body(request))
        if spoken.msg_uuid and not self._store.first_time(f"{chat} {spoken.msg_uuid}"):
            request["summary"] = "会话 webhook 回复（msgUuid 重复，未再次发送）"
        elif spoken.content is not None:
            for url in malformed_urls(spoken.content):
                self._ledger.violation(f"按钮地址不合规，客户端会忽略：{url}", url=url)
            self._chats.robot_says(chat, spoken.content, at_ids=spoken.at_user_ids, at_all=spoken.at_all)
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def upload(self, request: web.Request) -> web.Response:
        self._tokens.check_old(request)
        form = await request.post()
        kind = str(request.query.get("type") or form.get("type") or "")
        field = form.get("media")
        request["summary"] = f"上传媒体文件（{kind or '缺少 type'}）"
        if kind not in _LIMITS:
            raise OldRefusal(40004, "不合法的媒体文件类型")
        if not isinstance(field, web.FileField):
            raise OldRefusal(40035, "不合法的参数 media")
        most, endings = _LIMITS[kind]
        if PurePath(field.filename).suffix.lower().removeprefix(".") not in endings:
            raise OldRefusal(40005, "不合法的文件类型")
        content = field.file.read()
        if not 0 < len(content) <= most:
            raise OldRefusal(40006, "不合法的文件大小")
        media = Media(
            id="@lAz" + secrets.token_urlsafe(18),
            name=field.filename,
            type=field.content_type,
            size=len(content),
            code=None,
        )
        await asyncio.to_thread(self._store.media_path(media.id).write_bytes, content)
        self._store.add_media(media)
        answer = {"errcode": 0, "errmsg": "ok", "media_id": media.id, "created_at": self._clock.ms()}
        return web.json_response(answer | {"type": kind})

    def _chat_of(self, session: str) -> str:
        """Field reports: an expired or unknown session is HTTP 200 with errcode 300001."""
        found = self._store.session(session)
        if found is None or found[1] <= self._clock.ms():
            raise OldRefusal(300001, "session 不存在")
        return found[0]


async def _body(request: web.Request) -> Any:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise OldRefusal(40035, "缺少参数 json") from None
    request["body"] = body
    return body
