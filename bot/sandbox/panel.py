"""The operator's panel: the clock, the ledger and the weather, over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from .answers import page_body
from .clock import Clock, moment
from .faults import Faults
from .ledger import Ledger
from .people import whole
from .push import PushDesk
from .refusals import PageRefusal
from .stream import Gateway


class Panel:
    def __init__(
        self,
        clock: Clock,
        ledger: Ledger,
        faults: Faults,
        gateway: Gateway,
        desk: PushDesk,
        expire_tokens: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._faults = faults
        self._gateway = gateway
        self._desk = desk
        self._expire_tokens = expire_tokens

    async def ledger(self, request: web.Request) -> web.Response:
        entries = self._ledger.entries(whole(request, "after", 0), whole(request, "limit", 200))
        return web.json_response({"entries": entries})

    async def totals(self, _: web.Request) -> web.Response:
        return web.json_response(self._ledger.totals())

    async def clock(self, _: web.Request) -> web.Response:
        return web.json_response(self._clock.to_json())

    async def set_clock(self, request: web.Request) -> web.Response:
        body = await page_body(request)
        if "to" in body:
            self._clock.aim(moment(body["to"]))
        elif isinstance(body.get("advance"), int | float):
            self._clock.advance(body["advance"])
        else:
            raise PageRefusal("请给出 to（时间）或 advance（秒数）")
        answer = self._clock.to_json()
        self._ledger.write("clock", f"时间拨往 {answer['target']}", target=answer["target"])
        return web.json_response(answer)

    async def faults(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "faults": self._faults.to_json(),
                "connections": self._gateway.count(),
                "waiting": self._desk.waiting(),
            }
        )

    async def arm(self, request: web.Request) -> web.Response:
        body = await page_body(request)
        name, count, seconds = body.get("name"), body.get("count", 1), body.get("seconds", 5)
        if not isinstance(name, str) or not isinstance(count, int) or not isinstance(seconds, int | float):
            raise PageRefusal("请给出 name、count（整数）和 seconds（秒数）")
        self._faults.arm(
            name,
            count=0 if name in {"disconnect", "token_expire", "no_delivery"} else count,
            seconds=seconds,
            path=str(body.get("path", "")),
            after=bool(body.get("after")),
        )
        if name == "disconnect":
            self._gateway.disconnect_all()
        elif name == "token_expire":
            self._expire_tokens()
        return await self.faults(request)
