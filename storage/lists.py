"""Who the figures are made of, by name: the unfinished, the exempt, those who were late.

Now or as of a past moment, by the same rules as `head_counts.py`. Must not know who asks.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.head_counts import newest, was_exempt, was_there
from storage.models import Case, Exemption, Membership, Person, Submission, Unit
from storage.subtree import inside, whole


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody who has yet to hand in, and the unit they count in."""

    person: Person
    unit: Unit
    begun: bool

    @property
    def by_others(self) -> bool:
        """Without an account: a colleague fills in for them (代填)."""
        return not self.person.account


@dataclass(frozen=True, slots=True)
class Excused:
    """Somebody exempt: why, who decided, since when."""

    person: Person
    unit: Unit
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Late:
    """Somebody who handed in after the deadline."""

    person: Person
    unit: Unit
    at: datetime


def unfinished(
    session: Session, campaign: str, path: str, as_of: datetime | None = None, *, most: int | None = None
) -> list[Missing]:
    """Everybody below `path` who has to hand in and has not, or is asked again, by unit; `most` of them where given."""
    if as_of is None:
        found = missing_now(campaign, path, Person, Unit, col(Case.id))
    else:
        of_case = and_(col(Case.person_id) == col(Person.id), col(Case.campaign) == campaign)
        place = case((col(Submission.id).is_not(None), col(Case.unit_id)), else_=col(Membership.unit_id))
        found = (
            select(Person, Unit, col(Case.id))
            .join(Membership, col(Membership.person_id) == col(Person.id))
            .outerjoin(Case, and_(of_case, col(Case.opened_at) <= as_of))
            .outerjoin(Submission, _counted(as_of))
            .join(Unit, col(Unit.id) == place)
            .where(was_there(as_of), or_(col(Submission.id).is_(None), col(Submission.outdated_at) <= as_of))
            .where(~exists().where(col(Exemption.person_id) == col(Person.id), was_exempt(campaign, as_of)))
        )
    rows = session.execute(_listed(found, path).limit(most)).all()
    return [Missing(person, unit, case_id is not None) for person, unit, case_id in rows]


def missing_now(campaign: str, path: str, *columns: Any) -> Any:
    """These columns of everybody below `path` who has to hand in and has not, or is asked again: of the person, the
    unit they count in, and their case where there is one."""
    of_case = and_(col(Case.person_id) == col(Person.id), col(Case.campaign) == campaign)
    place = case((col(Case.submitted_at).is_not(None), col(Case.unit_id)), else_=col(Person.unit_id))
    in_force = and_(col(Exemption.campaign) == campaign, col(Exemption.ended_at).is_(None))
    return (
        select(*columns)
        .select_from(Person)
        .outerjoin(Case, of_case)
        .join(Unit, col(Unit.id) == place)
        .where(col(Person.active).is_(True))
        .where(or_(col(Case.id).is_(None), col(Case.submitted_at).is_(None), col(Case.asked_again).is_(True)))
        .where(~exists().where(col(Exemption.person_id) == col(Person.id), in_force))
        .where(col(Unit.path).startswith(path), true() if whole(path) else near(campaign, inside(path)))
    )


def near(campaign: Any, units: Any) -> ColumnElement[bool]:
    """The condition that somebody is in one of these units, or was when they began: who counts there is among them,
    and an index finds them. Where somebody counts is an expression, for which everybody would be looked at."""
    are = select(col(Person.id)).where(col(Person.unit_id).in_(units))
    were = select(col(Case.person_id)).where(col(Case.campaign) == campaign, col(Case.unit_id).in_(units))
    return col(Person.id).in_(are.union(were))


def exempt(session: Session, campaign: str, path: str, as_of: datetime | None = None) -> list[Excused]:
    """Everybody below `path` who need not hand in."""
    decider = aliased(Person)
    of_case = and_(col(Case.person_id) == col(Person.id), col(Case.campaign) == campaign)
    found = select(Person, Unit, Exemption, col(decider.name)).join(
        Exemption, col(Exemption.person_id) == col(Person.id)
    )
    found = found.join(decider, col(decider.id) == col(Exemption.by))
    if as_of is None:
        place = case((col(Case.submitted_at).is_not(None), col(Case.unit_id)), else_=col(Person.unit_id))
        found = (
            found.outerjoin(Case, of_case)
            .where(col(Exemption.campaign) == campaign, col(Exemption.ended_at).is_(None), col(Person.active).is_(True))
            .where(or_(col(Case.id).is_(None), col(Case.submitted_at).is_(None), col(Case.asked_again).is_(True)))
        )
    else:
        place = case((col(Submission.id).is_not(None), col(Case.unit_id)), else_=col(Membership.unit_id))
        found = (
            found.join(Membership, col(Membership.person_id) == col(Person.id))
            .outerjoin(Case, and_(of_case, col(Case.opened_at) <= as_of))
            .outerjoin(Submission, _counted(as_of))
            .where(was_exempt(campaign, as_of), was_there(as_of))
            .where(or_(col(Submission.id).is_(None), col(Submission.outdated_at) <= as_of))
        )
    rows = session.execute(_listed(found.join(Unit, col(Unit.id) == place), path)).all()
    return [Excused(person, unit, row.reason, by, row.at) for person, unit, row, by in rows]


def late(session: Session, campaign: str, path: str, as_of: datetime | None = None) -> list[Late]:
    """Everybody below `path` who handed in for the first time after the deadline."""
    first: Any = select(col(Submission.case_id).label("case_id"), func.min(Submission.at).label("at")).group_by(
        col(Submission.case_id)
    )
    came = first.subquery()
    found = (
        select(Person, Unit, came.c.at)
        .join(Case, col(Case.person_id) == col(Person.id))
        .join(came, came.c.case_id == col(Case.id))
        .join(Unit, col(Unit.id) == col(Case.unit_id))
        .where(col(Case.campaign) == campaign, col(Case.late).is_(True))
    )
    if as_of is not None:
        found = found.where(came.c.at <= as_of)
    return [Late(person, unit, at) for person, unit, at in session.execute(_listed(found, path)).all()]


def _counted(as_of: datetime) -> ColumnElement[bool]:
    return and_(col(Submission.case_id) == col(Case.id), col(Submission.id).in_(newest(as_of)))


def _listed(found: Any, path: str) -> Any:
    return found.where(col(Unit.path).startswith(path)).order_by(col(Unit.code), col(Person.id))
