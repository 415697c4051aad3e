"""Papers given out: what was promised to whom, and what the records held at a past moment. Must not know the files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, exists, func
from sqlalchemy.orm import aliased, defer
from sqlmodel import Session, and_, col, not_, select, update

from storage import head_counts, reporting, returns
from storage.evidence import entering
from storage.models import (
    Case,
    Exemption,
    IssuedPaper,
    Membership,
    Person,
    Pledge,
    PledgeText,
    ReturnStep,
    Submission,
    Unit,
    UnitReturn,
)
from storage.models.columns import Moment
from storage.statements import insert_new

TOGETHER = 500
"""So many rows are fetched at a time."""
_PEOPLE = 500
"""Of so many people what they handed in is read at a time: some megabytes."""
_UNITS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Reported:
    """Where a return stood at a moment, and when it took each of its steps last."""

    state: str = reporting.OPEN
    steps: Mapping[str, datetime] = field(default_factory=dict)
    """By the action of the step."""
    sent_back: int = 0
    """How often it was sent back."""
    late: bool = False
    """First handed up after the deadline."""


def issue(session: Session, paper: IssuedPaper) -> bool:
    """True for a new one; False, and nothing changed, where the code is taken."""
    if new := insert_new(session, IssuedPaper, paper.model_dump()):
        entering.enter(session, paper)
    return new


def find(session: Session, code: str) -> IssuedPaper | None:
    return session.get(IssuedPaper, code)


def note_digest(session: Session, code: str, digest: str) -> None:
    """What the paper said when it was made the first time; a later making changes nothing."""
    session.exec(
        update(IssuedPaper).where(col(IssuedPaper.code) == code, col(IssuedPaper.digest) == "").values(digest=digest)
    )


class HandedIn(NamedTuple):
    """What somebody handed in: no more than papers read, for many thousands of them are read in a row."""

    id: int
    """The submission's."""
    case_id: int
    unit_id: int
    name: str
    at: datetime
    answers: str
    digest: str


def handed_in(
    session: Session, campaign: str, unit_ids: Sequence[int], as_of: datetime, *, touched: bool | None = True
) -> Iterator[HandedIn]:
    """The newest submission up to a moment of everybody who counts in these units, unit by unit in their order; of
    those who touched data, of those who did not, or (None) of all."""
    found = _HANDED_IN if touched is None else _HANDED_IN.where(col(Submission.touched).is_(touched))
    for cases in _cases(session, campaign, unit_ids):
        order = {case_id: place for place, case_id in enumerate(cases)}
        rows = session.connection().execute(found, {"cases": cases, "as_of": as_of}).all()
        yield from sorted(map(HandedIn._make, rows), key=lambda row: order[row.case_id])


_HANDED_IN = (
    select(
        *(col(c) for c in (Submission.id, Submission.case_id, Case.unit_id, Person.name)),
        *(col(c) for c in (Submission.at, Submission.answers, Submission.digest)),
    )
    .select_from(Case)
    .join(Person, col(Person.id) == Case.person_id)
    .join(Submission, col(Submission.case_id) == Case.id)
    .where(col(Submission.case_id).in_(bindparam("cases", expanding=True)))
    .where(head_counts.is_newest(bindparam("as_of", type_=Moment())))
)


def _cases(session: Session, campaign: str, unit_ids: Sequence[int]) -> Iterator[list[int]]:
    """The self-checks that count in these units, unit by unit in their order; so many at a time that what was handed in
    with them is no burden, however few the units are that hold them."""
    rest: list[int] = []
    for start in range(0, len(unit_ids), TOGETHER):
        some = unit_ids[start : start + TOGETHER]
        order = {unit_id: place for place, unit_id in enumerate(some)}
        theirs = select(Case.unit_id, Case.id).where(col(Case.campaign) == campaign, col(Case.unit_id).in_(some))
        found = sorted((order[unit_id], case_id or 0) for unit_id, case_id in session.exec(theirs))
        rest += [case_id for _, case_id in found]
        whole = len(rest) - len(rest) % _PEOPLE
        yield from (rest[at : at + _PEOPLE] for at in range(0, whole, _PEOPLE))
        del rest[:whole]
    if rest:
        yield rest


def heard_of(session: Session, campaign: str, unit_ids: Sequence[int], as_of: datetime) -> frozenset[int]:
    """Those of these units of which anybody had reported data up to a moment, whether it is enough or not."""
    found: set[int] = set()
    for start in range(0, len(unit_ids), TOGETHER):
        found |= set(
            session.exec(
                select(Case.unit_id)
                .join(Submission, col(Submission.case_id) == Case.id)
                .where(Case.campaign == campaign, col(Case.unit_id).in_(unit_ids[start : start + TOGETHER]))
                .where(col(Submission.touched), col(Submission.at) <= as_of)
                .distinct()
            ).all()
        )
    return frozenset(found)


def waiting(
    session: Session, campaign: str, path: str, as_of: datetime
) -> Iterator[tuple[Person, Unit, Case | None, bool]]:
    """Everybody below `path` who had to hand in and had not at a moment, by unit: with their self-check if it was
    begun, and whether they had handed in before and are asked for more."""
    of_campaign = col(Case.campaign) == campaign
    said = exists().where(col(Submission.case_id) == Case.id, col(Submission.at) <= as_of).correlate(Case)
    excused = exists().where(col(Exemption.person_id) == Person.id, head_counts.was_exempt(campaign, as_of))
    never = (
        select(Person, Unit, Case)
        .select_from(Membership)
        .join(Person, col(Person.id) == Membership.person_id)
        .join(Unit, col(Unit.id) == Membership.unit_id)
        .outerjoin(Case, and_(of_campaign, col(Case.person_id) == Person.id, col(Case.opened_at) <= as_of))
        .where(head_counts.was_there(as_of), not_(said))
    )
    again = (
        select(Person, Unit, Case)
        .select_from(Submission)
        .join(Case, col(Case.id) == Submission.case_id)
        .join(Person, col(Person.id) == Case.person_id)
        .join(Membership, and_(col(Membership.person_id) == Person.id, head_counts.was_there(as_of)))
        .join(Unit, col(Unit.id) == Case.unit_id)
        .where(of_campaign, col(Submission.id).in_(head_counts.newest(as_of)))
        .where(col(Submission.outdated_at) <= as_of)
    )
    found: list[tuple[Person, Unit, Case | None, bool]] = []
    for query, before in ((never, False), (again, True)):
        due = query.where(col(Unit.path).startswith(path), not_(excused))
        found += [(person, unit, case, before) for person, unit, case in session.exec(due).all()]
    yield from sorted(found, key=lambda row: (row[1].code, row[0].id or 0))


def signed(session: Session, campaign: str, path: str, as_of: datetime) -> Iterator[tuple[Person, Unit, Pledge]]:
    """The newest pledge up to a moment of everybody below `path` who signed here, by unit."""
    later = aliased(Pledge)
    newer = exists().where(
        col(later.case_id) == col(Pledge.case_id), col(later.id) > col(Pledge.id), *_signed_by(later, as_of)
    )
    found = (
        select(Person, Unit, Pledge)
        .join(Case, col(Case.person_id) == Person.id)
        .join(Unit, col(Unit.id) == Case.unit_id)
        .join(Pledge, col(Pledge.case_id) == Case.id)
        .where(col(Case.campaign) == campaign, col(Unit.path).startswith(path), *_signed_by(Pledge, as_of), ~newer)
        .order_by(col(Unit.code), col(Pledge.id))
    )
    yield from session.exec(found, execution_options={"yield_per": TOGETHER})


def signers(session: Session, campaign: str, path: str, as_of: datetime) -> int:
    """How many `signed` has."""
    return session.exec(
        select(func.count(col(Pledge.case_id).distinct()))
        .join(Case, col(Case.id) == Pledge.case_id)
        .join(Unit, col(Unit.id) == Case.unit_id)
        .where(col(Case.campaign) == campaign, col(Unit.path).startswith(path), *_signed_by(Pledge, as_of))
    ).one()


def signers_at(session: Session, campaign: str, units: Collection[int], as_of: datetime) -> int:
    """How many signed here whose self-checks are of these very units."""
    count, wanted = 0, sorted(units)
    for start in range(0, len(wanted), _UNITS_AT_ONCE):
        count += session.exec(
            select(func.count(col(Pledge.case_id).distinct()))
            .join(Case, col(Case.id) == Pledge.case_id)
            .where(col(Case.campaign) == campaign, col(Case.unit_id).in_(wanted[start : start + _UNITS_AT_ONCE]))
            .where(*_signed_by(Pledge, as_of))
        ).one()
    return count


def _signed_by(pledge: type[Pledge], as_of: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(pledge.state) == "signed", col(pledge.at) <= as_of


def pledges(session: Session, campaign: str, path: str, as_of: datetime) -> Mapping[int, Pledge]:
    """The newest pledge of each self-check below `path` up to a moment, whatever kind but drafts."""
    found = (
        select(Pledge)
        .join(Case, col(Case.id) == Pledge.case_id)
        .join(Unit, col(Unit.id) == Case.unit_id)
        .where(col(Case.campaign) == campaign, col(Unit.path).startswith(path))
        .where(Pledge.state != "draft", col(Pledge.at) <= as_of)
        .order_by(col(Pledge.id))
    )
    return {pledge.case_id: pledge for pledge in session.exec(found)}


def pledge_texts(session: Session, campaign: str) -> Mapping[str, str]:
    """Every text that was ever given out to be signed, by its digest."""
    rows = session.exec(select(PledgeText).where(PledgeText.campaign == campaign)).all()
    return {row.digest: row.text for row in rows}


def reported(session: Session, campaign: str, path: str, as_of: datetime) -> Mapping[int, Reported]:
    """Where the return of each unit below `path` stood at a moment, by unit id; those that had taken no step are not in
    it."""
    rows = session.exec(
        select(UnitReturn, ReturnStep)
        .options(defer(UnitReturn.content), defer(ReturnStep.content))  # type: ignore[arg-type]
        .join(ReturnStep, col(ReturnStep.return_id) == UnitReturn.id)
        .join(Unit, col(Unit.id) == UnitReturn.unit_id)
        .where(UnitReturn.campaign == campaign, col(Unit.path).startswith(path), col(ReturnStep.at) <= as_of)
        .order_by(col(ReturnStep.id))
    )
    found: dict[int, Reported] = {}
    for there, step in rows:
        before = found.get(there.unit_id, Reported())
        steps = {**before.steps, step.action: step.at}
        back = before.sent_back + (step.action == returns.SEND_BACK)
        found[there.unit_id] = Reported(step.state, steps, back, there.late and returns.SUBMIT in steps)
    return found


def first_submissions(session: Session, campaign: str, path: str, as_of: datetime) -> Iterator[datetime]:
    """When everybody below `path` handed in for the first time, up to a moment."""
    yield from session.exec(
        select(func.min(Submission.at))
        .join(Case, col(Case.id) == Submission.case_id)
        .join(Unit, col(Unit.id) == Case.unit_id)
        .where(col(Case.campaign) == campaign, col(Unit.path).startswith(path), col(Submission.at) <= as_of)
        .group_by(col(Submission.case_id))
    )
