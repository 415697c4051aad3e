"""What chat pages hear as it happens (Server-Sent Events): one bounded queue per open page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HEARTBEAT = 15.0
MOST = 2000  # a page that is this far behind reloads itself


@dataclass(slots=True, eq=False)
class Listener:
    staff_id: str
    wants_ledger: bool
    queue: asyncio.Queue[tuple[str, Any] | None] = field(default_factory=lambda: asyncio.Queue(MOST))

    def tell(self, event: str, data: Any) -> None:
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(None)
        else:
            self.queue.put_nowait((event, data))


class Events:
    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def tell(self, event: str, view: Callable[[str], Any], staff: Callable[[str], bool]) -> None:
        """To each open page of the people meant, as that person sees it."""
        for listener in self._listeners:
            if staff(listener.staff_id):
                listener.tell(event, view(listener.staff_id))

    def tell_all(self, event: str, data: Any) -> None:
        for listener in self._listeners:
            if event != "ledger" or listener.wants_ledger:
                listener.tell(event, data)

    def stop(self) -> None:
        for listener in self._listeners:
            listener.queue = listener.queue if not listener.queue.full() else asyncio.Queue()
            listener.queue.put_nowait(None)

    async def stream(
        self, request: web.Request, staff_id: str, wants_ledger: bool, clock: Callable[[], Any]
    ) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        listener = Listener(staff_id, wants_ledger)
        self._listeners.add(listener)
        try:
            await response.write(_event("clock", clock()))
            await self._feed(response, listener, clock)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._listeners.discard(listener)
        return response

    async def _feed(self, response: web.StreamResponse, listener: Listener, clock: Callable[[], Any]) -> None:
        while True:
            try:
                item = await asyncio.wait_for(listener.queue.get(), HEARTBEAT)
            except TimeoutError:
                await response.write(b": heartbeat\n\n" + _event("clock", clock()))
                continue
            if item is None:
                return
            await response.write(_event(*item))


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
