"""How the bot is doing, read off its books: what waits, what went wrong lately. Never what anybody said.

Must not know who looks.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from storage import errands, outbox
from storage.models import Errand, Inbound, Outgoing
from storage.outbox import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Lately:
    """What went wrong since a moment."""

    doubtful: int
    faults: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    outbox: dict[str, int]
    """Letters by state."""
    due: int
    """Letters whose time has come and that still wait."""
    due_since: datetime | None
    """When the oldest of them should have gone."""
    files: int
    """Files being fetched or waiting for it."""
    heard_at: datetime | None
    """When the last message was stored."""
    lately: Lately


def lately(session: Session, since: datetime) -> Lately:
    doubtful = select(func.count()).where(col(Outgoing.state) == State.DOUBTFUL, col(Outgoing.settled_at) >= since)
    faults = select(func.count()).where(col(Inbound.received_at) >= since, col(Inbound.fault) != "")
    return Lately(doubtful=session.exec(doubtful).one(), faults=session.exec(faults).one())


def vitals(session: Session, *, now: datetime, since: datetime) -> Vitals:
    """`since`: from when on trouble counts as recent."""
    due = select(func.count(), func.min(Outgoing.not_before)).where(
        col(Outgoing.state) == State.WAITING, col(Outgoing.not_before) <= now
    )
    count, oldest = session.exec(due).one()
    under_way = select(func.count()).where(col(Errand.state).in_([errands.State.WAITING, errands.State.FETCHING]))
    return Vitals(
        outbox=outbox.counts(session),
        due=count,
        due_since=oldest,
        files=session.exec(under_way).one(),
        heard_at=session.exec(select(func.max(Inbound.received_at))).one(),
        lately=lately(session, since),
    )
