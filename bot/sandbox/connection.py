"""One open socket of the bot: what it subscribed to, what was pushed on it, and its ordered way out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .frames import TOPIC_BOT


@dataclass(slots=True, eq=False, kw_only=True)
class Connection:
    id: str
    socket: web.WebSocketResponse
    topics: frozenset[tuple[str, str]]
    draining: bool = False  # told to disconnect: nothing is delivered here any more
    pings: dict[str, tuple[str, float]] = field(default_factory=dict)  # messageId -> (opaque, sent at)
    _out: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def takes_messages(self) -> bool:
        return not self.draining and not self.socket.closed and ("CALLBACK", TOPIC_BOT) in self.topics

    def send(self, frame: str) -> None:
        self._out.put_nowait(frame)

    async def write(self) -> None:
        """Send in order until the socket is gone; whoever reads the socket notices the end."""
        while not self.socket.closed:
            frame = await self._out.get()
            try:
                await self.socket.send_str(frame)
            except ConnectionError:
                return

    def pinged(self, message_id: str, opaque: str) -> None:
        self.pings[message_id] = (opaque, time.monotonic())

    def answered(self, message_id: str, data: Any) -> tuple[bool, float] | None:
        """Whether it was a ping of ours: (opaque came back, ms)."""
        if message_id not in self.pings:
            return None
        opaque, sent = self.pings.pop(message_id)
        came_back = isinstance(data, dict) and data.get("opaque") == opaque
        return came_back, (time.monotonic() - sent) * 1000
