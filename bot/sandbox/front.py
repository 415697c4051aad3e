"""The platform's front desk: weather, rate limits, the wording of refusals and a ledger entry for each call.

Stands before every handler of both APIs and knows none of them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict, deque
from typing import Any

from aiohttp import web

from .answers import Handler, bad_gateway, envelope, not_found, old
from .faults import Faults
from .ledger import Ledger
from .refusals import ApiRefusal, OldRefusal, PageRefusal
from .zhezhengding.app import PREFIXES as _GOV
from .zhezhengding.envelopes import GovRefusal

_OLD = ("/robot/", "/media/", "/gettoken", "/topapi/")
_LIMITED = ("/v1.0/robot/", "/media/upload", "/topapi/")
_KINDS = {"/v1.0/gateway/connections/open": "open", "/robot/sendBySession": "webhook", "/robot/send": "webhook"}


class Pace:
    """At most so many calls a second per app and API (A/1432); there is one app here."""

    def __init__(self, qps: int) -> None:
        self._qps = qps
        self._calls: dict[str, deque[float]] = defaultdict(deque)

    def allows(self, api: str) -> bool:
        calls, now = self._calls[api], time.monotonic()
        while calls and now - calls[0] >= 1.0:
            calls.popleft()
        if len(calls) >= self._qps:
            return False
        calls.append(now)
        return True


class Front:
    def __init__(self, faults: Faults, ledger: Ledger, qps: int) -> None:
        self._faults = faults
        self._ledger = ledger
        self._pace = Pace(qps)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(("/v1.0/", *_OLD, *_GOV)):
            return await self._platform(request, handler)
        if request.path.startswith(("/sandbox/", "/page/", "/files/")) or request.path in {"/", "/connect"}:
            return await _people(request, handler)
        return envelope(not_found())

    async def _platform(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.monotonic()
        ailing = self._faults.take("http_500", request.path)
        if ailing is not None and not ailing.after:
            response: web.StreamResponse = bad_gateway()
        else:
            response = await self._answer(request, handler)
        if ailing is not None:
            response = bad_gateway()
        slow = self._faults.take("hang", request.path)
        if slow is not None:
            await asyncio.sleep(slow.seconds)
        self._record(request, response, (time.monotonic() - started) * 1000)
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._limit(request)
            return await handler(request)
        except ApiRefusal as refusal:
            return envelope(refusal)
        except OldRefusal as refusal:
            return old(refusal)
        except GovRefusal as refusal:
            return web.json_response(refusal.body, status=refusal.status)
        except web.HTTPRequestEntityTooLarge:
            return old(OldRefusal(40006, "不合法的文件大小"))
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return envelope(not_found())

    def _limit(self, request: web.Request) -> None:
        if not request.path.startswith(_LIMITED):
            return
        if self._faults.take("throttle", request.path) or not self._pace.allows(request.path):
            if request.path.startswith(_OLD):
                raise OldRefusal(90018, "您的应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了")
            raise ApiRefusal(
                403,
                "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
                "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
            )

    def _record(self, request: web.Request, response: web.StreamResponse, ms: float) -> None:
        answer = _json_of(response)
        refused = _refusal(answer)
        what = request.get("summary") or request.path
        self._ledger.called(request.path, response.status, str(refused or ""))
        self._ledger.write(
            _KINDS.get(request.path, "api"),
            f"{what} → {response.status}{f' {refused}' if refused else ''}",
            ms=ms,
            method=request.method,
            path=request.path,
            status=response.status,
            request=_unpacked(request.get("body")),
            answer=answer,
        )


async def _people(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except PageRefusal as refusal:
        return web.json_response({"error": refusal.message}, status=refusal.status)
    except web.HTTPRequestEntityTooLarge:
        return web.json_response({"error": "文件太大"}, status=413)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return web.json_response({"error": "没有这个页面"}, status=404)


def _json_of(response: web.StreamResponse) -> Any:
    if isinstance(response, web.Response) and response.content_type == "application/json" and response.text:
        return json.loads(response.text)
    return None


def _refusal(answer: Any) -> Any:
    """The code an answer refuses with, whatever side's envelope it is."""
    if not isinstance(answer, dict):
        return None
    codes = (answer.get(name) for name in ("code", "errcode", "bizErrorCode"))
    return next((code for code in codes if code not in (None, "", 0, "0")), None)


def _unpacked(body: Any) -> Any:
    """`msgParam` is a string of JSON; opened up so that it can be read and masked."""
    if isinstance(body, dict) and isinstance(body.get("msgParam"), str):
        try:
            return body | {"msgParam": json.loads(body["msgParam"])}
        except ValueError:
            return body
    return body
