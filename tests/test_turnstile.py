"""Two processes on one PostgreSQL, messages of a person pushed to both: what was said first is answered first."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import text

from bot import turnstile
from bot.dispatch import Dispatch
from bot.intake import Intake
from bot.metrics import Metrics
from bot.reception import Reception
from bot.talk import Talk
from bot.threads import DatabaseThread
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
SECOND = replace(FIRST, msg_id="second", text="2 7", received_at=MORNING + timedelta(milliseconds=20))
THIRD = replace(SECOND, msg_id="third", received_at=MORNING + timedelta(milliseconds=40))
OF_ANOTHER = replace(SECOND, msg_id="other", sender_id="sun")


class Process:
    """A bot whose thread of the database is as slow as wanted."""

    def __init__(self, url: str, taken: list[str]) -> None:
        self.database, self._taken = Database(url), taken
        self.free = threading.Event()
        self._thread = DatabaseThread()
        reception = Reception(
            intake=Talk(cast(Intake, self), cast(Dispatch, None), self.database, self._thread),
            most=10,
            metrics=Metrics(),
            are_first=lambda inbounds: self.turnstile.are_first(inbounds),
        )
        self.turnstile = Turnstile(self.database, reception.receive)

    def take_all(self, inbounds: Sequence[Inbound]) -> list[bool | Exception]:
        self.free.wait(20)
        self._taken += [one.msg_id for one in inbounds]
        return [True] * len(inbounds)

    async def close(self) -> None:
        self.free.set()
        await self.turnstile.close()
        self._thread.close()
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
    for one in both:
        await one.turnstile.open()
    yield both
    for one in both:
        await one.close()


@pytest.fixture
def administrator(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        yield database


def holders(administrator: Database) -> list[int]:
    """For each message that waits or is being taken, who has it."""
    found = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND objid <> 0"
    with administrator.reading() as session:
        return list(session.scalars(text(found)))


async def until(administrator: Database, count: int) -> None:
    async with asyncio.timeout(60):
        while len(holders(administrator)) != count:
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


async def test_the_first_that_comes_a_moment_late_is_first(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    """The process it was pushed to was busy: the other has the second already."""
    late, quick = processes
    late.free.set()
    quick.free.set()
    second = asyncio.create_task(quick.turnstile.receive(SECOND))
    await asyncio.sleep(0.01)
    assert await late.turnstile.receive(FIRST)
    assert await second
    assert taken == ["first", "second"]


async def test_the_messages_of_a_process_that_dies_hold_up_nobody(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    dying, quick = processes
    first = await said_first(dying, administrator)
    [dead] = holders(administrator)
    quick.free.set()
    second = asyncio.create_task(quick.turnstile.receive(SECOND))
    await until(administrator, 2)
    assert not taken
    with administrator.session() as session:
        session.execute(text("SELECT pg_terminate_backend(:dead)"), {"dead": dead})
    assert await second
    assert taken == ["second"]
    dying.free.set()
    assert await first, "and where it only lost its connection, it goes on"


async def test_the_first_is_first_until_the_turn_of_the_second_begins(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    """The second has gone in and waits for another's turn to end."""
    late, quick = processes
    before = asyncio.create_task(quick.turnstile.receive(OF_ANOTHER))
    await asyncio.sleep(0.5)
    second = asyncio.create_task(quick.turnstile.receive(SECOND))
    await asyncio.sleep(0.5)
    first = asyncio.create_task(late.turnstile.receive(FIRST))
    await until(administrator, 3)
    quick.free.set()
    assert await before
    await asyncio.sleep(0.1)
    assert taken == ["other"]
    late.free.set()
    assert await asyncio.gather(first, second) == [True, True]
    assert taken == ["other", "first", "second"]


async def test_those_of_one_process_go_in_as_they_were_said(
    processes: tuple[Process, Process], administrator: Database, taken: list[str]
) -> None:
    """Both wait for the one at the other process, and the third does not slip in before the second."""
    slow, quick = processes
    first = await said_first(slow, administrator)
    quick.free.set()
    both = [asyncio.create_task(quick.turnstile.receive(one)) for one in (THIRD, SECOND)]
    await until(administrator, 3)
    slow.free.set()
    assert await asyncio.gather(first, *both) == [True, True, True]
    assert taken == ["first", "second", "third"]
    await until(administrator, 0)


async def test_a_process_alone_waits_for_nobody(url: str, taken: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turnstile, "_LONGEST", 60.0)
    monkeypatch.setattr(turnstile, "_LEAST", 60.0)
    process = Process(url, taken)
    process.free.set()
    await process.turnstile.open()
    async with asyncio.timeout(20):
        assert await process.turnstile.receive(FIRST)
    await process.close()


async def test_a_file_has_one_process(tmp_path: Path, taken: list[str]) -> None:
    process = Process(KINDS["sqlite"].new(tmp_path), taken)
    process.free.set()
    assert await process.turnstile.receive(FIRST)
    assert taken == ["first"]
    await process.close()
