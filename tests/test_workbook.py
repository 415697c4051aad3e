"""A workbook written row by row is, cell by cell, the one openpyxl would write."""

import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from handlers.papers.workbook import FANGSONG, HEITI, SHEET_ROWS, Look, NewBook, SheetFull

LOOKS = (
    Look(),
    Look(face=HEITI, size=20, across="center"),
    Look(bold=True, across="center", boxed=True),
    Look(boxed=True, fill="EDEDED", down="bottom"),
    Look(face=FANGSONG, size=11, across="right"),
)
TEXTS = ("", "密接人员清单", "=1+1", "@张三", " 前后有空 ", "两\n行", "<&>\"'", "_x0041_", "0012", "😀")
Rows = Sequence[Sequence[tuple[str, int]]]
rows = st.lists(
    st.lists(st.tuples(st.sampled_from(TEXTS), st.integers(0, len(LOOKS) - 1)), min_size=3, max_size=3),
    min_size=1,
    max_size=8,
)


def ours(wanted: Rows, *, at_once: bool) -> Worksheet:
    """`at_once`: whole rows, as long tables are written; else cell by cell."""
    book = NewBook(title="表", maker="自查助手")
    page = book.page("表")
    page.widths((12, 20, 30))
    for number, cells in enumerate(wanted, start=1):
        if at_once:
            styles = page.styles([LOOKS[look] for _, look in cells])
            page.line(number, [text for text, _ in cells], styles, 20.5)
        else:
            for column, (text, look) in enumerate(cells, start=1):
                page.put(number, column, text, LOOKS[look])
            page.height(number, 20.5)
    page.join(1, 1, 1, 3)
    out = io.BytesIO()
    book.save(out)
    return sheet(out)


def theirs(wanted: Rows) -> Worksheet:
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    for letter, width in zip("ABC", (12, 20, 30), strict=True):
        page.column_dimensions[letter].width = width
    for number, cells in enumerate(wanted, start=1):
        for column, (text, look) in enumerate(cells, start=1):
            dress(page.cell(number, column), text, LOOKS[look])
        page.row_dimensions[number].height = 20.5
    page.merged_cells.add("A1:C1")
    out = io.BytesIO()
    book.save(out)
    return sheet(out)


def dress(cell: Cell, text: str, look: Look) -> None:
    if text:
        cell.value = text.replace("_x", "_x005F_x")
        cell.data_type = "s"
        setattr(cell, "quotePrefix", text[0] in "=@")  # noqa: B010 (not in its types)
    cell.font = Font(name=look.face, size=look.size, bold=look.bold)
    cell.alignment = Alignment(horizontal=look.across, vertical=look.down, wrap_text=True)
    if look.boxed:
        side = Side(style="thin")
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)


def sheet(file: io.BytesIO) -> Worksheet:
    found = load_workbook(file).active
    assert isinstance(found, Worksheet)
    return found


def seen(page: Worksheet) -> list[object]:
    """All there is to be seen of a sheet."""
    cells = [(cell.value, cell.data_type, cell.number_format, cell.quotePrefix) for row in page for cell in row]
    looks = [tuple(map(repr, (cell.font, cell.alignment, cell.border, cell.fill))) for row in page for cell in row]
    sizes = [(key, one.height) for key, one in page.row_dimensions.items()]
    widths = [(key, one.width) for key, one in page.column_dimensions.items()]
    return [cells, looks, sizes, widths, sorted(map(str, page.merged_cells.ranges)), page.dimensions]


@given(rows)
@settings(max_examples=40, deadline=None)
def test_every_cell_is_what_openpyxl_makes_of_it(wanted: Rows) -> None:
    expected = seen(theirs(wanted))
    assert seen(ours(wanted, at_once=False)) == expected
    assert seen(ours(wanted, at_once=True)) == expected


def test_a_sheet_without_room_is_named_instead_of_losing_rows() -> None:
    page = NewBook(title="表", maker="自查助手").page("人员")
    styles = page.styles((None,))
    page.line(SHEET_ROWS, ("最后一行",), styles)
    with pytest.raises(SheetFull, match="人员"):
        page.line(SHEET_ROWS + 1, ("没有地方",), styles)
    with pytest.raises(SheetFull, match="人员"):
        page.put(SHEET_ROWS + 1, 1, "没有地方")


def test_sheets_keep_the_order_they_were_asked_for_and_the_sources_come_last() -> None:
    book = NewBook(title="表", maker="自查助手")
    first = book.page("甲")
    book.source("1", "submission 7")
    second = book.page("乙")
    for page in (second, first):
        page.put(1, 1, page.name)
    out = io.BytesIO()
    book.save(out)
    read = load_workbook(out)
    assert read.sheetnames == ["甲", "乙", "来源"]
    assert [page["A1"].value for page in read] == ["甲", "乙", "行"]
    assert read["来源"].sheet_state == "hidden"
    assert [cell.value for cell in read["来源"][2]] == ["1", "submission 7"]
