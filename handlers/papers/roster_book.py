"""The roster workbook, read whole or not at all: every bad cell is named, and what to do about it.

Must not know where the roster goes. How the written file looks is in `roster_form`, its words in
`roster_words`.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from handlers.papers.archive import Limits, Unreadable
from handlers.papers.roster_form import write_roster, write_template
from handlers.papers.roster_people import People
from handlers.papers.roster_sheet import CellError
from handlers.papers.roster_tree import parents_first
from handlers.papers.roster_units import Units
from handlers.papers.roster_words import (
    KIND_NAMES,
    KIND_WORDS,
    PEOPLE_SHEET,
    ROLE_NAMES,
    ROLE_WORDS,
    UNIT_SHEET,
    kind_in,
    role_names,
    roles_in,
)
from handlers.papers.workbook import OpenBook, reading
from storage.rows import Roster

__all__ = [
    "KIND_NAMES",
    "KIND_WORDS",
    "ROLE_NAMES",
    "ROLE_WORDS",
    "CellError",
    "RosterDraft",
    "RosterErrors",
    "RosterFile",
    "is_roster",
    "kind_in",
    "read_draft",
    "read_file",
    "read_roster",
    "role_names",
    "roles_in",
    "write_roster",
    "write_template",
]


class RosterErrors(Exception):
    """The file is not taken. The message only counts, for logs see it; the sentences are in `errors`."""

    def __init__(self, errors: tuple[CellError, ...]) -> None:
        super().__init__(f"{len(errors)} errors in the roster workbook")
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFile:
    """A roster and where in its workbook everything stands."""

    roster: Roster
    warnings: tuple[CellError, ...]
    """What may be wrong and does not hinder."""
    unit_cell: Callable[[str, str], str]
    """The cell of a unit, by its code, in a column."""
    person_cell: Callable[[str, str], str]
    """The cell of somebody, by 工号, in a column of their first row."""
    office_cell: Callable[[str, str], str]
    """The cell of somebody's role for a unit, by 工号 and code."""


def read_roster(source: BinaryIO, known_units: frozenset[str] = frozenset(), limits: Limits | None = None) -> Roster:
    """The roster in an .xlsx file, parents before children; raises RosterErrors with all that is wrong."""
    return read_file(source, known_units, limits).roster


def read_file(
    source: BinaryIO,
    known_units: frozenset[str] = frozenset(),
    limits: Limits | None = None,
    progress: Callable[[int], None] | None = None,
) -> RosterFile:
    """The same with its cells. `progress` is told the number of the row being read now and then."""
    return read_draft(source, limits, progress).settled(known_units)


class RosterDraft:
    """A workbook that was read, its rows not yet brought together. Nothing of the roster there is was needed for it."""

    def __init__(self) -> None:
        self._units, self._people = Units(), People()

    def read(self, book: OpenBook, progress: Callable[[int], None] | None) -> None:
        for record in self._units.sheet.records(book, progress):
            self._units.take(record)
        for record in self._people.sheet.records(book, progress):
            self._people.take(record)

    def settled(self, known_units: frozenset[str]) -> RosterFile:
        """The roster, where every unit named is in the file or among the known; raises RosterErrors else. Once only."""
        units, people = self._units, self._people
        units.check_tree(known_units)
        people.check_id_numbers()
        people.check_units(known_units | units.codes.keys())
        errors = (*units.sheet.errors.sorted(), *people.sheet.errors.sorted())
        if not errors and not units.rows and not people.rows:
            errors = (CellError(UNIT_SHEET, "A2", "表里还没有内容，请从第 2 行起填写"),)
        if errors:
            raise RosterErrors(errors)

        def office_cell(staff_id: str, unit_code: str) -> str:
            row = people.offices.get((staff_id, unit_code)) or people.row_of(staff_id)
            return people.sheet.cell("角色", row)

        return RosterFile(
            roster=Roster(units=parents_first(units.rows), people=tuple(people.rows.values())),
            warnings=tuple(CellError(PEOPLE_SHEET, cell, told) for cell, told in people.warnings()),
            unit_cell=lambda code, name: units.codes[code].cell(name),
            person_cell=lambda staff_id, name: people.sheet.cell(name, people.row_of(staff_id)),
            office_cell=office_cell,
        )


def read_draft(
    source: BinaryIO, limits: Limits | None = None, progress: Callable[[int], None] | None = None
) -> RosterDraft:
    """Raises RosterErrors for what is no workbook; what is wrong in its cells comes out when it is settled."""
    draft = RosterDraft()
    try:
        with reading(source, limits) as book:
            draft.read(book, progress)
    except Unreadable as error:
        raise RosterErrors((CellError("", "", str(error)),)) from error
    return draft


def is_roster(content: bytes, limits: Limits | None = None) -> bool:
    """Whether a workbook is a roster, told by its sheets; with one of them left it is still meant as one."""
    try:
        with reading(io.BytesIO(content), limits) as book:
            return not {UNIT_SHEET, PEOPLE_SHEET}.isdisjoint(book.sheet_names)
    except Unreadable:
        return False
