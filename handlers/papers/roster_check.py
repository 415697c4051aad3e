"""A roster file against the roster there is: what cannot be, by cell, and what would change.

Must not know who sent the file; what a coordinator may change is in `roster_rights`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from handlers.papers.cell_text import masked_phone
from handlers.papers.roster_book import CellError, RosterFile
from handlers.papers.roster_rights import Rights, forbidden, not_theirs
from handlers.papers.roster_tree import misplaced
from handlers.papers.roster_words import PEOPLE_SHEET, UNIT_SHEET
from storage import roster
from storage.roster_difference import (
    Changes,
    Difference,
    What,
    cities_left,
    compare,
    opened_phone,
    people_named,
    starred,
)
from storage.roster_import import spoken_for
from storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found. With errors nothing may be carried out."""

    difference: Difference
    errors: tuple[CellError, ...]
    warnings: tuple[CellError, ...]

    def changes(self, *, leavers: bool = False) -> Changes:
        return self.difference.changes(leavers=leavers)


def examine(
    session: Session,
    vault: Vault,
    file: RosterFile,
    *,
    rights: Rights | None = None,
    below: str = "",
    leavers: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Examined:
    """`rights` of a coordinator, None for the operator. Missing is who is not in the file though it speaks for their
    unit: for all below the path `below`, or else below its own topmost units."""
    errors = [*_tree(session, file), *_masked(session, file, vault)]
    if below and not rights:
        errors += _outside(session, file, below)
    tops = (below,) if below else spoken_for(session, file.roster)
    if rights:
        errors += not_theirs(session, file, rights)
        tops = tuple(path for path in tops if rights.covers(path))
    found = compare(
        session,
        file.roster,
        vault,
        ours=rights.paths if rights else (below,) if below else None,
        missing_below=tops,
        protected=rights.protected(session) if rights else frozenset(),
        progress=progress,
    )
    if rights:
        errors += forbidden(session, file, rights, found)
    if not cities_left(session, found, leavers=leavers):
        errors.append(CellError(PEOPLE_SHEET, "", "这样改完就没有人担任市大数据局的角色了，请先把角色给接手的人"))
    return Examined(
        difference=found,
        errors=tuple(dict.fromkeys(errors)),
        warnings=(*file.warnings, *_renumbered(file, found, session)),
    )


def _tree(session: Session, file: RosterFile) -> Sequence[CellError]:
    units = roster.units(session)
    codes = {unit.id: unit.code for unit in units}
    there = {unit.code: codes.get(unit.parent_id, "") for unit in units}
    new = {unit.code: unit.parent_code for unit in file.roster.units}
    return [
        CellError(UNIT_SHEET, file.unit_cell(fault.code, "上级编码"), fault.problem) for fault in misplaced(there, new)
    ]


def _outside(session: Session, file: RosterFile, below: str) -> list[CellError]:
    """Rows of other units in a file that is said to be about one unit and what lies below it."""
    there = {unit.code: unit.path for unit in roster.units(session)}
    inside = {code for code, path in there.items() if path.startswith(below)}
    for row in file.roster.units:  # parents come first
        if row.code not in there and row.parent_code in inside:
            inside.add(row.code)
    told = "不在这次指定的单位里，请删去这一行，或者不指定单位导入"
    units = [row.code for row in file.roster.units if row.code not in inside]
    people = [line.staff_id for line in file.roster.people if line.unit_code not in inside]
    return [
        *(CellError(UNIT_SHEET, file.unit_cell(code, "单位编码"), told) for code in units),
        *(CellError(PEOPLE_SHEET, file.person_cell(staff_id, "单位编码"), told) for staff_id in people),
    ]


def _masked(session: Session, file: RosterFile, vault: Vault) -> list[CellError]:
    """A starred number stands for the one that is there; it cannot stand for any other."""
    lines = {line.staff_id: line for line in file.roster.people if starred(line.phone)}
    known = {one.staff_id: masked_phone(opened_phone(one, vault)) for one in people_named(session, list(lines))}
    return [
        CellError(PEOPLE_SHEET, file.person_cell(staff_id, "手机号"), "带星号的号码和名册里的对不上，请写全手机号")
        for staff_id, line in lines.items()
        if known.get(staff_id) != line.phone
    ]


def _renumbered(file: RosterFile, found: Difference, session: Session) -> list[CellError]:
    """Somebody new of the same name and unit as somebody missing: perhaps only the 工号 has changed."""
    codes = {unit_id: code for code, unit_id in found.units.items()}
    gone = {(one.name, codes[one.unit_id]): one.staff_id for one in found.missing}
    told = "名册里同单位有一个同名的人，工号不同，文件里没有。是同一个人换了工号，导入时请选“文件里没有的人已离开”"
    return [
        CellError(PEOPLE_SHEET, file.person_cell(step.row.staff_id, "工号"), told)
        for step in found.steps
        if step.what is What.ADDED and (step.row.name, step.row.unit_code) in gone
    ]
