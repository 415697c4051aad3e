"""The talk through the page: a message or a file becomes an `Inbound`, letters become lines.

The page names its message; sent again after a cut it has the same name, the inbox refuses the copy, and the page gets
the answer that stands there already. What was said is not kept here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web
from sqlmodel import Session

from bot.channels.h5 import asked
from bot.channels.h5.answers import Stop, told
from bot.channels.h5.door import Door, json_of
from bot.channels.h5.ground import Ground, chat_of
from bot.channels.h5.limits import LINES, Rate
from bot.channels.h5.lines import ROBOT, Tap, msg_id, said_by, shown
from bot.channels.h5.live import Live
from handlers.file_kinds import PICTURES, expected
from handlers.messages import Content, FileRef, Inbound
from handlers.texts import page as texts
from storage import page_lines, page_uploads
from storage.page_lines import Line
from storage.page_sessions import Visitor

_MESSAGES = (40, 20.0)
"""So many messages within so many seconds of one person: a fast thumb, not a program."""
_CHUNK = 64 * 1024
_UPLOADS_AT_ONCE = 4
_UPLOAD_SECONDS = 120.0


class Talk:
    def __init__(self, ground: Ground, door: Door, live: Live) -> None:
        self._ground, self._door, self._live = ground, door, live
        self._rate = Rate(*_MESSAGES)
        self._uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)

    async def say(self, request: web.Request) -> web.Response:
        """`{id, text | tap: {line, option}, age, since, after}`: taken once, however often it comes; the new lines."""
        visitor = await self._door.visitor(request)
        body = await json_of(request)
        own, tap = asked.own_id(body.get("id")), asked.tap(body.get("tap"))
        text = body.get("text")
        if (tap is None) == (not isinstance(text, str)):
            raise Stop(400, "message", texts.NOT_UNDERSTOOD)
        said = await self._button(visitor, tap) if tap else str(text)
        inbound = self._inbound(visitor, own, tap, self._said_at(body), text=said)
        return await self._taken(visitor, inbound, asked.number(body.get("after")))

    async def send(self, request: web.Request) -> web.Response:
        """A file as the body, its name and its id in the query. What it is its content tells, later."""
        visitor = await self._door.visitor(request)
        own = asked.own_id(request.query.get("id"))
        name = request.query.get("name", "")[:200].replace("/", "_").replace("\\", "_")
        content = await self._content(request)
        ground, at = self._ground, self._ground.real_now()

        code = await ground.write(lambda session: page_uploads.keep(session, ground.vault, content, at=at))
        kind = Content.PICTURE if expected(name) in PICTURES else Content.FILE
        file = FileRef(code=code, name=name, kind=kind)
        inbound = self._inbound(visitor, own, None, self._said_at(request.query), content=kind, files=(file,))
        return await self._taken(visitor, inbound, asked.number(request.query.get("after")))

    async def lines(self, request: web.Request) -> web.Response:
        """Lines of one's own chat: those `after` a number, or the last ones `before` one."""
        visitor = await self._door.visitor(request)
        before = asked.number(request.query.get("before")) if "before" in request.query else None
        found = await self.since(visitor, asked.number(request.query.get("after")), before=before)
        response = told({"lines": [self.shown(line) for line in found], "more": len(found) == LINES})
        self._door.renew(response, visitor)
        return response

    async def since(self, visitor: Visitor, number: int, *, before: int | None = None) -> Sequence[Line]:
        """Written is only where a letter has come that has no number yet."""
        lane, now = str(chat_of(visitor)), self._ground.now()

        def lines(session: Session) -> Sequence[Line]:
            if before is not None:
                return page_lines.before(session, lane, before, limit=LINES)
            return page_lines.after(session, lane, number, limit=LINES)

        def look(session: Session) -> Sequence[Line] | None:
            return None if page_lines.arrived(session, [lane], at=now) else lines(session)

        def put_down(session: Session) -> Sequence[Line]:
            page_lines.gather(session, [lane], at=now)
            return lines(session)

        found = await self._ground.read(look)
        return await self._ground.write(put_down) if found is None else found

    def shown(self, line: Line) -> dict[str, Any]:
        return shown(line, now=self._ground.now(), paper_hours=self._ground.config.h5_paper_hours)

    async def _taken(self, visitor: Visitor, inbound: Inbound, after: int) -> web.Response:
        if not self._rate.allows(str(inbound.chat)):
            raise Stop(429, "too fast", texts.TOO_FAST, wait=3)
        await self._ground.receive(inbound)
        found = await self.since(visitor, after)
        self._live.ring(str(inbound.chat))
        lines = [self.shown(line) for line in found]
        response = told({"taken": True, "said": inbound.received_at.isoformat(), "lines": lines})
        self._door.renew(response, visitor)
        return response

    def _inbound(
        self,
        visitor: Visitor,
        own: str,
        tap: Tap | None,
        said_at: datetime,
        *,
        text: str = "",
        content: Content = Content.TEXT,
        files: tuple[FileRef, ...] = (),
    ) -> Inbound:
        chat = chat_of(visitor)
        return Inbound(
            robot=ROBOT,
            msg_id=msg_id(str(chat), own, tap),
            sender_id=visitor.account,
            sender_name=visitor.name,
            chat=chat,
            content=content,
            text=text.strip(),
            files=files,
            received_at=said_at,
            recallable=False,
        )

    def _said_at(self, about: Mapping[str, Any]) -> datetime:
        """When it was said: `age` seconds ago, as it may have waited for the network, but after what the same page said
        before (`since`, as it was answered): how long a request is on its way nobody knows."""
        now = self._ground.now()
        said = now - asked.waited(about.get("age"))
        try:
            since = datetime.fromisoformat(str(about.get("since")))
        except ValueError:
            return said
        return min(now, max(said, since)) if since.tzinfo else said

    async def _button(self, visitor: Visitor, tap: Tap) -> str:
        lane = str(chat_of(visitor))
        line = await self._ground.read(lambda session: page_lines.one(session, lane, tap.line))
        said = said_by(line, tap) if line else None
        if said is None:
            raise Stop(409, "no button", texts.NO_BUTTON)
        return said

    async def _content(self, request: web.Request) -> bytes:
        """The file; refused before it is read where it says it is too large, and as soon as it is. So many at once are
        in memory, and none for longer than a slow line takes."""
        most_mb = self._ground.config.max_file_mb
        too_large = Stop(413, "too large", texts.file_too_large(most_mb))
        if (request.content_length or 0) > most_mb * 1_000_000:
            raise too_large
        content = bytearray()
        try:
            async with self._uploads, asyncio.timeout(_UPLOAD_SECONDS):
                async for chunk in request.content.iter_chunked(_CHUNK):
                    content += chunk
                    if len(content) > most_mb * 1_000_000:
                        raise too_large
        except TimeoutError as error:
            raise Stop(408, "trouble", texts.SLOW_FILE, wait=5) from error
        if not content:
            raise Stop(400, "empty", texts.EMPTY_FILE)
        return bytes(content)
