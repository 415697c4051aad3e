"""Self-checks: the log of answers, what was handed in, pledges, receipts. Must not know the questions."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from storage.models import AnswerLine, Case, Counter, Firing, Pledge, Submission
from storage.statements import insert_new

DRAFT, SIGNED, EARLIER = "draft", "signed", "earlier"


def find(session: Session, campaign: str, person_id: int) -> Case | None:
    return session.exec(select(Case).where(Case.campaign == campaign, Case.person_id == person_id)).one_or_none()


def start(session: Session, *, campaign: str, person_id: int, unit_id: int, at: datetime) -> Case:
    case = Case(campaign=campaign, person_id=person_id, unit_id=unit_id, opened_at=at)
    session.add(case)
    session.flush()
    return case


def lines(session: Session, case: Case) -> Sequence[tuple[str, str | None]]:
    """The log of answers, oldest first: key and what was given (None: taken back)."""
    return session.exec(
        select(AnswerLine.key, AnswerLine.given).where(AnswerLine.case_id == case.id).order_by(col(AnswerLine.id))
    ).all()


def append(
    session: Session, case: Case, changes: Sequence[tuple[str, str | None]], *, at: datetime, msg_id: str
) -> None:
    for key, given in changes:
        session.add(AnswerLine(case_id=case.id or 0, key=key, given=given, at=at, msg_id=msg_id))
    session.flush()  # one by one: the order of ids is the order of the log


def hand_in(session: Session, case: Case, answers: str, *, at: datetime, late: bool) -> Submission:
    """Keeps exactly what was handed in; the latest counts."""
    digest = hashlib.sha256(answers.encode()).hexdigest()
    submission = Submission(case_id=case.id or 0, answers=answers, digest=digest, at=at, late=late)
    session.add(submission)
    return submission


def next_number(session: Session, name: str) -> int:
    """The next number of a series, from 1; the row lock keeps it unique among instances."""
    insert_new(session, Counter, {"name": name, "value": 0})
    session.exec(update(Counter).where(col(Counter.name) == name).values(value=Counter.value + 1))
    return session.exec(select(Counter.value).where(Counter.name == name)).one()


def drop_drafts(session: Session, case: Case) -> None:
    """A number given but not signed with is not kept."""
    session.exec(delete(Pledge).where(col(Pledge.case_id) == case.id, col(Pledge.state) == DRAFT))


def draft(session: Session, case: Case) -> Pledge | None:
    return session.exec(select(Pledge).where(Pledge.case_id == case.id, Pledge.state == DRAFT)).one_or_none()


def pledge(session: Session, case: Case) -> Pledge | None:
    """The pledge that counts: the newest one signed or told of."""
    found = select(Pledge).where(Pledge.case_id == case.id, Pledge.state != DRAFT).order_by(col(Pledge.id).desc())
    return session.exec(found.limit(1)).first()


def fire(session: Session, firing: Firing) -> bool:
    """True for the one instance that gets to deal with this moment of a rule; False ever after."""
    values = firing.model_dump()
    return insert_new(session, Firing, values)
