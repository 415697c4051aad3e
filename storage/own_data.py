"""What is held about one person: counts and moments, never somebody else's; and their requests to put it right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, SQLModel, col, func, select

from storage import answer_log
from storage.models import (
    AnswerLine,
    AuditLine,
    Case,
    DataRequest,
    Drawn,
    Exemption,
    Person,
    Pledge,
    Risk,
    Submission,
    Unit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Rows about a person in one campaign; `actions` are those of the audit log they did themselves."""

    answers: int
    submissions: int
    pledges: int
    risks: int
    exemptions: int
    drawn: int
    actions: int


def held(session: Session, campaign: str, person: Person) -> Held:
    answer_log.write(session)
    cases = select(Case.id).where(Case.campaign == campaign, Case.person_id == person.id)

    def of_case(table: type[SQLModel]) -> int:
        return session.exec(select(func.count()).select_from(table).where(table.case_id.in_(cases))).one()  # type: ignore[attr-defined]

    def of_person(table: type[SQLModel]) -> int:
        return session.exec(select(func.count()).select_from(table).where(table.person_id == person.id)).one()  # type: ignore[attr-defined]

    done = select(func.count()).select_from(AuditLine).where(AuditLine.actor == person.staff_id)
    return Held(
        answers=of_case(AnswerLine),
        submissions=of_case(Submission),
        pledges=of_case(Pledge),
        risks=of_case(Risk),
        exemptions=of_person(Exemption),
        drawn=of_person(Drawn),
        actions=session.exec(done).one(),
    )


def ask(session: Session, person: Person, text: str, at: datetime) -> DataRequest:
    asked = DataRequest(person_id=person.id or 0, unit_id=person.unit_id, text=text[:300], at=at)
    session.add(asked)
    session.flush()
    return asked


def open_requests(session: Session, path: str) -> Sequence[tuple[DataRequest, Person, Unit]]:
    """What people below a unit have asked and nobody has put right, the oldest first."""
    return session.exec(
        select(DataRequest, Person, Unit)
        .join(Person, col(Person.id) == DataRequest.person_id)
        .join(Unit, col(Unit.id) == DataRequest.unit_id)
        .where(col(DataRequest.closed_at).is_(None), col(Unit.path).startswith(path))
        .order_by(col(DataRequest.id))
    ).all()


def waiting(session: Session, person: Person) -> int:
    """How many requests of somebody are open."""
    mine = (DataRequest.person_id == person.id, col(DataRequest.closed_at).is_(None))
    return session.exec(select(func.count()).select_from(DataRequest).where(*mine)).one()


def close(session: Session, request: DataRequest, by: int, at: datetime) -> None:
    request.closed_at, request.closed_by = at, by
    session.add(request)
