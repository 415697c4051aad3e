"""How the roster workbook looks: the roster written out, and the empty form with examples and a guide.

Must not know how it is read back, only that what is written here reads back the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from handlers.papers import MAKER
from handlers.papers.proof import Proof
from handlers.papers.roster_sheet import CellError
from handlers.papers.roster_words import (
    EXAMPLE,
    GUIDE_SHEET,
    KIND_NAMES,
    PEOPLE_COLUMNS,
    PEOPLE_SHEET,
    ROLE_NAMES,
    UNIT_COLUMNS,
    UNIT_SHEET,
    WITHOUT_ACCOUNT,
    role_names,
)
from handlers.papers.workbook import HEITI, Look, NewBook, Page
from storage.rows import PersonRow, Roster

_TITLE = "自查名册"
_HEADER = Look(face=HEITI, across="center", boxed=True, fill="DDEBF7")
_EXAMPLE = Look(face="楷体_GB2312", fill="F2F2F2")
_GUIDE_TITLE = Look(face=HEITI, size=16)
_MARGINS_MM = (15.0, 15.0, 18.0, 16.0)
_UNIT_WIDTHS, _PEOPLE_WIDTHS, _GUIDE_WIDTH = (20, 36, 20, 26, 18), (18, 20, 20, 26, 20, 10), 96
_EXAMPLE_UNITS = (
    (f"{EXAMPLE}001", "XX县", "3311", "县(市、区)", "331199"),
    (f"{EXAMPLE}002", "XX街道", f"{EXAMPLE}001", "乡镇(街道)", "331199001"),
    (f"{EXAMPLE}003", "XX社区", f"{EXAMPLE}002", "村(社区)", ""),
)
_EXAMPLE_PEOPLE = (
    (f"{EXAMPLE}0001", "张某某", f"{EXAMPLE}002", "联络员", "19900000001", ""),
    (f"{EXAMPLE}0002", "李某某", f"{EXAMPLE}003", "", "", "无"),
)
_GUIDE = (
    "1. “单位”表一行一个单位，“人员”表一行一个人。列的先后可以换，列名和工作表名不要改。",
    f"2. 以“{EXAMPLE}”字开头的灰色行是示例，不会导入，可以留着也可以删。",
    "3. 单位编码自己定，不重复就行，最长32个字符；有行政区划的单位可以直接用区划代码。",
    "4. 上级编码填上级单位的单位编码。最上级单位（市）空着，其他单位都要填。",
    f"5. 单位类别从下拉列表里选：{'、'.join(KIND_NAMES.values())}。",
    "6. 区划代码没有可以空着。",
    "7. 工号填钉钉通讯录里的员工账号（userId），机器人靠它认人。"
    "没有账号的人，“账号”一列填“无”，工号用单位自己的编号，不重复就行。",
    f"8. 角色可以填：{'、'.join(ROLE_NAMES.values())}。空着就是工作人员；一人多个角色用顿号隔开。"
    "兼任别的单位的，再写一行：工号、姓名相同，单位编码写兼任的单位，角色写兼任的角色。",
    "9. 手机号可以空着。座机请带区号，例如 0578-2000000。"
    "聊天里下载的名册手机号中间是星号，不改就原样留着，要改请写全。",
    "10. 有一处填错，整份名册都不会导入；机器人会告诉您是哪一格、怎么改。",
    "11. 名册里不要填身份证号。",
)


def write_roster(
    roster: Roster, out: BinaryIO, *, proof: Proof | None = None, foot: str = "", guide: bool = False
) -> None:
    """Write a roster in the form it is read in; `foot` is printed below each page, `guide` adds how to fill it in."""
    book = NewBook(title=_TITLE, maker=MAKER, proof=proof)
    units = _form(book, UNIT_SHEET, UNIT_COLUMNS, _UNIT_WIDTHS)
    rows = ((one.code, one.name, one.parent_code, KIND_NAMES[one.kind], one.division) for one in roster.units)
    people = _form(book, PEOPLE_SHEET, PEOPLE_COLUMNS, _PEOPLE_WIDTHS)
    for page, columns, lines in ((units, UNIT_COLUMNS, rows), (people, PEOPLE_COLUMNS, _lines(roster.people))):
        last = _fill(page, lines)
        page.print_rows(header_row=1, columns=len(columns), last_row=last)
        page.page_numbers(foot, proof.footer if proof else "")
    if guide:
        _guide(book)
    book.save(out)


def _lines(people: Iterable[PersonRow]) -> Iterator[Sequence[str]]:
    """A row for each person, and one more for each other unit they have a role for."""
    for one in people:
        account = "" if one.account else WITHOUT_ACCOUNT
        yield one.staff_id, one.name, one.unit_code, role_names(one.roles), one.phone, account
        for unit_code in sorted({code for code, _ in one.also}):
            roles = frozenset(role for code, role in one.also if code == unit_code)
            yield one.staff_id, one.name, unit_code, role_names(roles), "", ""


def write_template(out: BinaryIO) -> None:
    """Write the empty form: examples in grey, lists to choose from, and a guide."""
    book = NewBook(title=f"{_TITLE}（模板）", maker=MAKER)
    units = _form(book, UNIT_SHEET, UNIT_COLUMNS, _UNIT_WIDTHS)
    _fill(units, _EXAMPLE_UNITS, _EXAMPLE)
    people = _form(book, PEOPLE_SHEET, PEOPLE_COLUMNS, _PEOPLE_WIDTHS)
    _fill(people, _EXAMPLE_PEOPLE, _EXAMPLE)
    _guide(book)
    book.save(out)


def _guide(book: NewBook) -> None:
    guide = book.page(GUIDE_SHEET)
    guide.widths([_GUIDE_WIDTH])
    guide.put(1, 1, "怎么填", _GUIDE_TITLE)
    for row, text in enumerate(_GUIDE, start=2):
        guide.put(row, 1, text, Look())
        guide.height(row, 36)


def _form(book: NewBook, name: str, columns: Sequence[str], widths: Sequence[float]) -> Page:
    page = book.page(name)
    page.widths(widths)
    page.paper_a4(margins=_MARGINS_MM)
    page.text_columns(len(columns))
    if "账号" in columns:
        hint = "有没有钉钉账号，空着就是有"
        page.choices(columns.index("账号") + 1, ["有", WITHOUT_ACCOUNT], hint, strict=False)
    for column, title in enumerate(columns, start=1):
        page.put(1, column, title, _HEADER)
    page.height(1, 24)
    page.freeze_below(1)
    if "单位类别" in columns:
        page.choices(columns.index("单位类别") + 1, list(KIND_NAMES.values()), "请从列表中选择", strict=True)
    if "角色" in columns:
        hint = "空着就是工作人员；多个角色用顿号隔开"
        page.choices(columns.index("角色") + 1, list(ROLE_NAMES.values()), hint, strict=False)
    return page


def _fill(page: Page, rows: Iterable[Sequence[str]], look: Look | None = None) -> int:
    """Answers the number of the last row."""
    number = 1
    for number, texts in enumerate(rows, start=2):
        for column, text in enumerate(texts, start=1):
            page.put(number, column, text, look)
    return number


def write_errors(errors: Sequence[CellError], warnings: Sequence[CellError], out: BinaryIO) -> None:
    """All that is to be mended as a table that can be sorted and ticked off."""
    book = NewBook(title=f"{_TITLE}要改的地方", maker=MAKER)
    page = book.page("要改的地方")
    page.widths((10, 10, 10, 90))
    page.freeze_below(1)
    for column, title in enumerate(("工作表", "单元格", "性质", "怎么改"), start=1):
        page.put(1, column, title, _HEADER)
    rows = [(one, sort) for sort, some in (("要改", errors), ("请核对", warnings)) for one in some]
    for row, (one, sort) in enumerate(rows, start=2):
        for column, text in enumerate((one.sheet, one.cell, sort, one.problem), start=1):
            page.put(row, column, text)
        page.finish(row)
    book.save(out)
