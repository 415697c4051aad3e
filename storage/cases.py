"""Self-checks: whose they are, pledges, receipts. Must not know the questions."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, insert
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, and_, col, delete, func, select, update

from storage import at_hand
from storage.models import Case, Counter, Firing, Person, Pledge, Submission, Unit
from storage.prepared import Prepared
from storage.statements import insert_new

DRAFT, SIGNED, EARLIER = "draft", "signed", "earlier"
TO_SIGN, ON_PAPER = "paper", "on_paper"
"""To be signed by hand, and signed by hand as the coordinator has seen."""

CASES = "cases"
"""At hand by campaign and person."""

_CASE = select(Case).where(Case.campaign == bindparam("campaign"), Case.person_id == bindparam("person"))
_START = Prepared(insert(Case))
_BLANK = {name: field.default for name, field in Case.model_fields.items() if name != "id" and not field.is_required()}
"""A self-check nobody has answered yet."""
_NEXT = Prepared(
    update(Counter)
    .where(col(Counter.name) == bindparam("series"))
    .values(value=Counter.value + 1)
    .returning(col(Counter.value))
)
_OF_CASE = col(Pledge.case_id) == bindparam("case")
_DRAFT = select(Pledge).where(_OF_CASE, Pledge.state == DRAFT)
_DROP_DRAFTS = Prepared(delete(Pledge).where(_OF_CASE, col(Pledge.state) == DRAFT))
_PLEDGE = (
    select(Pledge).where(_OF_CASE, col(Pledge.state).not_in((DRAFT, TO_SIGN))).order_by(col(Pledge.id).desc()).limit(1)
)


def find(session: Session, campaign: str, person_id: int) -> Case | None:
    known: Case | None
    there, known = at_hand.take(session, CASES, (campaign, person_id))
    return known if there else session.scalars(_CASE, {"campaign": campaign, "person": person_id}).one_or_none()


def start(session: Session, *, campaign: str, person_id: int, unit_id: int, at: datetime, revision: int = 1) -> Case:
    whose = {"campaign": campaign, "person_id": person_id, "unit_id": unit_id}
    _START.insert(session, {**_BLANK, **whose, "opened_at": at, "revision": revision})
    return session.scalars(_CASE, {"campaign": campaign, "person": person_id}).one()


def change(session: Session, case: Case, **values: Any) -> None:
    """Writes what of a self-check is to be otherwise, at once and past the session's flush, which costs several times
    as much."""
    changed = {name: value for name, value in values.items() if getattr(case, name) != value}
    if changed:
        _change(tuple(changed)).run(session, {"case": case.id, **changed})
    for name, value in changed.items():
        set_committed_value(case, name, value)


@cache
def _change(names: tuple[str, ...]) -> Prepared:
    change = update(Case).where(col(Case.id) == bindparam("case"))
    return Prepared(change.values({name: bindparam(name) for name in names}))


def ask_again(session: Session, case: Case, *, at: datetime) -> None:
    """What was handed in is not enough from now on."""
    case.asked_again = True
    session.add(case)
    newest = select(func.max(Submission.id)).where(Submission.case_id == case.id).scalar_subquery()
    session.exec(update(Submission).where(col(Submission.id) == newest).values(outdated_at=at))


def next_number(session: Session, name: str) -> int:
    """The next number of a series, from 1; the row lock keeps it unique among instances."""
    if not (found := _NEXT.rows(session, {"series": name})):
        insert_new(session, Counter, {"name": name, "value": 0})
        found = _NEXT.rows(session, {"series": name})
    return int(found[0].value)


def skip_numbers(session: Session, count: int) -> None:
    """Leaves a gap in every series: after a restore, numbers given out since the backup are not given out again."""
    session.exec(update(Counter).values(value=Counter.value + count))


def drop_drafts(session: Session, case: Case) -> None:
    """A number given but not signed with is not kept."""
    _DROP_DRAFTS.run(session, {"case": case.id})


def draft(session: Session, case: Case) -> Pledge | None:
    return session.scalars(_DRAFT, {"case": case.id}).one_or_none()


def pledge(session: Session, case: Case) -> Pledge | None:
    """The pledge that counts: the newest one signed or told of."""
    return session.scalars(_PLEDGE, {"case": case.id}).first()


def to_sign(session: Session, case: Case) -> Pledge | None:
    """The pledge that waits for a signature by hand."""
    if (counts := pledge(session, case)) is not None and counts.state == ON_PAPER:
        return None
    found = select(Pledge).where(Pledge.case_id == case.id, Pledge.state == TO_SIGN).order_by(col(Pledge.id).desc())
    return session.exec(found.limit(1)).first()


def fire(session: Session, firing: Firing) -> bool:
    """True for the one instance that gets to deal with this moment of a rule; False ever after."""
    values = firing.model_dump()
    return insert_new(session, Firing, values)


def colleagues(session: Session, campaign: str, unit_id: int, limit: int) -> list[tuple[int, str, str]]:
    """The people of a unit, those who handed in last first: id, name, and what they handed in if they touched data."""
    found = _COLLEAGUES.rows(session, {"campaign": campaign, "unit": unit_id, "most": limit})
    newest: dict[int, tuple[int, str, str]] = {}
    for person_id, name, answers in found:
        newest.setdefault(person_id or 0, (person_id or 0, name, answers or ""))
    return list(newest.values())


_HANDED_IN = and_(
    col(Case.person_id) == Person.id,
    col(Case.campaign) == bindparam("campaign"),
    col(Case.touched).is_(True),
    col(Case.submitted_at).is_not(None),
)
_COLLEAGUES = Prepared(
    select(Person.id, Person.name, Submission.answers)
    .outerjoin(Case, _HANDED_IN)
    .outerjoin(Submission, col(Submission.case_id) == Case.id)
    .where(Person.unit_id == bindparam("unit"), col(Person.active).is_(True))
    .order_by(func.coalesce(Submission.id, 0).desc())
    .limit(bindparam("most", type_=Integer))
)


def last_submission(session: Session, case: Case) -> Submission | None:
    """What counts of somebody at present."""
    found = select(Submission).where(Submission.case_id == case.id).order_by(col(Submission.id).desc())
    return session.exec(found.limit(1)).first()


def countersigns(session: Session, campaign: str, path: str) -> Sequence[tuple[Case, Person, Unit]]:
    """What was filled in for people below a unit and waits for the coordinator's word, the oldest first."""
    return session.exec(
        select(Case, Person, Unit)
        .join(Person, col(Person.id) == Case.person_id)
        .join(Unit, col(Unit.id) == Person.unit_id)
        .where(Case.campaign == campaign, col(Case.countersign).is_(True), col(Unit.path).startswith(path))
        .order_by(col(Case.id))
    ).all()
