"""Who is meant by a reminder, as of now or of a past moment: little of each, for there may be fifty thousand.

Must not know what they are told.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_
from sqlmodel import Session, col, select

from storage import lists
from storage.head_counts import newest, was_enough, was_pledged, was_there
from storage.models import Appointment, Case, Exemption, Membership, Person, Submission
from storage.models.columns import Moment
from storage.prepared import Prepared
from storage.roster import in_term
from storage.rows import Role
from storage.subtree import ids


@dataclass(frozen=True, slots=True)
class Meant:
    """Somebody with an account. `begun` has answered something."""

    id: int
    staff_id: str
    reached_at: str
    begun: bool = True


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody in office, with an account, and the units by id with the role held there."""

    id: int
    staff_id: str
    reached_at: str
    offices: tuple[tuple[Role, int], ...]


def unfinished(
    session: Session,
    campaign: str,
    *,
    after: int = 0,
    most: int | None = None,
    among: Sequence[int] | None = None,
    as_of: datetime | None = None,
) -> list[Meant]:
    """Who has yet to hand in, or to hand in anew, and can be written to; by number, those behind `after`."""
    if as_of is not None:
        rows = [row for row in lists.unfinished(session, campaign, "/", as_of) if row.person.account]
        found = [Meant(row.person.id or 0, row.person.staff_id, row.person.reached_at, row.begun) for row in rows]
        return [meant for meant in found if among is None or meant.id in {*among}]
    wanted = (
        select(Person.id, Person.staff_id, Person.reached_at, Case.id)
        .outerjoin(Case, and_(col(Case.person_id) == Person.id, col(Case.campaign) == campaign))
        .where(col(Person.id) > after, col(Person.active).is_(True), col(Person.account).is_(True))
        .where(or_(col(Case.id).is_(None), col(Case.submitted_at).is_(None), col(Case.asked_again).is_(True)))
        .where(~_excused(campaign))
        .order_by(col(Person.id))
        .limit(most)
    )
    if among is not None:
        wanted = wanted.where(col(Person.id).in_(among))
    return [Meant(i or 0, staff_id, chat, case is not None) for i, staff_id, chat, case in session.exec(wanted)]


def hold(session: Session, people: Sequence[Meant]) -> list[int]:
    """Lets none of these say anything until the end of the transaction: who is asked for again now stays as they are.
    Their numbers."""
    numbers = [meant.id for meant in people]
    rows = select(Person.id).where(col(Person.id).in_(numbers)).order_by(col(Person.id))
    session.exec(rows.with_for_update(key_share=True)).all()
    return numbers


def unsigned(
    session: Session,
    campaign: str,
    *,
    after: int = 0,
    most: int | None = None,
    among: Sequence[int] | None = None,
    as_of: datetime | None = None,
) -> list[Meant]:
    """Who touched data, has handed in and has signed no pledge; by number, those behind `after`."""
    found = select(Person.id, Person.staff_id, Person.reached_at).join(Case, col(Case.person_id) == Person.id)
    if as_of is None:
        found = found.where(col(Case.touched).is_(True), col(Case.pledged).is_(False), col(Person.active).is_(True))
        found = found.where(col(Case.submitted_at).is_not(None), col(Case.asked_again).is_(False))
    else:
        found = (
            found.join(Submission, col(Submission.case_id) == Case.id)
            .join(Membership, col(Membership.person_id) == Person.id)
            .where(col(Submission.id).in_(newest(as_of)), was_there(as_of))
            .where(col(Submission.touched).is_(True), ~was_pledged(as_of), was_enough(as_of))
        )
    found = found.where(Case.campaign == campaign, col(Person.id) > after, col(Person.account).is_(True))
    if among is not None:
        found = found.where(col(Person.id).in_(among))
    rows = session.exec(found.order_by(col(Person.id)).limit(most))
    return [Meant(i or 0, staff_id, chat) for i, staff_id, chat in rows]


def officers(session: Session, now: datetime, *, above: str = "") -> list[Officer]:
    """Everybody in office; with a path, those in office for its unit or one above it."""
    session.flush()  # what this transaction has done counts
    statement, about = (_OFFICERS_ABOVE, {"now": now, "units": ids(above)}) if above else (_OFFICERS, {"now": now})
    found = statement.rows(session, about)
    held: defaultdict[tuple[int, str, str], list[tuple[Role, int]]] = defaultdict(list)
    for number, staff_id, chat, role, unit_id in found:
        held[number, staff_id, chat].append((Role(role), unit_id))
    return [Officer(*whose, tuple(offices)) for whose, offices in held.items()]


_OFFICER: Any = (
    select(*(col(column) for column in (Person.id, Person.staff_id, Person.reached_at)))
    .add_columns(col(Appointment.role), col(Appointment.unit_id))
    .join(Appointment, col(Appointment.person_id) == Person.id)
    .where(col(Person.active).is_(True), col(Person.account).is_(True))
    .where(in_term(bindparam("now", type_=Moment())))
    .order_by(col(Person.id))
)
_IN_OFFICE = select(Appointment.person_id).where(col(Appointment.unit_id).in_(bindparam("units", expanding=True)))
_OFFICERS, _OFFICERS_ABOVE = Prepared(_OFFICER), Prepared(_OFFICER.where(col(Person.id).in_(_IN_OFFICE)))


def _excused(campaign: str):  # type: ignore[no-untyped-def]
    in_force = and_(col(Exemption.campaign) == campaign, col(Exemption.ended_at).is_(None))
    return exists().where(col(Exemption.person_id) == col(Person.id), in_force)
