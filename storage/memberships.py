"""The past of the roster: who was in which unit from when until when. Must not know why somebody came or went.

A self-check under way goes along with its person; one that was handed in stays where it was made.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col, select

from storage.models import Case, Membership, Person
from storage.statements import run_many

_TOGETHER = 500


def came(session: Session, people: Sequence[tuple[int, int]], at: datetime) -> None:
    """These are new in the roster: person and unit, by id."""
    rows = [{"person_id": person_id, "unit_id": unit_id, "since": at} for person_id, unit_id in people]
    run_many(session, insert(Membership), rows)


def went(session: Session, people: Sequence[int], at: datetime) -> None:
    """These are in no unit any more."""
    open_ones = update(Membership).where(
        col(Membership.person_id) == bindparam("whose"), col(Membership.until).is_(None)
    )
    run_many(session, open_ones.values(until=at), [{"whose": person_id} for person_id in people])


def changed(session: Session, people: Sequence[tuple[int, int]], at: datetime) -> None:
    """These are in other units from now on: person and unit, by id."""
    went(session, [person_id for person_id, _ in people], at)
    came(session, people, at)
    units = dict(people)
    for start in range(0, len(people), _TOGETHER):
        some = [person_id for person_id, _ in people[start : start + _TOGETHER]]
        under_way = select(Case.id, Case.person_id).where(
            col(Case.person_id).in_(some), col(Case.submitted_at).is_(None)
        )
        found = session.exec(under_way).all()
        going_along = update(Case).where(col(Case.id) == bindparam("which")).values(unit_id=bindparam("where_to"))
        rows = [{"which": case_id, "where_to": units[person_id]} for case_id, person_id in found]
        run_many(session, going_along, rows)


def moved(session: Session, person: Person, unit_id: int, at: datetime) -> None:
    """Somebody goes to another unit, or comes back."""
    session.flush()
    changed(session, [(person.id or 0, unit_id)], at)
    person.unit_id, person.active = unit_id, True
    session.add(person)


def began_before(session: Session, at: datetime) -> bool:
    """Whether anybody was in the roster by then."""
    return session.exec(select(Membership.id).where(Membership.since <= at).limit(1)).first() is not None
