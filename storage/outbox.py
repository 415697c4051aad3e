"""Letters on their way out: posted with the turn that wrote them, taken back, looked up. How they leave is the next
room's (`delivery.py`).

The key of a letter says what it is; posting it twice posts it once. Must not know platforms nor what a body means.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, bindparam, func, literal
from sqlmodel import Session, col, select, update

from storage import at_hand
from storage.models import Outgoing
from storage.models.columns import Moment
from storage.prepared import Prepared
from storage.statements import insert_many_new

ASIDE = "aside/"
"""How the keys of letters begin that are said in passing: they are not what a person's next message answers."""
LAST = "last"
"""At hand by lane."""
REPLY = "reply"
"""The topic of what a message is answered with."""
ORPHANED = "the process ended while sending"


class State(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    DOUBTFUL = "doubtful"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


IS_WAITING: ColumnElement[bool] = col(Outgoing.state) == literal(State.WAITING.value, literal_execute=True)
"""Spelled out in the statement: only so does a database see that the indexes of what waits will do."""
IS_SENDING: ColumnElement[bool] = col(Outgoing.state) == literal(State.SENDING.value, literal_execute=True)
KEY_BEGINS: ColumnElement[bool] = func.substr(Outgoing.key, 1, bindparam("length", type_=Integer)) == bindparam("of")
"""With `of`, whose length is `length`: no sign in it means anything but itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A letter to be put into the outbox. `lane` is the chat, its platform first; `bulk` letters wait behind all
    replies, and those of one `batch` may go in one call."""

    key: str
    lane: str
    topic: str
    body: str
    not_before: datetime
    bulk: bool = False
    batch: str = ""
    expires_at: datetime | None = None
    broadcast: int | None = None


def post(session: Session, letters: Sequence[Post]) -> int:
    """Puts letters in; those whose key is known are left out. Returns how many were new."""
    rows = [
        {
            "key": p.key,
            "lane": p.lane,
            "channel": p.lane.partition(":")[0],
            "bulk": p.bulk,
            "batch": p.batch,
            "parcel": "",
            "broadcast_id": p.broadcast,
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


def withdraw(session: Session, lanes: Sequence[str], topics: Sequence[str], *, at: datetime, of: str = "") -> int:
    """Takes back what still waits for chats: whoever finishes is not reminded. `of` is how the keys begin."""
    asked = {"lanes": lanes, "topics": topics, "of": of, "length": len(of), "now": at}
    if count := _WITHDRAW.run(session, asked):
        for lane in lanes:
            at_hand.take(session, LAST, lane)
    return count


_WITHDRAW = Prepared(
    update(Outgoing)
    .where(
        col(Outgoing.lane).in_(bindparam("lanes", expanding=True)),
        col(Outgoing.state) == State.WAITING,
        col(Outgoing.topic).in_(bindparam("topics", expanding=True)),
        KEY_BEGINS,
    )
    .values(state=State.WITHDRAWN, settled_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Last:
    """The newest letter to a chat. `failed`: the platform gave no answer or refused it. A letter under way when the
    process ended does not count as failed: as a rule it had arrived."""

    key: str
    body: str
    failed: bool
    ahead: tuple[str, ...] = ()
    """What stood above it in the same answer."""


def last(session: Session, lane: str, *, now: datetime) -> Last | None:
    """The newest letter to a chat that is out or on its way."""
    found: Last | None
    there, found = at_hand.take(session, LAST, lane)
    if not there:
        found = lasts(session, [lane], now=now).get(lane)
    at_hand.put(session, LAST, {lane: found})  # the same turn may ask again
    ahead = _ahead(session, found.key, lane) if found else ()
    return replace(found, ahead=ahead) if found and ahead else found


def lasts(session: Session, lanes: Sequence[str], *, now: datetime) -> dict[str, Last]:
    """Of each chat the newest letter, without what stood above it."""
    found = _LASTS.rows(session, {"lanes": lanes, "now": now})
    return {row.lane: Last(row.key, row.body, _failed(row)) for row in found}


def _failed(letter: Row[Any]) -> bool:
    return letter.state in (State.DOUBTFUL, State.REFUSED) and letter.trouble != ORPHANED


_NEWEST = (
    select(func.max(Outgoing.id))
    .where(
        col(Outgoing.lane).in_(bindparam("lanes", expanding=True)),
        col(Outgoing.state).not_in([State.WITHDRAWN, State.EXPIRED]),
        col(Outgoing.not_before) <= bindparam("now", type_=Moment),
        ~col(Outgoing.key).startswith(ASIDE),
    )
    .group_by(col(Outgoing.lane))
)
_LASTS = Prepared(
    select(*(col(c) for c in (Outgoing.lane, Outgoing.key, Outgoing.state, Outgoing.trouble, Outgoing.body))).where(
        col(Outgoing.id).in_(_NEWEST)
    )
)


def _ahead(session: Session, key: str, lane: str) -> tuple[str, ...]:
    """The bodies of the letters before this one in the same answer."""
    stem, sign, number = key.rpartition("#")
    if not (sign and number.isdecimal() and int(number)):
        return ()
    keys = [f"{stem}#{n}" for n in range(int(number))]
    found = session.exec(select(Outgoing).where(col(Outgoing.key).in_(keys), Outgoing.lane == lane)).all()
    by_key = {other.key: other.body for other in found if other.state not in (State.WITHDRAWN, State.EXPIRED)}
    return tuple(by_key[key] for key in keys if key in by_key)


def doubt_all(session: Session, *, at: datetime) -> int:
    """After a restore: what waited in the backup may have gone out since, so none of it goes by itself. How many."""
    return session.exec(
        update(Outgoing)
        .where(col(Outgoing.state).in_([State.WAITING, State.SENDING]))
        .values(state=State.DOUBTFUL, settled_at=at, leased_until=None, trouble="restored from a backup")
    ).rowcount


def long_since_sent(session: Session, *, at: datetime) -> int:
    """For a past that is played: letters whose time came before a moment went out then. How many."""
    return session.exec(
        update(Outgoing)
        .where(col(Outgoing.state) == State.WAITING, col(Outgoing.not_before) <= at)
        .values(state=State.SENT, settled_at=at)
    ).rowcount


TROUBLED = (State.REFUSED, State.DOUBTFUL)
"""What somebody may have to look into, and may send again or drop by hand."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A letter as the operator sees it; never what it says."""

    id: int
    state: State
    key: str
    topic: str
    at: datetime | None
    why: str


def look(session: Session, *, states: Sequence[State] = TROUBLED, topic: str = "", limit: int = 20) -> list[Seen]:
    """The newest letters in these states, of one topic where given."""
    found = select(Outgoing).where(col(Outgoing.state).in_(states))
    if topic:
        found = found.where(Outgoing.topic == topic)
    rows = session.exec(found.order_by(col(Outgoing.id).desc()).limit(limit)).all()
    return [
        Seen(row.id or 0, State(row.state), row.key, row.topic, row.settled_at or row.not_before, row.trouble)
        for row in rows
    ]


def resend(session: Session, ids: Sequence[int], *, at: datetime) -> int:
    """Letters that were refused or are doubtful wait once more, each alone; how many."""
    return _by_hand(session, ids, state=State.WAITING, not_before=at, settled_at=None, expires_at=None, batch="")


def drop(session: Session, ids: Sequence[int], *, at: datetime) -> int:
    """Letters that were refused or are doubtful are done with; how many."""
    return _by_hand(session, ids, state=State.WITHDRAWN, settled_at=at)


def _by_hand(session: Session, ids: Sequence[int], **values: Any) -> int:
    changed = 0
    for start in range(0, len(ids), 500):
        some = col(Outgoing.id).in_(ids[start : start + 500])
        changed += session.exec(
            update(Outgoing).where(some, col(Outgoing.state).in_(TROUBLED)).values(parcel="", **values)
        ).rowcount
    return changed


def counts(session: Session) -> dict[str, int]:
    rows = session.exec(select(Outgoing.state, func.count()).group_by(Outgoing.state)).all()
    return dict(rows)


def known_keys(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of the keys that have been posted before."""
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        found.update(session.exec(select(Outgoing.key).where(col(Outgoing.key).in_(keys[start : start + 500]))).all())
    return found


def refuse_unknown(session: Session, channels: Sequence[str], *, at: datetime) -> int:
    """Letters for a channel this program does not have are refused; how many."""
    return session.exec(
        update(Outgoing)
        .where(IS_WAITING, col(Outgoing.channel).not_in(channels))
        .values(state=State.REFUSED, settled_at=at, trouble="no such channel is set up")
    ).rowcount
