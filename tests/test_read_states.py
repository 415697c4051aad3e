"""Whether reminders were read: asked within the platform's day and the day's budget, shown beside the unfinished."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels import DeliveryError, Later, Refused
from bot.channels.dingtalk import DingTalk, Sessions
from bot.read_states import ReadStates
from bot.threads import DatabaseThread
from storage import brakes, delivery, read_states
from tests.bot_process import CITY, running, seen, settings, talk
from tests.sandbox_process import SandboxProcess, sandbox
from tests.test_reminders import at, everybody_is_done
from tests.test_wire import rows
from tests.world import World


class AtOnce(DatabaseThread):
    """The test's own thread will do."""

    async def run(self, work):  # type: ignore[no-untyped-def, override]
        return work()


class Platform:
    """Answers what it was told to, and notes what it was asked."""

    def __init__(self, *readers: str, trouble: DeliveryError | None = None) -> None:
        self.readers, self.trouble, self.asked = {*readers}, trouble, list[str]()
        self.people: dict[str, list[str]] = {}

    async def ask(self, receipt: str) -> dict[str, bool]:
        self.asked.append(receipt)
        if self.trouble:
            raise self.trouble
        return {who: who in self.readers for who in self.people[receipt]}


def reader(world: World, platform: Platform, a_day: int = 100) -> ReadStates:
    return ReadStates(
        ask=platform.ask,
        database=world.database,
        campaigns=world.campaigns,
        thread=AtOnce(),
        now=lambda: world.now,
        a_day=a_day,
    )


def sent(world: World, platform: Platform, *, together: int = 20) -> None:
    """The postman's work: what waits goes out, so many people in a call, each call with a receipt."""
    letters = [letter for letter in world.due() if letter.lane.startswith("dingtalk:direct:")]
    with world.database.session() as session:
        for start in range(0, len(letters), together):
            some, receipt = letters[start : start + together], f"key+{start}/{world.now:%d%H%M}=="
            read_states.note(session, some, receipt, at=world.now)
            platform.people[receipt] = [letter.lane.rsplit(":", 1)[1] for letter in some]


def reminded(world: World, platform: Platform, *, together: int = 20) -> None:
    world.now = at("2022-05-27 15:00")
    world.tick()
    sent(world, platform, together=together)


# ---------------------------------------------------------------- asking


async def test_a_call_is_asked_about_twice_within_the_platforms_day(world: World) -> None:
    platform = Platform("qian")
    reading = reader(world, platform)
    reminded(world, platform)
    assert await reading.round() == 0, "people have not had the time"
    world.now += timedelta(hours=2)
    assert await reading.round() == 1
    assert await reading.round() == 0
    world.now += timedelta(hours=3)
    assert await reading.round() == 0
    platform.readers |= {"li"}
    world.now = at("2022-05-28 12:30")
    assert await reading.round() == 1, "once more before the platform forgets"
    world.now = at("2022-05-28 14:55")
    assert await reading.round() == 0
    with world.database.reading() as session:
        assert read_states.of_unit(session, world.campaign.id, "/", 8) == read_states.Readers(2, 6, 0)
    world.now = at("2022-05-28 15:01")
    await reading.round()
    with world.database.reading() as session:
        assert read_states.due(session, world.campaign.id, world.now, first=timedelta(), last=timedelta(), most=9) == []
    assert len(platform.asked) == 2


async def test_calls_where_everybody_has_finished_or_read_are_not_asked_about(world: World) -> None:
    platform = Platform("qian", "li")
    reading = reader(world, platform)
    reminded(world, platform, together=1)
    everybody_is_done(world, "qian")
    world.now = at("2022-05-27 17:10")
    assert await reading.round() == 7, "not about the one who has finished"
    world.now = at("2022-05-28 12:30")
    assert await reading.round() == 6, "nor again about the one who has read"


async def test_no_more_calls_than_the_day_allows(world: World) -> None:
    platform = Platform()
    reminded(world, platform, together=1)
    world.now = at("2022-05-27 17:10")
    assert await reader(world, platform, a_day=0).round() == 0, "switched off"
    assert await reader(world, platform, a_day=3).round() == 3
    assert await reader(world, platform, a_day=3).round() == 0, "also after a restart"
    world.now = at("2022-05-28 00:10")
    assert await reader(world, platform, a_day=3).round() == 3, "the oldest that were not asked about yet"
    assert len({*platform.asked}) == 6


async def test_two_processes_do_not_ask_the_same(world: World) -> None:
    platform = Platform()
    reminded(world, platform, together=1)
    world.now = at("2022-05-27 17:10")
    one, other = reader(world, platform), reader(world, platform)
    assert sum(await asyncio.gather(one.round(), other.round())) == 8
    assert len({*platform.asked}) == len(platform.asked) == 8


async def test_trouble_is_tried_again_and_a_refusal_is_not(world: World) -> None:
    platform = Platform(trouble=Later("busy", 1.0))
    reading = reader(world, platform)
    reminded(world, platform)
    world.now += timedelta(hours=3)
    assert await reading.round() == 0
    platform.trouble = Refused("no permission")
    assert await reading.round() == 1
    assert await reading.round() == 0
    with world.database.reading() as session:
        assert read_states.of_people(session, world.campaign.id, list(range(20))) == {}, "unknown stays unknown"


async def test_the_brake_holds_it_too(world: World) -> None:
    platform = Platform()
    reminded(world, platform)
    world.now += timedelta(hours=3)
    with world.database.session() as session:
        brakes.pause(session, "测试", at=world.now)
    assert await reader(world, platform).round() == 0


# ---------------------------------------------------------------- what is noted


def test_replies_groups_and_other_platforms_are_passed_over(world: World) -> None:
    def letter(lane: str, topic: str, key: str) -> delivery.Claimed:
        return delivery.Claimed(id=1, key=key, lane=lane, topic=topic, body="", attempts=1, parcel="")

    with world.database.session() as session:
        some = [
            letter("dingtalk:direct:qian", "reply", "robot/m1#0"),
            letter("dingtalk:group:cid", "reminder", f"{world.campaign.id}/remind/2022-05-23T09:30/gcid"),
            letter("zhezhengding:direct:7", "reminder", f"{world.campaign.id}/remind/2022-05-23T09:30/p3"),
        ]
        read_states.note(session, some, "receipt", at=world.now)
        later = world.now + timedelta(hours=3)
        assert read_states.due(session, world.campaign.id, later, first=timedelta(), last=timedelta(), most=9) == []


async def test_a_newer_reminder_is_not_known_until_it_is_asked_about(world: World) -> None:
    platform = Platform("qian")
    reading = reader(world, platform)
    world.now = at("2022-05-25 09:30")
    world.tick()
    sent(world, platform)
    world.now += timedelta(hours=3)
    await reading.round()
    assert "钱大海（已读）" in world.person("sun").says("名单")
    world.due()
    reminded(world, platform)
    assert "钱大海（" not in world.person("sun").says("名单")


# ---------------------------------------------------------------- what is shown


@pytest.fixture
async def known(world: World) -> World:
    """It is known of 莲都 that 张三丰 has read and 李小四 has not."""
    platform = Platform("zhang")
    reminded(world, platform, together=1)
    for receipt, people in list(platform.people.items()):
        if not {*people} & {"zhang", "li"}:
            with world.database.session() as session:
                read_states.take(session, read_states.Batch(world.campaign.id, receipt, None), at=world.now)
    world.now += timedelta(hours=3)
    await reader(world, platform).round()
    return world


async def test_it_stands_beside_the_unfinished_in_the_list(known: World) -> None:
    said = known.person("wang").says("名单")
    assert "张三丰（已读）" in said
    assert "李小四（未读）" in said
    assert "王雅芳" in said
    assert "王雅芳（" not in said
    assert "没标的还不知道" in said
    assert "读过不等于填过" in said


async def test_it_is_counted_in_the_coordinators_figures_and_nobody_is_ranked(known: World) -> None:
    said = known.person("zhou").says("进度")
    assert "未完成的人里，最近一次提醒：已读 1 人，未读 1 人，还不知道 3 人（读过不等于填过）。" in said
    assert not any(name in said for name in ("张三丰", "李小四"))
    everybody_is_done(known, "zhang")
    assert "已读 0 人，未读 1 人，还不知道 3 人" in known.person("zhou").says("进度")


async def test_people_see_themselves_what_is_kept_of_it(known: World) -> None:
    assert "**提醒**：最近一次已读" in known.person("zhang").says("我的数据")
    assert "**提醒**" not in known.person("qian").says("我的数据")


def test_where_nothing_is_known_nothing_is_said(world: World) -> None:
    assert "已读" not in world.person("zhou").says("进度")
    assert "已读" not in world.person("wang").says("名单")


# ---------------------------------------------------------------- the wire


async def test_the_platform_is_asked_by_receipt(tmp_path: Path) -> None:
    """From the reminder that goes out to the mark in the list, through the wire."""
    with sandbox(CITY, tmp_path / "box", clock_start="2022-05-27T14:58:00+08:00", glide_seconds=0.01) as box:
        config = settings(box, tmp_path)
        clock = _Moved("2022-05-27T14:58:00+08:00")
        async with running(box, tmp_path, clock=clock) as app:
            await talk(box, "sun", "你好")
            await clock.moves(box, minutes=3)
            await seen(lambda: [m for m in box.replies("qian") if "就截止了" in m["text"]])
            await seen(lambda: len(rows(tmp_path, "select person_id from read_state")) == 8 or None)
            await asyncio.to_thread(box.read, "qian")
            await clock.moves(box, minutes=150)
            assert await app._read_states.round() == 2  # two texts: begun, and not
            shown = await talk(box, "sun", "名单")
            assert "钱大海（已读）" in shown
            assert "孙文静（未读）" in shown or "孙文静（已读）" in shown
        asked = [entry for entry in box.ledger("api") if "readStatus" in entry["detail"]["path"]]
        assert len(asked) == 2
        api = DingTalk(config, Sessions(), clock)
        try:
            with pytest.raises(Refused):
                await api.read_status("unknown")
        finally:
            await api.close()
        assert box.ledger("violation") == []


class _Moved:
    """Real time and an offset: the gateway's clock and the bot's are moved together."""

    def __init__(self, start: str) -> None:
        self._now = lambda: datetime.now(UTC)
        self._offset = datetime.fromisoformat(start) - self._now()

    def __call__(self) -> datetime:
        return self._now() + self._offset

    async def moves(self, box: SandboxProcess, *, minutes: int) -> None:
        self._offset += timedelta(minutes=minutes)
        await asyncio.to_thread(box.clock, advance=minutes * 60.0)
