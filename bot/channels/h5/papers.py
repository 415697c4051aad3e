"""Papers that were promised on the page: made when they are collected, by the one they were promised to, for so long.

Nothing is kept here: a paper is made anew from what its letter promised, as of the same moment.
"""

import asyncio
import logging
import mimetypes
import tempfile
from typing import BinaryIO
from urllib.parse import quote

from aiohttp import web
from sqlmodel import Session

from bot.channels.h5.door import Door
from bot.channels.h5.ground import Ground, chat_of
from bot.channels.h5.lines import collectable_until
from handlers import collecting
from handlers.messages import Document, from_json
from handlers.papers import documents
from handlers.texts import page as texts
from storage import accounts, page_lines, papers
from storage.page_sessions import Visitor

log = logging.getLogger(__name__)


class Papers:
    def __init__(self, ground: Ground, door: Door) -> None:
        self._ground, self._door = ground, door

    async def collect(self, request: web.Request) -> web.Response:
        """The paper of a line of one's own chat."""
        visitor = await self._door.visitor(request)
        number = request.match_info["line"]
        document = await self._promised(visitor, int(number)) if len(number) < 10 else None
        if document is None:
            return _gone()
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the answer closes it when it has gone)
        try:
            digest = await asyncio.to_thread(self._make, document, file)
        except Exception:
            file.close()
            log.exception("a paper could not be made", extra={"action": "page.paper"})
            return web.Response(status=503, text=texts.PAPER_TROUBLE)
        code = document.params.get("code", "")
        await self._ground.write(lambda session: papers.note_digest(session, code, digest))
        kind = mimetypes.guess_type(document.name)[0] or "application/octet-stream"
        shown = "inline" if kind.startswith("image/") else "attachment"
        name = quote(document.name.replace("/", "_"), safe="")
        file.seek(0)
        response = web.Response(body=file, content_type=kind)
        response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{name}"
        self._door.renew(response, visitor)
        return response

    async def _promised(self, visitor: Visitor, number: int) -> Document | None:
        ground, now = self._ground, self._ground.now()
        lane = str(chat_of(visitor))

        def look(session: Session) -> Document | None:
            line = page_lines.one(session, lane, number)
            body = from_json(line.body) if line else None
            if line is None or not isinstance(body, Document):
                return None
            if now >= collectable_until(line, ground.config.h5_paper_hours):
                return None
            staff_id = accounts.staff_id(session, visitor.platform, visitor.account)
            allowed = collecting.collected(session, ground.campaigns, staff_id, body, now=now)
            return body if allowed else None

        return await ground.write(look)

    def _make(self, document: Document, out: BinaryIO) -> str:
        ground = self._ground
        with ground.database.reading() as session:
            request = documents.requested(session, ground.campaigns, document, ground.vault)
            return documents.write(request, document.paper, out)


def _gone() -> web.Response:
    """In words: a browser opens this address, not the page's program."""
    return web.Response(status=404, text=texts.PAPER_GONE)
