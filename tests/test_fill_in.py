"""Whole rows at once: typical rows, the template, the workbook that goes out and comes back."""

import io
from collections.abc import Sequence

import pytest
from openpyxl import Workbook, load_workbook
from sqlmodel import Session

from handlers.messages import Document
from storage import cases
from tests.world import Somebody, World, id_number

HEAD = (
    "单位名称",
    "数据名称",
    "采集、共享、传输方式",
    "应用场景及数据使用范围",
    "存在安全问题或风险",
    "整改落实情况",
    "联系人及联系方式",
)
PLACES = ("你好", "2", "手机 微信", "1")
TEMPLATE = "数据名称：密接人员清单\n来源：街道发的表\n用途：电话排摸"
PHONE = "1990000" + "5678"


def case(world: World, staff_id: str = "qian") -> dict[str, object]:
    found: dict[str, object] = world.facts()["cases"][staff_id]
    return found


def cells(world: World, staff_id: str = "qian") -> dict[str, str]:
    """The answers of rows as they stand now, as one would read them in the log."""
    found: dict[str, str] = {}
    for key, given, *_ in case(world, staff_id)["answers"]:  # type: ignore[attr-defined]
        if key.startswith("items.") and given:
            found[key.removeprefix("items.")] = "、".join(given["values"]).removeprefix("=")
        else:
            found.pop(key.removeprefix("items."), None)
    return found


@pytest.fixture
def qian(world: World) -> Somebody:
    return world.person("qian", "钱大海")


def say_all(somebody: Somebody, *said: str) -> str:
    return [somebody.says(text) for text in said][-1]


def workbook(*rows: Sequence[object], merged: str = "") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    if merged:
        sheet.merge_cells(merged)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def row(*texts: object) -> tuple[object, ...]:
    return ("鹤城街道", *texts, *[None] * (len(HEAD) - 1 - len(texts)))


# ---------------------------------------------------------------- typical rows


def reports(somebody: Somebody, name: str, *row: str, contact: str = "") -> None:
    """Fills in and hands in one data set."""
    say_all(somebody, *PLACES, name, *row)
    if contact:
        say_all(somebody, "2", "联系人及联系方式", contact)
    say_all(somebody, "对", "1", "1", "1")


def offered(somebody: Somebody) -> list[str]:
    return [label for label in somebody.buttons if "同事" in label]


def test_the_most_frequent_rows_of_the_unit_come_first_and_three_at_most(world: World) -> None:
    for number, name in enumerate(["甲表", "乙表", "乙表", "丙表", "戊表", "丙表", "丙表"]):
        world.join(f"c{number}", f"同事{number}", "鹤城街道")
        reports(world.person(f"c{number}"), name, "街道发的", "排摸用")
    qian = world.person("qian")
    say_all(qian, *PLACES)
    assert [label.partition(" ")[2] for label in offered(qian)] == [
        "同事填过：丙表",
        "同事填过：乙表",
        "同事填过：戊表",
    ]


def test_a_typical_row_fills_the_whole_row_but_not_what_is_ones_own(world: World, qian: Somebody) -> None:
    reports(world.person("sun"), "甲表", "街道发的", "排摸用", contact=f"孙文静 {PHONE}")
    say_all(qian, *PLACES)
    said = qian.taps("同事填过：甲表")
    assert "核对" in said
    assert "街道发的" in said
    assert "钱大海（单位通讯录）" in said
    assert "孙文静" not in said
    assert cells(world) == {"1.data_name": "甲表", "1.ways": "街道发的", "1.usage": "排摸用"}


def test_rows_of_the_same_name_are_told_apart(world: World, qian: Somebody) -> None:
    world.join("c1", "同事一", "鹤城街道")
    reports(world.person("sun"), "甲表", "街道发的", "排摸用")
    reports(world.person("c1"), "甲表", "自己汇总", "排摸用")
    say_all(qian, *PLACES)
    assert {label.partition("：")[2] for label in offered(qian)} == {"甲表（街道发的）", "甲表（自己汇总）"}


@pytest.mark.parametrize(
    "words",
    [
        f"找 {PHONE} 要",
        "王雅芳负责保管",
        "由孙文静汇总",
        "给李医生用",
        "密接王某的轨迹",
        "卡号62220212345678",
    ],
)
def test_nothing_with_a_number_or_a_name_is_offered(world: World, qian: Somebody, words: str) -> None:
    reports(world.person("sun"), "甲表", "街道发的", words)
    say_all(qian, *PLACES)
    assert offered(qian) == []


@pytest.mark.parametrize(
    "words", ["用于密接人员排查工作；供本单位网格员排摸使用", "供街道高风险人员排查", "排查江南片区使用"]
)
def test_ordinary_words_are_no_names(world: World, qian: Somebody, words: str) -> None:
    reports(world.person("sun"), "甲表", "街道发的", words)
    say_all(qian, *PLACES)
    assert len(offered(qian)) == 1


def test_other_units_and_unfinished_colleagues_offer_nothing(world: World, qian: Somebody) -> None:
    reports(world.person("li"), "甲表", "街道发的", "排摸用")
    say_all(world.person("sun"), *PLACES, "乙表", "街道发的", "排摸用", "对")
    say_all(qian, *PLACES)
    assert offered(qian) == []


def test_what_one_has_already_and_what_one_may_not_pick_is_not_offered(world: World, qian: Somebody) -> None:
    world.join("c1", "同事一", "鹤城街道")
    say_all(world.person("c1"), "你好", "3", "电脑", "1", "疫情数据统计表", "1", "5", "对", "1", "1", "1")
    reports(world.person("sun"), "甲表", "街道发的", "排摸用")
    say_all(qian, *PLACES)
    assert [label.partition("：")[2] for label in offered(qian)] == ["甲表"]
    qian.taps("同事填过：甲表")
    say_all(qian, "还有一份数据")
    assert offered(qian) == []


def test_a_number_means_the_row_that_was_seen_even_if_others_come_before_it_now(world: World, qian: Somebody) -> None:
    world.join("c1", "同事一", "鹤城街道")
    world.join("c2", "同事二", "鹤城街道")
    reports(world.person("sun"), "甲表", "街道发的", "排摸用")
    say_all(qian, *PLACES)
    number = offered(qian)[0].partition(" ")[0]
    reports(world.person("c1"), "乙表", "街道发的", "排摸用")
    reports(world.person("c2"), "乙表", "街道发的", "排摸用")
    qian.says(number)
    assert cells(world)["1.data_name"] == "甲表"


def test_a_row_that_is_no_longer_offered_is_not_taken_for_own_words(world: World, qian: Somebody) -> None:
    reports(world.person("sun"), "甲表", "街道发的", "排摸用")
    say_all(qian, *PLACES)
    button = qian.button("同事填过：甲表")
    say_all(world.person("sun"), "修改 1", "都没有", "1", "1")
    qian.says(button)
    assert cells(world) == {}


def test_typical_rows_are_looked_up_only_where_a_row_begins(qian: Somebody, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    look = cases.colleagues

    def counted(session: Session, campaign: str, unit_id: int, limit: int) -> list[tuple[int, str, str]]:
        asked.append(unit_id)
        return look(session, campaign, unit_id, limit)

    monkeypatch.setattr(cases, "colleagues", counted)
    say_all(qian, *PLACES[:3])
    assert asked == []
    qian.says(PLACES[3])
    assert len(asked) == 1
    qian.says("甲表")
    assert len(asked) == 2, "once more to read the answer"
    say_all(qian, "街道发的", "排摸用", "对")
    assert len(asked) == 2


# ---------------------------------------------------------------- copies


def test_a_copy_asks_for_the_name_alone(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES, "密接人员清单", "2", "1")
    before = world.sent
    assert "只改“数据名称”" in qian.taps("还有一份，跟这份差不多")
    assert "核对" in qian.says("核酸采样名单")
    assert world.sent - before == 2
    after = cells(world)
    assert (after["2.ways"], after["2.usage"]) == (after["1.ways"], after["1.usage"]) == ("sent", "search")


def test_a_copy_in_one_message_at_the_first_column_of_a_further_row(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES, "密接人员清单", "2", "1", "还有一份数据")
    assert "核对" in qian.says("同上，只改 数据名称 次密接人员清单")
    assert cells(world)["2.ways"] == "sent"


def test_a_copy_can_be_asked_for_when_the_rows_lie_behind_already(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES, "密接人员清单", "2", "1", "对")
    assert "第2份数据" in qian.says("与上一条相同，只改名称：次密接人员清单")
    assert cells(world)["2.ways"] == "sent"
    assert "管理规则" in qian.says("对")
    assert "没有对上选项" in qian.says("同上"), "without a word of what differs it is no row"


def test_a_copy_of_an_earlier_row_comes_behind_the_last(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES, "甲表", "街道发的", "排摸用", "还有一份数据", "乙表", "自己汇总", "录入用", "对")
    say_all(qian, "修改 4", "1", "甲表新", "4", "丙表")
    after = cells(world)
    assert [after[f"{n}.data_name"] for n in (1, 2, 3)] == ["甲表新", "乙表", "丙表"]
    assert after["3.ways"] == "街道发的"
    assert "管理规则" in qian.says("对")


def test_a_row_too_many_is_refused_with_what_to_do(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES, "甲表", "街道发的", "排摸用")
    for number in range(2, 21):
        qian.says(f"同上，只改名称：表{number}")
    before = cells(world)
    for said in ("4", "3", "同上，只改名称：又一份"):
        assert "选“对”" in qian.says(said)
    assert cells(world) == before
    assert "管理规则" in qian.says("对")


# ---------------------------------------------------------------- the template


def test_nothing_of_a_template_counts_before_it_is_confirmed(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    assert "您确认了才算" in qian.says(TEMPLATE)
    assert cells(world) == {}
    qian.taps("不用")
    assert cells(world) == {}
    assert "没有等您确认" in qian.says("用这些数据")
    assert cells(world) == {}


@pytest.mark.parametrize("yes", ["1", "对", "是的", "对，用这些", "用这些数据"])
def test_a_confirmed_template_takes_the_place_of_the_rows(world: World, qian: Somebody, yes: str) -> None:
    say_all(qian, *PLACES, "甲表", "1", "1", "还有一份数据", "乙表", "1", "1", "对")
    assert "换掉您原来填的2份数据" in qian.says(TEMPLATE)
    assert "管理规则" in qian.says(yes)
    assert cells(world) == {
        "1.data_name": "close",
        "1.ways": "街道发的表",
        "1.usage": "电话排摸",
        "1.review": "right",
    }


def test_what_is_missing_in_several_rows_is_asked_row_by_row(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    said = qian.says("数据名称：甲\n来源：乙\n---\n来源：丁\n用途：戊\n---\n数据名称：己\n来源：庚\n用途：辛")
    assert "第1份数据：没有填“应用场景及数据使用范围”" in said
    assert "第2份数据：没有填“数据名称”" in said
    assert "第3份" in said
    assert "拿来做什么" in qian.says("对")
    assert "核对" in qian.says("排摸")
    assert "是哪些数据" in qian.says("对")
    assert "核对" in qian.says("丙表")
    assert "管理规则" in qian.says("对")
    assert {n: cells(world)[f"{n}.data_name"] for n in (1, 2, 3)} == {1: "甲", 2: "丙表", 3: "己"}


def test_somebody_who_said_that_there_is_nothing_is_asked_about_that(world: World, qian: Somebody) -> None:
    say_all(qian, "你好", "都没有", "1", "不需要", TEMPLATE)
    said = qian.says("对")
    assert "您前面的回答是没有这些数据" in said
    assert "接触或使用过" in said
    say_all(qian, "只有个人信息", "手机", "1")
    assert "共1份数据" in say_all(qian, "1", "1", "1")


def test_a_telephone_in_a_template_is_sealed_at_once(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    said = qian.says(f"{TEMPLATE}\n联系人：钱大海 {PHONE}")
    assert PHONE not in said
    assert PHONE.encode() not in world.on_disk()
    qian.says("对")
    assert PHONE.encode() not in world.on_disk()
    (given,) = [g for key, g, *_ in case(world)["answers"] if key == "items.1.contact_person" and g]  # type: ignore[attr-defined]
    assert PHONE in given["sealed"]


def test_a_template_may_be_longer_than_other_messages_but_not_endless(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    many = "\n---\n".join(
        f"数据名称：第{n}张表\n来源：{'街道发的表' * 15}\n用途：{'电话排摸' * 15}" for n in range(1, 19)
    )
    assert 2_000 < len(many) < 10_000
    assert "读到18份数据" in qian.says(many)
    assert "太长" in qian.says("啊" * 2_001)
    assert "太长" in qian.says(many + "啊" * 10_000)


def test_the_guard_looks_at_a_template_first(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    assert "没有保存" in qian.says(f"{TEMPLATE}\n联系人：钱大海 {id_number()}")
    assert "~rows" not in [key for key, *_ in case(world)["answers"]]  # type: ignore[attr-defined]


def test_one_telephone_in_every_row_is_a_contact_and_no_list(qian: Somebody) -> None:
    say_all(qian, *PLACES)
    block = f"{TEMPLATE}\n联系人：钱大海 {PHONE}"
    said = qian.says("\n---\n".join(block.replace("密接", name) for name in ("甲", "乙", "丙", "丁")))
    assert "读到4份数据" in said


def test_too_many_rows_and_an_empty_template(qian: Somebody) -> None:
    say_all(qian, *PLACES)
    assert "最多20份" in qian.says("\n---\n".join(f"数据名称：表{n}\n来源：甲\n用途：乙" for n in range(21)))
    assert "还没有内容" in qian.says("数据名称：\n来源：\n用途：")


# ---------------------------------------------------------------- the workbook


def own_table(world: World, somebody: Somebody) -> bytes:
    somebody.sends("导出 我的表")
    (document,) = [body for body in somebody.gets() if isinstance(body, Document)]
    return world.make(document)


def test_the_workbook_goes_out_with_the_rows_and_comes_back_the_same(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES, "甲表", "2", "街道用", "2", "联系人及联系方式", f"钱大海 {PHONE}", "还有一份数据")
    say_all(qian, "乙表", "自己汇总", "录入用", "对")
    before = cells(world)
    content = own_table(world, qian)
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    shown = [cell for line in sheet.values for cell in line if cell]
    assert "甲表" in shown
    assert not any(PHONE in str(cell) for cell in shown)
    assert "读到2份数据" in qian.sends_file("表.xlsx", content)
    qian.says("对")
    assert cells(world) == before
    givens = {key: given for key, given, *_ in case(world)["answers"] if given}  # type: ignore[attr-defined]
    assert PHONE in givens["items.1.contact_person"]["sealed"], "the number behind the mask is still there"


def test_an_empty_workbook_says_where_to_write(world: World, qian: Somebody) -> None:
    qian.says("你好")
    assert "B5" in qian.sends_file("表.xlsx", own_table(world, qian))


def test_what_is_wrong_is_named_by_its_cell_and_a_mended_file_doubles_nothing(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    wrong = workbook(HEAD, row("甲表", None, "排摸"), row("乙" * 61, "街道", "录入"), row("丙表", "街道", "用"))
    said = qian.sends_file("我的表.xlsx", wrong)
    assert "- C2：没有填“采集、共享、传输方式”" in said
    assert "- B3：“数据名称”有61字，请缩短到60字以内" in said
    assert cells(world) == {}
    right = workbook(HEAD, row("甲表", "街道", "排摸"), row("乙表", "街道", "录入"), row("甲表", "街道", "排摸"))
    assert "读到2份数据" in qian.sends_file("我的表.xlsx", right)
    qian.says("对")
    assert "读到2份数据" in qian.sends_file("我的表.xlsx", right)
    qian.says("对")
    assert {n: cells(world).get(f"{n}.data_name") for n in (1, 2, 3)} == {1: "甲表", 2: "乙表", 3: None}


def test_a_table_laid_out_like_the_notice(world: World, qian: Somebody) -> None:
    paper = world.campaign.feedback_table
    say_all(qian, *PLACES)
    content = workbook(
        ("附件2",),
        (paper.title,),
        ("单位盖章：",),
        tuple(name if name != "采集、共享、传输方式" else "采集、共享、\n传输方式" for name in HEAD),
        *paper.examples,
        ("鹤城街道", "甲表", "街道发的", "排摸", None, "5月18日已删除", None),
        (None, "乙表", "自己汇总", "录入", None, None, None),
        *((note,) for note in paper.notes),
        ("截至2022-05-18 09:00，应填2人。",),
        merged="A7:A8",
    )
    said = qian.sends_file("附件2.xlsx", content)
    assert "读到2份数据" in said
    assert "密接人员清单" not in said
    qian.says("对")
    assert cells(world)["1.rectification"] == "5月18日已删除"
    assert "2.rectification" not in cells(world), "suggested as in the normal form"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("随便", "写的"), ("甲", "乙")], "没有找到表头"),
        ([("单位名称", "数据名称", "联系人及联系方式"), ("鹤城", "甲", "乙")], "没有“采集、共享、传输方式”这一列"),
        ([HEAD], "B2"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_to_do(qian: Somebody, rows: list[Sequence[object]], told: str) -> None:
    say_all(qian, *PLACES)
    assert told in qian.sends_file("表.xlsx", workbook(*rows))


def test_a_list_of_people_under_these_headings_is_refused(world: World, qian: Somebody) -> None:
    say_all(qian, *PLACES)
    people = [row(f"某某{n} 1990000{n:04}", "街道", "排摸") for n in range(5)]
    assert "不要发名单" in qian.sends_file("表.xlsx", workbook(HEAD, *people))
    assert b"19900000003" not in world.on_disk()


def test_the_own_table_is_nobody_elses(world: World) -> None:
    """A coordinator's words for papers do not lead to it, and it holds one's own rows only."""
    reports(world.person("qian"), "甲表", "街道发的", "排摸用")
    content = own_table(world, world.person("sun"))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert not any("甲表" in str(cell) for line in sheet.values for cell in line if cell)
