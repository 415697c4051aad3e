"""The web server of the page: what lies at which address, and its start and end.

The files of the page are read once, at the start: no name a browser sends ever becomes a path.
"""

import asyncio
import hashlib
import logging
import mimetypes
from collections.abc import Mapping
from importlib import resources
from urllib.parse import urlsplit

from aiohttp import web
from sqlmodel import Session

from bot.channels.h5.answers import told
from bot.channels.h5.door import Door, Login
from bot.channels.h5.events import Events
from bot.channels.h5.ground import Ground, chat_of
from bot.channels.h5.guard import Guard
from bot.channels.h5.limits import MOST_JSON
from bot.channels.h5.live import Live
from bot.channels.h5.papers import Papers
from bot.channels.h5.sweeping import keep_swept
from bot.channels.h5.talk import Talk
from handlers.campaign import several
from storage import accounts, notices, page_lines, roster

log = logging.getLogger(__name__)

_STOP_SECONDS = 2.0
_CALLS = ("reminder", "nudge")
"""Topics of letters that call to go on: whoever opens the page after one has answered it by that."""


class Site:
    """`run` serves until cancelled. `port` is the one in use once `ready` is set."""

    def __init__(self, ground: Ground, live: Live, logins: Mapping[str, Login], corp_id: str = "") -> None:
        self._ground, self.live, self._logins, self._corp_id = ground, live, logins, corp_id
        self._base = urlsplit(ground.config.h5_url).path.rstrip("/")
        guard = Guard(ground.config)
        self._door = Door(ground, logins)
        self._talk = Talk(ground, self._door, live)
        self._events = Events(ground, self._door, self._talk, live, guard.headers)
        self._papers = Papers(ground, self._door)
        self._files = _page_files() | _script(ground)
        self._application = web.Application(middlewares=[guard.middleware], client_max_size=MOST_JSON)
        self._application.add_routes(self._routes())
        self.ready = asyncio.Event()
        self.port = 0

    async def run(self) -> None:
        config = self._ground.config
        runner = web.AppRunner(self._application, access_log=None, shutdown_timeout=_STOP_SECONDS)
        await runner.setup()
        looking = asyncio.create_task(self._events.look())
        sweeping = asyncio.create_task(keep_swept(self._ground))
        try:
            await self._listen(runner)
            self.port = runner.addresses[0][1]
            self.ready.set()
            log.info("the page is served on %s port %d", config.h5_host, self.port, extra={"action": "page.up"})
            await looking
        finally:
            looking.cancel()
            sweeping.cancel()
            await asyncio.gather(looking, sweeping, return_exceptions=True)
            self.live.close()
            await runner.cleanup()
            self._ground.readers.shutdown()

    async def _listen(self, runner: web.AppRunner) -> None:
        config = self._ground.config
        try:
            await web.TCPSite(runner, config.h5_host, config.h5_port).start()
        except OSError as error:
            where = f"{config.h5_host} port {config.h5_port}"
            raise OSError(f"the page cannot listen on {where} ({error}); see ZICHA_H5_HOST, ZICHA_H5_PORT") from error
        if "jsapi.js" not in self._files:
            told = "nobody can log in to the page: name the file of the platform's JSAPI in ZICHA_H5_JSAPI"
            log.warning(told, extra={"action": "page.no_jsapi"})

    def _routes(self) -> list[web.RouteDef]:
        base, door, talk = self._base, self._door, self._talk
        return [
            web.get(f"{base}/", self._file),
            *([web.get(base, self._to_the_slash)] if base else []),
            web.get(f"{base}/page/{{file}}", self._file),
            web.get(f"{base}/setup", self._setup),
            web.get(f"{base}/me", self._me),
            web.post(f"{base}/login", door.enter),
            web.post(f"{base}/logout", door.leave),
            web.get(f"{base}/lines", talk.lines),
            web.get(f"{base}/events", self._events.stream),
            web.post(f"{base}/say", talk.say),
            web.post(f"{base}/send", talk.send),
            web.get(f"{base}/papers/{{line:[0-9]+}}", self._papers.collect),
        ]

    async def _to_the_slash(self, request: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect(f"{self._base}/")

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info.get("file", "index.html")
        if name not in self._files:
            raise web.HTTPNotFound
        content, kind, tag = self._files[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)

    async def _setup(self, request: web.Request) -> web.Response:
        """What the page has to know before anybody is logged in."""
        config = self._ground.config
        return told(
            {
                "platforms": list(self._logins),
                "corpId": self._corp_id,
                "jsapi": "jsapi.js" in self._files,
                "maxFileMb": config.max_file_mb,
                "maxText": config.max_text,
            }
        )

    async def _me(self, request: web.Request) -> web.Response:
        """Who is logged in, and whether the page asks the bot to go on by itself: where nothing stands there yet, they
        spoke elsewhere since, or they follow a call to go on."""
        visitor = await self._door.visitor(request)
        lane, now = str(chat_of(visitor)), self._ground.now()

        def look(session: Session) -> dict[str, object]:
            page_lines.gather(session, [lane], at=now)
            notices.take_down(session, visitor.account)
            newest = page_lines.newest(session, lane)
            last = page_lines.one(session, lane, newest)
            person = roster.person(session, accounts.staff_id(session, visitor.platform, visitor.account))
            elsewhere = bool(last and person and person.heard_at and person.heard_at > last.at)
            campaign = several.attended(self._ground.campaigns, person.attending if person else "")
            return {
                "who": hashlib.sha256(lane.encode()).hexdigest()[:16],
                "name": person.name if person else visitor.name,
                "campaign": campaign.name,
                "newest": newest,
                "greet": last is None or elsewhere or last.topic in _CALLS,
            }

        response = told(await self._ground.write(look))  # writes: what has come is put down, and no bell need ring
        self._door.renew(response, visitor)
        return response


Files = dict[str, tuple[bytes, str, str]]


def _page_files() -> Files:
    """The page's files by name: content, type, tag."""
    folder = resources.files("bot.channels.h5").joinpath("page")
    return {file.name: _tagged(file.name, file.read_bytes()) for file in folder.iterdir() if file.is_file()}


def _script(ground: Ground) -> Files:
    """The platform's JSAPI, where the operator has put it."""
    path = ground.config.h5_jsapi
    return {"jsapi.js": _tagged("jsapi.js", path.read_bytes())} if path else {}


def _tagged(name: str, content: bytes) -> tuple[bytes, str, str]:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return content, kind, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
