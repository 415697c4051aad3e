"""The sheet 单位 being read: codes, kinds and the tree they form.

Must not know the roster there is; what is compared with that stands in `roster_check`.
"""

from handlers.papers.roster_sheet import Record, Rule, Sheet
from handlers.papers.roster_tree import faults
from handlers.papers.roster_words import KIND_NAMES, UNIT_SHEET, kind_in
from storage.rows import UnitRow

_RULES = {
    "单位编码": Rule(code=True, required=True, longest=32),
    "单位名称": Rule(code=False, required=True),
    "上级编码": Rule(code=True, required=False, longest=32),
    "单位类别": Rule(code=False, required=True),
    "区划代码": Rule(code=True, required=False, longest=12),
}


class Units:
    """The rows as they come; what is wrong is in `sheet.errors`."""

    def __init__(self) -> None:
        self.sheet = Sheet(UNIT_SHEET, _RULES)
        self.rows: list[UnitRow] = []
        # Codes of bad rows too, so that one mistake is not reported again at each child and person.
        self.codes: dict[str, Record] = {}

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

    def check_tree(self, known: frozenset[str]) -> None:
        parents = {code: record.texts["上级编码"] for code, record in self.codes.items()}
        for fault in faults(parents, known):
            self.sheet.errors.note(self.codes[fault.code].cell("上级编码"), fault.problem)
