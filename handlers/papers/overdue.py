"""督办清单: overdue units, units with people unfinished, and incidents, with facts and dates only (notice 三.3).

Gathered here for the paper and for the chat. Must not know who may see it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.papers.ledger import Column, Ledger, write_ledger
from handlers.papers.places import Places
from handlers.papers.request import Request
from handlers.texts import incidents as texts
from handlers.texts import plain
from storage import incidents, oversight, return_counts, roster
from storage.models import Incident, Person, Unit
from storage.oversight import Tally
from storage.reporting import ACCEPTED, SUBMITTED
from storage.return_counts import Stand

_COLUMNS = (
    Column("序号", 6, middle=True),
    Column("单位", 30),
    Column("事项", 16, middle=True),
    Column("事实", 52),
    Column("日期", 13, middle=True),
    Column("处理情况", 34),
)


@dataclass(frozen=True, slots=True)
class Overdue:
    """All there is: returns not handed up in time, units with people unfinished, incidents. Units in the order of
    their codes; before the deadline there are no overdue ones."""

    over: bool
    returns: list[tuple[Unit, Stand | None]]
    people: list[tuple[Unit, Tally]]
    facts: list[tuple[Incident, Unit, Person]]


def gather(session: Session, campaign: Campaign, top: Unit, as_of: datetime | None, now: datetime) -> Overdue:
    """`as_of` is None for now; a return that came late stays on the list with its day."""
    over = (as_of or now) >= campaign.closes_at
    facts = list(incidents.below(session, campaign.id, top.path, as_of))
    if not over:
        return Overdue(over, [], [], facts)
    units = {unit.id or 0: unit for unit in roster.below(session, top.path)}
    stands = return_counts.stands(session, campaign.id, top.path, as_of, now)
    late = [(units[i], stand) for i, stand in stands.items() if not _in_time(stand)]
    tallies = oversight.by_unit(session, campaign.id, top.path, as_of)
    people = [(units[i], tally) for i, tally in tallies.items() if tally.missing]
    return Overdue(over, sorted(late, key=_code), sorted(people, key=_code), facts)


def _code(row: tuple[Unit, object]) -> str:
    return row[0].code


def _in_time(stand: Stand | None) -> bool:
    return stand is not None and stand.state in (SUBMITTED, ACCEPTED) and not stand.late


def fact_of(stand: Stand | None, campaign: Campaign) -> str:
    """What is wrong with a return that did not come in time."""
    if stand and stand.state in (SUBMITTED, ACCEPTED) and stand.handed_up_at:
        return texts.handed_up_late(stand.handed_up_at.astimezone(campaign.zone).date())
    return texts.not_handed_up(stand.state if stand else "")


def make_overdue(request: Request, out: BinaryIO) -> None:
    """The list of a unit and all below it."""
    campaign, places = request.campaign, Places(request.session, request.unit)
    found = gather(request.session, campaign, request.unit, request.as_of, request.as_of)
    deadline = f"{campaign.deadline:%Y-%m-%d}"
    rows: list[tuple[str, ...]] = []
    sources: list[tuple[str, str]] = []

    def add(unit: Unit, what: str, fact: str, on: str, done: str, source: str) -> None:
        rows.append((f"{len(rows) + 1}", places.below(unit), what, fact, on, done))
        sources.append((f"{len(rows)}", source))

    for unit, stand in found.returns:
        up = stand is not None and stand.state in (SUBMITTED, ACCEPTED)
        done = "已上报" if up else ""
        add(unit, "逾期未上报" if not up else "逾期上报", fact_of(stand, campaign), deadline, done, f"unit {unit.code}")
    for unit, tally in found.people:
        fact = texts.unfinished(tally.missing, tally.expected)
        add(unit, "逾期未完成自查", fact, deadline, "", f"unit {unit.code}")
    for incident, unit, _ in found.facts:
        closed = incident.closed_at is not None and incident.closed_at <= request.as_of
        done = f"{plain.stamp(incident.closed_at, campaign)[:10]} {incident.closing}" if closed else "未办结"  # type: ignore[arg-type]
        add(unit, "数据安全事件", incident.text, f"{incident.happened_on:%Y-%m-%d}", done, f"incident {incident.id}")
    write_ledger(
        Ledger(
            title="督办清单",
            unit_name=places.title,
            columns=_COLUMNS,
            rows=rows,
            empty="没有逾期的单位，也没有登记的事件。",
            as_of=request.as_of,
            notes=("前两类的日期是截止日；只列事实和日期。",) if rows else (),
            footer=(
                f"截至{plain.stamp(request.as_of, campaign)}，反馈表逾期{len(found.returns)}个单位，"
                f"仍有人未完成{len(found.people)}个单位，事件{len(found.facts)}件。"
            ),
            sources=sources,
        ),
        out,
        request.proof,
    )
