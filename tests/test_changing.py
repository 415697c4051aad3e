"""Second thoughts after handing in: what was handed in counts until the next time, and stands still with the return."""

import pytest

from tests.world import Somebody, World

NIL = ("你好", "都没有", "都看过，没有", "不需要")
TEMPLATE = "数据名称：密接人员清单\n来源：街道发的表\n用途：电话排摸"


@pytest.fixture
def qian(world: World) -> Somebody:
    return world.person("qian", "钱大海")


def say_all(somebody: Somebody, *said: str) -> str:
    return [somebody.says(text) for text in said][-1]


def remembered(world: World, staff_id: str = "qian") -> dict[str, object]:
    case: dict[str, object] = dict(world.facts()["cases"][staff_id])
    case.pop("answers")
    return case


def confirm(world: World) -> None:
    """The coordinator reads the table and confirms it, gaps and all."""
    sun = world.person("sun")
    sun.says("核对")
    said = sun.says("带缺口确认 还有人在外地")
    assert "确认" in said


def test_a_change_left_half_way_leaves_what_was_handed_in(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL)
    before, figures = remembered(world), world.person("sun").says("进度")
    say_all(qian, "修改 1", "只有个人信息", "手机", "暂停")
    assert remembered(world) == before
    after = world.person("sun").says("进度")
    assert [line for line in after.splitlines() if line.startswith("- ")] == [
        line for line in figures.splitlines() if line.startswith("- ")
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("修改 1", "只有个人信息", "手机"),
        ("上一步", "只有个人信息"),
        ("确定重新开始", "两类都有"),
        (TEMPLATE, "对", "只有个人信息"),
        ("修改 3", "现在签"),
    ],
    ids=["edit", "back", "anew", "template", "pledge"],
)
def test_a_change_can_be_given_up(world: World, qian: Somebody, change: tuple[str, ...]) -> None:
    say_all(qian, *NIL)
    before = remembered(world)
    qian.says("修改")
    shown = qian.says("修改")
    say_all(qian, *change)
    assert "还是按您提交过的算" in qian.says("放弃修改")
    assert remembered(world) == before
    assert qian.says("修改") == shown
    assert "没有正在改的内容" in qian.says("放弃修改")


def test_given_up_after_a_second_hand_in_it_is_the_second_that_counts(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL, "修改 3", "今年签过")
    say_all(qian, "修改 1", "只有个人信息", "放弃修改")
    assert "今年签的" in qian.says("修改")


def test_nothing_to_give_up(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL[:2])
    assert "还没有提交过" in qian.says("放弃修改")
    assert "别人转来" in qian.says("继续")


def test_every_hand_in_is_kept(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL, "修改 3", "今年签过", "修改 3", "不需要")
    submissions = remembered(world)["submissions"]
    assert isinstance(submissions, list)
    said = [answers["pledge_nil"]["values"] for answers, *_ in submissions]
    assert said == [["unneeded"], ["this_year"], ["unneeded"]]


# ---------------------------------------------------------------- the unit's return is confirmed


@pytest.mark.parametrize(
    "said", ["修改", "修改 1", "上一步", "重新开始", "确定重新开始", "模板", "导出 我的表", TEMPLATE, "用这些数据"]
)
def test_once_the_return_is_confirmed_nothing_is_changed(world: World, qian: Somebody, said: str) -> None:
    say_all(qian, *NIL)
    confirm(world)
    before = world.facts()["cases"]["qian"]
    told = qian.says(said)
    assert "已经确认" in told
    assert "孙文静" in told
    assert world.facts()["cases"]["qian"] == before


def test_a_change_under_way_when_the_return_is_confirmed_is_not_taken(world: World, qian: Somebody) -> None:
    say_all(qian, *NIL, "修改 3")
    confirm(world)
    before = remembered(world)
    assert "已经确认" in qian.says("今年签过")
    assert "已经确认" in qian.says("继续")
    assert remembered(world) == before
    assert "还是按您提交过的算" in qian.says("放弃修改")


def test_whoever_comes_late_still_hands_in_for_themselves(world: World, qian: Somebody) -> None:
    say_all(world.person("sun"), *NIL)
    confirm(world)
    assert "已提交" in say_all(qian, *NIL)


def test_filling_in_for_others_stands_still_as_well(world: World, qian: Somebody) -> None:
    world.without_account("李大爷", "鹤城街道")
    sun = world.person("sun")
    say_all(sun, "代填 李大爷", *NIL[1:])
    say_all(qian, *NIL)
    confirm(world)
    assert "已确认" in say_all(sun, "代填 李大爷", "修改 1")
