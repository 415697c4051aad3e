"""The rows of a unit's return: as they stand while it is being filled in, or as they were confirmed.

Reads; says nothing and decides nothing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.papers.handed_in import rows_handed_in
from storage import papers, reporting, returns, roster, subtree
from storage.models import RowCorrection, Unit
from storage.subtree import InTree
from storage.vault import Vault, correction_purpose


class Source(NamedTuple):
    """Where a row comes from: a row of somebody's self-check, as it was handed in."""

    case_id: int
    row: int
    submission_id: int


class ReturnRow(NamedTuple):
    """A row of the table. `unit_id` is the unit it belongs to, `return_of` the one in whose return it stands."""

    unit_id: int
    return_of: int
    cells: Mapping[str, str]
    """The texts by the field of their column, without the unit's name."""
    sources: tuple[Source, ...]
    """More than one where equal rows were merged."""
    corrected: frozenset[str] = frozenset()
    """The fields that have the coordinator's wording."""
    dropped: frozenset[str] = frozenset()
    """The fields whose correction does not count any more, because the person has handed in other words since."""


def return_rows(
    session: Session, campaign: Campaign, unit: Unit, as_of: datetime, unmask: Vault | None = None
) -> Iterator[ReturnRow]:
    """The rows of a unit with all below it as of a moment, in the order of `rows_by_unit`."""
    for _, rows in rows_by_unit(session, campaign, unit, subtree.units(session, unit.path), as_of, unmask):
        yield from rows


def rows_by_unit(
    session: Session,
    campaign: Campaign,
    top: Unit,
    units: Sequence[InTree],
    as_of: datetime,
    unmask: Vault | None = None,
) -> Iterator[tuple[InTree, list[ReturnRow]]]:
    """Every unit from one downwards (`units`, in the order of their codes) with its rows as of a moment, corrected and
    merged; read as they are asked for, so that a city needs no more memory than a village.

    Where a return stands still (confirmed or further), its rows are exactly those that were confirmed; elsewhere what
    people have handed in so far, with their coordinator's corrections. `unmask` opens sealed parts: for the operator's
    command only. For the paper, `Places.below(unit)` names the units.
    """
    offices = reporting.reporters(session, campaign.id, top, as_of)
    still = returns.still(session, campaign.id, {*subtree.ids(top.path), *offices.returns}, as_of)
    reporter = reporting.covering(top.path, offices.reporting)
    alone = reporter in still
    speakers = [roster.unit(session, reporter)] if alone else _speakers(units, still)
    speaking = {unit.id for unit in speakers}
    unspoken = [] if alone else [unit for unit in units if speaking.isdisjoint(subtree.ids(unit.path))]
    confirmed = Confirmed(session, campaign, speakers, as_of)
    own = groupby(
        live(session, campaign, top, unspoken, offices.reporting, as_of) if unspoken else (),
        key=lambda row: row.unit_id,
    )
    coming = next(own, None)
    for unit in units:
        rows = confirmed.of(unit)
        if coming and coming[0] == unit.id:
            rows += merged(campaign, list(coming[1]))
            coming = next(own, None)
        yield unit, opened(session, campaign, rows, unmask) if unmask and rows else rows


def _speakers(units: Sequence[InTree], still: Set[int]) -> Sequence[InTree]:
    """The units whose return stands still and is not part of one above that does."""
    found: list[InTree] = []
    for unit in sorted((unit for unit in units if unit.id in still), key=lambda unit: unit.path):
        if not (found and unit.path.startswith(found[-1].path)):
            found.append(unit)
    return found


def still_since(session: Session, campaign: Campaign, unit: Unit, as_of: datetime) -> datetime | None:
    """When the rows of a unit were confirmed, if they stood still at a moment: figures beside them are of then."""
    chart = reporting.chart(session, campaign.id, unit, as_of, below=False)
    reporter = chart.reporter(unit)
    if reporter is None or not returns.still(session, campaign.id, [reporter.id or 0], as_of):
        return None
    return returns.confirmed_at(session, campaign.id, reporter.id or 0, as_of)


def live(
    session: Session,
    campaign: Campaign,
    top: Unit,
    units: Iterable[InTree],
    reporters: Set[int],
    as_of: datetime,
) -> Iterator[ReturnRow]:
    """What people of these units have handed in, a row per data set, with their coordinator's corrections; unit by unit
    in the order of their codes. `reporters` are the units that report."""
    return_of = {
        unit.id or 0: reporting.covering(unit.path, reporters) for unit in sorted(units, key=lambda unit: unit.code)
    }
    corrections = returns.corrections(session, campaign.id, top.path, as_of)
    touched = {(case_id, number) for case_id, number, _ in corrections}
    for said in papers.handed_in(session, campaign.id, list(return_of), as_of):
        for number, cells in rows_handed_in(campaign, said.name, said).items():
            source = Source(said.case_id, number, said.id)
            row = ReturnRow(said.unit_id, return_of[said.unit_id], cells, (source,))
            yield _corrected(row, corrections) if (said.case_id, number) in touched else row


def _corrected(row: ReturnRow, corrections: Mapping[tuple[int, int, str], RowCorrection]) -> ReturnRow:
    (source,), cells = row.sources, row.cells
    marks = {field: corrections.get((source.case_id, source.row, field)) for field in cells}
    counting = {f: c.text for f, c in marks.items() if c and c.text and c.instead_of == cells[f]}
    dropped = {f for f, c in marks.items() if c and c.text and c.instead_of != cells[f]}
    return row._replace(cells={**cells, **counting}, corrected=frozenset(counting), dropped=frozenset(dropped))


def merged(campaign: Campaign, rows: Sequence[ReturnRow]) -> list[ReturnRow]:
    """Rows of a unit that are equal in all columns but the joined one become one, where the first of them stands."""
    joined = campaign.returns.joined
    if not joined:
        return list(rows)
    found: dict[tuple[object, ...], ReturnRow] = {}
    for row in rows:
        same = (row.unit_id, *[text for field, text in row.cells.items() if field != joined])
        first = found.get(same)
        found[same] = _joined(first, row, joined) if first else row
    return list(found.values())


def _joined(first: ReturnRow, row: ReturnRow, field: str) -> ReturnRow:
    texts = list(dict.fromkeys([*first.cells[field].split("、"), *row.cells[field].split("、")]))
    return first._replace(
        cells={**first.cells, field: "、".join(text for text in texts if text)},
        sources=first.sources + row.sources,
        corrected=first.corrected | row.corrected,
        dropped=first.dropped | row.dropped,
    )


# ---------------------------------------------------------------- confirmed rows


def to_data(row: ReturnRow, codes: Mapping[int, str]) -> dict[str, object]:
    """A row as it stands in the content of a return."""
    return {
        "unit": codes.get(row.unit_id, ""),
        "unit_id": row.unit_id,
        "return_of": row.return_of,
        "cells": dict(row.cells),
        "from": [[source.case_id, source.row, source.submission_id] for source in row.sources],
        "corrected": sorted(row.corrected),
    }


class Confirmed:
    """The rows of returns that stand still, one content in memory at a time."""

    def __init__(self, session: Session, campaign: Campaign, speakers: Sequence[InTree], as_of: datetime) -> None:
        self._session, self._campaign, self._as_of = session, campaign, as_of
        self._open: tuple[int, dict[int, list[ReturnRow]]] = (0, {})
        self._holders: dict[int, list[InTree]] = {}
        for speaker in speakers:
            for unit_id in self._rows(speaker):
                self._holders.setdefault(unit_id, []).append(speaker)

    def of(self, unit: InTree) -> list[ReturnRow]:
        """Those that belong to a unit, whoever confirmed them."""
        return [row for speaker in self._holders.get(unit.id or 0, ()) for row in self._rows(speaker)[unit.id or 0]]

    def _rows(self, speaker: InTree) -> Mapping[int, list[ReturnRow]]:
        number = speaker.id or 0
        if self._open[0] != number:
            contents = returns.contents(self._session, self._campaign.id, [number], self._as_of)
            by_unit: dict[int, list[ReturnRow]] = {}
            for row in frozen(contents[number], speaker):
                by_unit.setdefault(row.unit_id, []).append(row)
            self._open = (number, by_unit)
        return self._open[1]


def frozen(content: str, unit: InTree) -> list[ReturnRow]:
    """The rows of a content, as they were confirmed."""
    return [
        ReturnRow(
            unit_id=row["unit_id"],
            return_of=row.get("return_of") or unit.id or 0,
            cells=row["cells"],
            sources=tuple(Source(*source) for source in row["from"]),
            corrected=frozenset(row["corrected"]),
        )
        for row in json.loads(content)["rows"]
    ]


def opened(session: Session, campaign: Campaign, rows: Sequence[ReturnRow], unmask: Vault) -> list[ReturnRow]:
    """The rows with what was masked in them shown: each masked text is replaced by the whole one it stands for."""
    submissions = returns.by_id(session, [s.submission_id for row in rows for s in row.sources])
    corrections = returns.sealed_corrections(session, campaign.id, {s.case_id for row in rows for s in row.sources})
    found = []
    for row in rows:
        cells = dict(row.cells)
        for source in row.sources:
            if source.submission_id not in submissions:
                continue
            submission, person = submissions[source.submission_id]
            shown = rows_handed_in(campaign, person.name, submission).get(source.row, cells)
            whole = rows_handed_in(campaign, person.name, submission, unmask).get(source.row, cells)
            for field in cells:
                if correction := corrections.get((source.case_id, source.row, field)):
                    cells[field] = _whole(cells[field], correction, unmask)
                masked, text = shown.get(field, ""), whole.get(field, "")
                if masked != text:
                    cells[field] = cells[field].replace(masked, text)
        found.append(row._replace(cells=cells))
    return found


def _whole(cell: str, correction: RowCorrection, unmask: Vault) -> str:
    """A cell with the corrected wording as it was said."""
    purpose = correction_purpose(correction.case_id, correction.row, correction.field)
    return cell.replace(correction.text, unmask.open(correction.sealed or "", purpose))
