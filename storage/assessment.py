"""What the assessment counts, with the records behind every number, as of a moment. Must not know points nor rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlmodel import Session, col

from storage import oversight, subtree
from storage.head_counts import newest, was_enough, was_pledged, was_there
from storage.models import Case, Draw, Drawn, Finding, Incident, Membership, Submission
from storage.reporting import Chart

MISSING, HANDED_IN, RETURN, DRAWN, FINDING, INCIDENT = (
    "missing",
    "handed_in",
    "return",
    "drawn",
    "finding",
    "incident",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something that was written down about a unit: what, its number or receipt, when, and what it says.

    `good`: in time, as it should be, closed. `touched` and `pledged` are those of what was handed in. A record of the
    kind `missing` stands for `count` people who had to hand in and have not."""

    unit_id: int
    kind: str
    name: str = ""
    at: datetime | None = None
    good: bool = False
    touched: bool = False
    pledged: bool = False
    count: int = 1


def records(session: Session, campaign: str, path: str, as_of: datetime, chart: Chart) -> list[Record]:
    """Every record at a unit and below it. They add up to the figures of `oversight` at the same moment."""
    inside = subtree.below(session, path)
    found = [
        *_people(session, campaign, path, as_of),
        *_returns(chart, as_of),
        *_drawn(session, campaign, as_of),
        *_findings(session, campaign, as_of),
        *_incidents(session, campaign, as_of),
    ]
    return [record for record in found if record.unit_id in inside]


def _people(session: Session, campaign: str, path: str, as_of: datetime) -> Iterator[Record]:
    left = col(Membership.id).is_(None)
    told = (Case.unit_id, Case.receipt, Case.late, Submission.at, Submission.touched)
    rows = session.execute(
        select(*(col(one) for one in told), was_pledged(as_of))
        .join(Case, col(Case.id) == col(Submission.case_id))
        .outerjoin(Membership, and_(col(Membership.person_id) == col(Case.person_id), was_there(as_of)))
        .where(
            col(Case.campaign) == campaign,
            col(Submission.id).in_(newest(as_of)),
            or_(was_enough(as_of), left),
            subtree.within(col(Case.unit_id), path),
        )
        .order_by(col(Case.unit_id), col(Case.receipt))
    ).all()
    for unit_id, receipt, late, at, touched, pledged in rows:
        yield Record(
            unit_id=unit_id, kind=HANDED_IN, name=receipt, at=at, good=not late, touched=touched, pledged=pledged
        )
    for unit_id, tally in oversight.by_unit(session, campaign, path, as_of).items():
        if tally.missing:
            yield Record(unit_id=unit_id, kind=MISSING, count=tally.missing)


def _returns(chart: Chart, as_of: datetime) -> Iterator[Record]:
    """One for every unit that reports, handed up or not."""
    for unit_id in sorted(chart.reporting):
        there = chart.returns.get(unit_id)
        at = there.handed_up_at if there and there.handed_up_at and there.handed_up_at <= as_of else None
        name = f"{there.id}" if there and at else ""
        yield Record(unit_id=unit_id, kind=RETURN, name=name, at=at, good=bool(there and at and not there.late))


def _drawn(session: Session, campaign: str, as_of: datetime) -> Iterator[Record]:
    """Everybody drawn who answered once more."""
    rows = session.execute(
        select(col(Draw.number), Drawn)
        .join(Draw, col(Draw.id) == col(Drawn.draw_id))
        .where(col(Draw.campaign) == campaign, col(Drawn.answered_at) <= as_of)
        .order_by(col(Draw.number), col(Drawn.place))
    ).all()
    for number, row in rows:
        name = f"{number}-{row.place}"
        yield Record(unit_id=row.unit_id, kind=DRAWN, name=name, at=row.answered_at, good=not row.mismatches)


def _findings(session: Session, campaign: str, as_of: datetime) -> Iterator[Record]:
    rows = session.execute(
        select(Finding).where(col(Finding.campaign) == campaign, col(Finding.at) <= as_of).order_by(col(Finding.id))
    ).scalars()
    for row in rows:
        closed = row.closed_at is not None and row.closed_at <= as_of
        yield Record(unit_id=row.unit_id, kind=FINDING, name=f"{row.id}", at=row.at, good=closed)


def _incidents(session: Session, campaign: str, as_of: datetime) -> Iterator[Record]:
    rows = session.execute(
        select(Incident).where(col(Incident.campaign) == campaign, col(Incident.at) <= as_of).order_by(col(Incident.id))
    ).scalars()
    for row in rows:
        yield Record(unit_id=row.unit_id, kind=INCIDENT, name=f"{row.id}", at=row.at)
