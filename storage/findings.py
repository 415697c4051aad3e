"""Findings of checkers and what became of them: recorded, answered, sent back, put off, closed. Every step stays.

Must not know who may do what.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from storage import subtree
from storage.models import Appointment, Finding, FindingStep, Person, Unit
from storage.roster import in_term
from storage.rows import Role

RECORDED, ANSWERED, SENT_BACK, PUT_OFF, CLOSED = "recorded", "answered", "sent_back", "put_off", "closed"


def record(session: Session, finding: Finding) -> FindingStep:
    session.add(finding)
    session.flush()
    return step(session, finding, RECORDED, by=finding.by, at=finding.at, text=finding.text)


def step(session: Session, finding: Finding, action: str, *, by: int, at: datetime, text: str = "") -> FindingStep:
    """Does something about a finding and writes it down; the day it has to be put right by goes with it."""
    if action == ANSWERED:
        finding.answered_at, finding.answer = at, text[:500]
    elif action == SENT_BACK:
        finding.answered_at = None
    elif action == CLOSED:
        finding.closed_at, finding.closed_by = at, by
    session.add(finding)
    done = FindingStep(finding_id=finding.id or 0, at=at, by=by, action=action, text=text[:500], due=finding.due)
    session.add(done)
    session.flush()
    return done


def one(session: Session, campaign: str, number: int) -> tuple[Finding, Unit, Person | None] | None:
    rows = session.exec(
        select(Finding, Unit, Person)
        .join(Unit, col(Unit.id) == Finding.unit_id)
        .outerjoin(Person, col(Person.id) == Finding.person_id)
        .where(Finding.id == number, Finding.campaign == campaign)
    ).all()
    return next(((finding, unit, person) for finding, unit, person in rows), None)


def below(
    session: Session, campaign: str, path: str, *, only_open: bool = False, as_of: datetime | None = None
) -> Sequence[tuple[Finding, Unit, Person | None]]:
    """The findings at a unit and all below it, the earliest due first; with `as_of` those there were then."""
    wanted = (
        select(Finding, Unit, Person)
        .join(Unit, col(Unit.id) == Finding.unit_id)
        .outerjoin(Person, col(Person.id) == Finding.person_id)
        .where(Finding.campaign == campaign, col(Unit.path).startswith(path))
        .order_by(col(Finding.due), col(Finding.id))
    )
    if only_open:
        wanted = wanted.where(col(Finding.closed_at).is_(None))
    if as_of:
        wanted = wanted.where(Finding.at <= as_of)
    return [(finding, unit, person) for finding, unit, person in session.exec(wanted).all()]


def of_draw(session: Session, draw_id: int) -> Sequence[Finding]:
    return session.exec(select(Finding).where(Finding.draw_id == draw_id).order_by(col(Finding.id))).all()


def steps(session: Session, finding_ids: Sequence[int]) -> Mapping[int, list[tuple[FindingStep, Person]]]:
    """What was done about each and by whom, oldest first."""
    found: dict[int, list[tuple[FindingStep, Person]]] = {}
    for start in range(0, len(finding_ids), 500):
        chunk = finding_ids[start : start + 500]
        rows = session.exec(
            select(FindingStep, Person)
            .join(Person, col(Person.id) == FindingStep.by)
            .where(col(FindingStep.finding_id).in_(chunk))
            .order_by(col(FindingStep.id))
        )
        for row, person in rows.all():
            found.setdefault(row.finding_id, []).append((row, person))
    return found


def checkers(session: Session, finding: Finding, now: datetime) -> Sequence[Person]:
    """Who follows a finding up: whoever recorded it while they hold the office, else all who hold it now."""
    office = session.exec(select(Unit).where(Unit.id == finding.office_id)).one()
    held = session.exec(
        select(Person, Appointment.unit_id)
        .join(Appointment, col(Appointment.person_id) == Person.id)
        .where(
            col(Appointment.unit_id).in_(subtree.ids(office.path)),
            col(Appointment.role).in_([Role.COUNTY.value, Role.CITY.value]),
            col(Person.active).is_(True),
            in_term(now),
        )
        .order_by(col(Person.id))
        .distinct()
    ).all()
    recorder = [person for person, _ in held if person.id == finding.by]
    return recorder[:1] or [person for person, unit_id in held if unit_id == finding.office_id]
