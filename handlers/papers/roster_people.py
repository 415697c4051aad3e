"""The sheet 人员 being read: one person may have several rows where the further ones only give a role elsewhere (兼任).

Must not know the roster there is; what is compared with that stands in `roster_check`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from handlers.campaign import id_number
from handlers.papers.cell_text import clean_phone, starred_phone
from handlers.papers.roster_sheet import Record, Rule, Sheet
from handlers.papers.roster_words import ACCOUNT_WORDS, PEOPLE_SHEET, ROLE_NAMES, roles_in
from storage.rows import PersonRow, Role

_RULES = {
    "工号": Rule(code=True, required=True),
    "姓名": Rule(code=False, required=True),
    "单位编码": Rule(code=True, required=True, longest=32),
    "角色": Rule(code=False, required=False),
    # Read as it was typed: clean_phone knows what a shortened or bracketed number may look like.
    "手机号": Rule(code=False, required=False),
    "账号": Rule(code=False, required=False, optional=True),
}
_NO_ID_NUMBERS = "这里像是身份证号。名册里不要填身份证号，请换成单位自己的编号"
_BY_CHANCE = 2
_JUST_STAFF = frozenset({Role.STAFF})


class _First(NamedTuple):
    """The first row of somebody."""

    row: int
    name: str
    unit_code: str


class People:
    """The rows as they come; what is wrong is in `sheet.errors`, what may be in `warnings()`."""

    def __init__(self) -> None:
        self.sheet = Sheet(PEOPLE_SHEET, _RULES)
        self.rows: dict[str, PersonRow] = {}
        self.offices: dict[tuple[str, str], int] = {}
        """In which row somebody, by 工号, gets a role for a unit elsewhere."""
        self._first: dict[str, _First] = {}
        # The unit each row names, checked when all units are known.
        self._members: dict[str, list[int]] = {}
        self._like_id_numbers: list[str] = []

    def take(self, record: Record) -> None:
        staff_id, unit_code = record.texts["工号"], record.texts["单位编码"]
        if unit_code:
            self._members.setdefault(unit_code, []).append(record.row)
        roles, phone, account = self._roles(record), self._phone(record), self._account(record)
        self._no_id_number(record)
        if staff_id and staff_id in self._first:
            self._again(record, roles, phone, account)
            return
        if staff_id:
            self._first[staff_id] = _First(record.row, record.texts["姓名"], unit_code)
        if roles is not None and phone is not None and account is not None:
            row = PersonRow(
                staff_id=staff_id,
                name=record.texts["姓名"],
                unit_code=unit_code,
                roles=roles,
                phone=phone,
                account=account,
            )
            self.rows[staff_id] = row

    def row_of(self, staff_id: str) -> int:
        return self._first[staff_id].row

    # ---- cells

    def _roles(self, record: Record) -> frozenset[Role] | None:
        roles = roles_in(record.texts["角色"])
        if roles is None:
            words = "、".join(ROLE_NAMES.values())
            self._note(record, "角色", f"角色不认识，请从这些里选，多个用顿号隔开：{words}")
        return roles

    def _phone(self, record: Record) -> str | None:
        text = record.texts["手机号"]
        phone = starred_phone(text) or clean_phone(text)
        if phone is None:
            self._note(record, "手机号", "手机号格式不对，请填11位手机号或带区号的座机，没有可以空着")
        return phone

    def _account(self, record: Record) -> bool | None:
        account = ACCOUNT_WORDS.get(record.texts.get("账号", ""))
        if account is None:
            self._note(record, "账号", "账号请填“有”或“无”，空着就是有")
        return account

    def _no_id_number(self, record: Record) -> None:
        for name in ("工号", "姓名"):
            text = record.texts[name]
            if len(text) == 18 and text[:17].isdecimal() and id_number.valid(text):
                self._like_id_numbers.append(record.cell(name))

    def _note(self, record: Record, name: str, problem: str) -> None:
        self.sheet.errors.note(record.cell(name), problem)

    # ---- the same 工号 once more

    def _again(self, record: Record, roles: frozenset[Role] | None, phone: str | None, account: bool | None) -> None:
        """A further row gives a role for another unit, or it is a mistake that names both cells."""
        staff_id, unit_code = record.texts["工号"], record.texts["单位编码"]
        first = self._first[staff_id]
        where = self.sheet.cell("工号", first.row)
        if record.texts["姓名"] != first.name:
            self._note(record, "工号", f"工号与 {where} 重复，姓名却不同。同一个人请写同样的姓名，不是同一个人请改工号")
            return
        if unit_code == first.unit_code or (staff_id, unit_code) in self.offices:
            self._note(record, "工号", f"工号与 {where} 重复，单位也相同，请合并成一行，多个角色用顿号隔开")
            return
        if roles == _JUST_STAFF:
            problem = f"工号与 {where} 重复，单位不同。一个人只在一个单位自查，请删去一行；兼任的请在这一行填角色"
            self._note(record, "工号", problem)
            return
        known = self.rows.get(staff_id)
        if known is None or roles is None:
            return  # a cell of one of the rows is wrong already
        if phone and phone != known.phone:
            self._note(record, "手机号", f"手机号与 {self.sheet.cell('手机号', first.row)} 不同，请改成一样或空着")
        if record.texts.get("账号") and account != known.account:
            self._note(record, "账号", f"账号与 {self.sheet.cell('账号', first.row)} 不同，请改成一样或空着")
        self.offices[staff_id, unit_code] = record.row
        also = {(unit_code, role) for role in roles if role is not Role.STAFF}
        self.rows[staff_id] = replace(known, also=known.also | also)

    # ---- when all is read

    def check_id_numbers(self) -> None:
        """Long account numbers of the platform may look like one by chance, several do not."""
        if len(self._like_id_numbers) > _BY_CHANCE:
            for cell in self._like_id_numbers:
                self.sheet.errors.note(cell, _NO_ID_NUMBERS)

    def check_units(self, codes: frozenset[str]) -> None:
        without_zeros = {code.lstrip("0"): code for code in codes if code.startswith("0")}
        for unit_code in self._members.keys() - codes:
            problem = f"单位编码“{unit_code[:20]}”不在“单位”表里，请改正或先补上单位"
            if whole := without_zeros.get(unit_code):
                problem = f"单位编码“{unit_code[:20]}”少了开头的0，应是“{whole[:20]}”，请把这一列设为文本格式后重填"
            for row in self._members[unit_code]:
                self.sheet.errors.note(self.sheet.cell("单位编码", row), problem)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """What may be a mistake, above all one person under two 工号: the cell and the words, both cells named."""
        yield from ((cell, _NO_ID_NUMBERS) for cell in self._like_id_numbers)
        by_phone: dict[tuple[str, str], str] = {}
        by_unit: dict[tuple[str, str], str] = {}
        for staff_id, row in self.rows.items():
            known = by_phone.setdefault((row.name, row.phone), staff_id) if row.phone else staff_id
            told = "姓名和手机号都相同"
            if known == staff_id:
                known, told = by_unit.setdefault((row.name, row.unit_code), staff_id), "同单位同名"
            if known != staff_id:
                cell = self.sheet.cell("姓名", self.row_of(known))
                yield (
                    self.sheet.cell("姓名", self.row_of(staff_id)),
                    f"与 {cell} {told}，工号不同。是同一个人请删去一行，不是就不用管",
                )
