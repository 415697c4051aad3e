"""Counting and listing over a unit and all below it, exact as of now. Must not know who asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Function, and_, case, func
from sqlmodel import Session, col, select

from storage.models import Case, Person, Pledge, Submission, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Figures of a unit with all below it. `expected` are the people of the roster; the others are parts of it."""

    expected: int = 0
    finished: int = 0
    nil: int = 0
    late: int = 0
    started: int = 0
    touched: int = 0
    pledged: int = 0

    @property
    def missing(self) -> int:
        return self.expected - self.finished

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 only when everybody has finished."""
        return self.finished * 100 // self.expected if self.expected else 100

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in Tally.__slots__})


def by_unit(session: Session, campaign: str, path: str) -> dict[int, Tally]:
    """Figures of each unit below `path` on its own (not rolled up), by unit id."""
    done = col(Case.submitted_at).is_not(None)

    def count(condition: ColumnElement[bool]) -> Function[int]:
        return func.count(case((condition, 1)))

    rows = session.exec(
        select(  # type: ignore[call-overload]
            Person.unit_id,
            func.count(col(Person.id)),
            count(done),
            count(and_(done, col(Case.nil))),
            count(and_(done, col(Case.late))),
            count(and_(col(Case.id).is_not(None), ~done)),
            count(and_(done, col(Case.touched))),
            count(and_(done, col(Case.touched), col(Case.pledged))),
        )
        .join(Unit, col(Unit.id) == Person.unit_id)
        .outerjoin(Case, and_(col(Case.person_id) == Person.id, col(Case.campaign) == campaign))
        .where(col(Unit.path).startswith(path), col(Person.active).is_(True))
        .group_by(Person.unit_id)
    ).all()
    names = ("expected", "finished", "nil", "late", "started", "touched", "pledged")
    return {row[0]: Tally(**dict(zip(names, row[1:], strict=True))) for row in rows}


def rolled_up(session: Session, campaign: str, top: Unit) -> tuple[Tally, list[tuple[Unit, Tally]]]:
    """The figures of a unit, then of its own people and of each unit directly below it with all that one holds: the
    parts add up to the whole."""
    own = by_unit(session, campaign, top.path)
    below = session.exec(select(Unit).where(col(Unit.path).startswith(top.path))).all()
    parts: dict[int, Tally] = {}
    total = Tally()
    children = {u.id: u for u in below if u.parent_id == top.id}
    for unit in below:
        figures = own.get(unit.id or 0, Tally())
        total += figures
        rest = unit.path.removeprefix(top.path).strip("/")
        if rest:
            child = int(rest.split("/")[0])
            parts[child] = parts.get(child, Tally()) + figures
    listed = [(children[i], tally) for i, tally in parts.items() if i in children and tally.expected]
    mine = own.get(top.id or 0, Tally())
    first = [(top, mine)] if listed and mine.expected else []
    return total, [*first, *sorted(listed, key=lambda part: part[0].code)]


def unfinished(session: Session, campaign: str, path: str) -> Sequence[tuple[Person, Unit, bool]]:
    """Everybody below `path` who has not handed in: the person, their unit, whether they have begun."""
    rows = session.exec(
        select(Person, Unit, Case.id)
        .join(Unit, col(Unit.id) == Person.unit_id)
        .outerjoin(Case, and_(col(Case.person_id) == Person.id, col(Case.campaign) == campaign))
        .where(col(Unit.path).startswith(path), col(Person.active).is_(True), col(Case.submitted_at).is_(None))
        .order_by(col(Unit.code), col(Person.id))
    ).all()
    return [(person, unit, case_id is not None) for person, unit, case_id in rows]


def signed(session: Session, campaign: str, path: str) -> Sequence[tuple[Person, Unit, Pledge]]:
    """The newest pledge of everybody below `path` who signed here, by unit."""
    newest = select(func.max(Pledge.id)).where(Pledge.state == "signed").group_by(col(Pledge.case_id))
    return session.exec(
        select(Person, Unit, Pledge)
        .join(Case, col(Case.person_id) == Person.id)
        .join(Unit, col(Unit.id) == Case.unit_id)
        .join(Pledge, col(Pledge.case_id) == Case.id)
        .where(col(Case.campaign) == campaign, col(Unit.path).startswith(path), col(Pledge.id).in_(newest))
        .order_by(col(Unit.code), col(Pledge.id))
    ).all()


def handed_in(session: Session, campaign: str, path: str) -> Sequence[tuple[Person, Unit, Submission]]:
    """The latest submission of everybody below `path` who touched data, by unit."""
    latest = select(func.max(Submission.id)).group_by(col(Submission.case_id))
    return session.exec(
        select(Person, Unit, Submission)
        .join(Case, col(Case.person_id) == Person.id)
        .join(Unit, col(Unit.id) == Case.unit_id)
        .join(Submission, col(Submission.case_id) == Case.id)
        .where(
            col(Case.campaign) == campaign,
            col(Unit.path).startswith(path),
            col(Case.touched).is_(True),
            col(Submission.id).in_(latest),
        )
        .order_by(col(Unit.code), col(Submission.id))
    ).all()
