"""The channel `robot`: custom robots of groups by webhook, signed; they can @ people, which the API cannot (G/0079).

浙政钉's robots take the same messages and signatures (facts §3.6), by the way its gateway is reached.
A robot that speaks more than 20 times a minute is muted for ten (A/0717): each has a pace of its own. The platform
refuses a repeated `msgUuid` (A/0717), so a call without an answer is made once more with the same. Knows no tables.
"""

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

import httpx
from httpx_aiohttp import AiohttpTransport

from bot.channels import Attachment, Doubtful, Later, Parcel, Receipt, Refused, TooFast, outcomes, wording
from bot.channels.pace import Pace
from bot.channels.zhezhengding.gateway import way_out
from bot.config import Config
from handlers.messages import Choice, Text
from storage.quota import Unit

MOST_BYTES = 20_000
"""A longer body is refused: errcode 460101 «message too long, exceed 20000 bytes» (as seen in the field)."""
MOST_CALLED = 50
"""userIds in one `at` (A/0699)."""
_MUTED = 600.0
_MOST_ROBOTS = 2_000


class Robot(Protocol):
    """Who speaks: the webhook's address, the key it signs with, the word that must stand in a message."""

    @property
    def address(self) -> str: ...

    @property
    def secret(self) -> str: ...

    @property
    def keyword(self) -> str: ...


class GroupRobots:
    name = "robot"
    keyed = True
    most_together = 1
    largest = None

    def __init__(
        self,
        config: Config,
        find: Callable[[str], Awaitable[Robot | None]],
        now: Callable[[], datetime],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        count: Callable[[Unit], None] = lambda unit: None,
    ) -> None:
        """`find` gives the robot of an address, `now` the time it signs with, `count` is told of every billed call."""
        timeout = httpx.Timeout(config.http_timeout, connect=config.connect_timeout)
        self._client = httpx.AsyncClient(transport=transport or AiohttpTransport(), timeout=timeout)
        self._gateway = config.zzd_gateway if config.has_zhezhengding else ""
        self._to_gateway = httpx.AsyncClient(transport=transport or way_out(config), timeout=timeout, trust_env=False)
        self._find, self._now, self._count = find, now, count
        self._a_minute = config.robot_per_minute
        self._paces: OrderedDict[str, Pace] = OrderedDict()
        self.pace = Pace(config.qps)

    async def close(self) -> None:
        await self._client.aclose()
        await self._to_gateway.aclose()

    async def deliver(self, parcel: Parcel) -> Receipt:
        number = parcel.to[0].id
        robot = await self._find(number)
        if robot is None:
            raise Refused("the robot of this group was removed; see «zicha groups list»")
        if isinstance(parcel.body, Attachment):
            raise Refused("a group robot takes no files")
        await self.say(number, robot, parcel.body, parcel.key)
        return Receipt("robot")

    async def say(self, number: str, robot: Robot, body: Text | Choice, key: str) -> None:
        """One message of a robot. Raises `DeliveryError`."""
        message = {**wording.webhook(_with_keyword(body, robot.keyword)), "msgUuid": key[-64:]}
        pace = self._pace_of(number)
        if (wait := pace.delay()) > 0:
            raise Later("the robot has spoken as often as it may in a minute", wait)
        call = pace.begin()
        try:
            await self._call(signed(robot.address, robot.secret, self._now()), message)
        except TooFast:
            pace.slow_down(_MUTED)
            raise
        finally:
            call.over()

    def _pace_of(self, number: str) -> Pace:
        pace = self._paces.pop(number, None) or Pace(self._a_minute, 60.0, burst=self._a_minute)
        self._paces[number] = pace
        if len(self._paces) > _MOST_ROBOTS:
            self._paces.popitem(last=False)
        return pace

    async def _call(self, url: str, message: dict[str, Any]) -> None:
        ours = bool(self._gateway) and url.startswith(f"{self._gateway}/")
        try:
            response = await (self._to_gateway if ours else self._client).post(url, json=message)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Later(f"{type(error).__name__}: not reached", 2.0) from error
        except httpx.InvalidURL as error:
            raise Refused("the address of the robot is not valid; see «zicha groups add»") from error
        except httpx.TransportError as error:
            self._bill(ours)
            raise Doubtful(f"{type(error).__name__}: no answer") from error
        try:
            outcomes.of(response)
        except TooFast:
            raise
        except outcomes.SessionGone as error:
            raise Refused("the robot is not in its group any more, or its address is wrong: 300001") from error
        self._bill(ours)

    def _bill(self, ours: bool) -> None:
        """DingTalk counts calls by the month; 浙政钉 does not."""
        if not ours:
            self._count(Unit.WEBHOOK)


def signed(address: str, secret: str, now: datetime) -> str:
    """The address with its signature: HMAC-SHA256 of «milliseconds, newline, key» with the key, good for an hour."""
    if not secret:
        return address
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return str(httpx.URL(address).copy_merge_params({"timestamp": stamp, "sign": base64.b64encode(digest).decode()}))


def _with_keyword(body: Text | Choice, keyword: str) -> Text | Choice:
    if not keyword or keyword in body.markdown:
        return body
    markdown = f"{body.markdown}\n\n{keyword}"
    return Text(markdown, body.title, body.at) if isinstance(body, Text) else Choice(body.title, markdown, body.options)
