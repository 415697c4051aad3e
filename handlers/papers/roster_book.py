"""The roster workbook, read whole or not at all: every bad cell is named, and what to do about it.

Must not know where the roster goes. How the written file looks is in `roster_form`, its words in
`roster_words`.
"""

from typing import BinaryIO

from handlers.papers.archive import Limits, Unreadable
from handlers.papers.cell_text import clean_phone
from handlers.papers.roster_form import write_roster, write_template
from handlers.papers.roster_sheet import CellError, Record, Rule, Sheet
from handlers.papers.roster_tree import faults, parents_first
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
from handlers.papers.workbook import reading
from storage.rows import PersonRow, Roster, UnitRow

__all__ = [
    "KIND_NAMES",
    "KIND_WORDS",
    "ROLE_NAMES",
    "ROLE_WORDS",
    "CellError",
    "RosterErrors",
    "kind_in",
    "read_roster",
    "role_names",
    "roles_in",
    "write_roster",
    "write_template",
]

_UNIT_RULES = {
    "单位编码": Rule(code=True, required=True, longest=32),
    "单位名称": Rule(code=False, required=True),
    "上级编码": Rule(code=True, required=False, longest=32),
    "单位类别": Rule(code=False, required=True),
    "区划代码": Rule(code=True, required=False, longest=12),
}
_PEOPLE_RULES = {
    "工号": Rule(code=True, required=True),
    "姓名": Rule(code=False, required=True),
    "单位编码": Rule(code=True, required=True, longest=32),
    "角色": Rule(code=False, required=False),
    # Read as it was typed: clean_phone knows what a shortened or bracketed number may look like.
    "手机号": Rule(code=False, required=False),
}


class RosterErrors(Exception):
    """The file is not taken. The message only counts, for logs see it; the sentences are in `errors`."""

    def __init__(self, errors: tuple[CellError, ...]) -> None:
        super().__init__(f"{len(errors)} errors in the roster workbook")
        self.errors = errors


def read_roster(source: BinaryIO, known_units: frozenset[str] = frozenset(), limits: Limits | None = None) -> Roster:
    """The roster in an .xlsx file, parents before children; raises RosterErrors with all that is wrong."""
    try:
        with reading(source, limits) as book:
            units, people = _Units(known_units), _People()
            for record in units.sheet.records(book):
                units.take(record)
            for record in people.sheet.records(book):
                people.take(record)
    except Unreadable as error:
        raise RosterErrors((CellError("", "", str(error)),)) from error
    units.check_tree()
    people.check_units(known_units | units.codes.keys())
    errors = (*units.sheet.errors, *people.sheet.errors)
    if not errors and not units.rows and not people.rows:
        errors = (CellError(UNIT_SHEET, "A2", "表里还没有内容，请从第 2 行起填写"),)
    if errors:
        raise RosterErrors(errors)
    return Roster(units=parents_first(units.rows), people=tuple(people.rows))


class _Units:
    """The sheet 单位 being read."""

    def __init__(self, known: frozenset[str]) -> None:
        self.sheet = Sheet(UNIT_SHEET, _UNIT_RULES)
        self.rows: list[UnitRow] = []
        # Codes of bad rows too, so that one mistake is not reported again at each child and person.
        self.codes: dict[str, Record] = {}
        self._known = known

    def take(self, record: Record) -> None:
        code = record.texts["单位编码"]
        if code and code in self.codes:
            first = self.codes[code].cell("单位编码")
            self.sheet.errors.note(record.cell("单位编码"), f"单位编码与 {first} 重复，请改正或删去一行")
            return
        if code:
            self.codes[code] = record
        kind = kind_in(record.texts["单位类别"])
        if kind is None and record.texts["单位类别"]:
            words = "、".join(KIND_NAMES.values())
            self.sheet.errors.note(record.cell("单位类别"), f"单位类别不认识，请从这些里选：{words}")
        division = record.texts["区划代码"]
        if division and not (division.isascii() and division.isdigit()):
            self.sheet.errors.note(record.cell("区划代码"), "区划代码只能是数字，没有可以空着")
        if kind is not None:
            name, parent = record.texts["单位名称"], record.texts["上级编码"]
            self.rows.append(UnitRow(code=code, name=name, parent_code=parent, kind=kind, division=division))

    def check_tree(self) -> None:
        parents = {code: record.texts["上级编码"] for code, record in self.codes.items()}
        for fault in faults(parents, self._known):
            self.sheet.errors.note(self.codes[fault.code].cell("上级编码"), fault.problem)


class _People:
    """The sheet 人员 being read."""

    def __init__(self) -> None:
        self.sheet = Sheet(PEOPLE_SHEET, _PEOPLE_RULES)
        self.rows: list[PersonRow] = []
        self._seen: dict[str, Record] = {}
        # The unit each row names, checked when all units are known.
        self._members: list[tuple[str, Record]] = []

    def take(self, record: Record) -> None:
        staff_id, unit_code = record.texts["工号"], record.texts["单位编码"]
        if staff_id and staff_id in self._seen:
            first = self._seen[staff_id].cell("工号")
            self.sheet.errors.note(record.cell("工号"), f"工号与 {first} 重复，请改正或删去一行")
            return
        if staff_id:
            self._seen[staff_id] = record
        if unit_code:
            self._members.append((unit_code, record))
        roles = roles_in(record.texts["角色"])
        if roles is None:
            words = "、".join(ROLE_NAMES.values())
            self.sheet.errors.note(record.cell("角色"), f"角色不认识，请从这些里选，多个用顿号隔开：{words}")
        phone = clean_phone(record.texts["手机号"])
        if phone is None:
            problem = "手机号格式不对，请填11位手机号或带区号的座机，没有可以空着"
            self.sheet.errors.note(record.cell("手机号"), problem)
        if roles is not None and phone is not None:
            name = record.texts["姓名"]
            row = PersonRow(staff_id=staff_id, name=name, unit_code=unit_code, roles=roles, phone=phone)
            self.rows.append(row)

    def check_units(self, codes: frozenset[str]) -> None:
        for unit_code, record in self._members:
            if unit_code not in codes:
                problem = f"单位编码“{unit_code[:20]}”不在“单位”表里，请改正或先补上单位"
                self.sheet.errors.note(record.cell("单位编码"), problem)
