"""Risks: found when somebody hands in, followed up until closed; every step stays. Must not know how they are found."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, select

from storage.evidence import entering
from storage.models import Case, Person, Risk, RiskStep, Unit
from storage.prepared import Prepared

OPEN, CHANGED, SETTLED, GONE, CLOSED, PUT_OFF, NOTED, REOPENED = (
    "open",
    "changed",
    "settled",
    "gone",
    "closed",
    "put_off",
    "noted",
    "reopened",
)


def of_case(session: Session, case: Case) -> dict[str, Risk]:
    """The risks of a self-check by their source."""
    return {risk.source: risk for risk in session.scalars(_OF_CASE, {"case": case.id})}


_OF_CASE = select(Risk).where(Risk.case_id == bindparam("case"))


def open_new(
    session: Session, case: Case, *, source: str, text: str, due: date, at: datetime, settled: str = ""
) -> None:
    """`settled`: what was done about it already; then it is closed."""
    values = {
        "campaign": case.campaign,
        "case_id": case.id,
        "person_id": case.person_id,
        "unit_id": case.unit_id,
        "source": source,
        "text": text[:500],
        "due": due,
        "opened_at": at,
        "closed_at": at if settled else None,
    }
    number = _NEW.insert(session, values)
    action = SETTLED if settled else OPEN
    step = {"risk_id": number, "at": at, "by": case.person_id, "action": action, "text": settled[:300], "due": due}
    entering.write(session, RiskStep, case.campaign, step)


_NEW = Prepared(insert(Risk))


def step(
    session: Session, risk: Risk, action: str, *, by: int, at: datetime, text: str = "", due: date | None = None
) -> None:
    """Does something about a risk and writes it down."""
    if action in (CLOSED, SETTLED, GONE):
        risk.closed_at = at
    elif action == REOPENED:
        risk.closed_at = None
    if action == GONE:
        risk.due = None  # no longer shown by the answers: shown again, it is news
    elif due:
        risk.due = due
    session.add(risk)
    session.add(RiskStep(risk_id=risk.id or 0, at=at, by=by, action=action, text=text[:300], due=due))


def one(session: Session, number: int) -> tuple[Risk, Person, Unit] | None:
    found = session.exec(
        select(Risk, Person, Unit)
        .join(Person, col(Person.id) == Risk.person_id)
        .join(Unit, col(Unit.id) == Risk.unit_id)
        .where(Risk.id == number)
    ).one_or_none()
    return (found[0], found[1], found[2]) if found else None


def below(
    session: Session, campaign: str, path: str, *, only_open: bool = False, as_of: datetime | None = None
) -> Sequence[tuple[Risk, Person, Unit]]:
    """The risks pinned to a unit and all below it, the earliest due first within each unit."""
    wanted = (
        select(Risk, Person, Unit)
        .join(Person, col(Person.id) == Risk.person_id)
        .join(Unit, col(Unit.id) == Risk.unit_id)
        .where(Risk.campaign == campaign, col(Unit.path).startswith(path))
        .order_by(col(Unit.code), col(Risk.due), col(Risk.id))
    )
    if only_open:
        wanted = wanted.where(col(Risk.closed_at).is_(None))
    if as_of:
        wanted = wanted.where(Risk.opened_at <= as_of)
    return session.exec(wanted).all()


def of_person(session: Session, campaign: str, person_id: int) -> Sequence[Risk]:
    """What somebody still has to put right."""
    return session.exec(
        select(Risk)
        .where(Risk.campaign == campaign, Risk.person_id == person_id, col(Risk.closed_at).is_(None))
        .order_by(col(Risk.due), col(Risk.id))
    ).all()


def due_by(session: Session, campaign: str, day: date) -> Sequence[tuple[Risk, Person, Unit]]:
    """Open risks that had to be put right by a day."""
    return session.exec(
        select(Risk, Person, Unit)
        .join(Person, col(Person.id) == Risk.person_id)
        .join(Unit, col(Unit.id) == Risk.unit_id)
        .where(Risk.campaign == campaign, col(Risk.closed_at).is_(None), col(Risk.due) <= day)
        .order_by(col(Unit.code), col(Risk.id))
    ).all()


def steps(session: Session, risk_ids: Sequence[int]) -> Mapping[int, list[RiskStep]]:
    """What was done about each, oldest first."""
    found: dict[int, list[RiskStep]] = {}
    for start in range(0, len(risk_ids), 500):
        chunk = risk_ids[start : start + 500]
        rows = session.exec(select(RiskStep).where(col(RiskStep.risk_id).in_(chunk)).order_by(col(RiskStep.id)))
        for row in rows.all():
            found.setdefault(row.risk_id, []).append(row)
    return found
