"""A small city lives through a campaign in fast time: real bot, real gateway, kills and faults; its books agree."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.simulation import cost, plots
from bot.simulation.agenda import Agenda
from bot.simulation.believed import Belief
from bot.simulation.gateway import Gateway, Json
from bot.simulation.matters import CAMPAIGN, draw, id_number
from bot.simulation.reading import NUDGE, UNFINISHED, Reader, Sort
from bot.simulation.report import BOOKS, REPORT
from bot.simulation.temper import ZONE, Character, Hand, Matter, Temper, character, is_working_day
from bot.simulation.town import PEOPLE, UNITS, town, world
from handlers.campaign import id_number as numbers
from handlers.campaign import loading
from handlers.texts import figures
from storage.rows import Role, UnitKind
from tests.bot_process import bare_environment, typing_at, zicha
from tests.sandbox_process import CLIENT_ID, sandbox

DEADLINE = date(2022, 5, 30)


@pytest.mark.wire
@pytest.mark.timeout(600)
def test_a_small_city_from_the_first_day_to_the_last(tmp_path: Path) -> None:
    words = (
        "--people",
        "80",
        "--days",
        "3",
        "--seed",
        "7",
        "--restarts",
        "2",
        "--faults",
        "8",
        "--at-once",
        "32",
        "--out",
        "run",
    )
    done = zicha("simulate", *words, cwd=tmp_path, timeout=580)
    assert done.returncode == 0, done.stdout + done.stderr
    books = json.loads((tmp_path / "run" / BOOKS).read_text(encoding="utf-8"))
    assert books["good"] is True
    assert books["killed"] == books["stopped"] == 1
    assert sum(books["faults"].values()) == 8
    assert 60 < books["finished"] < 80
    assert {*books["cost"]} == {"nil", "row", "rows"}
    assert books["cost"]["nil"]["typical"] == 4
    report = (tmp_path / "run" / REPORT).read_text(encoding="utf-8")
    assert "账都对得上" in report
    for name in plots.FILES:
        assert (tmp_path / "run" / name).read_bytes().startswith(b"\x89PNG")
        assert name in report


@pytest.mark.wire
def test_nothing_outlives_a_simulation_that_is_killed(tmp_path: Path) -> None:
    out = str(tmp_path / "run")
    words = [sys.executable, "-m", "bot", "simulate", "--people", "40", "--days", "2", "--out", out]
    with subprocess.Popen(words, cwd=tmp_path, env=bare_environment()) as running:
        try:
            _until(lambda: len(_mentioning(out)) == 2, within=120)
        finally:
            running.kill()
    _until(lambda: not _mentioning(out), within=60)


def _until(there: Callable[[], bool], within: float) -> None:
    end = time.monotonic() + within
    while not there():
        assert time.monotonic() < end
        time.sleep(0.1)


def _mentioning(words: str) -> list[str]:
    """The command lines of the gateway and the bot of a run."""
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True).stdout.splitlines()
    return [line for line in listed if words in line and ("bot.sandbox" in line or "bot.simulation.bot" in line)]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("precious")
    with typing_at(tmp_path) as typed:
        done = typed("simulate", "--out", "mine")
    assert done.exit_code == 1
    assert "--out" in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "there", lambda: False)
    with typing_at(tmp_path) as typed:
        done = typed("simulate", "--out", "run")
    assert done.exit_code == 1
    assert "zicha[simulate]" in done.stderr
    assert not (tmp_path / "run").exists()


# ---------------------------------------------------------------- the town


@pytest.mark.parametrize("people", [40, 300, 5_000, PEOPLE])
def test_a_town_of_any_size_has_everybody_in_office(people: int) -> None:
    roster = town(people, 7)
    assert len(roster.people) == people
    assert len({one.staff_id for one in roster.people}) == people
    codes = {unit.code for unit in roster.units}
    assert all(unit.parent_code in codes for unit in roster.units if unit.kind is not UnitKind.CITY)
    assert {one.unit_code for one in roster.people if one.roles != {Role.STAFF}} == codes
    assert {unit.kind for unit in roster.units} == {UnitKind.CITY, UnitKind.COUNTY, UnitKind.TOWNSHIP, UnitKind.VILLAGE}


def test_the_whole_city_has_its_units_and_a_seed_gives_the_same_people() -> None:
    assert len(town(PEOPLE, 7).units) == UNITS
    assert town(500, 7) == town(500, 7) != town(500, 8)
    assert len(world(town(500, 7))["people"]) == 500


# ---------------------------------------------------------------- what people are like


def test_people_of_every_temper_and_matter_are_drawn() -> None:
    random = Random(7)
    first = DEADLINE - timedelta(days=11)
    them = [character(random, first=first, deadline=DEADLINE, officer=False) for _ in range(2_000)]
    assert {one.temper for one in them} == {*Temper}
    assert {one.matter for one in them} == {*Matter}
    begun = [one.begins for one in them if one.begins]
    assert all(first <= at.date() <= DEADLINE and is_working_day(at.date()) for at in begun)
    assert {one.begins.date() for one in them if one.temper is Temper.LAST and one.begins} == {DEADLINE}


def test_what_they_have_to_report_can_be_answered() -> None:
    campaign, random = loading.load(CAMPAIGN), Random(7)
    for matter in Matter:
        for serial in range(50):
            for key, values in draw(random, matter, deadline=DEADLINE, serial=serial).items():
                assert key.rpartition(".")[2] in campaign.by_id
                assert values


def test_id_numbers_are_valid_and_each_is_another() -> None:
    made = [id_number(serial) for serial in range(5_000)]
    assert len({*made}) == len(made)
    assert all(numbers.find(f"某某 {number}") for number in made[::97])


# ---------------------------------------------------------------- what they read


def test_each_question_is_known_by_its_words() -> None:
    campaign = loading.load(CAMPAIGN)
    reader = Reader(campaign)
    for question in campaign.singles:
        for ask in (question.ask, *(variant.ask for variant in question.variants)):
            read = reader.read(f"记下了：是。\n\n（2/6）{ask}", [], unasked=False)
            assert (read.sort, read.question) == (Sort.QUESTION, question.id)


def test_reminders_are_told_apart_and_a_reply_is_none() -> None:
    campaign = loading.load(CAMPAIGN)
    reader = Reader(campaign)
    for rule in campaign.reminders:
        for audience, words in rule.say.items():
            blanks = {"deadline", "days", "overdue", "state", "pledge", "units"} | {
                *("unit", "expected", "finished", "missing", "percent")
            }
            said = words.format(**dict.fromkeys(blanks, "3"))
            read = reader.read(said, [], unasked=True)
            assert read.sort is Sort.REMINDER
            assert read.audience == audience
            assert reader.read(said, [], unasked=False).sort is not Sort.REMINDER


def test_a_nudge_of_a_coordinator_is_a_reminder() -> None:
    campaign = loading.load(CAMPAIGN)
    said = figures.nudge(campaign, figures.state_of(begun=False), figures.signature("某某", Role.UNIT))
    read = Reader(campaign).read(said, [], unasked=True)
    assert (read.sort, read.rule, read.audience) == (Sort.REMINDER, NUDGE, UNFINISHED)


def test_a_receipt_and_a_lock_are_understood() -> None:
    reader = Reader(loading.load(CAMPAIGN))
    done = reader.read(
        "自查已提交，共2份数据，回执 **ZC-0518-0043**。\n\n承诺书已签署（2022-05-18）", [], unasked=False
    )
    assert (done.sort, done.receipt, done.signed) == (Sort.FINISHED, "ZC-0518-0043", True)
    assert reader.read("本单位的反馈表已经确认，要改请联系联络员退回。", [], unasked=False).sort is Sort.LOCKED


def test_buttons_are_read_from_cards_and_from_links() -> None:
    reader, tap = Reader(loading.load(CAMPAIGN)), "dtmd://dingtalkclient/sendMessage?content=1%20%E5%AF%B9%20%23x"
    for text, buttons in (("请核对", [["1 对", tap]]), (f"请核对\n\n[1 对]({tap})", [])):
        (option,) = reader.read(text, buttons, unasked=False).options
        assert (option.number, option.label, option.says) == ("1", "对", "1 对 #x")


# ---------------------------------------------------------------- the days


async def test_nothing_begins_before_all_that_comes_before_a_milestone_is_done() -> None:
    agenda, begun = Agenda(at_once=8), []
    noon = datetime(2022, 5, 30, 12, tzinfo=ZONE)

    async def deed(name: str, *, long: bool = False) -> None:
        if long:
            for _ in range(20):
                await asyncio.sleep(0)
        begun.append(name)

    agenda.milestone(noon)
    agenda.add(noon + timedelta(minutes=1), lambda: deed("after"))
    agenda.add(noon - timedelta(minutes=1), lambda: deed("before", long=True))
    agenda.add(noon + timedelta(hours=2), lambda: deed("much later"))
    assert await agenda.work_off(noon + timedelta(hours=1)) == 2
    assert begun == ["before", "after"]
    assert agenda.next == noon + timedelta(hours=2)


async def test_what_fails_is_told_as_it_is() -> None:
    agenda, noon = Agenda(at_once=2), datetime(2022, 5, 30, 12, tzinfo=ZONE)

    async def fails() -> None:
        raise OSError("no room")

    agenda.add(noon, fails)
    with pytest.raises(OSError, match="no room"):
        await agenda.work_off(noon + timedelta(hours=1))


def test_costs_share_a_call_among_those_who_heard_by_it() -> None:
    drawn = Character(temper=Temper.PROMPT, matter=Matter.NIL, hand=Hand.TAPS, begins=None, stops=False)
    people = [
        Belief(staff_id=name, name="某某", unit="u", officer=False, character=drawn, receipt=receipt, said=said)
        for name, receipt, said in (("a", "ZC-1", ["1", "2"]), ("b", "ZC-2", ["3", "4", "5", "6"]), ("c", "", []))
    ]
    for one in people:
        one.calls["key"] = 1
    people[0].calls["own"] = 1
    people[0].by_webhook = 3
    found = cost.by_matter(people)
    assert {*found} == {Matter.NIL}, "who has not finished counts only where a call is shared"
    assert (found[Matter.NIL].people, found[Matter.NIL].inbound, found[Matter.NIL].typical) == (2, 3.0, 3.0)
    assert found[Matter.NIL].webhook == 1.5
    assert found[Matter.NIL].api == pytest.approx((1 + 1 / 3 + 1 / 3) / 2)


# ---------------------------------------------------------------- the line


@pytest.mark.wire
async def test_at_one_line_everybody_speaks_and_hears(tmp_path: Path) -> None:
    heard: list[Json] = []
    with sandbox(world(town(40, 7)), tmp_path) as box:
        line = Gateway(box.url, heard.append, lambda: datetime.now(ZONE))
        await line.open()
        try:
            said = await line.say("s000001", "你好")
            with pytest.raises(RuntimeError, match="没有这个人"):
                await line.say("nobody", "你好")
            content = {"msgKey": "sampleText", "msgParam": json.dumps({"content": "收到"})}
            body = {"robotCode": CLIENT_ID, "userIds": ["s000001", "s000002"], **content}
            assert (await asyncio.to_thread(box.call, "/v1.0/robot/oToMessages/batchSend", body)).status_code == 200
            async with asyncio.timeout(60):
                while len(heard) < 2:
                    await asyncio.sleep(0.01)
            totals = await line.totals()
        finally:
            await line.close()
    assert said.startswith("msg")
    assert {event["to"] for event in heard} == {"s000001", "s000002"}
    assert len({event["call"] for event in heard}) == 1
    assert {"path": "/v1.0/robot/oToMessages/batchSend", "status": 200, "refused": "", "count": 1} in totals["calls"]


@pytest.mark.wire
async def test_the_clock_is_turned_to_what_is_to_come_and_never_back(tmp_path: Path) -> None:
    with sandbox(world(town(40, 7)), tmp_path) as box:
        line = Gateway(box.url, lambda event: None, lambda: datetime.now(ZONE))
        try:
            passed = await line.clock()
            await asyncio.sleep(0.05)
            await line.turn_clock(passed)
            then = passed + timedelta(hours=2)
            await line.turn_clock(then)
            assert then - timedelta(seconds=1) <= await line.clock() < then + timedelta(minutes=10)
        finally:
            await line.close()
