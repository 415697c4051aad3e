"""Letters on their way out: posted with the turn that wrote them, claimed before sending, settled after.

The key of a letter says what it is; posting it twice posts it once. No answer from the platform means doubtful, not
failed: only the operator sends a doubtful letter again. Must not know platforms nor what a body means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select, update

from storage.models import Outgoing
from storage.statements import insert_many_new

_ORPHANED = "the process ended while sending"


class State(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A letter to be put into the outbox. `lane` is the chat; `bulk` letters wait behind all replies."""

    key: str
    lane: str
    topic: str
    body: str
    not_before: datetime
    bulk: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    id: int
    key: str
    lane: str
    topic: str
    body: str
    attempts: int


def post(session: Session, letters: Sequence[Post]) -> int:
    """Puts letters in; those whose key is known are left out. Returns how many were new."""
    rows = [
        {
            "key": p.key,
            "lane": p.lane,
            "bulk": p.bulk,
            "topic": p.topic,
            "body": p.body,
            "state": State.WAITING,
            "not_before": p.not_before,
            "expires_at": p.expires_at,
            "attempts": 0,
            "receipt": "",
            "trouble": "",
        }
        for p in letters
    ]
    return insert_many_new(session, Outgoing, rows)


def claim(
    session: Session, *, now: datetime, limit: int, leased_until: datetime, bulk: bool | None = None
) -> list[Claimed]:
    """The next letters, at most one per lane, replies first; they are `sending` until settled or the lease ends.
    `bulk` takes only those that are, or only those that are not."""
    earlier, busy = aliased(Outgoing), aliased(Outgoing)
    same_bulk = col(earlier.bulk) == Outgoing.bulk
    ahead = exists().where(
        col(earlier.lane) == Outgoing.lane,
        col(earlier.state) == State.WAITING,
        # a letter put off keeps its place: what was written after it does not overtake it
        or_(col(earlier.not_before) <= now, and_(col(earlier.attempts) > 0, same_bulk)),
        or_(col(earlier.bulk) < Outgoing.bulk, and_(same_bulk, col(earlier.id) < Outgoing.id)),
    )
    taken = exists().where(col(busy.lane) == Outgoing.lane, col(busy.state) == State.SENDING)
    due = (
        select(Outgoing)
        .where(Outgoing.state == State.WAITING, col(Outgoing.not_before) <= now, ~ahead, ~taken)
        .order_by(col(Outgoing.bulk), col(Outgoing.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if bulk is not None:
        due = due.where(col(Outgoing.bulk).is_(bulk))
    letters = session.exec(due).all()
    for letter in letters:
        letter.state, letter.leased_until, letter.attempts = State.SENDING, leased_until, letter.attempts + 1
        session.add(letter)
    session.flush()
    return [
        Claimed(id=x.id or 0, key=x.key, lane=x.lane, topic=x.topic, body=x.body, attempts=x.attempts) for x in letters
    ]


def settle(
    session: Session, letter_id: int, state: State, *, at: datetime, receipt: str = "", trouble: str = ""
) -> None:
    """The end of a claimed letter. A letter whose lease ended meanwhile may still turn from doubtful to sent."""
    session.exec(
        update(Outgoing)
        .where(col(Outgoing.id) == letter_id, col(Outgoing.state).in_([State.SENDING, State.DOUBTFUL]))
        .values(state=state, settled_at=at, leased_until=None, receipt=receipt[:200], trouble=trouble[:300])
    )


def release(session: Session, letter_ids: Sequence[int]) -> None:
    """Back to waiting: claimed, but nothing was begun with it."""
    session.exec(
        update(Outgoing)
        .where(col(Outgoing.id).in_(letter_ids), col(Outgoing.state) == State.SENDING)
        .values(state=State.WAITING, leased_until=None, attempts=Outgoing.attempts - 1)
    )


def put_off(session: Session, letter_id: int, *, until: datetime, trouble: str) -> None:
    """Back to waiting: the platform said «later» and took nothing."""
    session.exec(
        update(Outgoing)
        .where(col(Outgoing.id) == letter_id, col(Outgoing.state) == State.SENDING)
        .values(state=State.WAITING, not_before=until, leased_until=None, trouble=trouble[:300])
    )


def sweep(session: Session, *, now: datetime, real_now: datetime) -> tuple[int, int]:
    """Letters nobody settled become doubtful, letters past their time expire. Returns how many of each. Leases are
    measured in real time, expiry in the campaign's."""
    doubtful = session.exec(
        update(Outgoing)
        .where(col(Outgoing.state) == State.SENDING, col(Outgoing.leased_until) < real_now)
        .values(state=State.DOUBTFUL, settled_at=now, trouble=_ORPHANED)
    ).rowcount
    expired = session.exec(
        update(Outgoing)
        .where(col(Outgoing.state) == State.WAITING, col(Outgoing.expires_at) < now)
        .values(state=State.EXPIRED, settled_at=now)
    ).rowcount
    return doubtful, expired


def withdraw(session: Session, lane: str, topics: Sequence[str], *, at: datetime) -> int:
    """Takes back what still waits for a chat: whoever finishes is not reminded."""
    return session.exec(
        update(Outgoing)
        .where(col(Outgoing.lane) == lane, col(Outgoing.state) == State.WAITING, col(Outgoing.topic).in_(topics))
        .values(state=State.WITHDRAWN, settled_at=at)
    ).rowcount


@dataclass(frozen=True, slots=True)
class Last:
    """The newest letter to a chat. `failed`: the platform gave no answer or refused it. A letter under way when the
    process ended does not count as failed: as a rule it had arrived."""

    body: str
    failed: bool


def last(session: Session, lane: str, *, now: datetime) -> Last | None:
    """The newest letter to a chat that is out or on its way."""
    found = session.exec(
        select(Outgoing)
        .where(
            col(Outgoing.lane) == lane,
            col(Outgoing.state).not_in([State.WITHDRAWN, State.EXPIRED]),
            col(Outgoing.not_before) <= now,
        )
        .order_by(col(Outgoing.id).desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    failed = found.state in (State.DOUBTFUL, State.REFUSED) and found.trouble != _ORPHANED
    return Last(found.body, failed)


def orphans(session: Session, *, at: datetime) -> int:
    """At the start of the only process on a database: what a killed one was sending is doubtful now, not after its
    lease. Returns how many."""
    return session.exec(
        update(Outgoing)
        .where(col(Outgoing.state) == State.SENDING)
        .values(state=State.DOUBTFUL, settled_at=at, leased_until=None, trouble=_ORPHANED)
    ).rowcount


def next_due(session: Session) -> datetime | None:
    """When the earliest waiting letter wants to go."""
    return session.exec(select(func.min(Outgoing.not_before)).where(col(Outgoing.state) == State.WAITING)).one()


@dataclass(frozen=True, slots=True)
class Trouble:
    """A letter that was refused or is doubtful; never what it says."""

    state: State
    key: str
    at: datetime | None
    why: str


def troubled(session: Session, limit: int) -> list[Trouble]:
    """The newest letters somebody may have to look into."""
    rows = session.exec(
        select(Outgoing)
        .where(col(Outgoing.state).in_([State.REFUSED, State.DOUBTFUL]))
        .order_by(col(Outgoing.id).desc())
        .limit(limit)
    ).all()
    return [Trouble(State(row.state), row.key, row.settled_at, row.trouble) for row in rows]


def counts(session: Session) -> dict[str, int]:
    rows = session.exec(select(Outgoing.state, func.count()).group_by(Outgoing.state)).all()
    return dict(rows)


def known_keys(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of the keys that have been posted before."""
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        found.update(session.exec(select(Outgoing.key).where(col(Outgoing.key).in_(keys[start : start + 500]))).all())
    return found
