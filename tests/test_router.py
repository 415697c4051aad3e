"""Every kind of message finds somebody to answer it, whoever sends it and wherever from."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlmodel import select

from handlers import router
from handlers.access import OFFICES
from handlers.commands import Word, parse
from handlers.messages import ChatKind, Choice, Content, Document, Inbound, from_json, to_json
from storage import models, outbox
from tests.world import Somebody, World, group_chat

SENDERS = {"staff": "qian", "coordinator": "wang", "city": "wu", "stranger": "stranger", "outside": ""}


def answers(world: World, sender: str, text: str, content: Content = Content.TEXT, *, group: bool = False) -> int:
    """How many letters a message brought."""
    before = written(world)
    somebody = world.person(sender, "某人")
    somebody.sends(text, group_chat("工作群") if group else None, content=content, title="工作群")
    return written(world) - before


def written(world: World) -> int:
    with world.database.reading() as session:
        return sum(outbox.counts(session).values())


@pytest.mark.parametrize("group", [False, True], ids=["direct", "group"])
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS.keys())
def test_nobody_is_left_without_an_answer(world: World, sender: str, group: bool) -> None:
    """Whatever kind of message it is, the first one and the next."""
    for content in Content:
        for text in ("", "1", "你好"):
            assert answers(world, sender, text, content, group=group) > 0
    assert all(fault == "" for _, _, fault in world.facts()["inbox"])


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\u200b", "\x00\x07\x1b[31m", "😀😀", "👨\u200d👩\u200d👧", "#", "1 号 #没有这题", "= 1",
        "\ud800", "你\ud800好", "你\x00好", "%s{0}{person}", "[点我](dtmd://x)", "**粗**", "<script>",
        "'; DROP TABLE person; --", "\n" * 50, "长" * 2000, "1" * 2000,
    ],
)  # fmt: skip
def test_odd_texts_are_answered_and_change_nothing(world: World, text: str) -> None:
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    before = world.facts()["cases"]
    told = qian.says(text)
    assert told
    assert world.facts()["cases"] == before
    assert all("\x00" not in row[4] for row in world.facts()["outbox"]), "not every database takes it"
    assert all(fault == "" for _, _, fault in world.facts()["inbox"])


def test_ten_thousand_characters_are_refused_and_not_kept(world: World) -> None:
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    told = qian.says("涉疫" * 5000)
    assert f"{router.MAX_TEXT}" in told
    assert len(told) < 200
    assert ("涉疫" * 30).encode() not in world.on_disk()


def test_nobodys_markup_comes_back_as_markup(world: World) -> None:
    qian = world.person("qian", "钱大海")
    for said in ("你好", "2", "手机", "1"):
        qian.says(said)
    told = qian.says("[点我](dtmd://evil) **粗** <b>")
    assert "[点我]" not in told.split("\n\n")[0]
    assert "**粗**" not in told
    assert "<b>" not in told


def test_a_sign_of_ones_own_is_no_button(world: World) -> None:
    qian = world.person("qian", "钱大海")
    for said in ("你好", "2", "手机", "1"):
        qian.says(said)
    told = qian.says("3号楼名单 #3")
    assert "3号楼名单 ＃3" in told


def test_a_formula_stays_a_text_in_the_table(world: World) -> None:
    qian = world.person("qian", "钱大海")
    own = ("=1+1清单", '=HYPERLINK("http://x","y")', "@SUM(1)")
    for said in ("你好", "2", "手机", "1", *own, "对", "好", "今年签过", "提交"):
        qian.says(said)
    sun = world.person("sun", "孙文静")
    sun.sends("导出 反馈表")
    (paper,) = [body for body in sun.gets() if isinstance(body, Document)]
    sheet = load_workbook(io.BytesIO(world.make(paper))).active
    assert sheet is not None
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value is not None}  # type: ignore[union-attr]
    for text in own:
        assert cells[text].data_type == "s", "a formula would be run by whoever opens the table"


def test_spoken_words_are_words(world: World) -> None:
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    qian.says("都没有。", content=Content.SPEECH)
    assert [key for key, *_ in world.facts()["cases"]["qian"]["answers"]] == ["contact"]


def test_in_a_group_nothing_is_answered_for_oneself(world: World) -> None:
    """No answer is taken there, and nothing of a person's own self-check is said there."""
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    for said in ("1", "都没有", "进度", "上一步", "修改 1", "重新开始", "暂停", "？"):
        told = qian.says_in("工作群", said)
        assert "钱大海" not in told
        assert "自查" in told or "联络员" in told
    assert world.facts()["cases"]["qian"]["answers"] == []


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("said", "word", "rest"),
    [
        ("你好", Word.GO_ON, ""), ("您好！", Word.GO_ON, ""), ("/开始", Word.GO_ON, ""), ("Hello", Word.GO_ON, ""),
        ("上一步", Word.BACK, ""), ("返回。", Word.BACK, ""), ("修改 3", Word.EDIT, "3"), ("修改3", Word.EDIT, "3"),
        ("修改第3项", Word.EDIT, "3"), ("修改", Word.EDIT, ""), ("修改 １２", Word.EDIT, "12"),
        ("？", Word.EXPLAIN, ""), ("?怎么填", Word.EXPLAIN, ""), ("说明", Word.EXPLAIN, ""),
        ("稍后", Word.PAUSE, ""), ("暂停", Word.PAUSE, ""), ("帮助", Word.HELP, ""),
        ("重新开始", Word.RESTART, ""), ("确定重新开始", Word.RESTART_SURE, ""),
        ("进度", Word.PROGRESS, ""), ("进度 岩泉街道", Word.PROGRESS, "岩泉街道"),
        ("进度：岩泉", Word.PROGRESS, "岩泉"),
        ("名单", Word.NAMES, ""), ("谁没填 金山社区", Word.NAMES, "金山社区"), ("催办", Word.NUDGE, ""),
        ("导出", Word.EXPORT, ""), ("导出反馈表", Word.EXPORT, "反馈表"), ("反馈表", Word.EXPORT, "反馈表"),
        ("导出 反馈表 莲都区", Word.EXPORT, "反馈表 莲都区"),
        ("绑定", Word.BIND, ""), ("同意加入 12", Word.ADMIT, "12"), ("不同意加入 12", Word.TURN_AWAY, "12"),
    ],
)  # fmt: skip
def test_commands_are_known_by_their_words(said: str, word: Word, rest: str) -> None:
    command = parse(said)
    assert command is not None
    assert (command.word, command.rest) == (word, rest)


@pytest.mark.parametrize(
    "said",
    ["1", "密接人员名单", "名单里有12人", "修改了两处", "我想修改 3", "你好，密接人员清单", "进度表", "反馈表模板",
     "绑定手机", "没有", "继续隔离人员清单", "开始采样", "", "确定", "同意"],
)  # fmt: skip
def test_a_sentence_that_holds_such_a_word_is_an_answer(said: str) -> None:
    assert parse(said) is None


def test_what_is_the_coordinators_is_refused_to_staff_with_their_own_state(world: World) -> None:
    qian = world.person("qian", "钱大海")
    for said, word in (("名单", Word.NAMES), ("催办", Word.NUDGE), ("导出 反馈表", Word.EXPORT), ("绑定", Word.BIND)):
        command = parse(said)
        assert command is not None
        assert command.word is word
        assert word in OFFICES
        told = qian.says(said)
        assert "联络员" in told
        assert "孙文静" not in told
    assert world.facts()["cases"] == {}


# ---------------------------------------------------------------- whatever comes


@given(
    sender=st.sampled_from(list(SENDERS.values())),
    content=st.sampled_from(list(Content)),
    text=st.text(max_size=50) | st.sampled_from(["1", "名单", "进度", "修改1", "上一步", "导出", "绑定", "同意加入1"]),
    group=st.booleans(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_answered_without_a_fault(
    world: World, sender: str, content: Content, text: str, group: bool
) -> None:
    assert answers(world, sender, text, content, group=group) > 0
    with world.database.reading() as session:
        assert session.exec(select(models.Inbound).where(models.Inbound.fault != "")).all() == []


def test_what_was_said_stands_in_no_repr() -> None:
    """A traceback or a log may show the message: not its words, not its sender's name."""
    chat = Somebody.address.fget  # type: ignore[attr-defined]
    assert chat is not None
    inbound = Inbound(
        robot="r", msg_id="m", sender_id="zhang", sender_name="张三丰", chat=group_chat("秘密群"), chat_title="秘密群",
        text="悄悄话", received_at=World.now,
    )  # fmt: skip
    assert "悄悄话" not in repr(inbound)
    assert "张三丰" not in repr(inbound)
    assert "秘密群" not in repr(inbound)
    assert inbound.chat.kind is ChatKind.GROUP


def test_letters_come_out_of_the_box_as_they_went_in(world: World) -> None:
    qian = world.person("qian", "钱大海")
    qian.says("你好")
    for _, _, _, _, body, *_ in world.facts()["outbox"]:
        shown = from_json(body)
        assert isinstance(shown, Choice)
        assert to_json(shown) == body
    with pytest.raises(ValueError, match="unknown kind 'Picture'"):
        from_json('{"kind": "Picture"}')


# ---------------------------------------------------------------- what is an answer, not a command

ANSWERS = (
    "风险不大", "风险很小，已经删了", "发现手机里有一份，已经删了", "整改完了", "整改情况良好", "已整改",
    "上报给街道了", "上报街道用", "查看一下就删了", "接收上级下发的名单", "接收街道发的表", "核对人员信息用",
    "核对核酸采样名单", "确认过没有了", "合并统计用", "进度表", "名单", "未完成排查的人员名单", "事件处置用",
    "活动轨迹排查", "活动轨迹表", "抽查核酸用", "考核用的统计表", "代填的表", "退回街道了", "委托第三方统计",
    "移交给街道了", "移交疾控中心", "待办事项表", "绑定手机号用", "扫描件存在电脑里", "经过流调得到",
    "名册在电脑里", "导出后发微信群", "导出系统数据", "督办单", "领先", "模板是街道给的", "补签过了",
    "免填写", "更正过一次",
)  # fmt: skip
"""What people write where they are asked in their own words; each begins like a command."""
COMMANDS_BY_THEMSELVES = {"名单", "领先"}


@pytest.mark.parametrize("said", [said for said in ANSWERS if said not in COMMANDS_BY_THEMSELVES])
def test_a_sentence_that_begins_like_a_command_is_an_answer(world: World, said: str) -> None:
    zhang = world.person("zhang")
    for words in ("开始", "2", "微信", "1", "1"):
        zhang.says(words)
    told = zhang.says(said)
    assert "记下了" in told, told


def test_a_sentence_behind_an_offices_word_is_an_answer_of_somebody_without_an_office(world: World) -> None:
    zhang = world.person("zhang")
    for words in ("开始", "2", "微信", "1", "1"):
        zhang.says(words)
    assert "记下了" in zhang.says("发现 微信群：转发过两次，已经删了")
