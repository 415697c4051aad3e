"""Two processes on one PostgreSQL, two messages of a person, one pushed to each: the first is answered first."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.turnstile import Turnstile
from handlers.messages import Address, ChatKind, Inbound
from storage.database import Database
from tests.databases import KINDS
from tests.world import MORNING

FIRST = Inbound(
    robot="ding",
    msg_id="first",
    sender_id="qian",
    sender_name="钱大海",
    chat=Address("dingtalk", ChatKind.DIRECT, "qian"),
    text="2",
    received_at=MORNING,
)
SECOND = replace(FIRST, msg_id="second", text="2 7", received_at=MORNING + timedelta(seconds=1))
OF_ANOTHER = replace(SECOND, msg_id="other", sender_id="sun")


class Process:
    """A bot whose thread of the database is as slow as wanted."""

    def __init__(self, url: str, taken: list[str]) -> None:
        self.database = Database(url)
        self.free = asyncio.Event()
        self.turnstile = Turnstile(self.database, self._receive)
        self._taken = taken

    async def _receive(self, inbound: Inbound) -> bool:
        await self.free.wait()
        self._taken.append(inbound.msg_id)
        return True

    async def close(self) -> None:
        await self.turnstile.close()
        self.database.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return KINDS["postgresql"].new(tmp_path)


@pytest.fixture
def taken() -> list[str]:
    """What was taken, in that order, by whichever process."""
    return []


@pytest.fixture
async def processes(url: str, taken: list[str]) -> AsyncIterator[tuple[Process, Process]]:
    both = Process(url, taken), Process(url, taken)
    yield both
    for one in both:
        await one.close()


@pytest.fixture
def administrator(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        yield database


def holders(administrator: Database) -> int:
    with administrator.reading() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")) or 0


async def until(administrator: Database, count: int) -> None:
    async with asyncio.timeout(20):
        while holders(administrator) != count:
            await asyncio.sleep(0.01)


async def said_first(process: Process, administrator: Database) -> asyncio.Task[bool]:
    task = asyncio.create_task(process.turnstile.receive(FIRST))
    await until(administrator, 1)
    return task


async def test_the_second_waits_for_the_first(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    slow, quick = processes
    first = await said_first(slow, administrator)
    quick.free.set()
    second = asyncio.create_task(quick.turnstile.receive(SECOND))
    assert await quick.turnstile.receive(OF_ANOTHER), "nobody waits for other people"
    assert taken == ["other"]
    slow.free.set()
    assert await asyncio.gather(first, second) == [True, True]
    assert taken == ["other", "first", "second"]
    await until(administrator, 0)


async def test_the_messages_of_a_process_that_dies_hold_up_nobody(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    dying, quick = processes
    first = await said_first(dying, administrator)
    quick.free.set()
    second = asyncio.create_task(quick.turnstile.receive(SECOND))
    with administrator.session() as session:
        session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    assert await second
    assert taken == ["second"]
    dying.free.set()
    assert await first, "and where it only lost its connection, it goes on"


async def test_two_messages_of_one_process_go_in_together(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    """Their order is the reception's."""
    slow, quick = processes
    both = [asyncio.create_task(slow.turnstile.receive(one)) for one in (FIRST, SECOND)]
    await until(administrator, 1)
    quick.free.set()
    third = asyncio.create_task(quick.turnstile.receive(replace(SECOND, msg_id="third")))
    slow.free.set()
    assert await asyncio.gather(*both, third) == [True, True, True]
    assert taken[2] == "third"
    await until(administrator, 0)


async def test_a_file_has_one_process(tmp_path: Path, taken: list[str]) -> None:
    process = Process(KINDS["sqlite"].new(tmp_path), taken)
    process.free.set()
    assert await process.turnstile.receive(FIRST)
    assert taken == ["first"]
    await process.close()
