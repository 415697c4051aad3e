"""The limits of 浙政钉's work notices, kept in the database so that all processes count together.

One call at a time and a pause after each; so many notices a day in all, and so many a day to one person. A call is
written down before it is made: a process that dies in between has used it up. Must not know what a notice says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from sqlalchemy import and_
from sqlmodel import Session, col, delete, func, select, update

from storage.models import Account, Bell, Counter, NoticeCall, NoticeCount, Person
from storage.statements import insert_many_new, insert_new

BEIJING = timezone(timedelta(hours=8))
_LOCK = "work notices"
_TOGETHER = 500
_KEPT = timedelta(days=7)
"""Counts of older days are of no use to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The platform's own (docKey 2674860)."""

    pause: timedelta
    """Between two calls."""
    people: int
    """In one call."""
    daily: int
    """Notices of the app in a day."""
    personal: int
    """Notices to one person in a day."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """May be called now, for these accounts; the others have to wait until `tomorrow`."""

    accounts: tuple[str, ...]
    tomorrow: datetime


@dataclass(frozen=True, slots=True)
class NotYet:
    """No call before `at`."""

    at: datetime
    why: str


def reserve(
    session: Session, limits: Limits, *, call_id: str, accounts: Sequence[str], now: datetime
) -> Reserved | NotYet:
    """Uses up a call and counts its notices. The same call once more, after one that got no answer, is counted once."""
    _lock(session)
    day, tomorrow = _day(now)
    if session.get(NoticeCall, call_id):
        return Reserved(tuple(accounts), tomorrow)
    last = session.exec(select(func.max(NoticeCall.at))).one()
    if last is not None and now < last + limits.pause:
        return NotYet(last + limits.pause, "work notices: the pause between two calls is not over")
    today = session.exec(select(func.sum(NoticeCount.sent)).where(NoticeCount.day == day)).one() or 0
    if today >= limits.daily:
        return NotYet(tomorrow, "work notices: the day's number is used up")
    had = _had(session, day, accounts)
    free = [one for one in accounts if had.get(one, 0) < limits.personal][: min(limits.daily - today, limits.people)]
    if not free:
        return NotYet(tomorrow, "work notices: the person has had the day's number")
    session.exec(delete(NoticeCount).where(col(NoticeCount.day) < day - _KEPT))
    session.add(NoticeCall(id=call_id, at=now, people=len(free)))
    _count(session, day, free)
    return Reserved(tuple(free), tomorrow)


def give_back(session: Session, call_id: str, accounts: Sequence[str], *, now: datetime, refused: bool) -> None:
    """Nothing was taken: the notices do not count. A call that was
    `refused` was a call all the same: the pause stays."""
    _lock(session)
    day, _ = _day(now)
    for start in range(0, len(accounts), _TOGETHER):
        some = col(NoticeCount.account).in_(accounts[start : start + _TOGETHER])
        session.exec(update(NoticeCount).where(col(NoticeCount.day) == day, some).values(sent=NoticeCount.sent - 1))
    if call := session.get(NoticeCall, call_id):
        call.people = 0
        if not refused:
            session.delete(call)


def next_call(session: Session, limits: Limits) -> datetime | None:
    """From when on the next call may be made; None: at once."""
    last = session.exec(select(func.max(NoticeCall.at))).one()
    return last + limits.pause if last else None


def left_today(session: Session, limits: Limits, now: datetime) -> int:
    """How many notices may still go today."""
    day, _ = _day(now)
    today = session.exec(select(func.sum(NoticeCount.sent)).where(NoticeCount.day == day)).one() or 0
    return max(limits.daily - today, 0)


def waiting(session: Session) -> int:
    """How many people are still to be told something."""
    return session.exec(select(func.count()).select_from(Bell)).one()


def latest(session: Session, most: int) -> Sequence[NoticeCall]:
    return session.exec(select(NoticeCall).order_by(col(NoticeCall.at).desc()).limit(most)).all()


def recalled(session: Session, call_id: str, *, at: datetime) -> None:
    session.exec(update(NoticeCall).where(col(NoticeCall.id) == call_id).values(recalled_at=at))


def _lock(session: Session) -> None:
    """The row of this counter stays locked until the transaction ends: one process at a time decides."""
    insert_new(session, Counter, {"name": _LOCK, "value": 0})
    session.exec(update(Counter).where(col(Counter.name) == _LOCK).values(value=Counter.value + 1))


def _day(now: datetime) -> tuple[date, datetime]:
    """The day by Beijing's calendar, and when the next begins."""
    day = now.astimezone(BEIJING).date()
    return day, datetime.combine(day + timedelta(days=1), time(), BEIJING)


def _had(session: Session, day: date, accounts: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(accounts), _TOGETHER):
        some = col(NoticeCount.account).in_(accounts[start : start + _TOGETHER])
        rows = select(NoticeCount.account, NoticeCount.sent).where(NoticeCount.day == day, some)
        found.update(session.exec(rows).all())
    return found


def _count(session: Session, day: date, accounts: Sequence[str]) -> None:
    insert_many_new(session, NoticeCount, [{"day": day, "account": one, "sent": 0} for one in accounts])
    for start in range(0, len(accounts), _TOGETHER):
        some = col(NoticeCount.account).in_(accounts[start : start + _TOGETHER])
        session.exec(update(NoticeCount).where(col(NoticeCount.day) == day, some).values(sent=NoticeCount.sent + 1))


# ---------------------------------------------------------------- who is still to be told


@dataclass(frozen=True, slots=True)
class Ringing:
    """Whom the next call tells, with since when; and the one letter they have in common, empty where they differ."""

    bells: tuple[tuple[str, datetime], ...]
    body: str


def hang(session: Session, accounts: Sequence[str], body: str, *, at: datetime) -> None:
    """Something new stands on these people's pages: they are told with the next call, once for all of it."""
    known: list[str] = []
    for start in range(0, len(accounts), _TOGETHER):
        some = accounts[start : start + _TOGETHER]
        known += session.exec(select(Bell.account).where(col(Bell.account).in_(some), Bell.body != body)).all()
    for start in range(0, len(known), _TOGETHER):
        some = known[start : start + _TOGETHER]
        session.exec(update(Bell).where(col(Bell.account).in_(some)).values(body=""))
    insert_many_new(session, Bell, [{"account": one, "since": at, "body": body} for one in accounts])


def hanging(session: Session, platform: str, most: int) -> Ringing:
    """The next to be told, longest first. A letter that most of them have is told in its own words, to them first. Who
    has said something since is looking at the page and is not told."""
    _drop_those_who_look(session, platform)
    counts = session.exec(select(Bell.body, func.count()).group_by(Bell.body)).all()
    waiting = sum(count for _, count in counts)
    body, count = max(counts, key=lambda one: (one[0] != "", one[1]), default=("", 0))
    shared = body if count >= most or 2 * count >= waiting else ""
    found = select(Bell.account, Bell.since).order_by(col(Bell.since), col(Bell.account)).limit(most)
    if shared:
        found = found.where(Bell.body == shared)
    return Ringing(tuple(session.exec(found).all()), shared)


def _drop_those_who_look(session: Session, platform: str) -> None:
    looking = (
        select(Bell.account)
        .join(Account, and_(col(Account.id) == Bell.account, col(Account.platform) == platform))
        .join(Person, col(Person.id) == Account.person_id)
        .where(col(Person.heard_at) > col(Bell.since))
    )
    session.exec(delete(Bell).where(col(Bell.account).in_(looking)))


def take_down(session: Session, account: str) -> None:
    """They have opened the page: there is nothing left to tell."""
    session.exec(delete(Bell).where(col(Bell.account) == account))


def rung(session: Session, bells: Sequence[tuple[str, datetime]]) -> None:
    """These have been told; what came meanwhile hangs on."""
    for account, since in bells:
        bell = session.get(Bell, account)
        if bell is not None and bell.since == since:
            session.delete(bell)
