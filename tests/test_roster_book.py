"""The roster workbook: read whole or not at all, every bad cell named; what is written reads back."""

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from bot.demo.roster import demo_roster
from handlers.papers.archive import Limits
from handlers.papers.cell_text import clean_code, clean_name, clean_phone, masked_phone, starred_phone
from handlers.papers.roster_book import (
    KIND_NAMES,
    KIND_WORDS,
    ROLE_NAMES,
    ROLE_WORDS,
    RosterErrors,
    read_file,
    read_roster,
    role_names,
    roles_in,
    write_roster,
    write_template,
)
from handlers.papers.roster_words import PEOPLE_COLUMNS, UNIT_COLUMNS
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.world import id_number

ROOT = ("3311", "丽水市", "", "市", "3311")
LIANDU = ("331102", "莲都区", "3311", "县(市、区)", "331102")
ZHANG = ("ld0001", "张三", "331102", "", "")


def workbook(
    units: Sequence[Sequence[object]] = (ROOT, LIANDU),
    people: Sequence[Sequence[object]] = (ZHANG,),
    unit_columns: Sequence[str] = UNIT_COLUMNS,
    people_columns: Sequence[str] = PEOPLE_COLUMNS,
) -> io.BytesIO:
    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    for name, columns, rows in (("单位", unit_columns, units), ("人员", people_columns, people)):
        sheet = book.create_sheet(name)
        sheet.append(list(columns))
        for row in rows:
            sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> io.BytesIO:
    out = io.BytesIO()
    book.save(out)
    return out


def problems(
    source: io.BytesIO, known: frozenset[str] = frozenset(), limits: Limits | None = None
) -> list[tuple[str, str, str]]:
    with pytest.raises(RosterErrors) as caught:
        read_roster(source, known, limits)
    return [(one.sheet, one.cell, one.problem) for one in caught.value.errors]


def cells(source: io.BytesIO, known: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    return [(sheet, cell) for sheet, cell, _ in problems(source, known)]


def test_a_plain_file_is_read() -> None:
    roster = read_roster(workbook())
    assert roster.units[1] == UnitRow(
        code="331102", name="莲都区", parent_code="3311", kind=UnitKind.COUNTY, division="331102"
    )
    assert roster.people == (
        PersonRow(staff_id="ld0001", name="张三", unit_code="331102", roles=frozenset({Role.STAFF}), phone=""),
    )


def test_columns_may_stand_in_another_order_among_others_and_with_marks() -> None:
    source = workbook(
        people=[("备注", "331102", "张三", "联络员", 12345.0, "")],
        people_columns=("备注", "单位编码*", " 姓 名 ", "角色（可空）", "工号(必填)", "手机号"),
    )
    (one,) = read_roster(source).people
    assert (one.staff_id, one.unit_code, one.roles) == ("12345", "331102", frozenset({Role.STAFF, Role.UNIT}))


@pytest.mark.parametrize(
    ("written", "staff_id"),
    [
        (12345, "12345"),
        (12345.0, "12345"),
        ("１２３ ４５", "12345"),
        ("\u200bld\u202e0001\u0007", "ld0001"),
        ("0012", "0012"),
    ],
)
def test_numbers_and_stray_signs_become_normal_text(written: object, staff_id: str) -> None:
    if isinstance(written, str):
        written = written.replace("\u0007", "")
    (one,) = read_roster(workbook(people=[(written, "张　三", 331102, None, None)])).people
    assert (one.staff_id, one.name, one.unit_code) == (staff_id, "张三", "331102")


def test_a_number_shown_with_zeros_keeps_them() -> None:
    source = workbook(people=[(12, "张三", "331102", "", "")])
    book = load_workbook(source)
    book["人员"]["A2"].number_format = "0000"
    assert read_roster(saved(book)).people[0].staff_id == "0012"


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        (1.9900000001e10, "19900000001"),
        ("1.9900000001E+10", "19900000001"),
        (" 199 0000-0001", "19900000001"),
        ("+8619900000001", "19900000001"),
        ("０５７８－2091234", "0578-2091234"),
        ("05782091234", "0578-2091234"),
        ("(0578)2091234", "0578-2091234"),
        ("010-62000000", "010-62000000"),
        ("2091234", "2091234"),
        ("0578-2091234-801", "0578-2091234-801"),
        (None, ""),
    ],
)
def test_phones_are_brought_into_one_form(written: object, phone: str) -> None:
    assert read_roster(workbook(people=[("1", "张三", "331102", "", written)])).people[0].phone == phone


@pytest.mark.parametrize(
    "written", ["1990000000", "1.99E+10", "12345", "29900000001", "问老王", "19900000001 19900000002"]
)
def test_other_phones_are_refused_and_not_repeated(written: str) -> None:
    ((sheet, cell, problem),) = problems(workbook(people=[("1", "张三", "331102", "", written)]))
    assert (sheet, cell) == ("人员", "E2")
    assert written not in problem


@pytest.mark.parametrize(
    ("written", "roles"),
    [
        ("", {Role.STAFF}),
        ("工作人员", {Role.STAFF}),
        ("单位联络员", {Role.STAFF, Role.UNIT}),
        ("联络员、县级管理员", {Role.STAFF, Role.UNIT, Role.COUNTY}),
        ("市级管理员，联络员", {Role.STAFF, Role.UNIT, Role.CITY}),
        ("联络员,区县大数据中心 市大数据局", set(Role)),
        ("站长", None),
    ],
)
def test_roles_are_read_in_any_usual_way(written: str, roles: set[Role] | None) -> None:
    assert roles_in(written) == roles


def test_every_kind_and_role_has_a_word_that_leads_back() -> None:
    assert {KIND_WORDS[name] for name in KIND_NAMES.values()} == set(KIND_NAMES) == set(UnitKind)
    assert {ROLE_WORDS[name] for name in ROLE_NAMES.values()} == set(ROLE_NAMES) == set(Role)
    assert role_names(frozenset({Role.STAFF})) == "工作人员"


@pytest.mark.parametrize("word", ["县（市、区）", "县(市、区)", "区县", "县", "区"])
def test_kinds_are_read_with_brackets_of_either_width(word: str) -> None:
    assert read_roster(workbook(units=[ROOT, ("331102", "莲都区", "3311", word, "")])).units[1].kind is UnitKind.COUNTY


def test_a_further_row_gives_a_role_for_another_unit() -> None:
    people = [
        ("1", "张三", "331102", "联络员", "19900000001", "无"),
        ("2", "李四", "331102"),
        ("1", "张三", "3311", "市大数据局、联络员"),
    ]
    one, two = read_roster(workbook(people=people)).people
    assert one.unit_code == "331102"
    assert one.roles == frozenset({Role.STAFF, Role.UNIT})
    assert one.also == frozenset({("3311", Role.CITY), ("3311", Role.UNIT)})
    assert not one.account
    assert two.account


@pytest.mark.parametrize(
    ("again", "cell", "told"),
    [
        (("1", "李四", "3311", "联络员"), "A3", "工号与 A2 重复，姓名却不同"),
        (("1", "张三", "331102", "联络员"), "A3", "工号与 A2 重复，单位也相同"),
        (("1", "张三", "331102", ""), "A3", "工号与 A2 重复，单位也相同"),
        (("1", "张三", "3311", ""), "A3", "工号与 A2 重复，单位不同"),
        (("1", "张三", "3311", "联络员", "19900000002"), "E3", "手机号与 E2 不同"),
        (("1", "张三", "3311", "联络员", "", "无"), "F3", "账号与 F2 不同"),
        (("2", "李四", "3311", "", "", "也许"), "F3", "账号请填“有”或“无”"),
    ],
)
def test_a_row_that_contradicts_or_says_nothing_new_names_both_cells(
    again: tuple[str, ...], cell: str, told: str
) -> None:
    ((_, found, problem),) = problems(workbook(people=[("1", "张三", "331102", "", "19900000001"), again]))
    assert found == cell
    assert problem.startswith(told)


def test_the_column_of_accounts_may_be_missing() -> None:
    assert read_roster(workbook(people_columns=PEOPLE_COLUMNS[:5])).people[0].account


def warnings(people: Sequence[Sequence[object]]) -> list[tuple[str, str]]:
    found = read_file(workbook(people=people)).warnings
    return [(one.cell, one.problem.split("。")[0]) for one in found]


def test_probably_the_same_person_under_two_numbers_is_a_warning_with_both_cells() -> None:
    people = [
        ("1", "张三", "331102", "", "19900000001"),
        ("2", "张三", "3311", "", "19900000001"),
        ("3", "李四", "3311"),
        ("4", "李四", "3311", "", "19900000002"),
        ("5", "王五", "3311", "", "19900000001"),
        ("6", "李四", "331102"),
    ]
    assert warnings(people) == [
        ("B3", "与 B2 姓名和手机号都相同，工号不同"),
        ("B5", "与 B4 同单位同名，工号不同"),
    ]


def test_a_column_of_id_numbers_is_refused_and_one_that_looks_so_by_chance_is_not() -> None:
    people = [(id_number(f"{n:03}"), f"张三{n}", "331102") for n in range(4)]
    assert cells(workbook(people=people)) == [("人员", f"A{n}") for n in range(2, 6)]
    assert [cell for cell, _ in warnings(people[:1])] == ["A2"]


def test_a_starred_number_comes_back_as_it_was() -> None:
    (one,) = read_roster(workbook(people=[("1", "张三", "331102", "", "199＊＊＊＊0001")])).people
    assert one.phone == "199****0001"
    assert starred_phone(masked_phone("0578-2091234")) == masked_phone("0578-2091234") == "057****1234"
    assert starred_phone(masked_phone("2091234")) == masked_phone("2091234") == "20****34"
    assert masked_phone("") == ""


def test_a_formula_that_was_never_worked_out_is_not_taken_for_an_empty_cell() -> None:
    """A program wrote the file: there is no value to read, and an empty role would quietly be a 工作人员."""
    source = workbook(people=[("1", "张三", "331102", '=IF(1,"联络员","")', "=1+1"), ("2", "李四", "=C2", "", "")])
    found = problems(source)
    assert [cell for _, cell, _ in found] == ["D2", "E2", "C3"]
    assert all("公式" in problem for *_, problem in found)


def test_merged_cells_are_named_once_with_both_ends() -> None:
    people = [(str(n), f"张三{n}", "331102" if n == 1 else "", "", "") for n in range(1, 5)]
    book = load_workbook(workbook(people=people))
    book["人员"].merge_cells("C2:C5")
    ((_, cell, problem),) = problems(saved(book))
    assert cell == "C2"
    assert "C2 到 C5 合并成了一格" in problem


def test_merged_roles_are_an_error_and_not_the_first_ones_alone() -> None:
    people = [(str(n), f"张三{n}", "331102", "联络员" if n == 1 else "", "") for n in range(1, 4)]
    book = load_workbook(workbook(people=people))
    book["人员"].merge_cells("D2:D4")
    book["人员"].merge_cells("H2:I9")  # beside the table
    book["人员"].merge_cells("A30:F31")  # below it
    assert cells(saved(book)) == [("人员", "D2")]


def test_a_title_above_the_column_names_is_no_harm() -> None:
    book = load_workbook(workbook(people=[("1", "张三", "331102", "站长", "")]))
    for name in ("单位", "人员"):
        book[name].insert_rows(1, amount=2)
        book[name]["A1"] = "丽水市人员名册"
        book[name].merge_cells("A1:F1")
    assert cells(saved(book)) == [("人员", "D4")], "the row as the file counts it"


def test_two_sheets_with_each_others_name_are_told_in_one_line_each() -> None:
    book = load_workbook(workbook())
    book["单位"].title, book["人员"].title = "x", "单位"
    book["x"].title = "人员"
    found = problems(saved(book))
    assert [(sheet, cell) for sheet, cell, _ in found] == [("单位", "A1"), ("人员", "A1")]
    assert all("对调" in problem for *_, problem in found)


def test_a_code_that_lost_its_zero_is_told_the_whole_one() -> None:
    source = workbook(units=[ROOT, ("0331", "机关", "3311", "市级单位", "")], people=[("1", "张三", 331, "", "")])
    ((_, cell, problem),) = problems(source)
    assert cell == "C2"
    assert "应是“0331”" in problem


def test_all_bad_cells_are_named_at_once() -> None:
    source = workbook(
        units=[
            ROOT,
            ("331102", "", "3311", "省", "33x"),
            ("331102", "又一个", "3311", "县", ""),
            ("5", "远", "99", "村", ""),
        ],
        people=[
            ("1", "张三", "331102", "站长", "1"),
            ("1", "李四", "331102", "", ""),
            ("", "王五", "77", "", ""),
        ],
    )
    assert cells(source) == [
        ("单位", "B3"), ("单位", "D3"), ("单位", "E3"), ("单位", "A4"), ("单位", "C5"),
        ("人员", "D2"), ("人员", "E2"), ("人员", "A3"), ("人员", "A4"), ("人员", "C4"),
    ]  # fmt: skip


def test_problems_say_what_to_do_in_plain_chinese() -> None:
    found = problems(workbook(units=[ROOT, ("1", "x", "3311", "省", "")], people=[("1", "张三", "1", "站长", "")]))
    assert found[0][2] == f"单位类别不认识，请从这些里选：{'、'.join(KIND_NAMES.values())}"
    assert found[1][2] == f"角色不认识，请从这些里选，多个用顿号隔开：{'、'.join(ROLE_NAMES.values())}"


def test_a_missing_sheet_and_a_missing_column_are_named() -> None:
    book = load_workbook(workbook(unit_columns=("单位编码", "名字", "上级编码", "单位类别", "区划代码")))
    book.remove(book["人员"])
    assert problems(saved(book)) == [
        ("单位", "A1", "第 1 行缺少“单位名称”列，请补上列名"),
        ("人员", "", "缺少工作表“人员”，请用模板填写，不要改工作表的名称"),
    ]


def test_a_column_that_stands_twice_is_named() -> None:
    assert cells(workbook(unit_columns=(*UNIT_COLUMNS[:4], "单位编码")))[:2] == [
        ("单位", "E1"),
        ("单位", "A1"),
    ]


def test_rings_are_shown_once() -> None:
    tree = (("a", "b"), ("b", "a"), ("c", "c"), ("d", "a"))
    source = workbook(units=[ROOT, *((code, code, parent, "村", "") for code, parent in tree)], people=[])
    assert problems(source) == [
        ("单位", "C3", "上级编码绕成了一圈，请改正：a → b → a"),
        ("单位", "C5", "上级编码绕成了一圈，请改正：c → c"),
    ]


def test_there_is_one_root_unless_parents_are_known() -> None:
    other = ("3312", "另一市", "", "市", "")
    assert cells(workbook(units=[ROOT, other], people=[])) == [("单位", "C3")]
    branches = [("x", "甲村", "331102", "村", ""), ("y", "乙村", "331102", "村", "")]
    assert len(read_roster(workbook(units=branches, people=[]), frozenset({"331102"})).units) == 2
    assert cells(workbook(units=[other], people=[]), frozenset({"3311"})) == [("单位", "C2")]
    assert read_roster(workbook(units=[ROOT], people=[]), frozenset({"3311"})).units[0].code == "3311"


def test_people_may_join_known_units() -> None:
    assert len(read_roster(workbook(units=[]), frozenset({"331102"})).people) == 1
    assert cells(workbook(units=[])) == [("人员", "C2")]


def test_units_come_back_with_parents_first() -> None:
    village = ("331102001", "紫金街道", "331102", "街道", "")
    codes = [unit.code for unit in read_roster(workbook(units=[village, LIANDU, ROOT])).units]
    assert codes == ["3311", "331102", "331102001"]


def test_lengths_dates_errors_and_long_numbers_are_refused() -> None:
    people = [
        ("1" * 65, "张三", "331102"),
        ("2", "张" * 65, "331102"),
        (date(2022, 5, 1), "张三", "331102"),
        ("4", "#N/A", "331102"),
        (1234567890123456789, "张三", "331102"),
        ("1.23E+15", "张三", "331102"),
    ]
    book = load_workbook(workbook(people=people))
    book["人员"]["B5"].data_type = "e"
    assert cells(saved(book)) == [("人员", cell) for cell in ("A2", "B3", "A4", "B5", "A6", "A7")]


def test_the_template_reads_as_empty_and_its_examples_are_not_imported() -> None:
    out = io.BytesIO()
    write_template(out)
    assert problems(out) == [("单位", "A2", "表里还没有内容，请从第 2 行起填写")]
    book = load_workbook(out)
    assert book.sheetnames == ["单位", "人员", "说明"]
    book["单位"].append(ROOT)
    assert [unit.code for unit in read_roster(saved(book)).units] == ["3311"]
    assert {rule.type for sheet in book.worksheets[:2] for rule in sheet.data_validations.dataValidation} == {"list"}
    assert book["人员"].freeze_panes == "A2"


@pytest.mark.parametrize("content", [b"", b"a,b,c", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_other_files_are_refused_with_a_sentence(content: bytes) -> None:
    ((sheet, cell, problem),) = problems(io.BytesIO(content))
    assert (sheet, cell) == ("", "")
    assert ".xlsx" in problem


def with_part(name: str, content: bytes) -> io.BytesIO:
    source = workbook()
    with zipfile.ZipFile(source, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return source


def test_macros_bombs_and_endless_sheets_are_refused() -> None:
    assert "宏" in problems(with_part("xl/vbaProject.bin", b"x"))[0][2]
    bomb = with_part("xl/media/zeros.bin", bytes(2_000_000))
    assert "2 MB" in problems(bomb, limits=Limits(unpacked_bytes=2_000_000))[0][2]
    assert "1 行" in problems(workbook(), limits=Limits(rows=1))[0][2]


def test_a_made_up_row_number_does_not_run_forever() -> None:
    source, out = workbook(), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = content.replace(b'r="3"', b'r="999999999999"').replace(b'"A3"', b'"A999999999999"')
            new.writestr(part.filename, content)
    assert problems(out)[0][:2] == ("", "")


SOUND = workbook().getvalue()
"""Made once: a workbook holds the moment it was made, and what is drawn must not depend on it."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_file_never_raises_anything_else(data: st.DataObject) -> None:
    content = bytearray(SOUND)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(RosterErrors):
        read_roster(io.BytesIO(bytes(content)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_sheet_never_raises_anything_else(data: st.DataObject) -> None:
    """As above, but inside the archive, where the checksum does not catch it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SOUND)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.infolist():
            content = bytearray(old.read(part))
            if part.filename.endswith(("sheet1.xml", "sharedStrings.xml", "styles.xml", "workbook.xml")):
                for _ in range(data.draw(st.integers(0, 4))):
                    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(32, 126))
            new.writestr(part.filename, bytes(content))
    with suppress(RosterErrors):
        read_roster(out)


CODES = st.text("abcxyzLD0123456789-_.=@", min_size=1, max_size=32)
NAMES = st.text("张李王丽水莲都区紫金街道·（）x0123456789=@", min_size=1, max_size=64)
PHONES = st.one_of(st.just(""), st.from_regex(r"199\d{8}", fullmatch=True).filter(str.isascii), st.just("0578-2091234"))


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    codes = draw(st.lists(CODES, min_size=1, max_size=6, unique=True))
    units = []
    for place, code in enumerate(codes):
        parent = draw(st.sampled_from(codes[:place])) if place else ""
        kind, division = draw(st.sampled_from(UnitKind)), draw(st.sampled_from(["", "3311", "331102001001"]))
        units.append(UnitRow(code=code, name=draw(NAMES), parent_code=parent, kind=kind, division=division))
    people = []
    for staff_id in draw(st.lists(CODES, max_size=6, unique=True)):
        roles = frozenset({Role.STAFF, *draw(st.lists(st.sampled_from(Role)))})
        unit_code = draw(st.sampled_from(codes))
        name, phone = draw(NAMES), draw(PHONES)
        others = [code for code in codes if code != unit_code]
        special = st.sampled_from([Role.UNIT, Role.COUNTY, Role.CITY])
        also = draw(st.frozensets(st.tuples(st.sampled_from(others), special), max_size=3)) if others else frozenset()
        row = PersonRow(staff_id=staff_id, name=name, unit_code=unit_code, roles=roles, phone=phone)
        people.append(replace(row, account=draw(st.booleans()), also=also))
    return Roster(units=tuple(units), people=tuple(people))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rosters())
def test_what_is_written_reads_back_the_same(roster: Roster) -> None:
    out = io.BytesIO()
    write_roster(roster, out)
    assert read_roster(out) == roster


def test_the_demo_roster_goes_round() -> None:
    out = io.BytesIO()
    write_roster(demo_roster(), out)
    assert read_roster(out) == demo_roster()


@given(st.text())
def test_cleaning_is_done_in_one_go(text: str) -> None:
    assert clean_name(clean_name(text)) == clean_name(text)
    assert clean_code(clean_code(text)) == clean_code(text)
    phone = clean_phone(text)
    assert phone is None or clean_phone(phone) == phone
