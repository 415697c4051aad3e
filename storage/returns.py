"""Returns of units: where each stands, every step, what was confirmed, the coordinator's wording of single cells.

Must not know how a row is made nor what is said about it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, col, func, select, update
from sqlmodel.sql.expression import SelectOfScalar

from storage import subtree
from storage.models import Case, Person, ReturnStep, RowCorrection, Submission, UnitReturn
from storage.prepared import Prepared
from storage.reporting import FROZEN, OPEN, SENT_BACK
from storage.statements import insert_new

CONFIRM, CANCEL, STAMP, CLEAR, SUBMIT, ACCEPT, SEND_BACK, MERGE = (
    "confirm",
    "cancel",
    "stamp",
    "clear",
    "submit",
    "accept",
    "send_back",
    "merge",
)


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def find(session: Session, campaign: str, unit_id: int) -> UnitReturn | None:
    """What it says is read when somebody asks: that of a county has thousands of rows."""
    return session.scalars(_OF_UNIT, {"of": campaign, "unit": unit_id}).one_or_none()


def take(session: Session, campaign: str, unit_id: int) -> UnitReturn:
    """The return of a unit with its row locked until the transaction ends; made where there is none yet. Whoever takes
    two takes the upper one first."""
    insert_new(session, UnitReturn, {"campaign": campaign, "unit_id": unit_id, "state": OPEN, **_BLANK})
    session.flush()
    mine = {"of": campaign, "unit": unit_id}
    _HOLD.run(session, mine)
    return session.scalars(_OF_UNIT, mine, execution_options={"populate_existing": True}).one()


_BLANK = {"nil": False, "late": False, "gaps": "", "digest": ""}
_MINE = (col(UnitReturn.campaign) == bindparam("of"), col(UnitReturn.unit_id) == bindparam("unit"))
_OF_UNIT = select(UnitReturn).where(*_MINE).options(defer(UnitReturn.content))  # type: ignore[arg-type]
_HOLD = Prepared(update(UnitReturn).where(*_MINE).values(state=UnitReturn.state))


def step(
    session: Session,
    there: UnitReturn,
    action: str,
    state: str,
    *,
    by: int,
    at: datetime,
    reason: str = "",
    content: str | None = None,
) -> ReturnStep:
    """Takes a step and writes it down, with the digest of what the return then says."""
    there.state = state
    session.add(there)
    taken = ReturnStep(
        return_id=there.id or 0,
        at=at,
        by=by,
        action=action,
        state=state,
        digest=there.digest,
        reason=reason[:300],
        nil=there.nil and state in FROZEN,
        content=content,
    )
    session.add(taken)
    session.flush()
    return taken


def keep_content(session: Session, there: UnitReturn, content: str | None, *, nil: bool, gaps: str) -> None:
    """What the return says from now on; None while it is being filled in again."""
    there.content, there.nil, there.gaps = content, nil, gaps[:300]
    there.digest = digest_of(content) if content else ""
    session.add(there)


def steps(session: Session, there: UnitReturn) -> Sequence[tuple[ReturnStep, Person]]:
    """Oldest first, with who took each; what the return said then is read when somebody asks."""
    rows = session.exec(
        select(ReturnStep, Person)
        .options(defer(ReturnStep.content))  # type: ignore[arg-type]
        .join(Person, col(Person.id) == ReturnStep.by)
        .where(ReturnStep.return_id == there.id)
        .order_by(col(ReturnStep.id))
    ).all()
    return [(row[0], row[1]) for row in rows]


def last(session: Session, there: UnitReturn, action: str) -> ReturnStep | None:
    return session.scalars(_LAST, {"return": there.id, "action": action}).first()


_LAST = (
    select(ReturnStep)
    .where(col(ReturnStep.return_id) == bindparam("return"), col(ReturnStep.action) == bindparam("action"))
    .options(defer(ReturnStep.content))  # type: ignore[arg-type]
    .order_by(col(ReturnStep.id).desc())
    .limit(1)
)


def why_back(session: Session, there: UnitReturn) -> str:
    """The reason it was sent back with, while it is."""
    found = last(session, there, SEND_BACK) if there.state == SENT_BACK else None
    return found.reason if found else ""


# ---------------------------------------------------------------- what stood when


def contents(session: Session, campaign: str, unit_ids: Iterable[int], as_of: datetime | None) -> Mapping[int, str]:
    """What the returns of these units say, by unit: those that stand still, now or at a past moment."""
    return dict(_standing(session, campaign, unit_ids, as_of, whole=True))


def still(session: Session, campaign: str, unit_ids: Iterable[int], as_of: datetime | None) -> frozenset[int]:
    """Those of these units whose returns stand still: `contents` has what they say."""
    return frozenset(unit_id for unit_id, _ in _standing(session, campaign, unit_ids, as_of, whole=False))


def _standing(
    session: Session, campaign: str, unit_ids: Iterable[int], as_of: datetime | None, *, whole: bool
) -> Iterator[tuple[int, str]]:
    wanted, said = sorted(set(unit_ids)), col(UnitReturn.content)
    found = select(UnitReturn.unit_id).where(UnitReturn.campaign == campaign)
    if as_of is None:
        found = found.where(col(UnitReturn.state).in_(FROZEN))
    else:
        confirmed = aliased(ReturnStep)
        said = col(confirmed.content)
        found = (
            found.join(ReturnStep, col(ReturnStep.return_id) == UnitReturn.id)
            .join(confirmed, col(confirmed.return_id) == UnitReturn.id)
            .where(col(confirmed.id).in_(_newest(as_of, CONFIRM)))
            .where(col(ReturnStep.id).in_(_newest(as_of)), col(ReturnStep.state).in_(FROZEN))
        )
    found = found.where(said.is_not(None))
    for start in range(0, len(wanted), 500):
        some = found.where(col(UnitReturn.unit_id).in_(wanted[start : start + 500]))
        for row in session.connection().execute(some.add_columns(said) if whole else some):
            yield row[0], row[1] if whole else ""


def _newest(as_of: datetime, action: str = "") -> SelectOfScalar[int | None]:
    """The last step of each return up to a moment; of one kind where `action` says which."""
    found = select(func.max(ReturnStep.id)).where(col(ReturnStep.at) <= as_of)
    return (found.where(ReturnStep.action == action) if action else found).group_by(col(ReturnStep.return_id))


def confirmed_at(session: Session, campaign: str, unit_id: int, as_of: datetime) -> datetime | None:
    """When a return was last confirmed up to a moment."""
    return session.exec(
        select(func.max(ReturnStep.at))
        .join(UnitReturn, col(UnitReturn.id) == ReturnStep.return_id)
        .where(UnitReturn.campaign == campaign, UnitReturn.unit_id == unit_id)
        .where(ReturnStep.action == CONFIRM, col(ReturnStep.at) <= as_of)
    ).one()


# ---------------------------------------------------------------- the coordinator's wording


def corrections(
    session: Session, campaign: str, path: str, as_of: datetime | None = None
) -> Mapping[tuple[int, int, str], RowCorrection]:
    """The newest wording of each cell below `path`, by self-check, row and field; taken back ones among them."""
    theirs = select(Case.id).where(Case.campaign == campaign, col(Case.unit_id).in_(subtree.inside(path)))
    found = (
        select(RowCorrection)
        .where(RowCorrection.campaign == campaign, col(RowCorrection.case_id).in_(theirs))
        .order_by(col(RowCorrection.id))
    )
    if as_of is not None:
        found = found.where(col(RowCorrection.at) <= as_of)
    return {(row.case_id, row.row, row.field): row for row in session.exec(found).all()}


def sealed_corrections(
    session: Session, campaign: str, case_ids: Iterable[int]
) -> Mapping[tuple[int, int, str], RowCorrection]:
    """The newest wording of the cells of these self-checks, where a part of it is sealed."""
    wanted = sorted(case_ids)
    found: dict[tuple[int, int, str], RowCorrection] = {}
    for start in range(0, len(wanted), 500):
        rows = session.exec(
            select(RowCorrection)
            .where(RowCorrection.campaign == campaign, col(RowCorrection.sealed).is_not(None))
            .where(col(RowCorrection.case_id).in_(wanted[start : start + 500]))
            .order_by(col(RowCorrection.id))
        ).all()
        found |= {(row.case_id, row.row, row.field): row for row in rows}
    return found


def correct(session: Session, correction: RowCorrection) -> None:
    session.add(correction)
    session.flush()


# ---------------------------------------------------------------- behind the rows


def submissions(session: Session, campaign: str, unit_ids: Sequence[int]) -> list[Submission]:
    """The newest submission of everybody whose self-check counts in these units, in the order they were made."""
    found: list[Submission] = []
    for start in range(0, len(unit_ids), 500):
        newest = (
            select(func.max(Submission.id))
            .join(Case, col(Case.id) == Submission.case_id)
            .where(Case.campaign == campaign, col(Case.unit_id).in_(unit_ids[start : start + 500]))
            .group_by(col(Submission.case_id))
        )
        found += session.exec(select(Submission).where(col(Submission.id).in_(newest))).all()
    return sorted(found, key=lambda submission: submission.id or 0)


def by_id(session: Session, submission_ids: Sequence[int]) -> Mapping[int, tuple[Submission, Person]]:
    """Submissions with whose they are."""
    found: dict[int, tuple[Submission, Person]] = {}
    for start in range(0, len(submission_ids), 500):
        rows = session.exec(
            select(Submission, Person)
            .join(Case, col(Case.id) == Submission.case_id)
            .join(Person, col(Person.id) == Case.person_id)
            .where(col(Submission.id).in_(submission_ids[start : start + 500]))
        ).all()
        found.update({row[0].id or 0: (row[0], row[1]) for row in rows})
    return found


def owners(session: Session, case_ids: Iterable[int]) -> Mapping[int, Person]:
    """Whose self-checks these are."""
    wanted, found = sorted(set(case_ids)), {}
    for start in range(0, len(wanted), 500):
        rows = session.exec(
            select(Case.id, Person)
            .join(Person, col(Person.id) == Case.person_id)
            .where(col(Case.id).in_(wanted[start : start + 500]))
        ).all()
        found.update({case_id or 0: person for case_id, person in rows})
    return found


def by_number(session: Session, return_id: int) -> UnitReturn | None:
    return session.exec(select(UnitReturn).where(UnitReturn.id == return_id)).one_or_none()
