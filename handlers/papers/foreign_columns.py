"""What a workbook must not hold, wherever in it: columns of personal data, and cells with numbers of persons.

Looked for before anything is read or kept, in every sheet, the unknown and hidden ones too. Must not know whose file it
is nor what it is for.
"""

import io
import re
from collections import Counter
from dataclasses import dataclass

from handlers import leak_guard
from handlers.leak_guard import Leak
from handlers.papers.archive import Limits, Unreadable
from handlers.papers.roster_sheet import CellError
from handlers.papers.workbook import Line, OpenBook, address, reading
from handlers.texts import guards

_HEADINGS = re.compile(
    r"(?:居民|公民)?身份(?:证|证件|证件号|证号|证号码|号码|证件号码)?(?:信息)?|身份证.{0,6}|证件(?:号|号码|类型)|"
    r"护照.{0,4}|(?:港澳|台湾|往来|居民)?.{0,6}通行证.{0,4}|台胞证.{0,2}|"
    r"(?:家庭|现|居住|户籍|常住|户口|详细)?(?:住址|居住地|居住地址|家庭地址|户籍地|户籍地址|住地)|家庭地址|详细地址|"
    r"(?:银行)?(?:卡号|账号信息|帐号信息)|银行(?:账号|帐号|账户)|开户行|"
    r"出生(?:日期|年月|年月日)"
)
_WORTH_A_LOOK = re.compile(
    r"\d[\d\s\-—.·_]{12,}[\dXxＸｘ]|[０-９]{11}|[〇一二三四五六七八九]{11}|[A-Za-z]{1,2}\d{7,8}|密码|口令|password|pwd|秘密|机密|绝密",
    re.I,
)
_HEADS = 12
"""So many filled rows from the top may hold headings."""
_MOST = 200
"""More is not looked for: the file is refused anyway."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """What was found: the cells with what is wrong there, of which kinds, and whether whole columns are among it."""

    cells: tuple[CellError, ...]
    seen: Leak
    columns: bool


def foreign(content: bytes, limits: Limits | None = None) -> Foreign | None:
    """None where there is nothing, or the file cannot be read: then its reader says so."""
    cells: list[CellError] = []
    kinds: Counter[str] = Counter()
    try:
        with reading(io.BytesIO(content), limits) as book:
            for sheet in book.sheet_names:
                _look(book, sheet, cells, kinds)
                if len(cells) >= _MOST:
                    break
    except Unreadable:
        if not cells:
            return None
    return Foreign(tuple(cells), Leak(**kinds), kinds["persons"] > 0) if cells else None


def _look(book: OpenBook, sheet: str, cells: list[CellError], kinds: Counter[str]) -> None:
    for n, line in enumerate(book.lines(sheet)):
        for column, cell in enumerate(line.cells, start=1):
            if not isinstance(cell, str) or not cell:
                continue
            if n < _HEADS and len(cell) <= 20 and _HEADINGS.fullmatch(_bare(cell)) and _is_head(line):
                cells.append(CellError(sheet, address(column, line.number), guards.column(cell.strip())))
                kinds["persons"] += 1
            elif _WORTH_A_LOOK.search(cell) and (seen := leak_guard.look(cell)):
                cells.append(CellError(sheet, address(column, line.number), guards.cell(seen)))
                kinds.update({kind: getattr(seen, kind) for kind in seen.kinds})
        if len(cells) >= _MOST:
            return


def _bare(cell: str) -> str:
    return re.sub(r"[\s*＊（(].*$", "", cell.strip())


def _is_head(line: Line) -> bool:
    """A row of headings has several short cells."""
    return sum(1 for cell in line.cells if isinstance(cell, str) and cell.strip()) >= 2
