"""Bad weather of hours and machines: the platform away, tokens that expire in the middle, a database that is locked or
full, clocks that jump, a second process. What was acked stays, what was not comes again, and no bulk goes out twice."""

import asyncio
import resource
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event

from storage import roster
from storage.database import DatabaseFailure
from tests.bot_process import (
    CITY,
    HELLO,
    NIL_WALK,
    START,
    environment,
    furnished,
    heard,
    moved_in,
    quiet,
    running,
    seen,
    settings,
    talk,
    zicha,
)
from tests.faults.bots import bots
from tests.faults.judge import rows
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.world import MORNING, Somebody, World

pytestmark = pytest.mark.wire

CROWD = [f"n{number:02}" for number in range(45)]
"""Enough for three calls of a broadcast."""
BIG_CITY: JSON = {
    **CITY,
    "people": [*CITY["people"], *({"staffId": who, "name": f"群众{who}", "title": "紫金街道"} for who in CROWD)],
}
FIRST_REMINDER = datetime.fromisoformat("2022-05-23T09:30:30+08:00")
SEND = "/v1.0/robot/oToMessages"


class Hands:
    """The bot's clock, moved by hand: real time and what was added."""

    def __init__(self, start: str = START) -> None:
        self.moved = datetime.fromisoformat(start) - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def to(self, moment: datetime) -> None:
        self.moved = moment - datetime.now(UTC)


@contextmanager
def gateway(folder: Path, **options: Any) -> Iterator[SandboxProcess]:
    weather = {"clock_start": START, "glide_seconds": 0.01, "redeliver_seconds": 0.5, "redeliver_times": 1000}
    with sandbox(BIG_CITY, folder / "gateway", **(weather | options)) as box:
        yield box


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    with gateway(tmp_path) as running_gateway:
        yield running_gateway


def crowded(box: SandboxProcess, folder: Path) -> None:
    """45 more colleagues in the roster."""
    base = furnished(settings(box, folder))
    with base.database.session() as session:
        unit = next(one for one in roster.units(session) if one.code == "331102001")
        for who in CROWD:
            roster.add_person(session, staff_id=who, name=f"群众{who}", unit_id=unit.id or 0, at=MORNING)
    base.database.close()


def reminded(box: SandboxProcess) -> Counter[int]:
    """How many of the crowd saw how many reminders."""
    return Counter(len(box.replies(who)) for who in CROWD)


def states(folder: Path, topic: str) -> Counter[str]:
    return Counter(state for (state,) in rows(folder, "select state from outgoing where topic = ?", topic))


def of_bulk(folder: Path) -> Counter[str]:
    return Counter(state for (state,) in rows(folder, "select state from outgoing where bulk"))


def ended(folder: Path) -> bool:
    left = rows(folder, "select 1 from outgoing where state in ('waiting', 'sending') limit 1")
    return not left and bool(rows(folder, "select 1 from outgoing where topic = 'reminder' limit 1"))


# ---------------------------------------------------------------- the platform


async def test_the_gateway_is_away_for_ten_minutes(tmp_path: Path) -> None:
    """An answer and a reminder fall into the time without it; both arrive after it, once."""
    clock = Hands()
    with gateway(tmp_path) as first:
        port = urlsplit(first.url).port
        crowded(first, tmp_path)
        bot = running(first, tmp_path, clock=clock)
        await bot.__aenter__()
        await talk(first, "qian", HELLO)
        await asyncio.to_thread(first.http.close)
    try:
        clock.to(FIRST_REMINDER)
        await seen(lambda: states(tmp_path, "reminder")["waiting"] or None)
        clock.to(FIRST_REMINDER + timedelta(minutes=10))
        with gateway(tmp_path, port=port) as again:
            again.say("qian", "都没有")
            await seen(lambda: ended(tmp_path) or None)
            assert reminded(again) == {1: len(CROWD)}
            assert "没有接触的也请看一眼" in "".join(m["text"] for m in await heard(again, "qian", 3))
            clock.to(FIRST_REMINDER + timedelta(hours=1))
            assert await quiet(again, CROWD[0], 1, seconds=0.5)
    finally:
        await bot.__aexit__(None, None, None)
    assert states(tmp_path, "reminder") == {"sent": states(tmp_path, "reminder")["sent"]}


async def test_the_token_expires_in_the_middle_of_a_broadcast(box: SandboxProcess, tmp_path: Path) -> None:
    crowded(box, tmp_path)
    clock = Hands()
    async with running(box, tmp_path, clock=clock, qps=4.0):
        await talk(box, "qian", HELLO)
        clock.to(FIRST_REMINDER)
        await seen(lambda: reminded(box)[1] or None)
        box.fault("token_expire")
        await seen(lambda: ended(tmp_path) or None)
        assert reminded(box) == {1: len(CROWD)}
    assert set(states(tmp_path, "reminder")) == {"sent"}


@pytest.mark.parametrize(("fault", "taken"), [("http_500", True), ("http_500", False), ("hang", True)])
async def test_a_call_of_a_broadcast_gets_no_answer(
    box: SandboxProcess, tmp_path: Path, fault: str, *, taken: bool
) -> None:
    """Whether it was carried out cannot be known: its letters are listed, and none of them goes twice."""
    crowded(box, tmp_path)
    clock = Hands()
    async with running(box, tmp_path, clock=clock, http_timeout=2.0 if fault == "hang" else 30.0):
        await talk(box, "qian", HELLO)
        box.fault(fault, count=1, path=SEND, seconds=4.0, after=taken)
        clock.to(FIRST_REMINDER)
        await seen(lambda: ended(tmp_path) or None)
        await asyncio.sleep(0.3)
        clock.to(FIRST_REMINDER + timedelta(minutes=30))
        await asyncio.sleep(0.5)
        found, counts = of_bulk(tmp_path), reminded(box)
    assert found["doubtful"] in range(1, 21)
    assert found["waiting"] == found["refused"] == 0
    assert counts[2] == 0, "somebody was reminded twice"
    assert counts[0] == 0 if taken else counts[0] <= found["doubtful"], (counts, found)


# ---------------------------------------------------------------- the database


async def test_a_locked_database(box: SandboxProcess, tmp_path: Path) -> None:
    """Longer than anybody waits for the lock: not acked, pushed again, stored once."""
    async with running(box, tmp_path):
        await talk(box, "qian", HELLO)
        await seen(lambda: not rows(tmp_path, "select 1 from outgoing where state != 'sent'"))
        with closing(sqlite3.connect(tmp_path / "zicha.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            box.say("qian", "1")
            await asyncio.sleep(5.0)
            assert not box.messages("qian")[-1]["read"]
            other.execute("ROLLBACK")
        assert "没有接触的也请看一眼" in (await heard(box, "qian", 2))[-1]["text"]
        assert await quiet(box, "qian", 2, seconds=0.6)
    assert rows(tmp_path, "select count(*) from inbound") == [(2,)]


def test_a_full_disk_and_room_again(tmp_path: Path) -> None:
    """The system takes no more of the file, then it does: the process that runs goes on by itself."""
    with sandbox(CITY, tmp_path / "gateway", redeliver_seconds=0.5, redeliver_times=1000) as box:
        data = tmp_path / "data"
        moved_in(box, data)
        with bots(box, data) as some:
            bot = some.start(ZICHA_DEADLINE="2100-01-01")
            box.say("qian", HELLO)
            box.until(lambda: box.replies("qian"))
            box.until(lambda: not rows(data, "select 1 from outgoing where state != 'sent'"))
            _, most = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, ((data / "zicha.sqlite3-wal").stat().st_size, most))
            box.say("qian", NIL_WALK[1])
            box.until(lambda: len(box.ledger("redeliver")) >= 3)
            assert [m["read"] for m in box.messages("qian") if m["mine"]] == [True, False]
            assert len(box.replies("qian")) == 1
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, most))
            box.until(lambda: len(box.replies("qian")) >= 2)
            for number, words in enumerate(NIL_WALK[2:], 3):
                box.say("qian", words)
                box.until(lambda n=number: len(box.replies("qian")) >= n)
            assert not bot.ended.is_set(), "it goes on by itself"
            bot.stop()
    assert rows(data, "select count(*), count(distinct msg_id) from inbound") == [(4, 4)]
    assert rows(data, "select count(*) from submission") == [(1,)]


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_sqlite_gets_no_more_pages(world: World) -> None:
    """The other way to be full. Nothing of the message stays, what was there is there, and its copy is the first."""
    qian, most = world.person("qian", "钱大海"), [1 << 30]
    qian.says(HELLO)

    @event.listens_for(world.database.engine, "begin")
    def small(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most[0]}")

    most[0] = 1  # SQLite takes it for the pages there are
    refused = next((n for n in range(200) if not _takes(qian, f"full{n}")), None)
    assert refused is not None, "two hundred messages found room"
    inbox = [msg_id for msg_id, *_ in world.facts()["inbox"]]
    assert f"full{refused}" not in inbox
    assert len([m for m in inbox if m.startswith("full")]) == refused
    most[0] = 1 << 30
    assert qian.says("说明", msg_id=f"full{refused}")
    assert qian.says("说明", msg_id=f"full{refused}") == "", "its copy"


def _takes(who: Somebody, msg_id: str) -> bool:
    try:
        return bool(who.says("说明", msg_id=msg_id))
    except DatabaseFailure as error:
        return "full" not in str(error)


# ---------------------------------------------------------------- clocks and processes


async def test_the_clock_jumps_forward_and_back(box: SandboxProcess, tmp_path: Path) -> None:
    crowded(box, tmp_path)
    clock = Hands()
    async with running(box, tmp_path, clock=clock):
        await talk(box, "qian", HELLO)
        clock.to(FIRST_REMINDER)
        await seen(lambda: reminded(box)[1] == len(CROWD) or None)
        told = len(box.replies("qian"))
        for moment in (FIRST_REMINDER + timedelta(days=1), FIRST_REMINDER, FIRST_REMINDER - timedelta(days=3)):
            clock.to(moment)
            box.say("qian", HELLO)
            await heard(box, "qian", told := told + 1)
        clock.to(FIRST_REMINDER)
        await asyncio.sleep(0.5)
        assert reminded(box) == {1: len(CROWD)}, "the same moment came again and was told again"
    assert set(states(tmp_path, "reply")) == {"sent"}


def test_a_second_process_on_the_same_file_from_another_folder(tmp_path: Path) -> None:
    """Both were told the same database, each with a data folder of its own."""
    with sandbox(CITY, tmp_path / "gateway") as box:
        data, other = tmp_path / "data", tmp_path / "other"
        moved_in(box, data)
        other.mkdir()
        named = {"ZICHA_DATABASE_URL": f"sqlite:///{data / 'zicha.sqlite3'}", "ZICHA_KEY_FILE": str(data / "zicha.key")}
        with bots(box, data) as some:
            bot = some.start(ZICHA_DEADLINE="2100-01-01", **named)
            second = zicha("run", cwd=other, env={**environment(box, other), **named})
            assert second.returncode == 1
            assert "another zicha is running on this data" in second.stderr
            assert "Traceback" not in second.stderr
            assert not bot.ended.is_set()
            bot.kill()
            third = some.start(ZICHA_DEADLINE="2100-01-01", **named)
            assert not third.ended.is_set(), "a killed process still holds the lock"
            third.stop()
