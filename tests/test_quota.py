"""The month's quota: counted, shown, warned about; and the brake that holds bulk back."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import quota as counting
from bot.quota import Quota
from bot.threads import DatabaseThread
from handlers import quota as talk
from handlers.means import Means
from handlers.messages import Address, ChatKind, Content
from storage import quota
from storage.quota import Unit
from tests.bot_process import seen, typing_at
from tests.conftest import Worlds
from tests.world import World

SMALL = Means(api_a_month=10, stream_a_month=1000)


def counter(world: World, told: list[str], means: Means = SMALL) -> Quota:
    return Quota(
        database=world.database,
        campaigns=world.campaigns,
        thread=DatabaseThread(),
        now=lambda: world.now,
        means=means,
        warn_at=0.8,
        alarm=told.append,
    )


def used(world: World, month: str = "2022-05") -> dict[Unit, int]:
    with world.database.reading() as session:
        return quota.used(session, month, talk.CHANNEL)


async def test_what_is_counted_is_written_down_once(new_world: Worlds) -> None:
    world = new_world()
    one, other = counter(world, []), counter(world, [])
    for _ in range(3):
        one.count(Unit.API)
    other.count(Unit.API)
    other.count(Unit.INBOUND)
    for meter in (one, other, one):
        await meter.flush()
    assert used(world) == {Unit.API: 4, Unit.INBOUND: 1, Unit.WEBHOOK: 0, Unit.WITHHELD: 0}


async def test_the_months_are_those_of_the_country(world: World) -> None:
    meter = counter(world, [])
    world.now = world.now.replace(month=5, day=31, hour=23, minute=59)
    meter.count(Unit.API)
    await meter.flush()
    world.now += timedelta(minutes=2)
    meter.count(Unit.API)
    await meter.flush()
    assert (used(world)[Unit.API], used(world, "2022-06")[Unit.API]) == (1, 1)


async def test_the_operator_is_warned_before_the_end_and_at_it_once_each(world: World) -> None:
    told: list[str] = []
    meter, second = counter(world, told), counter(world, told)
    for n in range(1, 13):
        meter.count(Unit.API)
        await meter.flush()
        second.count(Unit.INBOUND)
        await second.flush()
        assert len(told) == (n >= 8) + (n >= 10)
    assert "快用完" in told[0]
    assert "8 / 10" in told[0]
    assert "已用完" in told[1]
    world.now += timedelta(days=20)
    for _ in range(8):
        meter.count(Unit.API)
    await meter.flush()
    assert len(told) == 3, "a new month, a new warning"


async def test_a_count_that_cannot_be_written_is_not_lost(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = counter(world, [])
    meter.count(Unit.API)
    with monkeypatch.context() as broken:
        broken.setattr(quota, "add", lambda *a: 1 / 0)
        await meter.flush()
    meter.count(Unit.API)
    await meter.flush()
    assert used(world)[Unit.API] == 2


async def test_in_the_rush_it_is_written_down_sooner(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill costs no more than so many, however many come in a second."""
    monkeypatch.setattr(counting, "_EVERY", 60.0)
    meter = counter(world, [])
    running = asyncio.create_task(meter.run())
    for _ in range(counting.MOST - 1):
        meter.count(Unit.INBOUND)
    await asyncio.sleep(0.1)
    assert used(world)[Unit.INBOUND] == 0
    meter.count(Unit.WEBHOOK)
    await seen(lambda: used(world)[Unit.WEBHOOK] == 1)
    assert used(world)[Unit.INBOUND] == counting.MOST - 1
    meter.count(Unit.API)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert used(world)[Unit.API] == 1, "a clean end loses nothing"


async def test_a_database_that_is_locked_is_not_asked_again_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []
    monkeypatch.setattr(quota, "add", lambda *_: tried.append(1) or 1 / 0)
    meter = counter(world, [])
    running = asyncio.create_task(meter.run())
    for number in range(counting.MOST + 50):
        meter.count(Unit.INBOUND)
        if number >= counting.MOST:
            await asyncio.sleep(0.001)
    assert len(tried) == 1
    monkeypatch.undo()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert used(world)[Unit.INBOUND] == counting.MOST + 50


async def test_what_is_pushed_is_billed_and_what_came_without_its_text_is_an_alarm(world: World) -> None:
    told: list[str] = []
    meter = counter(world, told, Means())
    world.person("zhang").says("你好")
    meter.received(world.delivered[-1])
    meter.received(world.delivered[-1])
    meter.received(replace(world.delivered[-1], content=Content.WITHHELD, text=""))
    meter.received(replace(world.delivered[-1], chat=Address("zhezhengding", ChatKind.DIRECT, "x")))
    await meter.flush()
    assert (used(world)[Unit.INBOUND], used(world)[Unit.WITHHELD]) == (3, 1), "copies are billed, another platform not"
    assert "20001" in told[0]
    assert "1 条消息因为额度用完没有带内容" in world.person("wu").says("额度")


async def test_the_city_sees_the_month_and_others_do_not(world: World) -> None:
    meter = counter(world, [])
    meter.count(Unit.API)
    meter.count(Unit.WEBHOOK)
    await meter.flush()
    told = world.person("wu").says("额度")
    assert "接口调用 1 / 5,000（0%）" in told
    assert "用 webhook 回复 1 条" in told
    for other in ("zhou", "wang", "zhang"):
        assert "5,000" not in world.person(other).says("额度")


# ---------------------------------------------------------------- on the command line


def test_the_brake_is_put_on_and_let_go(tmp_path: Path) -> None:
    with typing_at(tmp_path) as typed:
        assert "已停" in typed("outbox", "pause", "--why", "等通知改好").output
        assert "群发和提醒停着，直到 zicha outbox go-on：等通知改好" in typed("outbox").output
        assert "等通知改好" in typed("quota").output
        assert "接着发" in typed("outbox", "go-on").output
        assert "没有停过" in typed("outbox", "go-on").output
        assert "接口调用 0 / 5,000（0%）" in typed("quota").output


def letter(folder: Path, key: str, state: str, topic: str = "reminder") -> None:
    with closing(sqlite3.connect(folder / "zicha-data/zicha.sqlite3")) as database, database:
        database.execute(
            "INSERT INTO outgoing (key, lane, channel, bulk, batch, parcel, topic, body, state, not_before, attempts,"
            " receipt, trouble) VALUES (?, 'dingtalk:direct:p', 'dingtalk', 1, 'b', 'k', ?, 'SECRET', ?,"
            " '2022-05-18 01:00:00', 1, '', 'ReadTimeout: no answer')",
            (key, topic, state),
        )


def states(folder: Path) -> dict[str, str]:
    with closing(sqlite3.connect(folder / "zicha-data/zicha.sqlite3")) as database:
        return dict(database.execute("SELECT key, state FROM outgoing").fetchall())


def test_what_is_doubtful_is_seen_sent_again_or_dropped(tmp_path: Path) -> None:
    with typing_at(tmp_path) as typed:
        typed("outbox")
        for key, state, topic in (
            ("a", "doubtful", "reminder"),
            ("b", "doubtful", "nudge"),
            ("c", "refused", "nudge"),
            ("d", "sent", "nudge"),
        ):
            letter(tmp_path, key, state, topic)
        told = typed("outbox").output
        assert [line.split()[0] for line in told.splitlines()[1:]] == ["3", "2", "1"]
        assert "SECRET" not in told
        assert typed("outbox", "--state", "sent").output.splitlines()[1].split()[0] == "4"
        assert len(typed("outbox", "--topic", "nudge").output.splitlines()) == 3
        assert typed("outbox", "resend").exit_code == 1
        assert "等着重发 1 条。另外 1 条" in typed("outbox", "resend", "1", "4").output
        assert "放弃了 1 条" in typed("outbox", "drop", "--state", "doubtful").output
        assert states(tmp_path) == {"a": "waiting", "b": "withdrawn", "c": "refused", "d": "sent"}
        assert "等着重发 1 条" in typed("outbox", "resend", "--state", "refused", "--topic", "nudge").output
    with closing(sqlite3.connect(tmp_path / "zicha-data/zicha.sqlite3")) as database:
        audited = database.execute("SELECT actor, action, detail FROM audit ORDER BY id").fetchall()
    assert audited == [
        ("operator", "outbox.resend", "1 of 2"),
        ("operator", "outbox.drop", "1 of 1"),
        ("operator", "outbox.resend", "1 of 1"),
    ]
