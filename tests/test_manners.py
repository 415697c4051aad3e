"""When people may be written to unasked."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.campaign import loading
from handlers.manners import is_working_day, next_polite, polite_day
from tests.world import SHANGHAI

CAMPAIGN = loading.load("lishui-2022-69")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2022-05-18 09:00", "2022-05-18 09:00"),
        ("2022-05-18 08:30", "2022-05-18 08:30"),
        ("2022-05-18 08:29", "2022-05-18 08:30"),
        ("2022-05-18 00:05", "2022-05-18 08:30"),
        ("2022-05-18 18:29", "2022-05-18 18:29"),
        ("2022-05-18 18:30", "2022-05-19 08:30"),
        ("2022-05-18 23:59", "2022-05-19 08:30"),
        ("2022-05-20 18:30", "2022-05-23 08:30"),  # Friday evening waits for Monday
        ("2022-05-21 10:00", "2022-05-23 08:30"),
        ("2022-05-22 08:00", "2022-05-23 08:30"),
        ("2022-05-07 10:00", "2022-05-07 10:00"),  # a Saturday at work, 调休
        ("2022-05-06 20:00", "2022-05-07 08:30"),
        ("2022-05-07 20:00", "2022-05-09 08:30"),  # and the Sunday after it is free
        ("2022-05-02 10:00", "2022-05-05 08:30"),  # 劳动节
        ("2022-06-02 20:00", "2022-06-06 08:30"),  # 端午节
    ],
)
def test_the_next_decent_moment(now: str, then: str) -> None:
    assert next_polite(CAMPAIGN, at(now)) == at(then)


def test_a_saturday_made_up_for_is_a_working_day() -> None:
    assert is_working_day(date(2022, 5, 7))
    assert not is_working_day(date(2022, 5, 2))
    assert not is_working_day(date(2022, 5, 8))


def test_years_the_calendar_does_not_know_go_by_the_week() -> None:
    assert is_working_day(date(2093, 5, 18)) == (date(2093, 5, 18).weekday() < 5)
    assert not is_working_day(date(1999, 5, 16))


def test_a_day_off_moves_to_the_working_day_before() -> None:
    assert polite_day(CAMPAIGN, date(2022, 5, 29)) == date(2022, 5, 27)
    assert polite_day(CAMPAIGN, date(2022, 5, 30)) == date(2022, 5, 30)
    assert polite_day(CAMPAIGN, date(2022, 6, 5)) == date(2022, 6, 2)


@given(st.integers(0, 365 * 24 * 60), st.integers(-12, 14))
def test_it_is_always_decent_and_never_early(minute: int, offset: int) -> None:
    """Whatever zone the clock is told in."""
    now = (at("2022-01-01 00:00") + timedelta(minutes=minute)).astimezone(timezone(timedelta(hours=offset)))
    then = next_polite(CAMPAIGN, now)
    local = then.astimezone(SHANGHAI)
    assert then >= now
    assert is_working_day(local.date())
    assert CAMPAIGN.manners.from_ <= local.time() < CAMPAIGN.manners.until
    assert then - now < timedelta(days=11)


def test_a_campaign_may_allow_weekends() -> None:
    relaxed = CAMPAIGN.model_copy(update={"manners": CAMPAIGN.manners.model_copy(update={"working_days_only": False})})
    assert next_polite(relaxed, at("2022-05-21 10:00")) == at("2022-05-21 10:00")
    assert polite_day(relaxed, date(2022, 5, 29)) == date(2022, 5, 29)
