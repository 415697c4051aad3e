"""Broadcasts and what has become of their letters. Must not know who may see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, or_, select, update

from storage.models import Broadcast, Outgoing, Unit
from storage.outbox import State

_OPEN = (State.WAITING, State.SENDING)


def keep(session: Session, planned: Broadcast) -> int:
    """Its number."""
    session.add(planned)
    session.flush()
    return planned.id or 0


def numbered(session: Session, number: int) -> Broadcast | None:
    return session.exec(select(Broadcast).where(Broadcast.id == number)).first()


def newest(session: Session, *, asker: str = "", limit: int = 5) -> Sequence[Broadcast]:
    """The latest that were agreed to, of one asker where given."""
    found = select(Broadcast).where(col(Broadcast.agreed_at).is_not(None))
    if asker:
        found = found.where(Broadcast.asker == asker)
    return session.exec(found.order_by(col(Broadcast.id).desc()).limit(limit)).all()


def agree(session: Session, number: int, *, route: str, at: datetime) -> bool:
    """True for whoever is the first to agree; never to one that was stopped."""
    fresh = update(Broadcast).where(col(Broadcast.id) == number, col(Broadcast.agreed_at).is_(None))
    fresh = fresh.where(col(Broadcast.stopped_at).is_(None)).values(agreed_at=at, route=route)
    return session.exec(fresh.execution_options(synchronize_session="fetch")).rowcount == 1


def to_post(session: Session) -> Broadcast | None:
    """The oldest that was agreed to and has letters still to be posted."""
    return session.exec(
        select(Broadcast)
        .where(col(Broadcast.agreed_at).is_not(None))
        .where(col(Broadcast.posted_at).is_(None), col(Broadcast.stopped_at).is_(None))
        .order_by(col(Broadcast.id))
        .limit(1)
    ).first()


def going_on(session: Session, number: int) -> Broadcast | None:
    """The broadcast, if it still wants letters; no other process stops it or ends it meanwhile."""
    found = session.exec(select(Broadcast).where(Broadcast.id == number).with_for_update()).first()
    return found if found and found.stopped_at is None and found.posted_at is None else None


def posted(session: Session, number: int, *, at: datetime) -> None:
    """All its letters are in the outbox."""
    session.exec(update(Broadcast).where(col(Broadcast.id) == number).values(posted_at=at))


def stop(session: Session, number: int, *, at: datetime) -> int:
    """No more letters are posted and those that wait are withdrawn; how many."""
    session.exec(update(Broadcast).where(col(Broadcast.id) == number).values(stopped_at=at))
    waiting = update(Outgoing).where(col(Outgoing.broadcast_id) == number, col(Outgoing.state) == State.WAITING)
    return session.exec(waiting.values(state=State.WITHDRAWN, settled_at=at)).rowcount


def send_again(session: Session, number: int, *, at: datetime, expires_at: datetime) -> int:
    """What was refused, or withdrawn or expired before it went, waits once more: nobody gets it twice. How many."""
    session.exec(
        update(Broadcast).where(col(Broadcast.id) == number).values(stopped_at=None, posted_at=None, reported_at=None)
    )
    missed = col(Outgoing.state).in_([State.REFUSED, State.WITHDRAWN, State.EXPIRED])
    return session.exec(
        update(Outgoing)
        .where(col(Outgoing.broadcast_id) == number, missed)
        .values(state=State.WAITING, not_before=at, expires_at=expires_at, settled_at=None, parcel="", trouble="")
    ).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """Letters of a broadcast, by what has become of them."""

    sent: int = 0
    waiting: int = 0
    put_off: int = 0
    """Of those that wait: the platform has said «later» to them."""
    refused: int = 0
    doubtful: int = 0
    withdrawn: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.waiting + self.refused + self.doubtful + self.withdrawn + self.expired

    @property
    def missed(self) -> int:
        """Certainly not delivered, and may be sent again."""
        return self.refused + self.withdrawn + self.expired


def fates(session: Session, number: int) -> Fates:
    by_state = session.exec(
        select(Outgoing.state, func.count()).where(Outgoing.broadcast_id == number).group_by(Outgoing.state)
    ).all()
    counts = dict(by_state)
    put_off = 0
    if counts.get(State.WAITING):
        tried = select(func.count()).where(Outgoing.broadcast_id == number, Outgoing.state == State.WAITING)
        put_off = session.exec(tried.where(col(Outgoing.attempts) > 0)).one()
    return Fates(
        sent=counts.get(State.SENT, 0),
        waiting=sum(counts.get(state, 0) for state in _OPEN),
        put_off=put_off,
        refused=counts.get(State.REFUSED, 0),
        doubtful=counts.get(State.DOUBTFUL, 0),
        withdrawn=counts.get(State.WITHDRAWN, 0),
        expired=counts.get(State.EXPIRED, 0),
    )


@dataclass(frozen=True, slots=True)
class Unreached:
    """A chat a broadcast did not reach for certain, and why."""

    lane: str
    state: State
    why: str


def unreached(session: Session, number: int, limit: int = 100_000) -> list[Unreached]:
    """Refused first, then those nobody knows about."""
    rows = session.exec(
        select(Outgoing.lane, Outgoing.state, Outgoing.trouble)
        .where(Outgoing.broadcast_id == number, col(Outgoing.state).in_([State.REFUSED, State.DOUBTFUL]))
        .order_by(col(Outgoing.state).desc(), col(Outgoing.id))
        .limit(limit)
    ).all()
    return [Unreached(lane, State(state), why) for lane, state, why in rows]


def finished(session: Session) -> list[Broadcast]:
    """Those whose last letter has been settled and whose asker has not been told how it went."""
    open_ = select(Outgoing.id).where(Outgoing.broadcast_id == col(Broadcast.id), col(Outgoing.state).in_(_OPEN))
    over = or_(col(Broadcast.posted_at).is_not(None), col(Broadcast.stopped_at).is_not(None))
    return list(
        session.exec(
            select(Broadcast)
            .where(col(Broadcast.agreed_at).is_not(None), col(Broadcast.reported_at).is_(None), over)
            .where(~open_.exists())
            .order_by(col(Broadcast.id))
        ).all()
    )


def reported(session: Session, number: int, *, at: datetime) -> bool:
    """True for whoever is the first to report."""
    fresh = update(Broadcast).where(col(Broadcast.id) == number, col(Broadcast.reported_at).is_(None))
    return session.exec(fresh.values(reported_at=at)).rowcount == 1


def had_enough(session: Session, campaign: str, *, since: datetime, most: int) -> set[str]:
    """The chats that have got or shall get `most` broadcasts since a moment."""
    rows = session.exec(
        select(Outgoing.lane)
        .join(Broadcast, col(Broadcast.id) == Outgoing.broadcast_id)
        .where(Broadcast.campaign == campaign, col(Broadcast.agreed_at) >= since)
        .where(col(Outgoing.state).not_in([State.REFUSED, State.WITHDRAWN, State.EXPIRED]))
        .group_by(Outgoing.lane)
        .having(func.count() >= most)
    ).all()
    return set(rows)


def unit_of(session: Session, broadcast: Broadcast) -> Unit:
    return session.exec(select(Unit).where(Unit.id == broadcast.unit_id)).one()
