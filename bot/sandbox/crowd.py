"""Many people at one line, for a simulation: what they say comes in and what they hear goes out, a line of JSON each.

In: `{"as": staffId, "text": words, "chat": "direct"}`. Out: `said` (in the order of the lines that came in), `heard`,
and `settled` when the bot has confirmed a message or the platform has given it up.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

from .chats import Chats
from .inbound import DIRECT, Said
from .people import People
from .refusals import PageRefusal
from .store import Message


class Crowd:
    def __init__(self, people: People, chats: Chats) -> None:
        self._people = people
        self._chats = chats
        self._sockets: set[web.WebSocketResponse] = set()

    async def line(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(max_msg_size=1 << 20)
        await socket.prepare(request)
        self._sockets.add(socket)
        ears = _Ears()
        self._chats.overhear(ears)
        telling = asyncio.create_task(ears.tell(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    ears.put(self._say(json.loads(message.data)))
        finally:
            telling.cancel()
            self._chats.leave(ears)
            self._sockets.discard(socket)
        return socket

    async def stop(self) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"going away")

    def _say(self, said: Any) -> dict[str, Any]:
        try:
            chat = said.get("chat", "direct")
            row, msg_id = self._people.utter(
                self._people.person(said["as"]), chat, Said(text=said["text"]), at=chat != "direct"
            )
        except PageRefusal as refusal:
            return {"event": "refused", "why": refusal.message}
        return {"event": "said", "id": row, "msgId": msg_id}


class _Ears:
    """What one line hears, in order."""

    def __init__(self) -> None:
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def put(self, event: dict[str, Any]) -> None:
        self._out.put_nowait(event)

    def heard(self, message: Message) -> None:
        direct = message.chat.startswith(DIRECT)
        where = {"to": message.chat.removeprefix(DIRECT)} if direct else {"chat": message.chat}
        content = message.content
        self.put(
            {
                "event": "heard",
                **where,
                "at": message.at_ms,
                "kind": content.kind,
                "text": content.text,
                "buttons": [[button.title, button.url] for button in content.buttons],
                "call": message.process_key or "",  # empty: it came by the session's webhook
            }
        )

    def settled(self, row: int, state: str) -> None:
        self.put({"event": "settled", "id": row, "state": state})

    async def tell(self, socket: web.WebSocketResponse) -> None:
        with suppress(ConnectionError):
            while True:
                await socket.send_str(json.dumps(await self._out.get(), ensure_ascii=False))
