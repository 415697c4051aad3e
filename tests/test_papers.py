"""附件2 as a file: what stands where, what prints on which page, and texts that stay texts."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from handlers.campaign import loading
from handlers.papers.feedback_table import FeedbackRow, FeedbackTable, TableColumn, write_feedback_table
from handlers.papers.ledger import Column, Ledger, write_ledger
from handlers.papers.text_fit import chunks, width_of, wrap
from handlers.papers.workbook import reading

_TABLE = loading.load("lishui-2022-69").feedback_table
COLUMNS = tuple(TableColumn(column.name, column.width, column.middle) for column in _TABLE.columns)
NOTES = (
    "注：1、共享方式包含接口调用、批量共享、通过疫情管控系统导出excel等。",
    "2、应用场景要求说明相关疫情数据用于具体的应用场景、应用对象和应用方式等。",
)
AS_OF = datetime(2022, 5, 22, 18, tzinfo=timezone(timedelta(hours=8)))
HEADER = 4


def row(unit: str = "紫金街道", usage: str = "用于密接人员排查工作", **texts: str) -> FeedbackRow:
    return FeedbackRow(
        unit=unit,
        texts=(
            texts.get("data_name", "密接人员清单"),
            texts.get("ways", "通过省疫情防控系统导出；\n通过浙政钉、微信群传输"),
            usage,
            texts.get("risk", "通过微信传输相关人员清单"),
            "已彻底删除相关数据",
            texts.get("contact", "张三\n19900000001"),
        ),
    )


def table(*rows: FeedbackRow, as_of: datetime = AS_OF, columns: tuple[TableColumn, ...] = COLUMNS) -> FeedbackTable:
    return FeedbackTable(
        title="涉疫数据使用安全自查情况反馈表",
        unit_name="莲都区&紫金街道",
        columns=columns,
        notes=NOTES,
        rows=rows,
        nil_line="零报告：本单位未接触涉疫数据。",
        as_of=as_of,
        footer="截至 2022年5月22日18:00",
    )


def written(paper: FeedbackTable) -> io.BytesIO:
    out = io.BytesIO()
    write_feedback_table(paper, out)
    return out


def sheet_of(paper: FeedbackTable) -> Worksheet:
    sheet = load_workbook(written(paper)).active
    assert isinstance(sheet, Worksheet)
    return sheet


def texts(sheet: Worksheet, column: str) -> list[str]:
    return [str(cell.value) for cell in sheet[column] if cell.value is not None]


def merged(sheet: Worksheet) -> set[str]:
    return {str(each) for each in sheet.merged_cells.ranges}


def test_the_paper_stands_as_the_notice_prints_it() -> None:
    sheet = sheet_of(table(row()))
    assert texts(sheet, "A") == [
        "附件2", "涉疫数据使用安全自查情况反馈表", "单位盖章：", "单位名称", "紫金街道", *NOTES,
        "截至 2022年5月22日18:00",
    ]  # fmt: skip
    assert [str(cell.value).replace("\n", "") for cell in sheet[HEADER]] == [column.name for column in COLUMNS]
    assert [cell.value for cell in sheet[HEADER + 1]][1] == "密接人员清单"
    assert (sheet["A1"].font.name, sheet["A2"].font.name, sheet["A2"].font.size) == (
        "黑体",
        "方正小标宋简体",
        22,
    )
    assert sheet["C5"].font.name == "仿宋_GB2312"
    assert sheet["A4"].font.bold
    assert sheet["C5"].alignment.wrap_text
    assert sheet["C5"].border.left.style == "thin"


def test_it_prints_on_a4_across_with_the_header_on_every_page() -> None:
    sheet = sheet_of(table(row()))
    assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.print_area == "'反馈表'!$A$1:$G$8"
    foot = sheet.oddFooter
    assert foot is not None
    assert foot.center.text == "第 &P 页，共 &N 页"
    assert "莲都区&&紫金街道" in str(foot.left.text)


def test_the_properties_hold_the_product_and_no_person() -> None:
    properties = load_workbook(written(table(row()))).properties
    assert (properties.title, properties.creator) == ("涉疫数据使用安全自查情况反馈表", "自查助手")
    assert properties.created == AS_OF.astimezone(UTC).replace(tzinfo=None)
    assert properties.lastModifiedBy is None


def test_rows_of_one_unit_share_its_name() -> None:
    sheet = sheet_of(table(row(), row(), row("白云街道")))
    assert "A5:A6" in merged(sheet)
    assert texts(sheet, "A")[4:6] == ["紫金街道", "白云街道"]


def test_nothing_to_report_is_one_line_across() -> None:
    sheet = sheet_of(table())
    assert "A5:G5" in merged(sheet)
    assert sheet["A5"].value == "零报告：本单位未接触涉疫数据。"


@pytest.mark.parametrize("said", ["=1+1", "+86", "-无", "@张三", '=HYPERLINK("http://x")'])
def test_text_stays_text(said: str) -> None:
    cell = sheet_of(table(row(data_name=said)))["B5"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (said, "s", True)


def test_signs_a_workbook_cannot_carry_are_dropped() -> None:
    sheet = sheet_of(table(row(usage="甲\x01乙\x0b丙\ufffe\ud800丁\r\n戊")))
    assert sheet["D5"].value == "甲乙丙丁\n戊"


def test_what_looks_like_an_escape_is_written_escaped_and_read_back() -> None:
    out = written(table(row(usage="_x0041_")))
    assert sheet_of(table(row(usage="_x0041_")))["D5"].value == "_x005F_x0041_"
    with reading(out) as book:
        line = list(book.lines("反馈表"))[HEADER]
    assert (line.number, line.cells[3]) == (HEADER + 1, "_x0041_")


def test_what_a_sheet_has_no_room_for_stands_on_a_further_one() -> None:
    """Excel ends at 1,048,576 rows; here a sheet ends much earlier."""
    names = [f"第{n}份清单" for n in range(60)]
    rows = [row(data_name=name)._replace(record=f"submission {n}") for n, name in enumerate(names)]
    paper = replace(table(*rows), sheet_rows=25)
    book = load_workbook(written(paper))
    assert book.sheetnames[:3] == ["反馈表", "反馈表2", "反馈表3"]
    found: list[str] = []
    for number, page in enumerate(book.worksheets[:-1]):
        assert page.max_row <= 25
        header = 1 if number else HEADER
        assert page.print_title_rows == f"${header}:${header}"
        assert page.freeze_panes == f"A{header + 1}"
        found += [said for said in texts(page, "B")[1:] if said.endswith("清单")]
    assert found == names
    *pages, sources = book.worksheets
    assert texts(pages[-1], "A")[-1] == "截至 2022年5月22日18:00"
    places = texts(sources, "A")
    assert (places[1], places[-1].split()[0]) == ("5", pages[-1].title)


def test_a_ledger_goes_on_on_a_further_sheet_as_well() -> None:
    names = [f"某{n}" for n in range(24)]
    ledger = Ledger(
        title="未完成名单",
        unit_name="莲都区",
        columns=(Column("序号", 6), Column("姓名", 14)),
        rows=((f"{n}", name) for n, name in enumerate(names, start=1)),
        empty="没有。",
        as_of=AS_OF,
        footer="截至 2022年5月22日18:00",
        notes=("共24人。",),
        sheet_rows=12,
    )
    out = io.BytesIO()
    write_ledger(ledger, out)
    book = load_workbook(out)
    assert book.sheetnames == ["未完成名单", "未完成名单2", "未完成名单3"]
    for page in book.worksheets:
        assert page.max_row <= 12
        assert (page["A2"].value, page.print_title_rows) == ("序号", "$2:$2")
    assert [said for page in book.worksheets for said in texts(page, "B") if said.startswith("某")] == names
    assert texts(book.worksheets[-1], "A")[-2:] == ["共24人。", "截至 2022年5月22日18:00"]


@given(st.text(st.characters(codec=None), max_size=60))
@settings(deadline=None)
def test_any_text_can_be_written_and_read(said: str) -> None:
    sheet_of(table(row(usage=said, unit=said)))


def test_pages_break_between_rows_and_repeat_the_units_name() -> None:
    sheet = sheet_of(table(*(row(usage="用于密接人员排查工作。" * 8) for _ in range(12))))
    breaks = [each.id for each in sheet.row_breaks.brk]
    assert breaks
    first_rows = [HEADER + 1, *(number + 1 for number in breaks)]
    assert all(sheet.cell(number, 1).value == "紫金街道" for number in first_rows)
    for each in sheet.merged_cells.ranges:
        assert not any(each.min_row <= number < each.max_row for number in breaks)


def test_a_text_too_tall_for_a_row_goes_on_in_the_next_and_loses_nothing() -> None:
    usage = "".join(f"第{number}组排查人员若干。" for number in range(120))
    sheet = sheet_of(table(row(usage=usage)))
    parts = [sheet.cell(number, 4).value or "" for number in range(HEADER + 1, sheet.max_row - 2)]
    assert len(parts) > 2
    assert "".join(str(part) for part in parts) == usage
    assert sheet.cell(HEADER + 2, 2).value == "密接人员清单（续）"
    assert all((sheet.row_dimensions[number].height or 0) < 409 for number in range(1, sheet.max_row + 1))


def test_rows_are_as_high_as_their_longest_text() -> None:
    low, high = (sheet_of(table(row(usage=text))).row_dimensions[5].height for text in ("短", "长" * 100))
    assert low is not None
    assert high is not None
    assert high >= 2 * low


def test_the_notes_do_not_stand_alone_on_the_last_page() -> None:
    for count in range(4, 9):
        sheet = sheet_of(table(*(row(usage="用于排查。" * 12) for _ in range(count))))
        last_row_of_table = HEADER + count
        assert all(each.id < last_row_of_table for each in sheet.row_breaks.brk)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        written(table(as_of=AS_OF.replace(tzinfo=None)))


def test_no_formula_is_in_the_file() -> None:
    with zipfile.ZipFile(written(table(row(unit="=A1", contact="=B1", risk="=C1")))) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@given(st.text("张三，。；a1 \n（“", max_size=80), st.integers(2, 30))
def test_wrapping_keeps_the_text_and_the_width(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines) == text
    assert all(width_of(line.rstrip("\n")) <= width for line in lines)
    assert "".join(chunks(text, width, 3)).replace("\n", "") == text.replace("\n", "")
