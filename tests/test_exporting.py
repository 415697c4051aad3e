"""Papers asked for in the chat: by name, unit and moment; to whom each is given; and what proves one later."""

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from sqlmodel import col, select, update

from bot.app import Foundation
from bot.exports import ExportError, export, listed
from bot.verifying import VerifyError, verify
from handlers import access
from handlers.campaign import loading
from handlers.messages import Document
from handlers.moments import as_of
from handlers.papers import documents
from handlers.papers.catalogue import PAPERS, offered
from handlers.papers.proof import ALPHABET, Proof, spaced
from handlers.papers.roster_words import GUIDE_SHEET
from handlers.papers.verifying import properties
from storage import papers
from storage.models import IssuedPaper, Pledge
from tests.world import SHANGHAI, Somebody, World, id_number

SAVED_NOW = ("你好", "2", "手机 微信", "1", "1", "1", "1", "对", "1")


@pytest.fixture
def wang(world: World) -> Somebody:
    """紫金街道's coordinator."""
    return world.person("wang", "王雅芳")


def hands_in(world: World, who: str, name: str, *more: str) -> None:
    """Somebody who touched data, and signs here."""
    person = world.person(who, name)
    for said in (*SAVED_NOW, *(more or ("现在签", f"{name} {id_number()}", "1"))):
        person.says(said)
    assert "已提交" in person.says("进度")


def reports_nothing(world: World, who: str) -> None:
    person = world.person(who)
    for said in ("你好", "都没有", "都看过 没有", "不需要"):
        person.says(said)
    assert "零报告" in person.says("进度") or "已提交" in person.says("进度")


def paper(who: Somebody, said: str) -> Document:
    """The one paper that comes of it."""
    who.sends(said)
    found = [body for body in who.gets() if isinstance(body, Document)]
    assert len(found) == 1, f"{said}: {len(found)} papers"
    return found[0]


def sheet(content: bytes, name: str = "") -> Worksheet:
    book = load_workbook(io.BytesIO(content))
    found = book[name] if name else book.worksheets[0]
    assert isinstance(found, Worksheet)
    return found


def words(content: bytes, name: str = "") -> str:
    rows = sheet(content, name).iter_rows()
    return "\n".join(str(cell.value) for row in rows for cell in row if cell.value is not None)


def base(world: World) -> Foundation:
    return Foundation((world.campaign,), world.database, world.vault, world.folder / "zicha.anchor")


# ---------------------------------------------------------------- which paper


def test_every_paper_has_somebody_it_is_given_to_and_names_nobody_else_has() -> None:
    assert {each.id for each in offered(loading.load("lishui-2022-69"))} <= set(access.PAPERS)
    names = [name for each in PAPERS.values() for name in (each.name, *each.also)]
    assert len(names) == len(set(names))
    assert len({each.cli for each in PAPERS.values()}) == len(PAPERS)


@pytest.mark.parametrize(
    ("said", "wanted", "extension"),
    [
        ("导出 反馈表", "feedback_table", "xlsx"), ("导出反馈表", "feedback_table", "xlsx"),
        ("导出 附件2", "feedback_table", "xlsx"), ("导出表", "feedback_table", "xlsx"),
        ("导出 反馈表 紫金街道", "feedback_table", "xlsx"), ("导出：反馈表", "feedback_table", "xlsx"),
        ("导出 空表", "blank_table", "xlsx"), ("导出 空白承诺书", "blank_pledge", "docx"),
        ("导出 承诺书台账", "pledge_ledger", "xlsx"), ("导出 未完成名单", "missing_list", "xlsx"),
        ("导出 风险台账", "risk_ledger", "xlsx"), ("导出 承诺书", "pledges", "docx"), ("导出附件1", "pledges", "docx"),
        ("导出 承诺书 分人", "pledges", "zip"),
    ],
)  # fmt: skip
def test_a_paper_is_asked_for_by_its_name(world: World, wang: Somebody, said: str, wanted: str, extension: str) -> None:
    hands_in(world, "li", "李小四")
    found = paper(wang, said)
    assert (found.paper, found.name.rpartition(".")[2]) == (wanted, extension)
    assert world.make(found).startswith(b"PK")


def test_no_name_offers_what_the_asker_may_have(world: World, wang: Somebody) -> None:
    told = wang.says("导出")
    assert "反馈表" in told
    assert "汇总表" not in told, "that is for those above"
    assert "汇总表" in world.person("zhou").says("导出")
    wang.taps("空表")
    assert any(isinstance(body, Document) and body.paper == "blank_table" for body in [*wang.gets(), wang_last(world)])


def wang_last(world: World) -> Document:
    letters = [letter for letter in world.letters(world.person("wang").address) if '"Document"' in letter.body]
    body = json.loads(letters[-1].body)
    return Document(body["name"], body["paper"], body["params"])


def test_a_unit_without_a_paper_offers_the_papers_of_that_unit(world: World) -> None:
    zhou = world.person("zhou", "周建国")
    assert "岩泉街道" in zhou.says("导出 岩泉街道")
    zhou.taps("反馈表")
    letters = [letter for letter in world.letters(zhou.address) if '"Document"' in letter.body]
    assert "岩泉街道" in json.loads(letters[-1].body)["name"]


def test_a_name_that_fits_several_units_keeps_the_paper_and_the_moment(world: World) -> None:
    world.now += timedelta(days=2)
    wu = world.person("wu", "吴立新")
    wu.says("导出 反馈表 街道 分页 截至 5月19日12:00")
    wu.taps("鹤城街道")
    letters = [letter for letter in world.letters(wu.address) if '"Document"' in letter.body]
    params = json.loads(letters[-1].body)["params"]
    assert params["pages"] == "unit"
    assert params["as_of"].startswith("2022-05-19T12:00")


@pytest.mark.parametrize("said", ["导出 汇总表", "导出 汇总表 紫金街道"])
def test_what_is_for_those_above_is_not_given_to_a_unit(world: World, wang: Somebody, said: str) -> None:
    wang.sends(said)
    got = wang.gets()
    assert not any(isinstance(body, Document) for body in got)
    assert "反馈表" in str(got), "it says what they can have"


@pytest.mark.parametrize("said", ["导出 反馈表 岩泉街道", "导出 未完成名单 青田县", "导出 承诺书台账 331121100"])
def test_other_units_papers_are_not_given(world: World, wang: Somebody, said: str) -> None:
    told = wang.says(said)
    assert "看不到其他单位" in told
    assert not any('"Document"' in letter.body for letter in world.letters(wang.address))


def test_staff_are_given_none(world: World) -> None:
    li = world.person("li", "李小四")
    for said in ("导出", "导出 反馈表", "导出 未完成名单", "导出 空表"):
        assert "由单位联络员负责" in li.says(said)


def test_an_answer_that_begins_with_the_word_is_an_answer(world: World) -> None:
    li = world.person("li", "李小四")
    for said in ("你好", "2", "手机 微信", "1", "1"):
        li.says(said)
    assert "由单位联络员负责" not in li.says("导出后微信群传给网格员")


def test_in_a_group_the_paper_goes_to_the_asker_alone(world: World, wang: Somebody) -> None:
    told = wang.says_in("工作群", "导出 反馈表")
    assert "私聊" in told
    assert any(isinstance(body, Document) for body in wang.gets())


def test_nothing_to_print_is_said_with_what_to_do(wang: Somebody) -> None:
    assert "还没有人在这里签署承诺书" in wang.says("导出 承诺书")


# ---------------------------------------------------------------- as of when


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("名单", "missing_list"), ("名单 逾期", "missing_list"), ("补签名单", "pledge_ledger"), ("风险", "risk_ledger"),
     ("督办", "overdue"), ("事件", "overdue")],
)  # fmt: skip
def test_a_list_of_a_past_moment_is_a_paper(world: World, said: str, wanted: str) -> None:
    world.now += timedelta(days=3)
    wu, zhou = world.person("wu"), world.person("zhou")
    for words, who in ((f"{said} 截至 5月19日18:00", wu), (f"{said} 紫金街道 截至 5月19日18:00", zhou)):
        found = paper(who, words)
        assert (found.paper, found.params["as_of"][:16]) == (wanted, "2022-05-19T18:00"), words
    assert "看不到其他单位" in zhou.says(f"{said} 鹤城街道 截至 5月19日18:00")
    assert "截至 5月22日18:00" in wu.says(f"{said} 截至 6月30日"), "still to come"
    assert not world.person("li").says(f"{said} 截至 5月19日").startswith("正在生成")


def test_what_is_told_about_a_risk_may_name_a_moment(world: World) -> None:
    assert "没有找到这条风险" in world.person("zhou").says("风险 3 跟进：截至 5月19日没有回音")


@pytest.mark.parametrize("said", ["截至 13月2日", "截至 明天", "截至 5月30日", "截至"])
def test_a_moment_that_is_none_is_asked_for_again(wang: Somebody, said: str) -> None:
    assert "截至 5月22日18:00" in wang.says(f"导出 反馈表 {said}")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("截至 5月22日18:00", "2022-05-22 18:00"), ("截至5月22日", "2022-05-22 23:59"),
        ("截至 昨天下午3点半", "2022-05-24 15:30"), ("截至 2022-05-22 18:00", "2022-05-22 18:00"),
        ("截止5月22号8点", "2022-05-22 08:00"), ("截至 8:30", "2022-05-25 08:30"),
        ("截至今天", "2022-05-25 09:00"), ("截至 5.22", "2022-05-22 23:59"),
    ],
)  # fmt: skip
def test_moments_as_people_write_them(world: World, said: str, wanted: str) -> None:
    now = world.now.replace(day=25, hour=9, minute=0, second=0)
    for before, behind in (("", ""), ("莲都区 ", ""), ("", " 莲都区")):
        found = as_of(f"{before}{said}{behind}", now, SHANGHAI)
        assert found.at
        assert (f"{found.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", found.rest) == (wanted, f"{before}{behind}".strip())


def test_a_past_moment_shows_what_had_been_handed_in_by_then(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    then = world.now
    world.now += timedelta(days=1)
    hands_in(world, "zhang", "张三丰")
    now = paper(wang, "导出 反馈表")
    before = paper(wang, f"导出 反馈表 截至 {then.astimezone(SHANGHAI):%m月%d日%H:%M}")
    assert "张三丰" in words(world.make(now))
    assert "李小四" in words(world.make(now))
    assert "张三丰" not in words(world.make(before))


def test_what_is_handed_in_after_it_was_asked_for_is_not_in_it(world: World, wang: Somebody) -> None:
    asked = paper(wang, "导出 反馈表")
    hands_in(world, "li", "李小四")
    assert "李小四" not in words(world.make(asked))


def test_a_pledge_signed_later_is_not_in_the_ledger_of_the_day(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    when = world.now
    world.now += timedelta(days=1)
    hands_in(world, "zhang", "张三丰", "签过，今年签的", "提交")
    ledger = words(world.make(paper(wang, "导出 承诺书台账")))
    assert "接触过数据2人，已签2人" in ledger
    assert "签过，今年签的" in ledger
    old = paper(wang, f"导出 承诺书台账 截至 {when.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
    assert "张三丰" not in words(world.make(old))


# ---------------------------------------------------------------- what stands in them


def test_a_unit_with_nothing_to_report_has_a_line_and_a_silent_one_is_named(world: World) -> None:
    reports_nothing(world, "chen")
    hands_in(world, "li", "李小四")
    content = words(world.make(paper(world.person("zhou"), "导出 反馈表")))
    lines = content.split("\n")
    assert lines[lines.index("岩泉街道") + 1] == "零报告"
    assert "尚未提交的单位" in content
    assert "紫金街道金山社区（1人）" in content


def test_a_page_per_unit_where_wanted(world: World) -> None:
    hands_in(world, "li", "李小四")
    hands_in(world, "zhang", "张三丰")
    zhou = world.person("zhou")
    assert len(sheet(world.make(paper(zhou, "导出 反馈表 紫金街道"))).row_breaks.brk) == 0
    assert len(sheet(world.make(paper(zhou, "导出 反馈表 紫金街道 分页"))).row_breaks.brk) == 1


def test_the_empty_form_has_the_notices_own_examples_and_room_to_write(world: World, wang: Somebody) -> None:
    content = world.make(paper(wang, "导出 空表"))
    shown = words(content)
    assert "例：XX街道" in shown
    assert "数据供街道网格员12人进行人员排摸使用" in shown
    empty = [row for row in sheet(content).iter_rows(min_row=7, max_row=9) if all(cell.value is None for cell in row)]
    assert len(empty) >= 2
    assert all(cell.border.left.style == "thin" for cell in empty[0])


def test_everybody_has_a_letter_of_their_own_in_the_zip(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    hands_in(world, "zhang", "张三丰")
    with zipfile.ZipFile(io.BytesIO(world.make(paper(wang, "导出 承诺书 分人")))) as archive:
        assert archive.namelist() == ["莲都区紫金街道-李小四.docx", "莲都区紫金街道金山社区-张三丰.docx"]
        letter = docx.Document(io.BytesIO(archive.read(archive.namelist()[0])))
    text = "\n".join(paragraph.text for paragraph in letter.paragraphs)
    assert text.count("涉疫数据安全保密承诺书\n") == 2, "一式两份"
    assert text.count("（李小四）") == 2, "who signs is printed on both"
    assert "张三丰" not in text
    assert id_number() not in text


def test_a_name_kept_before_names_were_sealed_is_printed_all_the_same(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    with world.database.session() as session:
        session.exec(update(Pledge).values(name="李小四"))
    text = docx.Document(io.BytesIO(world.make(paper(wang, "导出 承诺书")))).paragraphs
    assert sum("（李小四）" in paragraph.text for paragraph in text) == 2


def test_every_workbook_prints_across_a4_with_its_code_and_its_moment(world: World) -> None:
    hands_in(world, "li", "李小四")
    wu = world.person("wu")
    wu.says("抽查 人员 3")
    wu.says("抽查 1 开始")
    books = [one for one in offered(world.campaign) if one.extension == "xlsx"]
    assert len(books) > 8
    for one in books:
        document = paper(wu, f"导出 {one.name}")
        book = load_workbook(io.BytesIO(world.make(document)))
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and sheet.title != GUIDE_SHEET]
        for sheet in shown:
            assert (sheet.page_setup.orientation, str(sheet.page_setup.paperSize)) == ("landscape", "9"), one.name
            assert spaced(document.params["code"]) in sheet.oddFooter.right.text, one.name
        feet = [sheet.oddFooter.left.text or "" for sheet in shown]
        cells = [str(cell) for sheet in shown for row in sheet.iter_rows(values_only=True) for cell in row if cell]
        local = world.now.astimezone(SHANGHAI)
        assert any(f"{local:%Y-%m-%d %H}:" in text for text in (*feet, *cells)), f"{one.name} has no moment"


def test_the_blank_pledge_names_nobody(world: World, wang: Somebody) -> None:
    content = world.make(paper(wang, "导出 空白承诺书"))
    text = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)
    assert text.count("承诺人：_____") == 2
    assert "莲都区紫金街道：" in text


def test_the_summary_has_native_charts_and_adds_up(world: World) -> None:
    hands_in(world, "li", "李小四")
    reports_nothing(world, "chen")
    content = world.make(paper(world.person("wu"), "导出 汇总表"))
    assert load_workbook(io.BytesIO(content)).sheetnames == ["概况", "单位", "数据", "来源"]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        charts = [archive.read(name) for name in archive.namelist() if name.startswith("xl/charts/chart")]
    assert any(b"barChart" in chart for chart in charts)
    assert any(b"pieChart" in chart for chart in charts)
    rows = [[cell.value for cell in row] for row in sheet(content, "概况").iter_rows(min_row=4, max_row=12)]
    total = next(row for row in rows if row[0] == "合计")
    parts = rows[: rows.index(total)]
    for column in (1, 2, 5, 8):
        assert sum(part[column] for part in parts) == total[column]
    assert total[2] == 2


# ---------------------------------------------------------------- the proof


def issued(world: World) -> list[IssuedPaper]:
    with world.database.reading() as session:
        return list(session.exec(select(IssuedPaper).order_by(col(IssuedPaper.at))).all())


def send(world: World, document: Document) -> bytes:
    """What the postman does with a promise."""
    out = io.BytesIO()
    with world.database.reading() as session:
        request = documents.requested(session, (world.campaign,), document, world.vault)
        digest = documents.write(request, document.paper, out)
    with world.database.session() as session:
        papers.note_digest(session, document.params["code"], digest)
    return out.getvalue()


def test_a_paper_given_out_is_written_down_under_a_code_nobody_mistakes(world: World, wang: Somebody) -> None:
    found = paper(wang, "导出 反馈表")
    (row,) = issued(world)
    assert (row.code, row.paper, row.by, row.role) == (found.params["code"], "feedback_table", "wang", "unit")
    assert len(row.code) == 8
    assert set(row.code) <= set(ALPHABET)
    assert not set("01ILOU") & set(ALPHABET)


def test_the_same_request_has_the_same_code_and_another_one_another(world: World, wang: Somebody) -> None:
    wang.sends("导出 反馈表", msg_id="m1")
    wang.sends("导出 反馈表", msg_id="m1")
    wang.sends("导出 反馈表", msg_id="m2")
    assert len({row.code for row in issued(world)}) == 2


@pytest.mark.parametrize(
    "said", ["反馈表", "空表", "承诺书", "空白承诺书", "承诺书台账", "未完成名单", "汇总表", "风险台账"]
)
def test_every_paper_carries_code_moment_and_digest(world: World, said: str) -> None:
    hands_in(world, "li", "李小四")
    found = paper(world.person("zhou"), f"导出 {said}")
    content = world.make(found)
    said_of_itself = properties(io.BytesIO(content))
    assert said_of_itself["zicha.code"] == found.params["code"]
    assert said_of_itself["zicha.as_of"] == found.params["as_of"]
    assert (said_of_itself["zicha.campaign"], said_of_itself["zicha.unit"]) == ("lishui-2022-69", "331102")
    assert len(said_of_itself["zicha.digest"]) == 64
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        printed = [n for n in archive.namelist() if n.startswith(("xl/worksheets/sheet", "word/footer"))]
        assert any(spaced(found.params["code"]).encode() in archive.read(name) for name in printed)


def test_the_hidden_sheet_says_which_records_the_rows_came_from(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    content = world.make(paper(wang, "导出 反馈表"))
    assert sheet(content, "来源").sheet_state == "hidden"
    assert "submission 1 row 1" in words(content, "来源")
    assert "李小四" not in words(content, "来源")
    letter = properties(io.BytesIO(world.make(paper(wang, "导出 承诺书"))))
    assert letter["zicha.source.0001"].startswith("pledge 1 ")


def test_the_digest_is_of_what_it_says_not_of_the_bytes(world: World) -> None:
    one, other = (Proof(code=code, as_of=world.now, campaign="c", unit="u") for code in ("ABCDEFGH", "HGFEDCBA"))
    one.says("a", "b")
    other.says("a", "b")
    assert one.digest == other.digest
    other.says("c")
    assert one.digest != other.digest
    parted = Proof(code="", as_of=world.now, campaign="c", unit="u")
    parted.says("ab")
    assert parted.digest != one.digest


def test_verify_explains_a_code_and_says_that_the_records_are_the_same(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    found = paper(wang, "导出 反馈表")
    send(world, found)
    hands_in(world, "zhang", "张三丰")
    typed = spaced(found.params["code"]).lower()
    verdict = verify(base(world), typed, None, now=lambda: world.now)
    told = "\n".join(verdict.lines)
    assert verdict.good
    for part in ("反馈表", "莲都区 紫金街道（331102001）", "丽控办〔2022〕69号", "单位联络员 wang", "记录没有变"):
        assert part in told


@pytest.mark.parametrize("said", ["反馈表", "承诺书", "承诺书 分人", "汇总表"])
def test_a_file_is_compared_place_by_place(world: World, tmp_path: Path, said: str) -> None:
    hands_in(world, "li", "李小四")
    found = paper(world.person("zhou"), f"导出 {said}")
    file = tmp_path / "paper"
    file.write_bytes(send(world, found))
    verdict = verify(base(world), found.params["code"], file, now=lambda: world.now)
    assert verdict.good, verdict.lines
    assert "每一处文字都相同" in verdict.lines[-1]


def test_a_changed_cell_is_named_and_its_content_is_not_shown(world: World, wang: Somebody, tmp_path: Path) -> None:
    hands_in(world, "li", "李小四")
    found = paper(wang, "导出 反馈表")
    book = load_workbook(io.BytesIO(send(world, found)))
    book.worksheets[0]["B5"] = "改过的名单"
    file = tmp_path / "changed.xlsx"
    book.save(file)
    verdict = verify(base(world), found.params["code"], file, now=lambda: world.now)
    assert not verdict.good
    assert "反馈表 B5" in verdict.lines[-1]
    assert "改过的名单" not in "\n".join(verdict.lines)


def test_records_that_changed_are_said_to_have_changed(world: World, wang: Somebody) -> None:
    hands_in(world, "li", "李小四")
    found = paper(wang, "导出 反馈表")
    send(world, found)
    with world.database.session() as session:
        session.connection().exec_driver_sql("UPDATE submission SET answers = replace(answers, '李小四', '某某')")
    verdict = verify(base(world), found.params["code"], None, now=lambda: world.now)
    assert not verdict.good
    assert "记录变了" in verdict.lines[-1]


def test_an_unknown_code_and_a_file_that_is_none(world: World, wang: Somebody, tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match="没有发出过"):
        verify(base(world), "ABCD-EFGH", None, now=lambda: world.now)
    found = paper(wang, "导出 空表")
    send(world, found)
    file = tmp_path / "no.xlsx"
    file.write_bytes(b"nothing of ours")
    with pytest.raises(VerifyError, match=r"不是 \.xlsx"):
        verify(base(world), found.params["code"], file, now=lambda: world.now)


# ---------------------------------------------------------------- the command line


def test_every_paper_offered_can_be_written_from_the_command_line(world: World, tmp_path: Path) -> None:
    hands_in(world, "li", "李小四")
    folder, made = tmp_path, 0
    for name, _, extension in listed(base(world)):
        if name.startswith("spot-check"):
            continue  # nothing is drawn yet
        done = export(base(world), name, "331102", folder / f"{name}.{extension}", reason="", now=lambda: world.now)
        assert done.size > 500
        assert verify(base(world), done.code, done.file, now=lambda: world.now).good
        made += 1
    assert made >= 8


def test_a_past_moment_a_default_name_and_the_whole_tree(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hands_in(world, "li", "李小四")
    world.now += timedelta(days=2)
    done = export(base(world), "feedback-table", "", None, reason="", now=lambda: world.now, as_of="2022-05-18 08:00")
    assert done.file.name == "涉疫数据使用安全自查情况反馈表-丽水市-05180800.xlsx"
    assert "李小四" not in words(done.file.read_bytes())
    again = export(base(world), "feedback-table", "", None, reason="", now=lambda: world.now, as_of="2022-05-18 08:00")
    assert again.file.name.endswith("-2.xlsx"), "nothing is written over"


def test_what_cannot_be_written_is_said(world: World) -> None:
    for arguments, told in (
        ({"name": "nothing"}, "没有叫 nothing 的材料"),
        ({"as_of": "someday"}, "看不懂 --as-of"),
        ({"campaign_id": "other"}, "没有打开的活动叫 other"),
        ({"name": "pledges"}, "还没有人在这里签署"),
    ):
        given = {"name": "feedback-table", "unit_code": "3311", "file": None, **arguments}
        with pytest.raises(ExportError, match=told):
            export(base(world), reason="", now=lambda: world.now, **given)  # type: ignore[arg-type]


def test_long_work_says_how_far_it_is(world: World, tmp_path: Path) -> None:
    hands_in(world, "li", "李小四")
    beats: list[tuple[int, int]] = []
    export(
        base(world), "feedback-table", "3311", tmp_path / "a.xlsx", reason="", now=lambda: world.now,
        progress=lambda done, total: beats.append((done, total)),
    )  # fmt: skip
    assert beats == [(n, 8) for n in range(1, 9)], "unit by unit"
