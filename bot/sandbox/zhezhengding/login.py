"""Tokens and 免登: codes for a person on one hand, what they are good for on the other."""

from __future__ import annotations

import secrets
import time
from typing import Any

from aiohttp import web

from ..answers import page_body
from ..refusals import PageRefusal
from .envelopes import missing, refused, taken
from .identities import Identities, Identity
from .signatures import Gate

CODE_SECONDS = 300.0
_CORS = {"Access-Control-Allow-Origin": "*"}


class LoginDesk:
    def __init__(self, gate: Gate, identities: Identities, *, tenant: str, token_seconds: float) -> None:
        self._gate, self._identities = gate, identities
        self._tenant, self._token_seconds = tenant, token_seconds
        self._token, self._until = "", 0.0
        self._codes: dict[str, tuple[Identity, float]] = {}

    async def token(self, request: web.Request) -> web.Response:
        await self._gate.admit(request)
        request["summary"] = "浙政钉 换取访问凭证"
        now = time.monotonic()
        if now >= self._until:
            self._token = f"app_{secrets.token_hex(16)}"
        self._until = now + self._token_seconds
        return taken({"accessToken": self._token, "expiresIn": str(int(self._token_seconds))})

    def expire(self) -> None:
        self._token, self._until = "", 0.0

    def check_token(self, token: str) -> None:
        if not token or token != self._token or time.monotonic() >= self._until:
            raise refused("240133", "应用 accessToken 无效")

    async def who(self, request: web.Request) -> web.Response:
        given = await self._gate.admit(request)
        request["summary"] = "浙政钉 免登"
        self.check_token(_one(given, "access_token"))
        person, until = self._codes.pop(_one(given, "auth_code"), (None, 0.0))
        if person is None or time.monotonic() >= until:
            raise refused("240111", "code 无效")
        return taken(self._told(person))

    async def issue(self, request: web.Request) -> web.Response:
        """`POST /sandbox/auth-code {"as": staffId}`: what `dd.getAuthCode` gives the page on this person's phone."""
        body = await page_body(request)
        person = self._identities.of_staff(str(body.get("as", "")))
        if person is None:
            raise PageRefusal("没有这个人", 404)
        code = secrets.token_hex(16)
        self._codes[code] = (person, time.monotonic() + CODE_SECONDS)
        return web.json_response({"code": code, "auth_code": code}, headers=_CORS)

    async def preflight(self, _: web.Request) -> web.Response:
        return web.Response(headers={**_CORS, "Access-Control-Allow-Headers": "Content-Type"})

    def _told(self, person: Identity) -> dict[str, Any]:
        tenant: int | str = int(self._tenant) if self._tenant.isdecimal() else self._tenant
        return {
            "accountId": int(person.account),
            "employeeCode": person.employee,
            "lastName": person.name,
            "nickNameCn": person.name,
            "account": f"local-{person.account}",
            "namespace": "local",
            "realmId": tenant,
            "realmName": "丽水市",
            "tenantId": tenant,
            "tenantName": "丽水市",
            "tenantUserId": f"{person.account}${self._tenant}",
        }


def _one(given: dict[str, list[str]], name: str) -> str:
    values = given.get(name, [])
    if not values or not values[0].strip():
        raise missing(name)
    return values[0]
