"""The chat page without a browser: its server on a real socket, and browsers that are no more than cookies and headers.

Who is who is told by codes of this file's own login; what everything else does is the product's.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
from sqlmodel import select

from bot.channels import Later, Refused
from bot.channels.h5.ground import Ground
from bot.channels.h5.live import Live
from bot.channels.h5.page import Page, Uploads
from bot.channels.h5.site import Site
from bot.channels.zhezhengding.login import PLATFORM, Account
from bot.config import load
from bot.fetcher import Counter, Fetcher
from bot.metrics import Metrics
from bot.postman import Postman
from bot.reception import Reception
from bot.threads import DatabaseThread
from handlers.messages import Inbound
from storage import accounts
from storage.models import PageUpload, Person
from tests.world import World, talk

OWN = {"X-Zicha": "1"}

Line = dict[str, Any]


class Codes:
    """The platform's 免登: `for-zhang` is the code of 张三's phone, good for once where it ends in a number."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.down = False

    async def who(self, auth_code: str) -> Account:
        if self.down:
            raise Later("the gateway is not reached", 2.0)
        if not auth_code.startswith("for-") or auth_code in self.used:
            raise Refused("code 无效")
        self.used.add(auth_code)
        return Account(id=f"acc-{auth_code.split('-')[1]}", name="周新来")


async def _nothing() -> None:
    return


@dataclass
class Server:
    """The page's server on a world of the tests. Real time is what `real` says."""

    world: World
    codes: Codes
    url: str
    site: Site
    ground: Ground
    real: datetime = field(default_factory=lambda: datetime.now(UTC))
    taken: list[Inbound] = field(default_factory=list)
    on_taking: Callable[[], Awaitable[None]] | None = None
    """Happens when a message is about to be taken."""
    stop: Callable[[], Awaitable[None]] = field(default=_nothing)
    _numbers: "count[int]" = field(default_factory=count)

    def later(self, **by: float) -> None:
        self.real += timedelta(**by)

    @asynccontextmanager
    async def browser(self, who: str = "") -> AsyncIterator["Browser"]:
        """A browser with a jar of its own; logged in as somebody, if told."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.url, cookie_jar=jar) as session:
            browser = Browser(self, session)
            if who:
                assert await browser.login(who) == 200
            yield browser

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def uploads(self) -> int:
        """How many files lie ready for the fetcher."""
        with self.world.database.reading() as session:
            return len(session.exec(select(PageUpload.id)).all())

    def code(self, who: str) -> str:
        return f"for-{who}-{next(self._numbers)}"


@dataclass
class Browser:
    server: Server
    http: aiohttp.ClientSession
    _ids: "count[int]" = field(default_factory=count)

    @property
    def own(self) -> dict[str, str]:
        """What the page's program sends along when it changes something."""
        return {**OWN, "Origin": self.server.url}

    async def login(self, who: str, **headers: str) -> int:
        body = {"platform": PLATFORM, "code": self.server.code(who)}
        async with self.http.post("/login", json=body, headers={**self.own, **headers}) as response:
            return response.status

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        async with self.http.get(path, headers=headers) as response:
            kind = response.content_type
            return response.status, await (response.json() if kind == "application/json" else response.read())

    async def post(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        async with self.http.post(path, json=body, headers={**self.own, **headers}) as response:
            return response.status, await response.json()

    def new_id(self) -> str:
        return f"message-{id(self)}-{next(self._ids)}"

    async def says(self, text: str, *, own: str = "", **more: object) -> list[Line]:
        """What came back to a message: the lines after the last one there was."""
        after = await self.newest()
        status, answer = await self.post("/say", {"id": own or self.new_id(), "text": text, "after": after, **more})
        assert status == 200, answer
        return list(answer["lines"])

    async def taps(self, label: str, *, own: str = "") -> list[Line]:
        """Taps the newest button with these words."""
        for line in reversed(await self.lines()):
            for n, option in enumerate(line.get("options", ())):
                if label in option:
                    tap = {"line": line["number"], "option": n}
                    body = {"id": own or self.new_id(), "tap": tap, "after": await self.newest()}
                    status, answer = await self.post("/say", body)
                    assert status == 200, answer
                    return list(answer["lines"])
        raise AssertionError(f"no button «{label}»")

    async def sends(self, name: str, content: bytes, *, own: str = "") -> tuple[int, Any]:
        query = {"id": own or self.new_id(), "name": name}
        async with self.http.post("/send", params=query, data=content, headers=self.own) as response:
            return response.status, await response.json()

    async def lines(self, after: int = 0) -> list[Line]:
        status, answer = await self.get(f"/lines?after={after}")
        assert status == 200, answer
        return list(answer["lines"])

    async def newest(self) -> int:
        status, me = await self.get("/me")
        assert status == 200, me
        return int(me["newest"])

    @asynccontextmanager
    async def watching(self, after: int = 0, **headers: str) -> AsyncIterator["Events"]:
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self.http.get(f"/events?after={after}", headers=headers, timeout=timeout) as response:
            assert response.status == 200, await response.text()
            assert response.content_type == "text/event-stream"
            yield Events(response)


@dataclass
class Events:
    """An open stream of events."""

    response: aiohttp.ClientResponse

    async def next(self) -> tuple[str, str, Any]:
        """Name, id and data of the next event; heartbeats and hints are passed over."""
        event: dict[str, str] = {}
        while True:
            async with asyncio.timeout(60):
                raw = await self.response.content.readline()
            assert raw, "the stream ended"
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif "data" in event:
                return event.get("event", ""), event.get("id", ""), json.loads(event["data"])
            else:
                event = {}

    async def line(self) -> Line:
        name, number, data = await self.next()
        assert (name, number) == ("line", str(data["number"]))
        return dict(data)


@asynccontextmanager
async def serving(
    world: World, *, post: bool = False, port: int = 0, url: str = "", **settings: object
) -> AsyncIterator[Server]:
    """The page on a free port; with `post`, with a postman and a fetcher as the bot has them. `url` is its public
    address, where that is another."""
    port = port or free_port()
    origin = f"http://127.0.0.1:{port}"
    values = {"h5_url": url or origin, "h5_port": port, "data": world.folder, "max_file_mb": 1, **settings}
    thread, live, codes = DatabaseThread(), Live(), Codes()
    know_everybody(world)
    reception = Reception(intake=talk(world, thread), most=1000, metrics=Metrics())
    server: Server | None = None

    def real_now() -> datetime:
        return server.real if server else datetime.now(UTC)

    async def receive(inbound: Inbound) -> None:
        assert server
        if server.on_taking:
            await server.on_taking()
        await reception.receive(inbound)
        server.taken.append(inbound)

    ground = Ground(
        config=load(**values),
        database=world.database,
        campaigns=world.campaigns,
        vault=world.vault,
        thread=thread,
        now=lambda: world.now,
        real_now=real_now,
        receive=receive,
    )
    site = Site(ground, live, {PLATFORM: codes})
    parts = [site.run(), *(_carriers(world, ground, live, thread) if post else ())]
    tasks = [asyncio.create_task(part) for part in parts]
    await asyncio.wait_for(site.ready.wait(), 60)

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    server = Server(world, codes, origin, site, ground, stop=stop)
    try:
        yield server
    finally:
        await stop()
        thread.close()


def know_everybody(world: World) -> None:
    """浙政钉 knows everybody in the roster, under ids of its own."""
    with world.database.session() as session:
        for person in session.exec(select(Person)).all():
            account = f"acc-{person.staff_id}"
            accounts.link(session, platform=PLATFORM, account_id=account, person_id=person.id or 0, at=world.now)


def free_port() -> int:
    """A port nobody uses now; the page has to know its address before it listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _carriers(world: World, ground: Ground, live: Live, thread: DatabaseThread) -> list[Any]:
    base = {"database": world.database, "campaigns": world.campaigns, "vault": world.vault}
    postman = Postman(
        **base,  # type: ignore[arg-type]
        channels={PLATFORM: Page(ground, live, name=PLATFORM)},
        talk=talk(world, thread),
        thread=thread,
        now=ground.now,
        real_now=ground.real_now,
    )
    fetcher = Fetcher(
        counter=Counter(**base, now=ground.now),  # type: ignore[arg-type]
        sources={PLATFORM: Uploads(ground)},
        thread=thread,
        real_now=ground.real_now,
        arrived=postman.replied,
        most_mb=1,
    )
    return [postman.run(), fetcher.run()]
