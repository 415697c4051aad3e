"""The queries behind the figures of people: for any past moment, and to count everybody anew as they stand now (the
figures of now are kept while they change, `running_counts.py`). Must not know what is made of their numbers.

Each query counts by unit and says which figures its numbers add to or take from. That is faster by far than one query
that decides about everybody: first all who are there are expected, then those who have handed in move to where they did
so, then come those asked again and the exempt.

The past is read from what was written down at the time: submissions, the history of the roster, exemptions. Only the
tree of units is taken as it stands now.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.cases import ON_PAPER
from storage.counting_triggers import FIGURES
from storage.models import Case, Exemption, Membership, Person, Pledge, Submission
from storage.subtree import Numbers, whole, within


@dataclass(frozen=True, slots=True)
class Query:
    """`changes` names the figures the columns behind the unit's id go to, each with its sign."""

    select: Select[Any]
    changes: tuple[tuple[str, int], ...]


_THERE = (("expected", 1),)
_MOVED = (("expected", -1), ("started", 1))
_FINISHED = ("finished", "nil", "late", "touched", "pledged")
_HANDED_IN = (("expected", 1), *((name, 1) for name in _FINISHED))
_AGAIN = (("started", 1), *((name, -1) for name in _FINISHED))
_EXEMPT = (("exempt", 1), ("expected", -1), ("started", -1))


def added_up(reading: Session | Connection, queries: Iterable[Query]) -> dict[int, Numbers]:
    """What the queries count together, by unit, in the order of `FIGURES`."""
    place = {name: number for number, name in enumerate(FIGURES)}
    found: dict[int, Numbers] = {}
    for query in queries:
        changes = [(place[name], sign) for name, sign in query.changes]
        for unit_id, *counted in reading.execute(query.select):
            numbers = found.setdefault(unit_id, [0] * len(FIGURES))
            for (at, sign), number in zip(changes, counted, strict=True):
                numbers[at] += sign * number
    return found


def present(campaign: str) -> Iterator[Query]:
    """What one campaign changes; `THERE` counts in all of them."""
    of_campaign, handed_in = col(Case.campaign) == campaign, col(Case.submitted_at).is_not(None)
    of_person, active = col(Person.id) == col(Case.person_id), col(Person.active).is_(True)
    yield Query(
        _by(col(Person.unit_id), _count(handed_in), _count(~handed_in))
        .join_from(Case, Person, of_person)
        .where(of_campaign, active),
        _MOVED,
    )
    facts = _handed_in(Case, col(Case.pledged).is_(True))
    yield Query(_by(col(Case.unit_id), *facts).where(of_campaign, handed_in), _HANDED_IN)
    yield Query(
        _by(col(Case.unit_id), *facts)
        .join_from(Case, Person, of_person)
        .where(of_campaign, col(Case.asked_again).is_(True), handed_in, active),
        _AGAIN,
    )
    place = case((handed_in, col(Case.unit_id)), else_=col(Person.unit_id))
    yield Query(
        _by(place, func.count(), func.count(), func.count(col(Case.id)))
        .join_from(Exemption, Person, col(Person.id) == col(Exemption.person_id))
        .outerjoin(Case, and_(of_person, of_campaign))
        .where(col(Exemption.campaign) == campaign, col(Exemption.ended_at).is_(None), active)
        .where(or_(col(Case.id).is_(None), ~handed_in, col(Case.asked_again).is_(True))),
        _EXEMPT,
    )


def past(campaign: str, path: str, as_of: datetime) -> Iterator[Query]:
    here, there = within(col(Membership.unit_id), path), within(col(Case.unit_id), path)
    of_case = and_(col(Case.id) == col(Submission.case_id), col(Case.campaign) == campaign)
    of_person = and_(col(Membership.person_id) == col(Case.person_id), was_there(as_of))
    counted, outdated = is_newest(as_of), col(Submission.outdated_at) <= as_of
    yield Query(_by(col(Membership.unit_id), func.count()).where(was_there(as_of), here), _THERE)
    yield Query(
        _begun(path, as_of)
        .join(Membership, of_person)
        .where(col(Case.campaign) == campaign, col(Case.opened_at) <= as_of, here),
        _MOVED,
    )
    facts = _handed_in(Submission, was_pledged(as_of))
    yield Query(
        _by(col(Case.unit_id), *facts).join_from(Submission, Case, of_case).where(counted, there),
        _HANDED_IN,
    )
    yield Query(
        _by(col(Case.unit_id), *facts)
        .join_from(Submission, Case, of_case)
        .join(Membership, of_person)
        .where(counted, outdated, there, col(Case.id).in_(_outdated(as_of))),
        _AGAIN,
    )
    place = case((col(Submission.id).is_not(None), col(Case.unit_id)), else_=col(Membership.unit_id))
    yield Query(
        _by(place, func.count(), func.count(), func.count(col(Case.id)))
        .join_from(Exemption, Membership, col(Membership.person_id) == col(Exemption.person_id))
        .outerjoin(
            Case,
            and_(
                col(Case.person_id) == col(Exemption.person_id),
                col(Case.campaign) == campaign,
                col(Case.opened_at) <= as_of,
            ),
        )
        .outerjoin(Submission, and_(col(Submission.case_id) == col(Case.id), is_newest(as_of)))
        .where(was_exempt(campaign, as_of), was_there(as_of))
        .where(or_(col(Submission.id).is_(None), outdated), within(place, path)),
        _EXEMPT,
    )


def _outdated(as_of: datetime) -> Select[Any]:
    """The self-checks with a submission that was not enough any more. Few as a rule: they are looked for first."""
    again = aliased(Submission)
    return select(col(again.case_id)).where(col(again.outdated_at) <= as_of)


def _begun(path: str, as_of: datetime) -> Select[Any]:
    """Self-checks where their people were: those handed in by then, and those not."""
    earlier = exists().where(col(Submission.case_id) == col(Case.id), col(Submission.at) <= as_of)
    last = col(Case.submitted_at)
    handed_in = _count(or_(last <= as_of, and_(last > as_of, earlier)))
    counting = _by(col(Membership.unit_id), handed_in, func.count() - handed_in).select_from(Case)
    if whole(path):
        return counting
    theirs = select(col(Membership.person_id)).where(within(col(Membership.unit_id), path))
    return counting.where(col(Case.person_id).in_(theirs))


def _by(unit_id: Any, *numbers: ColumnElement[int]) -> Select[Any]:
    place = unit_id.label("place")
    return select(place, *numbers).group_by(place)


def _handed_in(of: type[Case] | type[Submission], pledged: ColumnElement[bool]) -> tuple[ColumnElement[int], ...]:
    """What was handed in, read off `of`; that it came late is a fact of the self-check."""
    touched = col(of.touched).is_(True)
    return (
        func.count(),
        func.count(),
        _count(col(of.nil).is_(True)),
        _count(col(Case.late).is_(True)),
        _count(touched),
        _count(and_(touched, pledged)),
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


THERE = Query(_by(col(Person.unit_id), func.count()).where(col(Person.active).is_(True)), _THERE)
"""Everybody in the roster, expected in every campaign."""


# ---------------------------------------------------------------- what held at a moment, for lists as well


def was_there(as_of: datetime) -> ColumnElement[bool]:
    """The condition on a line of the roster's history."""
    return and_(col(Membership.since) <= as_of, or_(col(Membership.until).is_(None), col(Membership.until) > as_of))


def was_exempt(campaign: str, as_of: datetime) -> ColumnElement[bool]:
    """The condition on an exemption."""
    lasted = or_(col(Exemption.ended_at).is_(None), col(Exemption.ended_at) > as_of)
    return and_(col(Exemption.campaign) == campaign, col(Exemption.at) <= as_of, lasted)


def was_pledged(as_of: datetime) -> ColumnElement[bool]:
    """The condition on a submission that counted: there was a pledge with it, or the paper was signed after it."""
    signed = exists().where(
        col(Pledge.case_id) == col(Submission.case_id),
        col(Pledge.state) == ON_PAPER,
        col(Pledge.at).between(col(Submission.at), as_of),
    )
    return or_(col(Submission.pledged).is_(True), signed)


def was_enough(as_of: datetime) -> ColumnElement[bool]:
    """The condition on a submission: no material change of the campaign had asked for more."""
    return or_(col(Submission.outdated_at).is_(None), col(Submission.outdated_at) > as_of)


def newest(as_of: datetime) -> Any:
    """The submissions that counted: the last of each self-check."""
    return select(func.max(Submission.id)).where(col(Submission.at) <= as_of).group_by(col(Submission.case_id))


def is_newest(as_of: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """The same, asked of one submission after the other."""
    other = aliased(Submission)
    later = exists().where(
        col(other.case_id) == col(Submission.case_id), col(other.id) > col(Submission.id), col(other.at) <= as_of
    )
    return and_(col(Submission.at) <= as_of, ~later)
