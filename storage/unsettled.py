"""Letters nobody settled, and letters whose time is over.

Leases are measured in real time, expiry in the campaign's. Must not know what a letter says.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, exists, literal, or_
from sqlmodel import Session, col, select, update

from storage.models import Outgoing
from storage.models.columns import Moment
from storage.outbox import IS_SENDING, IS_WAITING, ORPHANED, State


def is_any(session: Session, channels: Sequence[str], *, now: datetime, real_now: datetime) -> bool:
    """Whether there is anything to sweep, or for channels this program does not have."""
    return bool(session.connection().scalar(_ANY, {"now": now, "real_now": real_now, "channels": channels}))


_NOW, _REAL_NOW = bindparam("now", type_=Moment), bindparam("real_now", type_=Moment)
_ANY = select(
    or_(
        exists().where(and_(IS_SENDING, col(Outgoing.leased_until) < _REAL_NOW)),
        exists().where(and_(IS_WAITING, col(Outgoing.expires_at) < _NOW)),
        exists().where(and_(IS_WAITING, col(Outgoing.channel).not_in(bindparam("channels", expanding=True)))),
    )
)


def sweep(session: Session, *, now: datetime, real_now: datetime, keyed: Sequence[str] = ()) -> tuple[int, int]:
    """Letters nobody settled become doubtful (those of `keyed` channels go once more), letters past their time expire.
    Returns how many of each."""
    doubtful = _abandoned(session, col(Outgoing.leased_until) < real_now, at=now, keyed=keyed)
    expired = session.exec(
        update(Outgoing).where(IS_WAITING, col(Outgoing.expires_at) < now).values(state=State.EXPIRED, settled_at=now)
    ).rowcount
    return doubtful, expired


def orphans(session: Session, *, at: datetime, keyed: Sequence[str] = ()) -> int:
    """At the start of the only process on a database: what a killed one was sending is doubtful now, not after its
    lease. Returns how many."""
    return _abandoned(session, literal(True), at=at, keyed=keyed)


def _abandoned(session: Session, which: ColumnElement[bool], *, at: datetime, keyed: Sequence[str]) -> int:
    if keyed:
        session.exec(
            update(Outgoing)
            .where(IS_SENDING, which, col(Outgoing.channel).in_(keyed))
            .values(state=State.WAITING, leased_until=None, trouble=ORPHANED)
        )
    return session.exec(
        update(Outgoing)
        .where(IS_SENDING, which)
        .values(state=State.DOUBTFUL, settled_at=at, leased_until=None, trouble=ORPHANED)
    ).rowcount
