"""Reminders as they come: a schedule is learnt, and every moment of it that has come is dealt with once, in slices.

A moment that had passed before it was known is never sent: editing the schedule sends nothing old.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.messages import Letter
from handlers.reminders import calendar, letters
from handlers.reminders.calendar import Moment
from handlers.reminders.letters import Round
from storage import reminder_moments
from storage.models import ReminderMoment
from storage.reminder_moments import Key


@dataclass(frozen=True, slots=True)
class Fired:
    """A slice of a moment, and the row that remembers it."""

    moment: Moment
    letters: Sequence[Letter]
    row: ReminderMoment


def key(moment: Moment) -> Key:
    return Key(moment.rule.id, moment.day, moment.audience)


def learn(session: Session, campaign: Campaign, now: datetime) -> None:
    """Takes over the schedule of a campaign file, at the start of the process."""
    schedule = {key(moment): moment.at for moment in calendar.calendar(campaign)}
    reminder_moments.learn(session, campaign.id, schedule, now=now)


def pass_over(session: Session, campaign: Campaign, now: datetime) -> None:
    """Whatever is due counts as dealt with: nobody knows whether it was."""
    learn(session, campaign, now)
    for found in reminder_moments.open_ones(session, campaign.id, now=now):
        if row := reminder_moments.hold(session, campaign.id, found):
            row.done_at = now
            session.add(row)


def next_slice(
    session: Session, campaign: Campaign, *, now: datetime, notices: frozenset[str] = frozenset()
) -> Fired | None:
    """The next letters that are due; None where there are none. What is remembered of it is in the same transaction as
    the letters, if the caller posts them in it. `notices` are the channels of work notices, if any."""
    due = {key(moment): moment for moment in calendar.due(campaign, now)}
    if not due:
        return None
    waiting = reminder_moments.open_ones(session, campaign.id, now=now)
    first = next((found for found in due if found in waiting), None)
    row = reminder_moments.hold(session, campaign.id, first) if first else None
    if first is None or row is None:
        return None
    moment = due[first]
    round_ = Round(session=session, campaign=campaign, moment=moment, now=now, notices=notices)
    part = letters.cut(round_, after=row.upto, most=letters.SLICE)
    row.upto = part.upto or row.upto
    row.done_at = None if part.upto else now
    session.add(row)
    return Fired(moment, part.letters, row)
