"""Whether people have read what they were last reminded of: noted when it is sent, asked about within the platform's
day, kept as one word a person. Must not know how the platform is asked nor who is told.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, or_
from sqlmodel import Session, col, delete, insert, select, update

from storage.burden import COUNTED
from storage.delivery import Claimed
from storage.lists import missing_now
from storage.models import Counter, Person, ReadState, Unit

READ, UNREAD, UNKNOWN = "read", "unread", ""
PLATFORM = "dingtalk"
"""The only one that tells."""
ANSWERS_FOR = timedelta(hours=24)
"""So long after sending the platform answers (A/0720)."""
_READER = re.compile(r"(?P<campaign>[^/]+)/.*/p?(?P<person>\d{1,18})$")


def note(session: Session, letters: Iterable[Claimed], receipt: str, *, at: datetime) -> None:
    """These went out in one call, under a receipt: not known yet whether they are read. Replies and others' channels
    are passed over."""
    found: dict[tuple[str, int], None] = {}
    for letter in letters:
        if letter.topic not in COUNTED or not letter.lane.startswith(f"{PLATFORM}:direct:"):
            continue
        if reader := _READER.fullmatch(letter.key):
            found[reader["campaign"], int(reader["person"])] = None
    if not found or not receipt:
        return
    connection = session.connection()
    for campaign in {campaign for campaign, _ in found}:
        people = [person for its, person in found if its == campaign]
        connection.execute(_FORGET, {"of": campaign, "people": people})
    rows = [
        {"campaign": campaign, "person_id": person, "receipt": receipt[:200], "sent_at": at, "state": UNKNOWN}
        for campaign, person in found
    ]
    connection.execute(_NOTE, rows)


_NOTE = insert(ReadState)
_FORGET = delete(ReadState).where(
    col(ReadState.campaign) == bindparam("of"), col(ReadState.person_id).in_(bindparam("people", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Batch:
    """A call of the past to ask about: people of it are unfinished and not known to have read it."""

    campaign: str
    receipt: str
    asked_at: datetime | None


def due(session: Session, campaign: str, now: datetime, *, first: timedelta, last: timedelta, most: int) -> list[Batch]:
    """What to ask about now, the oldest first: once `first` after it was sent, and once more `last` after, before the
    platform forgets."""
    missing = missing_now(campaign, "/", col(Person.id)).subquery()
    sent = func.min(ReadState.sent_at)
    asked = func.max(ReadState.asked_at)
    rows = session.execute(
        select(ReadState.receipt, asked)
        .where(ReadState.campaign == campaign, ReadState.receipt != "", ReadState.state != READ)
        .where(col(ReadState.person_id).in_(select(missing.c.id)))
        .where(col(ReadState.sent_at) > now - ANSWERS_FOR, col(ReadState.sent_at) <= now - first)
        .where(or_(col(ReadState.asked_at).is_(None), _once_more(now, last)))
        .group_by(ReadState.receipt)
        .order_by(sent, ReadState.receipt)
        .limit(most)
    ).all()
    return [Batch(campaign, receipt, asked_at) for receipt, asked_at in rows]


def _once_more(now: datetime, last: timedelta):  # type: ignore[no-untyped-def]
    """Asked in the first hours only, and the last ones have come."""
    return and_(col(ReadState.sent_at) <= now - last, col(ReadState.asked_at) < now - (last - timedelta(hours=12)))


def take(session: Session, batch: Batch, *, at: datetime) -> bool:
    """True for the one process that may ask about a batch now."""
    before = col(ReadState.asked_at).is_(None) if batch.asked_at is None else col(ReadState.asked_at) == batch.asked_at
    mine = (col(ReadState.campaign) == batch.campaign, col(ReadState.receipt) == batch.receipt)
    return bool(session.exec(update(ReadState).where(*mine, before).values(asked_at=at)).rowcount)


def give_back(session: Session, batch: Batch) -> None:
    """It could not be asked about: later."""
    mine = (col(ReadState.campaign) == batch.campaign, col(ReadState.receipt) == batch.receipt)
    session.exec(update(ReadState).where(*mine).values(asked_at=batch.asked_at))


def learn(session: Session, batch: Batch, told: Mapping[str, bool]) -> int:
    """What the platform said, by its ids of people; those it did not name stay unknown. How many have read it."""
    mine = (ReadState.campaign == batch.campaign, ReadState.receipt == batch.receipt)
    people = session.exec(
        select(ReadState, Person.staff_id).join(Person, col(Person.id) == ReadState.person_id).where(*mine)
    ).all()
    for row, staff_id in people:
        if staff_id in told:
            row.state = READ if told[staff_id] else UNREAD
            session.add(row)
    return sum(row.state == READ for row, _ in people)


def forget(session: Session, now: datetime) -> None:
    """Receipts the platform does not answer for any more are not kept."""
    session.exec(
        update(ReadState)
        .where(col(ReadState.receipt) != "", col(ReadState.sent_at) <= now - ANSWERS_FOR)
        .values(receipt="")
    )


# ---------------------------------------------------------------- the budget of a day


def spent(session: Session, day: str) -> int:
    """Calls made on a day."""
    return session.exec(select(Counter.value).where(Counter.name == budget(day))).first() or 0


def budget(day: str) -> str:
    """The series a day's calls are numbered in (`cases.next_number`)."""
    return f"read calls/{day}"


# ---------------------------------------------------------------- what is shown


def of_people(session: Session, campaign: str, people: Sequence[int]) -> dict[int, str]:
    """READ or UNREAD of those it is known of."""
    found: dict[int, str] = {}
    for start in range(0, len(people), 500):
        rows = session.exec(
            select(ReadState.person_id, ReadState.state).where(
                ReadState.campaign == campaign,
                col(ReadState.person_id).in_(people[start : start + 500]),
                ReadState.state != UNKNOWN,
            )
        ).all()
        found.update(rows)
    return found


@dataclass(frozen=True, slots=True)
class Readers:
    """Of the unfinished of a unit and all below it: who read the last reminder, who did not, who may have."""

    read: int
    unread: int
    unknown: int

    @property
    def known(self) -> bool:
        return bool(self.read or self.unread)


def of_unit(session: Session, campaign: str, path: str, missing: int) -> Readers:
    """`missing` is how many are unfinished there: of whom nothing is known, that is said."""
    mine = and_(col(ReadState.person_id) == col(Person.id), col(ReadState.campaign) == campaign)
    known = (col(ReadState.state) != UNKNOWN, col(Unit.path).startswith(path))  # by what is known, not by the unit
    found = missing_now(campaign, "/", col(ReadState.state), func.count()).join(ReadState, mine).where(*known)
    counted = dict(session.execute(found.group_by(ReadState.state)).all())
    read, unread = counted.get(READ, 0), counted.get(UNREAD, 0)
    return Readers(read, unread, max(missing - read - unread, 0))
