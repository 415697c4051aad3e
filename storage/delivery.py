"""Letters under way: claimed before sending, settled after. Several postmen may do so at once.

A lane has one letter under way at a time. No answer means doubtful, not failed; only for a platform that refuses a
repeated key does a letter come back by itself, with the parcel it went with. Must not know what a letter says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Integer, Row, String, and_, any_, bindparam, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select, update

from storage.models import Outgoing
from storage.models.columns import Moment
from storage.outbox import IS_SENDING, IS_WAITING, REPLY, State
from storage.prepared import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A letter to be sent now. `again`: a call with it got no answer, and this is the same call once more. `more`: of a
    reply, that another letter waits in its lane."""

    id: int
    key: str
    lane: str
    topic: str
    body: str
    attempts: int
    parcel: str
    again: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Ours:
    """Where several processes carry, a reply is left to the one that wrote it. `lanes`: those this one has just written
    replies to; `forsaken`: a reply that should have gone before that is anybody's."""

    lanes: Sequence[str]
    forsaken: datetime


def claim_replies(
    session: Session, channel: str, *, now: datetime, limit: int, leased_until: datetime, ours: Ours | None = None
) -> list[Claimed]:
    """The next letters that are not bulk, at most one per lane, in the order of writing, each a parcel of its own."""
    asked = {"channel": channel, "now": now, "most": limit}
    which, more = (_REPLIES_OF_OURS, {"lanes": ours.lanes, "forsaken": ours.forsaken}) if ours else (_REPLIES, {})
    rows = which.rows(session, asked | more)
    return _take(session, [[row] for row in rows], leased_until)


def claim_bulk(
    session: Session, channel: str, *, now: datetime, parcels: int, most: int, leased_until: datetime
) -> list[list[Claimed]]:
    """The next bulk letters as parcels of at most `most`, those that have waited longest first. A parcel takes its
    letters from the whole queue, so that a text to so many persons makes as few calls as it can."""
    taken: list[list[Claimed]] = []
    busy: list[str] = []
    while len(taken) < parcels:
        found = _HEAD.rows(session, {"channel": channel, "now": now, "busy": busy})
        if not found:
            break
        head = found[0]
        if letters := _with(session, head, now, most):
            taken.append(_take(session, [letters], leased_until))
        else:
            busy.append(head.batch)
    return taken


def _with(session: Session, head: Row[Any], now: datetime, most: int) -> Sequence[Row[Any]]:
    """The letters that go with the head of the queue; none where it had better wait a moment. A parcel that got no
    answer goes again whole or not now."""
    if not head.batch:
        return [head]
    same = {"batch": head.batch, "parcel": head.parcel}
    if not head.parcel:
        free = _FREE_OF_BATCH.rows(session, same | {"now": now, "most": most})
        if len(free) < most and _HELD_UP.rows(session, same | {"now": now}):
            return []  # somebody is just being answered: with them it is one call, without them two
        return free
    letters = _PARCEL.rows(session, same)
    lanes = [letter.lane for letter in letters]
    return [] if _UNDER_WAY.rows(session, {"lanes": lanes}) else letters


def _take(session: Session, parcels: Sequence[Sequence[Row[Any]]], leased_until: datetime) -> list[Claimed]:
    """Marks the letters of parcels as under way."""
    claimed: list[Claimed] = []
    for letters in parcels:
        first = letters[0]
        called = first.parcel or (first.key if not first.attempts else f"{first.key}~{first.attempts}")
        claimed += [
            Claimed(
                id=row.id,
                key=row.key,
                lane=row.lane,
                topic=row.topic,
                body=row.body,
                attempts=row.attempts + 1,
                parcel=called,
                again=bool(first.parcel),
                more=bool(getattr(row, "more", False)),
            )
            for row in letters
        ]
    if claimed:
        marks = [{"letter": one.id, "until": leased_until, "called": one.parcel} for one in claimed]
        _SET_OUT.each(session, marks)
    return claimed


# ---- the statements of every round, built once: building them costs many times what running them does

_NOW = bindparam("now", type_=Moment)
_LETTER = select(
    *(col(c) for c in (Outgoing.id, Outgoing.key, Outgoing.lane, Outgoing.topic, Outgoing.body)),
    *(col(c) for c in (Outgoing.attempts, Outgoing.parcel, Outgoing.batch)),
)


def _queued(*, bulk: bool) -> Any:
    queue = _LETTER.where(IS_WAITING, col(Outgoing.channel) == bindparam("channel"), col(Outgoing.bulk) == bulk)
    return queue.where(col(Outgoing.not_before) <= _NOW)


def _free(letters: Any) -> Any:
    """Those of the letters whose time has come and is not over, whose lane is free and none ahead of them."""
    earlier = aliased(Outgoing)
    same_bulk = col(earlier.bulk) == Outgoing.bulk
    ahead = exists().where(
        col(earlier.lane) == Outgoing.lane,
        col(earlier.state) == State.WAITING,
        # a letter put off keeps its place: what was written after it does not overtake it
        or_(col(earlier.not_before) <= _NOW, and_(col(earlier.attempts) > 0, same_bulk)),
        or_(col(earlier.bulk) < Outgoing.bulk, and_(same_bulk, col(earlier.id) < Outgoing.id)),
    )
    return _timely(letters).where(~ahead, ~_taken()).with_for_update(skip_locked=True)


def _held_up(letters: Any) -> Any:
    """Those whose reader is just being answered."""
    reply = aliased(Outgoing)
    answered = exists().where(
        col(reply.lane) == Outgoing.lane,
        col(reply.state) == State.WAITING,
        col(reply.bulk).is_(False),
        col(reply.not_before) <= _NOW,
    )
    return _timely(letters).where(or_(_taken(), answered))


def _timely(letters: Any) -> Any:
    in_time = or_(col(Outgoing.expires_at).is_(None), col(Outgoing.expires_at) >= _NOW)
    return letters.where(col(Outgoing.not_before) <= _NOW, in_time)


def _taken() -> ColumnElement[bool]:
    """A letter is under way in the lane."""
    sending = aliased(Outgoing)
    return exists().where(col(sending.lane) == Outgoing.lane, col(sending.state) == State.SENDING)


def _more() -> Any:
    other = aliased(Outgoing)
    mine = (col(other.lane) == Outgoing.lane, col(other.id) != Outgoing.id, col(other.state) == State.WAITING)
    return exists().where(*mine).label("more")


_MOST = bindparam("most", type_=Integer)
_REPLY = _free(_queued(bulk=False)).add_columns(_more()).order_by(col(Outgoing.id)).limit(_MOST)
_IS_OURS = or_(
    col(Outgoing.topic) != REPLY,
    col(Outgoing.attempts) > 0,
    col(Outgoing.not_before) <= bindparam("forsaken", type_=Moment),
    col(Outgoing.lane) == any_(bindparam("lanes", type_=ARRAY(String))),
)
_REPLIES, _REPLIES_OF_OURS = Prepared(_REPLY), Prepared(_REPLY.where(_IS_OURS))
_NOT_BUSY = col(Outgoing.batch).not_in(bindparam("busy", expanding=True))
_HEAD = Prepared(
    _free(_queued(bulk=True)).where(_NOT_BUSY).order_by(col(Outgoing.not_before), col(Outgoing.id)).limit(1)
)
# nothing but the batch is named, so that its index is the one the database takes
_OF_BATCH = _LETTER.where(
    IS_WAITING, col(Outgoing.batch) == bindparam("batch"), col(Outgoing.parcel) == bindparam("parcel")
).order_by(col(Outgoing.id))
_FREE_OF_BATCH = Prepared(_free(_OF_BATCH).limit(_MOST))
_HELD_UP = Prepared(_held_up(_OF_BATCH).limit(1))
_PARCEL = Prepared(_OF_BATCH.with_for_update(skip_locked=True))
_UNDER_WAY = Prepared(
    select(Outgoing.id)
    .where(col(Outgoing.lane).in_(bindparam("lanes", expanding=True)), Outgoing.state == State.SENDING)
    .limit(1)
)
_SET_OUT = Prepared(
    update(Outgoing)
    .where(col(Outgoing.id) == bindparam("letter"))
    .values(
        state=State.SENDING,
        leased_until=bindparam("until"),
        parcel=bindparam("called"),
        attempts=Outgoing.attempts + 1,
    )
)


# ---------------------------------------------------------------- what became of them


def settle(
    session: Session, letter_ids: Sequence[int], state: State, *, at: datetime, receipt: str = "", trouble: str = ""
) -> None:
    """The end of claimed letters. One whose lease ended meanwhile may still turn from doubtful to sent."""
    values = {"letters": letter_ids, "fate": state, "at": at, "receipt_id": receipt[:200], "why": trouble[:300]}
    _SETTLE.run(session, values)


_SETTLE = Prepared(
    update(Outgoing)
    .where(
        col(Outgoing.id).in_(bindparam("letters", expanding=True)),
        col(Outgoing.state).in_([State.SENDING, State.DOUBTFUL]),
    )
    .values(
        state=bindparam("fate"),
        settled_at=bindparam("at"),
        leased_until=None,
        receipt=bindparam("receipt_id"),
        trouble=bindparam("why"),
    )
)


def prolong(session: Session, letter_ids: Sequence[int], until: datetime) -> None:
    """Claimed letters that take longer: a paper of a whole city is being made."""
    session.exec(update(Outgoing).where(col(Outgoing.id).in_(letter_ids), IS_SENDING).values(leased_until=until))


def release(session: Session, letter_ids: Sequence[int]) -> None:
    """Back to waiting: claimed, but nothing was begun with it."""
    _back(session, col(Outgoing.id).in_(letter_ids), attempts=Outgoing.attempts - 1, parcel="")


def release_claim(session: Session, channel: str, leased_until: datetime) -> None:
    """The same for all that was claimed until this very moment."""
    claimed = and_(col(Outgoing.channel) == channel, col(Outgoing.leased_until) == leased_until)
    _back(session, claimed, attempts=Outgoing.attempts - 1, parcel="")


def put_off(
    session: Session,
    letter_ids: Sequence[int],
    *,
    until: datetime,
    trouble: str,
    alone: bool = False,
    same_parcel: bool = False,
) -> None:
    """Back to waiting: the platform said «later» and took nothing. `alone`: not in one call with others any more.
    `same_parcel`: nobody knows what it took, and it refuses what it has."""
    values: dict[str, Any] = {"not_before": until, "trouble": trouble[:300]}
    if not same_parcel:
        values["parcel"] = ""
    if alone:
        values["batch"] = ""
    _back(session, col(Outgoing.id).in_(letter_ids), **values)


def _back(session: Session, which: ColumnElement[bool], **values: Any) -> None:
    waits: dict[str, Any] = {"state": State.WAITING, "leased_until": None}
    session.exec(update(Outgoing).where(which, IS_SENDING).values(**waits, **values))
