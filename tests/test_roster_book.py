"""The roster workbook: read whole or not at all, every bad cell named; what is written reads back."""

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from bot.demo.roster import demo_roster
from handlers.papers.archive import Limits
from handlers.papers.cell_text import clean_code, clean_name, clean_phone
from handlers.papers.roster_book import (
    KIND_NAMES,
    KIND_WORDS,
    ROLE_NAMES,
    ROLE_WORDS,
    RosterErrors,
    read_roster,
    role_names,
    roles_in,
    write_roster,
    write_template,
)
from handlers.papers.roster_words import PEOPLE_COLUMNS, UNIT_COLUMNS
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow

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
        PersonRow(
            staff_id="ld0001", name="张三", unit_code="331102", roles=frozenset({Role.STAFF}), phone=""
        ),
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
    assert (
        read_roster(workbook(units=[ROOT, ("331102", "莲都区", "3311", word, "")])).units[1].kind
        is UnitKind.COUNTY
    )


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
    found = problems(
        workbook(units=[ROOT, ("1", "x", "3311", "省", "")], people=[("1", "张三", "1", "站长", "")])
    )
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
    assert {rule.type for sheet in book.worksheets[:2] for rule in sheet.data_validations.dataValidation} == {
        "list"
    }
    assert book["人员"].freeze_panes == "A2"


@pytest.mark.parametrize(
    "content", [b"", b"a,b,c", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
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
PHONES = st.one_of(
    st.just(""), st.from_regex(r"199\d{8}", fullmatch=True).filter(str.isascii), st.just("0578-2091234")
)


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
        people.append(PersonRow(staff_id=staff_id, name=name, unit_code=unit_code, roles=roles, phone=phone))
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
