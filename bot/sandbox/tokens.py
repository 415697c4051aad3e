"""Access tokens of the one app: the same within its validity and renewed by asking (A/0033, A/1443)."""

from __future__ import annotations

import time
import uuid

from aiohttp import web

from .answers import json_body
from .refusals import OldRefusal, bad
from .settings import Settings

HEADER = "x-acs-dingtalk-access-token"


class Tokens:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = ""
        self._until = 0.0

    async def issue(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        request["summary"] = "换取访问凭证"
        for name in ("appKey", "appSecret"):
            if not isinstance(body.get(name), str) or not body[name]:
                raise bad(f"Missing{name}", f"{name} is mandatory for this action.")
        if not self._genuine(body["appKey"], body["appSecret"]):
            raise bad("invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        answer = {"accessToken": self._renew(), "expireIn": int(self._settings.token_seconds)}
        return web.json_response(answer)

    async def issue_old(self, request: web.Request) -> web.Response:
        request["summary"] = "换取访问凭证（旧接口）"
        if not self._genuine(request.query.get("appkey", ""), request.query.get("appsecret", "")):
            raise OldRefusal(40089, "不合法的corpid或corpsecret")
        answer = {"errcode": 0, "errmsg": "ok", "access_token": self._renew()}
        return web.json_response(answer | {"expires_in": int(self._settings.token_seconds)})

    def check(self, request: web.Request) -> None:
        if not self._valid(request.headers.get(HEADER, "")):
            raise bad("InvalidAuthentication", "不合法的access_token")

    def check_old(self, request: web.Request) -> None:
        if not self._valid(request.query.get("access_token", "")):
            raise OldRefusal(40014, "不合法的access_token")

    def expire(self) -> None:
        self._token, self._until = "", 0.0

    def _genuine(self, key: str, secret: str) -> bool:
        return (key, secret) == (self._settings.client_id, self._settings.client_secret)

    def _renew(self) -> str:
        now = time.monotonic()
        if now >= self._until:
            self._token = uuid.uuid4().hex
        self._until = now + self._settings.token_seconds
        return self._token

    def _valid(self, token: str) -> bool:
        return bool(token) and token == self._token and time.monotonic() < self._until
