"""Incidents for the overdue list (notice 三.3): the fact and its date, open until what was done is written down. Must
not know who may record one."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session, col, or_, select

from storage.models import Incident, Person, Unit


def record(
    session: Session, campaign: str, unit_id: int, *, happened_on: date, text: str, by: int, at: datetime
) -> Incident:
    incident = Incident(campaign=campaign, unit_id=unit_id, happened_on=happened_on, text=text[:500], by=by, at=at)
    session.add(incident)
    session.flush()
    return incident


def one(session: Session, campaign: str, number: int) -> tuple[Incident, Unit] | None:
    """Locked until the transaction ends: it is closed once."""
    return session.exec(
        select(Incident, Unit)
        .join(Unit, col(Unit.id) == Incident.unit_id)
        .where(Incident.campaign == campaign, Incident.id == number)
        .with_for_update(of=Incident)
    ).first()


def close(session: Session, incident: Incident, *, closing: str, at: datetime) -> None:
    incident.closed_at, incident.closing = at, closing[:300]
    session.add(incident)


def below(
    session: Session, campaign: str, path: str, as_of: datetime | None = None, *, only_open: bool = False
) -> Sequence[tuple[Incident, Unit, Person]]:
    """Those of a unit and all below it with who recorded them, by day; recorded up to a moment where one is given."""
    found = (
        select(Incident, Unit, Person)
        .join(Unit, col(Unit.id) == Incident.unit_id)
        .join(Person, col(Person.id) == Incident.by)
        .where(Incident.campaign == campaign, col(Unit.path).startswith(path))
        .order_by(col(Incident.happened_on), col(Incident.id))
    )
    if as_of is not None:
        found = found.where(col(Incident.at) <= as_of)
    if only_open:
        still = col(Incident.closed_at).is_(None)
        found = found.where(still if as_of is None else or_(still, col(Incident.closed_at) > as_of))
    return session.exec(found).all()
