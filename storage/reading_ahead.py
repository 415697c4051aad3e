"""Reads for several people at once what the turn of each looks at first: their self-checks, answers and units, and
what they were told last.

One statement for all; the rooms these belong to hand it out (`cases`, `roster`, `outbox`). Must not know what becomes
of it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from storage import answer_log, at_hand, cases, outbox, roster, subtree
from storage.models import AnswerLine, Case, Person, Unit
from storage.prepared import Prepared

_CASES = select(Case).where(
    col(Case.campaign).in_(bindparam("campaigns", expanding=True)),
    col(Case.person_id).in_(bindparam("people", expanding=True)),
)
_LINES = Prepared(
    select(AnswerLine.case_id, AnswerLine.key, AnswerLine.given)
    .where(col(AnswerLine.case_id).in_(bindparam("cases", expanding=True)))
    .order_by(col(AnswerLine.id))
)
_PATHS = Prepared(select(Unit.id, Unit.path).where(col(Unit.id).in_(bindparam("units", expanding=True))))


def read(
    session: Session, people: Sequence[Person], campaigns: Sequence[str], lanes: Sequence[str], *, now: datetime
) -> None:
    """`lanes` are the chats they speak in."""
    answer_log.write(session)
    _read_cases(session, [person.id or 0 for person in people], campaigns)
    _read_units(session, {person.unit_id for person in people})
    found = outbox.lasts(session, lanes, now=now)
    at_hand.put(session, outbox.LAST, {lane: found.get(lane) for lane in lanes})


def _read_cases(session: Session, people: Sequence[int], campaigns: Sequence[str]) -> None:
    found: dict[tuple[str, int], Case | None] = {(campaign, one): None for campaign in campaigns for one in people}
    for case in session.scalars(_CASES, {"campaigns": campaigns, "people": people}):
        found[case.campaign, case.person_id] = case
    lines: dict[int, list[tuple[str, str | None]]] = {case.id or 0: [] for case in found.values() if case}
    for case_id, key, given in _LINES.rows(session, {"cases": list(lines)}) if lines else ():
        lines[case_id].append((key, given))
    at_hand.put(session, cases.CASES, found)
    at_hand.put(session, answer_log.LINES, lines)


def _read_units(session: Session, wanted: set[int]) -> None:
    paths = {unit_id: subtree.ids(path) for unit_id, path in _PATHS.rows(session, {"units": list(wanted)})}
    units = roster.units_numbered(session, {one for path in paths.values() for one in path})
    chains = {unit_id: [*map(units.get, path)] for unit_id, path in paths.items()}
    at_hand.put(session, roster.CHAINS, {one: chain for one, chain in chains.items() if None not in chain})
