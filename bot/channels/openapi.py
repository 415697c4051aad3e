"""Calls of DingTalk's new and old API: the token, the pace of each API, what the network does, what is billed.

One repeat only where the platform said that nothing was taken (a bad token). Must not know what a call is for.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from httpx_aiohttp import AiohttpTransport

from bot.channels import Doubtful, Later, Refused, TooFast, outcomes
from bot.channels.access_token import AccessToken
from bot.channels.pace import Call, Pace
from bot.config import Config
from storage.quota import Unit

_PATIENCE = 5.0
"""Seconds a claimed letter waits for its call; rather than longer it goes back to the queue."""

Answer = dict[str, Any]


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        """The platform sets none that matter, and looking for them takes a seventh of a call's time."""


_NONE = _NoCookies()


class _Client(httpx.AsyncClient):
    cookies = property(lambda _: _NONE)


class OpenApi:
    def __init__(
        self, config: Config, *, transport: httpx.AsyncBaseTransport | None, count: Callable[[Unit], None]
    ) -> None:
        """`count` is told of every call the platform bills."""
        self._config, self._count = config, count
        timeout = httpx.Timeout(config.http_timeout, connect=config.connect_timeout)
        self.client = _Client(transport=transport or AiohttpTransport(), timeout=timeout)
        self._token = AccessToken(
            config.token_endpoint or config.openapi_endpoint, config.client_id, config.client_secret
        )
        self._paces: defaultdict[str, Pace] = defaultdict(lambda: Pace(config.qps))

    def pace(self, path: str) -> Pace:
        """Limits count by app and API (A/1432)."""
        return self._paces[path]

    async def close(self) -> None:
        await self.client.aclose()

    async def check_credentials(self) -> None:
        """Fetches an access token. Raises `DeliveryError` where the platform does not give one."""
        await self._token.get(self.client)

    async def new(self, path: str, body: Answer, *, method: str = "POST") -> Answer:
        """A call of the new API; the body of a GET is its query. Raises `DeliveryError`."""
        given = {"params": body} if method == "GET" else {"json": body}
        url = self._config.openapi_endpoint + path

        async def call(token: str) -> Answer:
            return await self.call(method, url, unit=Unit.API, headers={"x-acs-dingtalk-access-token": token}, **given)

        return await self._paced(path, call)

    async def old(self, path: str, *, billed: bool = True, **parts: Any) -> Answer:
        """A call of the old API, whose token stands in the query. Raises `DeliveryError`."""
        url, query = self._config.oapi_endpoint + path, parts.pop("params", {})
        unit = Unit.API if billed else None

        async def call(token: str) -> Answer:
            return await self.call("POST", url, unit=unit, params={"access_token": token, **query}, **parts)

        return await self._paced(path, call)

    async def _paced(self, path: str, call: Callable[[str], Awaitable[Answer]]) -> Answer:
        """A call at the pace of its API, which learns from «too fast»."""
        pace = self._paces[path]
        under_way = await turn(pace)
        try:
            return await self._authorised(call)
        except TooFast as error:
            pace.slow_down(error.delay)
            raise
        finally:
            under_way.over()

    async def _authorised(self, call: Callable[[str], Awaitable[Answer]]) -> Answer:
        """A call with the access token; repeated once with a new one where the platform refuses the old."""
        token = await self._token.get(self.client)
        try:
            return await call(token)
        except outcomes.BadToken:
            self._token.forget(token)
        return await call(await self._token.get(self.client))

    async def call(self, method: str, url: str, *, unit: Unit | None = None, **parts: Any) -> Answer:
        """One call; what the network does is told apart by whether anything can have been taken. `unit`: what it is
        billed as; calls that came too fast are not billed (A/1430)."""
        try:
            response = await self.client.request(method, url, **parts)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Later(f"{type(error).__name__}: not reached", 2.0) from error
        except httpx.TransportError as error:
            self._bill(unit)
            raise Doubtful(f"{type(error).__name__}: no answer") from error
        except httpx.InvalidURL as error:
            raise Refused("the address of a session is not valid") from error
        try:
            return outcomes.of(response)
        except TooFast:
            unit = None
            raise
        finally:
            self._bill(unit)

    def _bill(self, unit: Unit | None) -> None:
        if unit is not None:
            self._count(unit)


async def turn(pace: Pace) -> Call:
    """Waits for a call's turn. Raises `Later` where that takes too long for a letter that is claimed."""
    if (wait := pace.delay()) > _PATIENCE:
        raise Later("held back: the platform has been called too often", wait)
    return await pace.turn()
