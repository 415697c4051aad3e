"""New lines as they come: server-sent events. The id of an event is the line's number, so a page that was cut off tells
the last it has and gets what came after it; a line it has already is not sent again."""

import asyncio
import json
import logging
from contextlib import suppress

from aiohttp import web

from bot.channels.h5.answers import Stop
from bot.channels.h5.door import Door
from bot.channels.h5.ground import Ground, chat_of
from bot.channels.h5.limits import LINES, MOST_PAGES
from bot.channels.h5.live import Live
from bot.channels.h5.talk import Talk
from handlers.texts import page as texts
from storage import page_lines, page_sessions
from storage.page_lines import Line
from storage.page_sessions import Visitor

log = logging.getLogger(__name__)

HEARTBEAT = 15.0
"""Seconds: proxies cut a connection that is silent for a minute; a session that ended is noticed as soon."""
LOOK = 2.0
"""Seconds until a line another process wrote, or a notice, is seen on an open page."""


class Events:
    def __init__(self, ground: Ground, door: Door, talk: Talk, live: Live, headers: dict[str, str]) -> None:
        self._ground, self._door, self._talk, self._live = ground, door, talk, live
        self._headers = headers

    async def stream(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._door.visitor(request)
        lane = str(chat_of(visitor))
        if self._live.watchers(lane) >= MOST_PAGES:
            raise Stop(429, "pages", texts.TOO_MANY_PAGES, wait=30)
        last = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        number = min(int(last), 2**31) if last.isdecimal() and len(last) < 12 else 0
        response = web.StreamResponse(headers={**self._headers, "Cache-Control": "no-store"})
        response.content_type = "text/event-stream"
        response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
        self._door.renew(response, visitor)
        await response.prepare(request)
        with self._live.watching(lane) as bell, suppress(ConnectionResetError):  # the page went away
            await self._tell(response, visitor, number, bell)
        return response

    async def _tell(self, response: web.StreamResponse, visitor: Visitor, number: int, bell: asyncio.Event) -> None:
        await response.write(b"retry: 2000\n\n")
        while not self._live.closed:
            bell.clear()
            if not await self._still(visitor):
                await response.write(b"event: ended\ndata: {}\n\n")
                return
            lines = await self._talk.since(visitor, number)
            for line in lines:
                await response.write(self._event(line))
                number = line.number
            if len(lines) < LINES and not await _rung(bell):
                await response.write(b": still here\n\n")

    def _event(self, line: Line) -> bytes:
        data = json.dumps(self._talk.shown(line), ensure_ascii=False)
        return f"id: {line.number}\nevent: line\ndata: {data}\n\n".encode()

    async def _still(self, visitor: Visitor) -> bool:
        terms, at = self._ground.config.h5_terms, self._ground.real_now()
        return await self._ground.read(lambda session: page_sessions.still(session, visitor.session_id, terms, at=at))

    async def look(self) -> None:
        """Until cancelled: lines nobody rang for, put down by another process, or put off and due now."""
        known: dict[str, int] = {}
        while True:
            await asyncio.sleep(LOOK)
            try:
                known = await self._rung_for(known) if self._live.present else {}
            except Exception:
                log.exception("new lines cannot be looked for", extra={"action": "page.trouble"})

    async def _rung_for(self, known: dict[str, int]) -> dict[str, int]:
        """Rings where there is more than was known; what is known now."""
        lanes, now = self._live.present, self._ground.now()
        if await self._ground.read(lambda session: page_lines.arrived(session, lanes, at=now, under_way=True)):
            await self._ground.write(lambda session: page_lines.gather(session, lanes, at=now))
        newest = await self._ground.read(lambda session: page_lines.newest_of(session, lanes))
        for lane in lanes:
            if newest.get(lane, 0) > known.get(lane, 0):
                self._live.ring(lane)
        return newest


async def _rung(bell: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT):
            await bell.wait()
    except TimeoutError:
        return False
    return True
