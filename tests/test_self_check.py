"""The self-check as a conversation, where words are not the point: the dialogs in `dialogs/` hold the words."""

import re

import pytest

from handlers.messages import Choice, Text
from tests.conftest import Worlds
from tests.world import Somebody, World, id_number

NIL = ("你好", "都没有", "都看过，没有", "不需要")
ROW = ("你好", "2", "手机 微信", "1", "1", "1", "1")


def case(world: World, staff_id: str = "qian") -> dict[str, object]:
    found: dict[str, object] = world.facts()["cases"][staff_id]
    return found


@pytest.fixture
def qian(world: World) -> Somebody:
    return world.person("qian", "钱大海")


def say_all(somebody: Somebody, *said: str) -> str:
    return [somebody.says(text) for text in said][-1]


# ---------------------------------------------------------------- how many messages it takes


def test_a_nil_return_takes_four_messages(world: World) -> None:
    for staff_id in ("zhang", "qian"):
        say_all(world.person(staff_id), *NIL)
        assert case(world, staff_id)["submitted_at"] is not None
    assert world.sent == 8


@pytest.mark.parametrize("places", [["微信"], ["手机", "微信"]], ids=["one place", "two places"])
def test_one_data_set_and_a_new_pledge_by_taps_only(world: World, qian: Somebody, places: list[str]) -> None:
    """All but the number itself."""
    qian.says("你好")
    row = ("密接人员清单", "上级下发", "用于省疫情防控系统流调录入", "对")
    for label in ("只有个人信息", *places, "选好了", "都清理了", *row, "看过了", "现在签"):
        qian.taps(label)
    qian.says(f"钱大海 {id_number()}")
    qian.taps("确认签署并提交")
    assert case(world)["pledged"]
    assert world.sent <= 12 + len(places) <= 14


def test_one_data_set_and_a_new_pledge_typed(world: World, qian: Somebody) -> None:
    say_all(qian, *ROW, "1", "1", "3", id_number(), "1")
    assert case(world)["pledged"]
    assert world.sent <= 12


def test_a_second_data_set_takes_four_messages_more(world: World, qian: Somebody) -> None:
    say_all(qian, *ROW)
    before = world.sent
    say_all(qian, "3", "2", "2", "2")
    assert qian.world.sent - before == 4
    say_all(qian, "1", "1", "1", "1")
    assert len(list(filter(lambda key: key.endswith("data_name"), _submitted(world)))) == 2


def _submitted(world: World) -> list[str]:
    submissions = case(world)["submissions"]
    assert isinstance(submissions, list)
    return list(submissions[-1][0])


# ---------------------------------------------------------------- one thing per message


def test_every_answer_brings_one_message_with_what_comes_next(qian: Somebody) -> None:
    for said in (*ROW, "对", "看过了", "今年签过", "提交"):
        qian.says(said)
        assert len(qian.world.letters(qian.address)) == qian.world.sent


def test_the_pledge_is_shown_whole_before_the_number_is_asked(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL[:3])
    qian.sends("现在签")
    *pieces, question = qian.gets()
    assert all(isinstance(piece, Text) for piece in pieces)
    shown = "\n\n".join(re.sub(r"^.*\n\n", "", piece.markdown, count=1) for piece in pieces if isinstance(piece, Text))
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", world.campaign.pledge.text)
    assert isinstance(question, Text | Choice)
    assert "身份证号" in question.markdown


def test_every_question_says_how_to_get_help_and_help_changes_nothing(world: World, qian: Somebody) -> None:
    for said in (*ROW, "对", "看过了"):
        qian.says(said)
        before = case(world)
        assert qian.says("？")
        assert case(world) == before


# ---------------------------------------------------------------- buttons


def test_an_old_button_is_told_from_an_answer(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL[:2])
    before = case(world)
    qian.says(qian.button("只有个人信息", old=True))
    assert case(world) == before


def test_the_same_button_twice_counts_once(world: World, qian: Somebody) -> None:
    qian.says("你好")
    press = qian.button("都没有")
    say_all(qian, press, press, press)
    assert [key for key, *_ in case(world)["answers"]] == ["contact"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("pressed", ["1 莲都区 紫金街道 #单位", "1 都没有 #一道以前的题", "2 有，要处理 #旧题2"])
def test_a_button_of_another_talk_is_no_answer(world: World, qian: Somebody, pressed: str) -> None:
    """Of finding one's unit, or of a question the campaign file no longer has: «1» must not come to mean «都没有»."""
    qian.says("你好")
    before = case(world)
    assert qian.says(pressed)
    assert case(world) == before


def test_a_button_of_the_second_data_set_is_not_one_of_the_first(world: World, qian: Somebody) -> None:
    say_all(qian, *ROW[:5])
    first = qian.button("上级下发")
    say_all(qian, "2", "2", "3", "自查台账")
    before = case(world)
    qian.says(first)
    assert case(world) == before
    qian.says("上级下发")
    assert case(world) != before


# ---------------------------------------------------------------- second thoughts


def test_who_asks_for_another_entry_gets_that_one(qian: Somebody) -> None:
    """«修改 2», and then rather «修改 5»."""
    say_all(qian, *ROW, "对", "看过了", "今年签过", "提交")
    qian.says("修改 2")
    assert "管理规则" in qian.says("修改 5")


def test_who_looks_at_the_list_of_columns_may_leave_it_again(qian: Somebody) -> None:
    say_all(qian, *ROW, "对", "看过了", "今年签过")
    qian.says("修改 4")
    assert "[1 对]" in qian.says("上一步")


def test_a_correction_counts_only_when_it_is_handed_in(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL)
    first = case(world)["submissions"]
    say_all(qian, "修改 1", "只有个人信息", "手机")
    assert case(world)["submissions"] == first
    assert case(world)["nil"], "what was handed in still counts"
    say_all(qian, "1", "1", "1", "1", "1", "1", "今年签过", "提交")
    assert not case(world)["nil"]
    assert case(world)["touched"]
    assert len(case(world)["submissions"]) == 2  # type: ignore[arg-type]


def test_the_receipt_stays_the_same_for_ever(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL)
    receipt = case(world)["receipt"]
    say_all(qian, "修改 3", "今年签过")
    say_all(qian, "确定重新开始", "都没有", "都看过，没有", "今年签过")
    assert case(world)["receipt"] == receipt


def test_receipts_are_numbered_by_the_day(world: World) -> None:
    for staff_id in ("qian", "li", "zhang"):
        say_all(world.person(staff_id), *NIL)
    assert [case(world, who)["receipt"] for who in ("qian", "li", "zhang")] == [f"ZC-0518-{n:04}" for n in (1, 2, 3)]


def test_starting_over_asks_first(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL[:3])
    before = case(world)
    qian.says("重新开始")
    assert case(world) == before
    qian.taps("确定重新开始")
    assert "接触" in qian.says("继续")


def test_a_list_of_taps_in_progress_survives_a_restart(new_world: Worlds) -> None:
    world = new_world()
    qian = world.person("qian", "钱大海")
    say_all(qian, "你好", "2")
    qian.taps("手机")
    world.restart()
    qian.taps("微信")
    world.restart()
    qian.taps("选好了")
    assert "手机、微信" in qian.says("修改")
