"""Moments in the database: the same text as SQLAlchemy would write, aware on both ways."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import DateTime, create_engine

from storage.models.columns import Moment

ENGINE = create_engine("sqlite://")
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-3, minutes=-30))])
MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(9000, 1, 1), timezones=ZONES)  # noqa: DTZ001 - bounds are naive


@given(MOMENTS)
def test_sqlite_keeps_what_sqlalchemy_would_write(moment: datetime) -> None:
    spelled = Moment().bind_processor(ENGINE.dialect)(moment)
    as_usual = DateTime().dialect_impl(ENGINE.dialect).bind_processor(ENGINE.dialect)
    assert as_usual is not None
    assert spelled == as_usual(moment.astimezone(UTC).replace(tzinfo=None))
    back = Moment().result_processor(ENGINE.dialect, None)(spelled)
    assert (back, back.tzinfo) == (moment, UTC)


def test_nothing_stays_nothing_and_no_clock_is_guessed() -> None:
    spell = Moment().bind_processor(ENGINE.dialect)
    assert spell(None) is None
    assert Moment().result_processor(ENGINE.dialect, None)(None) is None
    with pytest.raises(ValueError, match="time zone"):
        spell(datetime(2022, 5, 18, 9))  # noqa: DTZ001
