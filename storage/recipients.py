"""To whom a broadcast goes: people by what they have still to do, or by their office; groups by their unit.

A few columns of each, for many people at once: a whole city is read in a moment. Must not know what they are told.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, case, func
from sqlmodel import Session, col, select

from storage.lists import missing_now
from storage.models import Appointment, Case, Person, Unit
from storage.prepared import Prepared
from storage.roster import in_term


class Recipient(NamedTuple):
    """A person as somebody to write to. `begun`: they have answered something already."""

    id: int
    staff_id: str
    reached_at: str
    account: bool
    begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The next `most` with an account behind a number, without the person `but`; `begun`: only those who have answered
    something, or only those who have not."""

    after: int
    most: int
    but: int | None = None
    begun: bool | None = None

    @property
    def asked(self) -> dict[str, int]:
        """What `_some` asks for."""
        return {"after": self.after, "but": self.but or 0, "most": self.most}


def _some(found: Any) -> Any:
    """Of a query of people, the part that is asked for."""
    after, but = col(Person.id) > bindparam("after"), col(Person.id) != bindparam("but")
    return found.where(col(Person.account).is_(True), after, but).limit(bindparam("most", type_=Integer))


def unfinished(session: Session, campaign: str, path: str, part: Part | None = None) -> list[Recipient]:
    """Everybody below `path` who has yet to hand in, or a part of them."""
    columns = (col(Person.id), col(Person.staff_id), col(Person.reached_at), col(Person.account), col(Case.id))
    found = missing_now(campaign, path, *columns).order_by(col(Person.id))
    if part:
        found = _some(found)
        if part.begun is not None:
            found = found.where(col(Case.id).is_not(None) if part.begun else col(Case.id).is_(None))
    return [
        Recipient(a, b, c, d, case is not None)
        for a, b, c, d, case in session.execute(found, part.asked if part else {})
    ]


def everyone(session: Session, path: str, part: Part | None = None) -> list[Recipient]:
    """Everybody below `path` who has not left, or a part of them."""
    session.flush()
    if part is None:
        return [Recipient(*row) for row in _EVERYONE.rows(session, {"path": path})]
    return [Recipient(*row) for row in _SOME.rows(session, {"path": path, **part.asked})]


_EVERYBODY = (
    select(Person.id, Person.staff_id, Person.reached_at, Person.account)
    .join(Unit, col(Unit.id) == col(Person.unit_id))
    .where(col(Person.active).is_(True), col(Unit.path).startswith(bindparam("path")))
    .order_by(col(Person.id))
)
_EVERYONE = Prepared(_EVERYBODY)
_SOME = Prepared(_some(_EVERYBODY))


def coordinators(session: Session, path: str, now: datetime, part: Part | None = None) -> list[Recipient]:
    """Everybody in office for a unit below `path`, once each, or a part of them."""
    found = (
        select(Person.id, Person.staff_id, Person.reached_at, Person.account)
        .join(Appointment, col(Appointment.person_id) == col(Person.id))
        .join(Unit, col(Unit.id) == col(Appointment.unit_id))
        .where(col(Person.active).is_(True), col(Unit.path).startswith(path), in_term(now))
        .distinct()
        .order_by(col(Person.id))
    )
    rows = session.execute(_some(found), part.asked) if part else session.execute(found)
    return [Recipient(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Heads:
    """A unit, and how many people stand directly in it."""

    unit_id: int
    parent_id: int | None
    code: str
    path: str
    people: int
    no_account: int


def heads(session: Session, path: str) -> list[Heads]:
    """Every unit below `path` with its own people."""
    count = func.count(col(Person.id))
    without = func.sum(case((col(Person.account).is_(False), 1), else_=0))
    of_unit = and_(col(Person.unit_id) == col(Unit.id), col(Person.active).is_(True))
    columns: tuple[Any, ...] = (col(Unit.id), col(Unit.parent_id), col(Unit.code), col(Unit.path), count, without)
    found = (
        select(*columns)
        .select_from(Unit)
        .outerjoin(Person, of_unit)
        .where(col(Unit.path).startswith(path))
        .group_by(col(Unit.id), col(Unit.parent_id), col(Unit.code), col(Unit.path))
        .order_by(col(Unit.path))
    )
    rows = session.execute(found).all()
    return [Heads(i or 0, parent, code, own, people, none or 0) for i, parent, code, own, people, none in rows]
