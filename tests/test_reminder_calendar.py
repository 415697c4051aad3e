"""The calendar of reminders: on which days the moments fall, what moves, what is dropped. Pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.campaign import loading
from handlers.campaign.definition import Campaign
from handlers.campaign.loading import CampaignError
from handlers.campaign.reminding import ReminderRule
from handlers.manners import is_known, is_working_day
from handlers.reminders import calendar
from handlers.reminders.calendar import Dropped, Moment, Moved
from tests.world import SHANGHAI

CAMPAIGN = loading.load("lishui-2022-69")
SOURCE = (loading.resources.files("handlers.campaign") / "definitions" / "lishui-2022-69.toml").read_text(
    encoding="utf-8"
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def with_rules(*rules: dict[str, object], **changes: object) -> Campaign:
    """The notice with other reminders."""
    made = [ReminderRule.model_validate({"id": f"r{n}", **rule}) for n, rule in enumerate(rules)]
    return CAMPAIGN.model_copy(update={"reminders": made, **changes})


def told(moments: list[Moment]) -> list[tuple[str, str, str]]:
    return [(f"{m.at:%m-%d %a %H:%M}", m.rule.id, m.audience) for m in moments]


# ---------------------------------------------------------------- May 2022


def test_the_calendar_of_may_2022() -> None:
    """All of it. 29 May 2022 is a Sunday: what belongs to the day before the deadline comes on Friday the 27th. 3 to 5
    June is the Dragon Boat Festival: the third reminder of the overdue waits for Monday."""
    assert told(calendar.calendar(CAMPAIGN)) == [
        ("05-19 Thu 09:30", "d11", "digest"),
        ("05-19 Thu 09:30", "d11", "groups"),
        ("05-23 Mon 09:30", "d7", "digest"),
        ("05-23 Mon 09:30", "d7", "groups"),
        ("05-23 Mon 09:30", "d7", "unfinished"),
        ("05-25 Wed 09:30", "d5", "digest"),
        ("05-25 Wed 09:30", "d5", "unfinished"),
        ("05-25 Wed 09:30", "d5", "unsigned"),
        ("05-27 Fri 09:30", "d3", "units"),
        ("05-27 Fri 09:30", "d3", "groups"),
        ("05-27 Fri 15:00", "d1", "unfinished"),
        ("05-30 Mon 09:30", "d0", "digest"),
        ("05-30 Mon 09:30", "d0", "groups"),
        ("05-30 Mon 09:30", "d0", "unfinished"),
        ("05-30 Mon 09:30", "d0", "unsigned"),
        ("05-30 Mon 15:00", "last-hours", "units"),
        ("05-31 Tue 09:30", "overdue", "digest"),
        ("05-31 Tue 09:30", "overdue-groups", "groups"),
        ("05-31 Tue 09:30", "overdue", "unfinished"),
        ("06-02 Thu 09:30", "overdue", "digest"),
        ("06-02 Thu 09:30", "overdue", "unfinished"),
        ("06-06 Mon 09:30", "overdue", "digest"),
        ("06-06 Mon 09:30", "overdue", "unfinished"),
    ]


def test_what_moved_says_from_where_and_why() -> None:
    moved = {(m.rule.id, f"{m.wanted:%m-%d}", f"{m.at:%m-%d}", m.moved) for m in calendar.calendar(CAMPAIGN) if m.moved}
    assert moved == {("d1", "05-29", "05-27", Moved.DAY_OFF), ("overdue", "06-04", "06-06", Moved.DAY_OFF)}


def test_nobody_hears_the_same_on_two_occasions_of_a_day() -> None:
    """No audience of the shipped calendar is written to twice on one day, but for offices on the last."""
    days = [(m.day, m.audience) for m in calendar.calendar(CAMPAIGN)]
    assert len(days) == len(set(days))


@pytest.mark.parametrize(
    ("now", "rules"),
    [
        ("2022-05-23 09:29", []),
        ("2022-05-23 09:30", ["d7", "d7", "d7"]),
        ("2022-05-23 17:29", ["d7", "d7", "d7"]),
        ("2022-05-23 17:30", []),
        ("2022-05-27 09:30", ["d3", "d3"]),
        ("2022-05-27 15:00", ["d3", "d3", "d1"]),
        ("2022-05-27 18:29", ["d1"]),
        ("2022-05-27 18:30", []),
        ("2022-05-29 10:00", []),
        ("2022-05-30 09:30", ["d0", "d0", "d0", "d0"]),
        ("2022-05-31 09:30", ["overdue", "overdue-groups", "overdue"]),
        ("2022-06-04 09:30", []),
    ],
)
def test_what_is_due_when(now: str, rules: list[str]) -> None:
    """Late by eight hours at most, never into the night."""
    assert [due.rule.id for due in calendar.due(CAMPAIGN, at(now))] == rules
    elsewhere = at(now).astimezone(ZoneInfo("America/New_York"))
    assert [due.rule.id for due in calendar.due(CAMPAIGN, elsewhere)] == rules


# ---------------------------------------------------------------- rules of every kind


@pytest.mark.parametrize(
    ("rule", "comes", "moved"),
    [
        ({"before": {"days": 2}, "at": "09:30:00"}, "2022-05-27 09:30", Moved.DAY_OFF),  # Saturday the 28th
        ({"before": {"days": 1}, "at": "09:30:00"}, "2022-05-27 09:30", Moved.DAY_OFF),  # Sunday the 29th
        ({"before": {"days": 3}, "at": "09:30:00"}, "2022-05-27 09:30", Moved.NOT),
        ({"before": {"hours": 8}}, "2022-05-30 16:00", Moved.NOT),
        ({"before": {"hours": 4}}, "2022-05-30 17:30", Moved.QUIET),  # eight in the evening
        ({"before": {"hours": 18}}, "2022-05-30 08:30", Moved.QUIET),  # six in the morning
        ({"before": {"hours": 40}}, "2022-05-27 08:30", Moved.DAY_OFF),  # Sunday morning
        ({"before": {"days": 3}, "at": "20:00:00"}, "2022-05-27 17:30", Moved.QUIET),
        ({"after": {"days": 1}, "at": "09:30:00"}, "2022-05-31 09:30", Moved.NOT),
        ({"after": {"days": 4}, "at": "09:30:00"}, "2022-06-06 09:30", Moved.DAY_OFF),  # the festival
        ({"after": {"hours": 2}}, "2022-05-31 08:30", Moved.QUIET),
        ({"after": {"hours": 20}}, "2022-06-01 08:30", Moved.QUIET),
        ({"on": "2022-05-21", "at": "10:00:00"}, "2022-05-20 10:00", Moved.DAY_OFF),
        ({"on": "2022-05-24", "at": "10:00:00"}, "2022-05-24 10:00", Moved.NOT),
    ],
)
def test_where_a_moment_comes(rule: dict[str, object], comes: str, moved: Moved) -> None:
    (moment,) = calendar.everything(with_rules({**rule, "say": {"unfinished": "x"}}))
    assert (moment.at, moment.moved, moment.dropped) == (at(comes), moved, Dropped.NOT)


def test_a_saturday_made_up_for_is_a_working_day() -> None:
    """7 May 2022 was worked for the days of the Labour Day holiday, Sunday the 8th was not."""
    campaign = with_rules(
        {"before": {"days": 2}, "at": "09:30:00", "say": {"unfinished": "x"}},
        {"before": {"days": 1}, "at": "10:30:00", "say": {"unfinished": "x"}},
        deadline=date(2022, 5, 9),
        published=date(2022, 4, 20),
    )
    assert [f"{m.at:%m-%d %H:%M}" for m in calendar.calendar(campaign)] == ["05-07 09:30", "05-07 10:30"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"before": {"days": 20}, "at": "09:30:00"}, Dropped.BEFORE_PUBLISHED),
        ({"on": "2022-05-17", "at": "09:30:00"}, Dropped.BEFORE_PUBLISHED),
        ({"before": {"days": 0}, "at": "09:30:00"}, Dropped.LAST_DAY_OFF),
    ],
)
def test_what_does_not_come_says_why(rule: dict[str, object], why: Dropped) -> None:
    campaign = with_rules({**rule, "say": {"unfinished": "x"}}, deadline=date(2022, 5, 29))
    assert [moment.dropped for moment in calendar.everything(campaign)] == [why]
    assert calendar.calendar(campaign) == []


def test_repetitions_that_meet_on_one_day_are_one() -> None:
    """Daily after the deadline: the 3rd to the 5th of June are free, their moments are that of Monday."""
    rule = {"after": {"days": 3}, "at": "09:30:00", "every": 1, "times": 5, "say": {"unfinished": "x"}}
    assert [f"{m.at:%m-%d}" for m in calendar.calendar(with_rules(rule))] == ["06-02", "06-06"]


def test_rules_that_meet_are_one_that_of_the_nearer_deadline() -> None:
    """Saturday's and Sunday's reminders at the same hour: Friday hears that of the day before the deadline."""
    campaign = with_rules(
        {"before": {"days": 1}, "at": "09:30:00", "say": {"unfinished": "one", "groups": "one"}},
        {"before": {"days": 2}, "at": "09:30:00", "say": {"unfinished": "two"}},
        {"before": {"days": 3}, "at": "09:30:00", "say": {"digest": "three"}},
    )
    moments = [(m.rule.id, m.audience, m.dropped) for m in calendar.everything(campaign)]
    assert moments == [
        ("r2", "digest", Dropped.NOT),
        ("r0", "groups", Dropped.NOT),
        ("r0", "unfinished", Dropped.NOT),
        ("r1", "unfinished", Dropped.NEARER),
    ]


def test_a_campaign_that_works_on_weekends_moves_nothing() -> None:
    manners = CAMPAIGN.manners.model_copy(update={"working_days_only": False})
    campaign = CAMPAIGN.model_copy(update={"manners": manners})
    assert not [moment for moment in calendar.everything(campaign) if moment.moved]


def test_years_nobody_knows_the_holidays_of_go_by_the_week() -> None:
    assert is_known(2022)
    assert not is_known(2093)
    moments = calendar.calendar(CAMPAIGN.with_deadline(date(2093, 6, 1)))
    assert len(moments) > 20
    assert all(moment.day.weekday() < 5 for moment in moments)


# ---------------------------------------------------------------- whatever the deadline

DEADLINES = st.dates(date(2022, 5, 25), date(2022, 12, 31))


@given(DEADLINES)
def test_reminders_come_in_decent_hours_of_working_days(deadline: date) -> None:
    campaign = CAMPAIGN.with_deadline(deadline)
    for moment in calendar.calendar(campaign):
        assert is_working_day(moment.day)
        assert campaign.manners.from_ <= moment.at.time() < campaign.manners.until
        assert moment.at < moment.until <= datetime.combine(moment.day, campaign.manners.until, campaign.zone)
        assert campaign.published <= moment.day
        assert (moment.day > deadline) == (moment.rule.after is not None)


@given(DEADLINES)
def test_no_reminder_says_today_on_another_day(deadline: date) -> None:
    """«今天是最后一天» is said on the last day, or not at all: also where the deadline is a Sunday."""
    for moment in calendar.calendar(CAMPAIGN.with_deadline(deadline)):
        if "今天" in moment.rule.say[moment.audience]:
            assert moment.day == deadline


@given(DEADLINES, st.integers(0, 400))
def test_no_audience_is_written_to_twice_at_a_moment(deadline: date, hours: int) -> None:
    moments = calendar.calendar(CAMPAIGN.with_deadline(deadline))
    assert len({(moment.at, moment.audience) for moment in moments}) == len(moments)
    now = at("2022-05-18 00:00") + timedelta(hours=hours)
    assert all(moment.at <= now < moment.until for moment in calendar.due(CAMPAIGN.with_deadline(deadline), now))


# ---------------------------------------------------------------- mistakes in the file


@pytest.mark.parametrize(
    ("before", "after", "mend"),
    [
        ("before = { days = 7 }", "", "[reminders.d7] says no moment; write one of before, after or on"),
        ("before = { days = 7 }", "before = { days = 7 }\nafter = { days = 7 }", "says before and after"),
        ("before = { days = 7 }", "before = { days = 7, hours = 3 }", "before: write either days or hours"),
        ("before = { days = 7 }", "before = {}", "before: write either days or hours"),
        ("before = { days = 7 }", "before = { hours = 7 }", "at: the hour follows from the hours"),
        ("before = { days = 7 }\nat = 09:30:00", "before = { days = 7 }", "at is missing"),
        ("before = { days = 7 }", "days_before = 7", "[reminders.d7.days_before] is called differently now"),
        ("every = 2\n", "", "every and times belong together"),
        ("after = { days = 1 }", "after = { days = 0 }", "after: days = 0 is the deadline itself"),
        ("before = { days = 7 }", 'before = { days = 7 }\nchannel = "group"', "channel: group is for say.groups alone"),
        ("before = { days = 7 }", 'before = { days = 7 }\nchannel = "sms"', "[reminders.d7.channel] must be 'direct'"),
        ("unsigned = ", "unsinged = ", "must be 'digest', 'units', 'groups', 'unfinished' or 'unsigned'"),
        ("要签{pledge}", "要签{pledg}", "[reminders.d5.say.unsigned] the blank {pledg} does not exist"),
        ("most = 12", "most = 0", "[manners.most]"),
    ],
)
def test_a_mistake_names_the_rule_and_the_mend(before: str, after: str, mend: str) -> None:
    assert before in SOURCE
    with pytest.raises(CampaignError) as caught:
        loading.parse(SOURCE.replace(before, after, 1), "mine.toml")
    assert mend in str(caught.value)


def test_nobody_is_asked_to_sign_where_there_is_nothing_to_sign() -> None:
    rule = 'id = "d3"\nbefore = { days = 3 }\nat = 10:00:00\n[reminders.say]\n'
    demo = (loading.resources.files("handlers.campaign") / "definitions" / "gov-apps-demo.toml").read_text("utf-8")
    with pytest.raises(CampaignError, match=r"say\.unsigned: there is no table \[pledge\]"):
        loading.parse(demo.replace(rule, rule + 'unsigned = "x"\n', 1), "mine.toml")
