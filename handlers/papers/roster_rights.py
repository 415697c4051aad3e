"""What a coordinator may change in the roster: their own subtree, people nobody else has, roles up to their own.

Who somebody is and what they look after comes as `Rights`; must not know the chat.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, select

from handlers.papers.roster_book import CellError, RosterFile
from handlers.papers.roster_words import PEOPLE_SHEET, UNIT_SHEET
from storage import roster
from storage.models import Appointment, Person, Unit
from storage.roster_difference import Difference, What, people_named
from storage.rows import PersonRow, Role, UnitKind, UnitRow

_RANK = {Role.STAFF: 0, Role.UNIT: 1, Role.COUNTY: 2, Role.CITY: 3}
_ABOVE = "请联系上级单位"
_OTHER_UNIT = f"这不是您负责的单位，请删去这一行；要改{_ABOVE}"
_OTHER_PARENT = f"上级单位不在您负责的范围里，请改回原来的；要改{_ABOVE}"
_TOP = f"您负责的最上一级单位，这一格不能改，请改回原来的；要改{_ABOVE}"
_DIVISION = "区划代码要以上级单位的区划代码开头，没有可以空着"
_KIND = f"这个单位类别由市里定，请改回原来的；要改{_ABOVE}"
_OTHERS_PERSON = f"这个工号已在别处使用，请核对工号；是从别的单位调来的，{_ABOVE}办理"
_HIGHER = "这个角色要由上级单位给或收回，请改回原来的"
_OWN = "自己的角色不能在名册里改，请改回原来的；交给别人请发“移交 姓名”"
_PROTECTED = f"此人还担任上级或别的单位的角色，这里不能调动或改账号，请改回原来的；要改{_ABOVE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """`offices`: role and path of the unit, as somebody holds them now."""

    staff_id: str
    offices: tuple[tuple[Role, str], ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(path for _, path in self.offices)

    def covers(self, path: str) -> bool:
        return any(path.startswith(top) for top in self.paths)

    def may_give(self, role: Role, path: str) -> bool:
        return any(path.startswith(top) and _RANK[role] <= _RANK[held] for held, top in self.offices)

    def may_take(self, role: Role, path: str) -> bool:
        """An equal's role for one's own unit is for those above to take."""
        return any(
            path.startswith(top) and (_RANK[role] < _RANK[held] or (path != top and role == held))
            for held, top in self.offices
        )

    def protected(self, session: Session) -> frozenset[int]:
        """The people whom this coordinator cannot move away: themselves, and who holds an office they cannot take."""
        rows = session.exec(
            select(Appointment.person_id, Appointment.role, Unit.path)
            .join(Unit, col(Unit.id) == Appointment.unit_id)
            .where(col(Appointment.deputy_of).is_(None))
        ).all()
        own = session.exec(select(Person.id).where(Person.staff_id == self.staff_id)).all()
        above = {person_id for person_id, role, path in rows if not self.may_take(Role(role), path)}
        return frozenset({*above, *(one for one in own if one is not None)})


# ---------------------------------------------------------------- rows of other units


def not_theirs(session: Session, file: RosterFile, rights: Rights) -> Iterator[CellError]:
    units = roster.units(session)
    codes = {unit.id: unit.code for unit in units}
    there = {unit.code: unit for unit in units}
    inside = {unit.code for unit in units if rights.covers(unit.path)}
    new = {row.code for row in file.roster.units} - there.keys()
    divisions = {unit.code: (unit.division, codes.get(unit.parent_id, "")) for unit in units}
    divisions |= {row.code: (row.division, row.parent_code) for row in file.roster.units}
    for row in file.roster.units:
        unit = there.get(row.code)
        old_parent = codes.get(unit.parent_id, "") if unit else ""
        above = _division(row.parent_code, divisions)
        for column, problem in _unit(row, unit, old_parent, above, inside | new, rights):
            yield CellError(UNIT_SHEET, file.unit_cell(row.code, column), problem)
    known = {one.staff_id: one for one in people_named(session, [line.staff_id for line in file.roster.people])}
    for line in file.roster.people:
        if line.unit_code not in inside | new:
            yield CellError(PEOPLE_SHEET, file.person_cell(line.staff_id, "单位编码"), _OTHER_UNIT)
        for code, _ in sorted(line.also):
            if code not in inside | new:
                yield CellError(PEOPLE_SHEET, file.office_cell(line.staff_id, code), _OTHER_UNIT)
        one = known.get(line.staff_id)
        if one and one.active and codes[one.unit_id] not in inside:
            yield CellError(PEOPLE_SHEET, file.person_cell(line.staff_id, "工号"), _OTHERS_PERSON)


def _unit(
    row: UnitRow,
    unit: Unit | None,
    old_parent: str,
    above: str,
    theirs: set[str],
    rights: Rights,
) -> Iterator[tuple[str, str]]:
    """What is wrong with a line of the sheet 单位: column and problem."""
    if row.code not in theirs or (unit is not None and not rights.covers(unit.path)):
        yield "单位编码", _OTHER_UNIT
        return
    if unit is not None and unit.path in rights.paths and old_parent not in theirs:
        fixed = (("上级编码", row.parent_code, old_parent), ("区划代码", row.division, unit.division))
        yield from ((column, _TOP) for column, said, was in fixed if said != was)
        if row.kind != unit.kind:
            yield "单位类别", _TOP
        return
    if row.parent_code not in theirs:
        yield "上级编码", _OTHER_PARENT
        return
    was = unit.division if unit else ""
    if row.division and row.division != was and not row.division.startswith(above):
        yield "区划代码", _DIVISION
    cities = any(held is Role.CITY for held, _ in rights.offices)
    if row.kind in (UnitKind.CITY, UnitKind.COUNTY) and not cities and (unit is None or row.kind != unit.kind):
        yield "单位类别", _KIND


def _division(code: str, divisions: dict[str, tuple[str, str]]) -> str:
    """The nearest one upwards: it decides by which rules people check themselves."""
    seen: set[str] = set()
    while code in divisions and code not in seen:
        seen.add(code)
        division, parent = divisions[code]
        if division:
            return division
        code = parent
    return ""


# ---------------------------------------------------------------- roles above one's own


def forbidden(session: Session, file: RosterFile, rights: Rights, found: Difference) -> Iterator[CellError]:
    """What the file would do to roles and to those who hold them, and its sender may not."""
    paths = {unit.code: unit.path for unit in roster.units(session)}
    parents = {row.code: row.parent_code for row in file.roster.units}
    protected = rights.protected(session)

    def path_of(code: str) -> str:
        """A new unit lies where its parent does."""
        while code not in paths and code in parents:
            code = parents[code]
        return f"{paths[code]}new/" if code in paths else ""

    def at(line: PersonRow, column: str) -> str:
        return file.person_cell(line.staff_id, column)

    moving = {step.row.staff_id for step in found.steps if step.what is What.MOVED}
    lines = {step.known.id: step.row for step in found.steps if step.known}

    def office(line: PersonRow, code: str = "") -> str:
        """Who is moved gets and loses offices by that."""
        if line.staff_id in moving:
            return at(line, "单位编码")
        return file.office_cell(line.staff_id, code) if code else at(line, "角色")

    for step in found.steps:
        line = step.row
        for code, role in sorted(step.offices):
            path = paths.get(code) or path_of(code)
            if line.staff_id == rights.staff_id:
                yield CellError(PEOPLE_SHEET, office(line, code), _OWN)
            elif path and not rights.may_give(Role(role), path):
                yield CellError(PEOPLE_SHEET, file.office_cell(line.staff_id, code), _HIGHER)
        if step.known and step.known.id in protected and line.staff_id != rights.staff_id:
            if step.what is What.MOVED:
                yield CellError(PEOPLE_SHEET, at(line, "单位编码"), _PROTECTED)
            if step.known.account != line.account:
                yield CellError(PEOPLE_SHEET, at(line, "账号"), _PROTECTED)
    by_id = {unit.id: unit.path for unit in roster.units(session)}
    for taken in found.taken:
        line = lines[taken.person_id]
        if line.staff_id == rights.staff_id:
            yield CellError(PEOPLE_SHEET, office(line), _OWN)
        elif not rights.may_take(Role(taken.role), by_id[taken.unit_id]):
            yield CellError(PEOPLE_SHEET, office(line), _HIGHER)
