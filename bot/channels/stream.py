"""The stream, supervised: as many connections as wanted, each replaced before it is gone, opened again with patience.

The SDK's own supervision is not used: it blocks the loop, reconnects without a pause and cannot be stopped (DingTalk
facts §1.7). Must not know what becomes of a message.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote_plus

import websockets

from bot.channels import DeliveryError, Refused
from bot.channels.dingtalk import DingTalk, Sessions
from bot.channels.incoming import parse
from bot.channels.line import AGENT, LAST_ACKS, SUBSCRIPTIONS, Line
from bot.metrics import Metrics
from handlers.messages import Address, Inbound

log = logging.getLogger(__name__)

_OPENING = 30.0
"""Ticket and handshake together; the ticket itself lives 90 seconds (facts §1.1)."""
_SETTLED = 5.0
"""A connection that ends sooner counts as one that failed: it must not be opened again in a hot loop."""
_LONGEST_PAUSE = 30.0
_CREDENTIALS = "check DINGTALK_CLIENT_ID, DINGTALK_CLIENT_SECRET and that the app is published in Stream mode"
_MAX_FRAME = 1024 * 1024

Receive = Callable[[Inbound], Awaitable[None]]


class Stream:
    """`run` ends only when cancelled."""

    def __init__(
        self,
        *,
        api: DingTalk,
        sessions: Sessions,
        robot: str,
        corp_id: str,
        receive: Receive,
        connections: int = 1,
        silence: float = 90.0,
        metrics: Metrics | None = None,
    ) -> None:
        """The platform pushes to any of the connections at random (facts §1.5); `silence` in seconds."""
        self._api, self._sessions, self._receive = api, sessions, receive
        self._robot, self._corp_id = robot, corp_id
        self._connections, self._silence = connections, silence
        self._metrics = metrics or Metrics()
        self.connected = asyncio.Event()
        self._alive: set[Line] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._down_since = time.monotonic()

    @property
    def alive(self) -> int:
        """Connections that deliver; one that was told to go does not count."""
        return len(self._alive)

    def down_for(self) -> float:
        """Seconds without any connection; 0 while there is one."""
        return 0.0 if self._alive else time.monotonic() - self._down_since

    async def run(self) -> None:
        seats = [asyncio.create_task(self._seat()) for _ in range(self._connections)]
        try:
            await asyncio.gather(*seats)
        finally:
            for task in self._serving:
                task.cancel()
            if self._serving:
                await asyncio.wait(self._serving, timeout=LAST_ACKS + 2)

    async def _seat(self) -> None:
        """One connection after another; the next is opened while the last still drains."""
        failures = 0
        while True:
            if failures:
                await asyncio.sleep(min(2.0 ** (failures - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.5))
            socket = await self._open()
            if socket is None:
                failures += 1
                continue
            began = time.monotonic()
            await self._serve(socket)
            failures = failures + 1 if time.monotonic() - began < _SETTLED else 0

    async def _open(self) -> websockets.ClientConnection | None:
        """A new connection, or None and the reason in the log: whatever it was, it is tried again."""
        try:
            async with asyncio.timeout(_OPENING):
                return await self._connect()
        except (DeliveryError, OSError, TimeoutError, websockets.WebSocketException) as error:
            said = f"{error}" or type(error).__name__
            told = f"{said}; {_CREDENTIALS}" if isinstance(error, Refused) else said
            log.warning("no stream connection: %s; trying again", told, extra={"action": "stream.down"})
        except Exception:
            log.exception("no stream connection; trying again", extra={"action": "stream.down"})
        return None

    async def _serve(self, socket: websockets.ClientConnection) -> None:
        """Returns when the connection delivers no more; it goes on acking what it has delivered."""
        line = Line(socket, self._take, silence=self._silence, metrics=self._metrics)
        task = asyncio.create_task(line.serve())
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._came(line)
        try:
            await line.ending.wait()
        finally:
            self._went(line)

    def _came(self, line: Line) -> None:
        self._alive.add(line)
        self.connected.set()
        self._metrics.opened.inc()
        self._metrics.connections.set(self.alive)
        log.info("stream connected, %d of %d", self.alive, self._connections, extra={"action": "stream.up"})

    def _went(self, line: Line) -> None:
        self._alive.discard(line)
        self._metrics.connections.set(self.alive)
        if not self._alive:
            self.connected.clear()
            self._down_since = time.monotonic()

    async def _connect(self) -> websockets.ClientConnection:
        endpoint, ticket = await self._api.open_stream(SUBSCRIPTIONS, AGENT)
        address = f"{endpoint}?ticket={quote_plus(ticket)}"
        # a proxy of the environment is for the outside; a gateway on this machine is reached without one
        proxy: Literal[True] | None = True if endpoint.startswith("wss://") else None
        return await websockets.connect(address, proxy=proxy, open_timeout=10, max_size=_MAX_FRAME, close_timeout=1)

    async def _take(self, data: Mapping[str, Any]) -> None:
        inbound = parse(data, robot=self._robot, corp_id=self._corp_id)
        if inbound is None:
            log.warning("a frame without msgId or conversation was left out", extra={"action": "stream.malformed"})
            return
        self._remember(data, inbound.chat)
        await self._receive(inbound)

    def _remember(self, data: Mapping[str, Any], chat: Address) -> None:
        url, expires = data.get("sessionWebhook"), data.get("sessionWebhookExpiredTime")
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            try:
                self._sessions.remember(chat, url, datetime.fromtimestamp(int(str(expires)) / 1000, UTC))
            except (ValueError, OverflowError, OSError):
                log.debug("a session without a usable expiry", extra={"action": "stream.session"})
