"""The moments of reminders: known before they come, dealt with once, in slices. Must not know who is written to.

With several processes, whoever holds a moment's row deals with its next slice; the others wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select, update

from storage.models import ReminderMoment
from storage.statements import insert_many_new


@dataclass(frozen=True, slots=True)
class Key:
    """What makes a moment: the hour does not."""

    rule: str
    day: date
    audience: str


def learn(session: Session, campaign: str, schedule: Mapping[Key, datetime], *, now: datetime) -> None:
    """Takes over a schedule: new moments are known from now on, and so are those whose hour was changed before they
    came. What was dealt with stays as it is."""
    known = all_of(session, campaign)
    new = [
        {
            "campaign": campaign,
            "rule": key.rule,
            "day": key.day,
            "audience": key.audience,
            "at": at,
            "known_at": now,
            "upto": 0,
            "letters": 0,
            "done_at": None,
        }
        for key, at in schedule.items()
        if key not in known
    ]
    insert_many_new(session, ReminderMoment, new)
    for key, at in schedule.items():
        if (there := known.get(key)) is not None and there.at != at and there.done_at is None and not there.upto:
            session.exec(
                update(ReminderMoment)
                .where(*_is(campaign, key), col(ReminderMoment.done_at).is_(None))
                .values(at=at, known_at=now)
            )


def all_of(session: Session, campaign: str) -> dict[Key, ReminderMoment]:
    rows = session.exec(select(ReminderMoment).where(ReminderMoment.campaign == campaign)).all()
    return {Key(row.rule, row.day, row.audience): row for row in rows}


def open_ones(session: Session, campaign: str, *, now: datetime) -> set[Key]:
    """Those that have come, were known before, and are not dealt with."""
    rows = session.exec(
        select(ReminderMoment).where(
            ReminderMoment.campaign == campaign,
            col(ReminderMoment.done_at).is_(None),
            col(ReminderMoment.at) <= now,
            col(ReminderMoment.known_at) <= col(ReminderMoment.at),
        )
    ).all()
    return {Key(row.rule, row.day, row.audience) for row in rows}


def hold(session: Session, campaign: str, key: Key) -> ReminderMoment | None:
    """The row of a moment, held until the end of the transaction; None where somebody else is at it, or has been."""
    wanted = select(ReminderMoment).where(*_is(campaign, key), col(ReminderMoment.done_at).is_(None))
    return session.exec(wanted.with_for_update(skip_locked=True)).one_or_none()


def _is(campaign: str, key: Key):  # type: ignore[no-untyped-def]
    return (
        col(ReminderMoment.campaign) == campaign,
        col(ReminderMoment.rule) == key.rule,
        col(ReminderMoment.day) == key.day,
        col(ReminderMoment.audience) == key.audience,
    )
