"""What waits for somebody: counts and a few rows out of the tables of others, read only. Must not know who may ask."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, func, select

from storage.models import Applicant, Draw, Drawn, Finding, Incident, Risk, Unit

WAITING = "waiting"
"""The stage of somebody who waits to be taken into a unit."""


def risks_due(session: Session, campaign: str, person_id: int, day: date) -> tuple[int, int]:
    """How many open risks somebody has to put right, and how many of them should have been by now."""
    mine = (Risk.campaign == campaign, Risk.person_id == person_id, col(Risk.closed_at).is_(None))
    count = select(func.count(col(Risk.id))).where(*mine)
    return session.exec(count).one(), session.exec(count.where(col(Risk.due) <= day)).one()


def checks_to_answer(session: Session, campaign: str, person_id: int) -> Sequence[int]:
    """The numbers of the spot checks that ask somebody a few questions once more."""
    return session.exec(
        select(Draw.number)
        .join(Drawn, col(Drawn.draw_id) == Draw.id)
        .where(Draw.campaign == campaign, Drawn.person_id == person_id)
        .where(col(Drawn.asked_at).is_not(None), col(Drawn.answered_at).is_(None))
        .order_by(col(Draw.number))
    ).all()


def findings_of_person(session: Session, campaign: str, person_id: int) -> int:
    """Findings about somebody that their unit has not answered yet."""
    return session.exec(
        select(func.count(col(Finding.id))).where(
            Finding.campaign == campaign,
            Finding.person_id == person_id,
            col(Finding.closed_at).is_(None),
            col(Finding.answered_at).is_(None),
        )
    ).one()


def findings_to_answer(session: Session, campaign: str, path: str) -> int:
    """Open findings at a unit and all below it that nobody has answered."""
    return session.exec(
        select(func.count(col(Finding.id)))
        .join(Unit, col(Unit.id) == Finding.unit_id)
        .where(Finding.campaign == campaign, col(Unit.path).startswith(path))
        .where(col(Finding.closed_at).is_(None), col(Finding.answered_at).is_(None))
    ).one()


def findings_to_close(session: Session, campaign: str, office_path: str) -> int:
    """Answered findings of an office and those below it that wait for the checker's word."""
    office = select(Unit.id).where(col(Unit.path).startswith(office_path))
    return session.exec(
        select(func.count(col(Finding.id))).where(
            Finding.campaign == campaign,
            col(Finding.closed_at).is_(None),
            col(Finding.answered_at).is_not(None),
            col(Finding.office_id).in_(office),
        )
    ).one()


def incidents_open(session: Session, campaign: str, path: str) -> int:
    return session.exec(
        select(func.count(col(Incident.id)))
        .join(Unit, col(Unit.id) == Incident.unit_id)
        .where(Incident.campaign == campaign, col(Unit.path).startswith(path), col(Incident.closed_at).is_(None))
    ).one()


def applicants(session: Session, path: str) -> Sequence[tuple[Applicant, Unit]]:
    """Those who wait to be taken into a unit or one below it, the longest waiting first."""
    rows = session.exec(
        select(Applicant, Unit)
        .join(Unit, col(Unit.id) == Applicant.unit_id)
        .where(col(Unit.path).startswith(path), Applicant.stage == WAITING)
        .order_by(col(Applicant.id))
    ).all()
    return [(row[0], row[1]) for row in rows]
