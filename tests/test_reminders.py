"""The calendar of reminders, and that each goes to those who need it, once."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import reminders
from handlers.campaign import loading
from handlers.manners import is_working_day
from handlers.messages import Choice, from_json
from storage.database import Database
from tests.conftest import Worlds
from tests.world import SHANGHAI, World, group_chat, metronome, small_roster

CAMPAIGN = loading.load("lishui-2022-69")
EVERYBODY = {row.staff_id for row in small_roster().people}
NIL = ("你好", "都没有", "都看过，没有", "不需要")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def told(world: World) -> list[str]:
    """Whom the postman brings a reminder now."""
    return [letter.lane.split(":", 1)[1] for letter in world.due() if letter.topic == "reminder"]


# ---------------------------------------------------------------- the calendar


def test_the_calendar_of_may_2022() -> None:
    """29 May is a Sunday: the reminder of the day before comes on Friday."""
    moments = [(due.rule.id, f"{due.at.astimezone(SHANGHAI):%m-%d %H:%M}") for due in reminders.calendar(CAMPAIGN)]
    assert moments == [("d7", "05-23 09:30"), ("d3", "05-27 09:30"), ("d1", "05-27 15:00"), ("d0", "05-30 09:30")]


@pytest.mark.parametrize(
    ("now", "rules"),
    [
        ("2022-05-23 09:29", []),
        ("2022-05-23 09:30", ["d7"]),
        ("2022-05-23 17:30", ["d7"]),
        ("2022-05-23 17:31", []),
        ("2022-05-27 09:30", ["d3"]),
        ("2022-05-27 15:00", ["d3", "d1"]),
        ("2022-05-29 10:00", []),
        ("2022-05-30 09:30", ["d0"]),
        ("2022-05-31 09:30", []),
    ],
)
def test_what_is_due_when(now: str, rules: list[str]) -> None:
    assert [due.rule.id for due in reminders.due(CAMPAIGN, at(now))] == rules
    elsewhere = at(now).astimezone(ZoneInfo("America/New_York"))
    assert [due.rule.id for due in reminders.due(CAMPAIGN, elsewhere)] == rules


DEADLINES = st.dates(date(2022, 5, 25), date(2022, 12, 31))


@given(DEADLINES)
def test_whatever_the_deadline_reminders_come_on_working_days_before_it(deadline: date) -> None:
    for due in reminders.calendar(CAMPAIGN.with_deadline(deadline)):
        local = due.at.astimezone(SHANGHAI)
        assert is_working_day(local.date())
        assert CAMPAIGN.published <= local.date() <= deadline


@given(DEADLINES)
def test_no_reminder_says_today_on_another_day(deadline: date) -> None:
    """«今天是最后一天» is said on the last day, or not at all: also where the deadline is a Sunday."""
    for due in reminders.calendar(CAMPAIGN.with_deadline(deadline)):
        if "今天" in due.rule.people_text:
            assert due.at.astimezone(SHANGHAI).date() == deadline


@given(DEADLINES)
def test_nobody_is_reminded_twice_at_the_same_moment(deadline: date) -> None:
    moments = [due.at for due in reminders.calendar(CAMPAIGN.with_deadline(deadline))]
    assert len(moments) == len(set(moments))


# ---------------------------------------------------------------- firing


def test_everybody_unfinished_is_reminded_once(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    assert world.tick() == len(EVERYBODY)
    assert sorted(told(world)) == sorted(f"direct:{who}" for who in EVERYBODY)
    for _ in range(3):
        world.now += timedelta(minutes=1)
        assert world.tick() == 0
    assert told(world) == []


def test_two_metronomes_on_one_database_fire_once(new_world: Worlds) -> None:
    one = new_world()
    other = World(one.url, one.folder)
    one.now = other.now = at("2022-05-23 09:30")
    first, second = metronome(one), metronome(other)
    assert sorted([first.tick(), second.tick(), first.tick(), second.tick()]) == [0, 0, 0, len(EVERYBODY)]
    other.close()
    assert len(one.facts()["firings"]) == 1


def test_a_restart_between_two_ticks_fires_nothing_twice(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.restart()
    assert world.tick() == 0


def test_who_has_finished_gets_none(world: World) -> None:
    for said in NIL:
        world.person("qian").says(said)
    world.due()
    world.now = at("2022-05-23 09:30")
    assert world.tick() == len(EVERYBODY) - 1
    assert "direct:qian" not in told(world)


def test_finishing_takes_back_what_still_waits(world: World) -> None:
    for said in NIL[:3]:
        world.person("qian").says(said)
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.person("qian").says(NIL[3])
    assert "direct:qian" not in told(world)


def test_what_was_handed_in_and_is_being_corrected_is_not_reminded(world: World) -> None:
    for said in (*NIL, "修改 1"):
        world.person("qian").says(said)
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    assert "direct:qian" not in told(world)


def test_too_late_is_not_sent(world: World) -> None:
    """The process was down all day: the reminder of the morning does not come at night."""
    world.now = at("2022-05-23 17:31")
    assert world.tick() == 0
    assert told(world) == []


def test_a_letter_that_waited_too_long_expires(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.now = at("2022-05-23 17:31")
    assert told(world) == []


def test_begun_and_not_begun_hear_different_words_and_nobodys_name(world: World) -> None:
    """No name: the same words to so many persons make one call."""
    world.person("qian").says("你好")
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    bodies = {letter.lane: letter.body for letter in world.due()}
    assert len(set(bodies.values())) == 2
    for body in bodies.values():
        shown = from_json(body)
        assert isinstance(shown, Choice)
        assert "5月30日" in shown.markdown
        assert not any(row.name in shown.markdown for row in small_roster().people)
        assert [reply.send for reply in shown.options] == ["继续"]


def test_a_bound_group_hears_its_figures_until_all_are_done(world: World) -> None:
    world.person("sun").says_in("鹤城群", "绑定")
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    letters = {letter.lane: letter.body for letter in world.due()}
    assert "青田县 鹤城街道" in letters[str(group_chat("鹤城群"))]
    assert "钱大海" not in letters[str(group_chat("鹤城群"))]
    for who in ("qian", "sun"):
        for said in NIL:
            world.person(who).says(said)
    world.due()
    world.now = at("2022-05-27 09:30")
    world.tick()
    assert str(group_chat("鹤城群")) not in {letter.lane for letter in world.due()}


def test_replies_overtake_a_great_many_reminders(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.person("qian").says("继续")
    first = world.due()[0]
    assert (first.topic, first.lane) == ("reply", "dingtalk:direct:qian")


def test_a_moved_deadline_reminds_anew(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.due()
    world.move_deadline(date(2022, 6, 10))
    world.now = at("2022-05-27 09:30")
    assert world.tick() == 0, "the old moments are gone"
    world.now = at("2022-06-07 09:30")
    assert world.tick() == len(EVERYBODY)
    assert all("6月10日" in letter.body for letter in world.due())


def test_nothing_remains_to_be_said_after_the_deadline(world: World) -> None:
    world.now = at("2022-05-31 09:30")
    assert world.tick() == 0


def test_an_empty_roster_is_no_trouble(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    with database.session() as session:
        (due,) = reminders.due(CAMPAIGN, at("2022-05-23 09:30"))
        assert reminders.fire(session, CAMPAIGN, due, now=at("2022-05-23 09:30"), channel="dingtalk") == []
    database.close()
