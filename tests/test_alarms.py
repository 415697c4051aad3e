"""Alarms: the operator hears of a trouble once an hour, in their own chat, and a full disk does not swallow it."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from bot import alarms
from bot.alarms import Alarms, Kind
from bot.threads import DatabaseThread
from handlers.messages import Address, ChatKind, Text, from_json
from storage.models import Outgoing
from tests.world import MORNING, World

STREAM = "连不上钉钉已经 5 分钟，请检查网络"


@pytest.fixture
def thread() -> Iterator[DatabaseThread]:
    thread = DatabaseThread()
    yield thread
    thread.close()


class Duty:
    """The operator's alarms on a world's database, by a clock of its own."""

    def __init__(self, world: World, thread: DatabaseThread, to: str = "ops") -> None:
        self.world, self.now, self.woken = world, MORNING, 0
        self.alarms = Alarms(
            to=alarms.recipients(to), database=world.database, thread=thread, now=self.clock, wake=self._wake
        )

    def clock(self) -> datetime:
        return self.now

    def _wake(self) -> None:
        self.woken += 1

    def letters(self) -> list[Outgoing]:
        with self.world.database.reading() as session:
            return list(session.exec(select(Outgoing).where(Outgoing.topic == "alarm")).all())


def test_who_is_told() -> None:
    assert alarms.recipients("") == ()
    assert alarms.recipients(" ops , cidX== ,robot:3") == (
        Address("dingtalk", ChatKind.DIRECT, "ops"),
        Address("dingtalk", ChatKind.GROUP, "cidX=="),
        Address("robot", ChatKind.GROUP, "3"),
    )


async def test_one_of_a_kind_and_hour(world: World, thread: DatabaseThread) -> None:
    duty = Duty(world, thread)
    for minutes in (0, 5, 10):
        duty.now = MORNING + timedelta(minutes=minutes)
        duty.alarms.raise_(Kind.STREAM, f"{STREAM}（{minutes}）")
        assert await duty.alarms.flush()
    duty.alarms.raise_(Kind.DOUBTFUL, "存疑的消息有 20 条")
    await duty.alarms.flush()
    assert [letter.lane for letter in duty.letters()] == ["dingtalk:direct:ops"] * 2
    assert duty.woken == 2
    duty.now = MORNING + timedelta(hours=1)
    duty.alarms.raise_(Kind.STREAM, STREAM)
    await duty.alarms.flush()
    assert len(duty.letters()) == 3
    body = from_json(duty.letters()[0].body)
    assert isinstance(body, Text)
    assert STREAM in body.markdown


async def test_a_restart_tells_nothing_twice(world: World, thread: DatabaseThread) -> None:
    for _ in range(2):
        duty = Duty(world, thread)
        duty.alarms.raise_(Kind.DISK, "磁盘快满了")
        await duty.alarms.flush()
    assert len(duty.letters()) == 1


async def test_a_database_that_takes_nothing_gets_it_later(
    world: World, thread: DatabaseThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = Duty(world, thread)
    duty.alarms.raise_(Kind.DISK, "磁盘快满了")
    with monkeypatch.context() as patch:
        full = OperationalError("INSERT", {}, Exception("database or disk is full"))
        patch.setattr(world.database, "session", lambda: (_ for _ in ()).throw(full))
        assert not await duty.alarms.flush()
    assert duty.letters() == []
    assert await duty.alarms.flush()
    assert len(duty.letters()) == 1


async def test_without_anybody_to_tell_it_is_logged(
    world: World, thread: DatabaseThread, caplog: pytest.LogCaptureFixture
) -> None:
    duty = Duty(world, thread, to="")
    with caplog.at_level(logging.ERROR):
        duty.alarms.raise_(Kind.STREAM, STREAM)
    await duty.alarms.flush()
    assert [(getattr(r, "action", ""), r.getMessage()) for r in caplog.records] == [("alarm.stream", STREAM)]
    assert duty.letters() == []


def test_with_a_transaction_at_hand_it_commits_with_it(world: World) -> None:
    to = alarms.recipients("ops")
    try:
        with world.database.session() as session:
            assert alarms.post(session, Kind.QUOTA, "本月额度用完了", to=to, now=MORNING) == 1
            raise RuntimeError("rolled back")
    except RuntimeError:
        pass
    with world.database.session() as session:
        assert alarms.post(session, Kind.QUOTA, "本月额度用完了", to=to, now=MORNING) == 1
        assert alarms.post(session, Kind.QUOTA, "本月额度用完了", to=to, now=MORNING) == 0


async def test_numbers_are_starred_whatever_was_raised(world: World, thread: DatabaseThread) -> None:
    duty = Duty(world, thread)
    duty.alarms.raise_(Kind.FAULTS, "号码 13800001234 的处理出错")
    await duty.alarms.flush()
    assert "13800001234" not in duty.letters()[0].body


async def test_it_runs_until_it_is_told_to_stop(world: World, thread: DatabaseThread) -> None:
    duty = Duty(world, thread)
    running = asyncio.create_task(duty.alarms.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running], timeout=60)
    assert running.cancelled()
