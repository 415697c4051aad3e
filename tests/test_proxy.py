"""代填: a colleague answers for somebody without an account; the coordinator has the last word."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from storage.models import Case, Person, Pledge
from tests.test_assessment import sheets
from tests.world import Somebody, World, id_number

ROW = ("2", "纸质", "1", "1", "2", "1", "对", "1")
NIL = ("都没有", "都看过，没有", "不需要")
OLD = "offline-李大爷"


@pytest.fixture
def qian(world: World) -> Somebody:
    world.without_account("李大爷", "鹤城街道")
    return world.person("qian", "钱大海")


def say_all(somebody: Somebody, *said: str) -> str:
    return [somebody.says(text) for text in said][-1]


def case(world: World, staff_id: str = OLD) -> Case:
    with world.database.reading() as session:
        found = select(Case).join(Person, Person.id == Case.person_id).where(Person.staff_id == staff_id)  # type: ignore[arg-type]
        return session.exec(found).one()


def pledges(world: World) -> list[str]:
    with world.database.reading() as session:
        return [pledge.state for pledge in session.exec(select(Pledge).order_by(Pledge.id)).all()]  # type: ignore[arg-type]


def actions(world: World) -> list[str]:
    return [action for _, _, action, *_ in world.facts()["audit"]]


# ---------------------------------------------------------------- for whom


@pytest.mark.parametrize("name", ["王雅芳", "张三丰", "offline-王大妈", "王大妈", "没有这个人"])
def test_whoever_is_outside_is_not_found(world: World, qian: Somebody, name: str) -> None:
    """The same words for somebody of another unit and for somebody who does not exist."""
    world.without_account("王大妈", "岩泉街道")
    said = qian.says(f"代填 {name}")
    assert said.replace(name, "某某") == qian.says("代填 某某")
    assert "没有找到" in said


def test_whoever_has_an_account_answers_themselves(qian: Somebody) -> None:
    assert "有自己的账号" in qian.says("代填 孙文静")


def test_nobody_fills_in_for_themselves(qian: Somebody) -> None:
    assert "没有找到" in qian.says("代填 钱大海")


def test_a_coordinator_fills_in_for_the_units_below(world: World) -> None:
    world.without_account("李大爷", "鹤城街道")
    wu = world.person("wu")
    assert "代**李大爷**" in wu.says("代填 李大爷")


def test_two_of_one_name_are_told_apart(world: World, qian: Somebody) -> None:
    world.without_account("李大爷", "鹤城街道", staff_id="offline-2")
    assert "同名" in qian.says("代填 李大爷")
    qian.says("2")
    assert world.facts()["cases"].keys() == {"offline-2"}


def test_where_everybody_has_to_finish_in_person_nobody_fills_in(world: World) -> None:
    world.without_account("王大妈", "紫金街道")
    for who in ("li", "wang", "zhou", "wu"):
        said = world.person(who).says("代填 王大妈")
        assert "不能代填" in said
        assert "开通账号" in said
    assert OLD not in world.facts()["cases"]


# ---------------------------------------------------------------- while it lasts


def test_every_question_says_for_whom_and_nothing_of_ones_own_is_touched(world: World, qian: Somebody) -> None:
    qian.says("代填 李大爷")
    for said in ROW:
        assert "代李大爷填" in qian.says(said)
    assert "qian" not in world.facts()["cases"]
    assert "代李大爷填" in qian.says("上一步")
    assert "代李大爷填" in qian.says("？")
    assert "代李大爷填" in qian.says("修改")


def test_it_can_be_left_and_taken_up_again(world: World, qian: Somebody) -> None:
    say_all(qian, "代填 李大爷", "都没有")
    assert "钱大海您好" in qian.says("结束代填")
    assert "没有在代别人填" in qian.says("结束代填")
    assert "有没有别人转来" in qian.says("代填 李大爷")


def test_the_pledge_is_signed_by_hand_or_before_and_never_here(world: World, qian: Somebody) -> None:
    say_all(qian, "代填 李大爷", *ROW)
    assert not any("现在签" in label for label in qian.buttons)
    qian.says("现在签")
    qian.says("3")
    assert "没有保存" in qian.says(f"李大爷 {id_number()}")
    assert pledges(world) == []


def test_ones_own_progress_is_ones_own(qian: Somebody) -> None:
    say_all(qian, "代填 李大爷", "都没有")
    said = qian.says("进度")
    assert "您还没有开始自查" in said
    assert "代李大爷填" in said


def test_whoever_gets_an_account_is_not_filled_in_for_any_more(world: World, qian: Somebody) -> None:
    say_all(qian, "代填 李大爷", "都没有")
    with world.database.session() as session:
        session.exec(select(Person).where(Person.staff_id == OLD)).one().account = True
    assert "钱大海您好" in qian.says("1")
    assert "有没有别人转来" in world.person(OLD).says("继续")


def test_rows_at_once_are_for_the_other_as_well(world: World, qian: Somebody) -> None:
    say_all(qian, "代填 李大爷", *ROW[:3])
    assert "代李大爷填" in qian.says("数据名称：甲表\n来源：街道\n用途：排摸")
    assert "代李大爷填" in qian.says("对")
    assert "qian" not in world.facts()["cases"]


# ---------------------------------------------------------------- the end


def test_filled_in_by_the_coordinator_it_counts_at_once(world: World, qian: Somebody) -> None:
    sun = world.person("sun")
    assert "回执" in say_all(sun, "代填 李大爷", *NIL)
    found = case(world)
    assert (found.submitted_at is not None, found.countersign) == (True, False)
    assert found.filled_by is not None
    assert "孙文静您好" in sun.says("你好")
    assert {"proxy.begin", "proxy.hand_in"} <= set(actions(world))


def test_filled_in_by_a_colleague_it_waits_for_the_coordinator(world: World, qian: Somebody) -> None:
    sun = world.person("sun")
    assert "联络员（孙文静）核对" in say_all(qian, "代填 李大爷", *NIL)
    assert case(world).submitted_at is None
    assert "已完成 **0** 人" in sun.says("进度")
    assert "李大爷" in sun.says("会签")
    sun.taps("李大爷")
    assert "已提交" in sun.taps("同意代填")
    assert case(world).submitted_at is not None
    assert "已完成 **1** 人" in sun.says("进度")
    assert "孙文静已同意" in "\n".join(qian.hears())
    assert "没有等您会签" in sun.says("会签")
    assert {"proxy.ask", "proxy.agree"} <= set(actions(world))


def asked(somebody: Somebody) -> str:
    """The number of what somebody was asked to agree to."""
    found = re.search(r"退回代填 (\d+)", "\n".join(somebody.hears()))
    assert found
    return found[1]


def test_sent_back_with_a_reason_it_is_open_again(world: World, qian: Somebody) -> None:
    sun = world.person("sun")
    say_all(qian, "代填 李大爷", *NIL)
    number = asked(sun)
    assert "写上退回的原因" in sun.says(f"退回代填 {number}")
    assert "已退回" in sun.says(f"退回代填 {number}：请再问问本人")
    assert "请再问问本人" in "\n".join(qian.hears())
    assert "处理过" in sun.says(f"同意代填 {number}")
    assert "最后一项" in qian.says("代填 李大爷")
    assert "已经请联络员" in qian.says("不需要")
    assert "已提交" in sun.says(f"同意代填 {asked(sun)}")


def test_what_was_changed_since_is_not_agreed_to(world: World, qian: Somebody) -> None:
    sun = world.person("sun")
    say_all(qian, "代填 李大爷", *NIL)
    number = asked(sun)
    say_all(qian, "代填 李大爷", "修改 1")
    assert "处理过" in sun.says(f"同意代填 {number}")
    assert case(world).submitted_at is None


@pytest.mark.parametrize("who", ["qian", "wang", "li"])
def test_nobody_else_may_agree(world: World, qian: Somebody, who: str) -> None:
    say_all(qian, "代填 李大爷", *NIL)
    number = asked(world.person("sun"))
    world.person(who).says(f"同意代填 {number}")
    world.person(who).says(f"退回代填 {number} 不行")
    assert case(world).countersign


def test_in_a_group_nothing_is_said_of_persons(world: World, qian: Somebody) -> None:
    say_all(qian, "代填 李大爷", *NIL)
    sun = world.person("sun")
    sun.says_in("工作群", "绑定")
    assert "李大爷" not in sun.says_in("工作群", "会签")
    assert "李大爷" not in sun.says_in("工作群", f"同意代填 {asked(sun)}")
    assert "李大爷" not in sun.says_in("工作群", "已签纸质 李大爷")
    assert "李大爷" not in qian.says_in("工作群", "代填 李大爷")


def test_the_signed_paper_is_recorded_by_the_coordinator(world: World, qian: Somebody) -> None:
    sun = world.person("sun")
    say_all(sun, "代填 李大爷", *ROW, "打印后由本人签纸质", "提交")
    assert (pledges(world), case(world).pledged) == (["paper"], False)
    assert "没有等着" in world.person("wang").says("已签纸质 李大爷")
    assert "名单、进度" in qian.says("已签纸质 李大爷")
    assert "已签纸质" in sun.says("已签纸质 李大爷")
    assert (pledges(world), case(world).pledged) == (["paper", "on_paper"], True)
    say_all(sun, "代填 李大爷", "修改 1", "都没有", "1", "3")
    assert case(world).pledged, "a paper that was signed stays signed"
    assert "pledge.by_hand" in actions(world)


def test_a_signed_paper_counts_in_figures_of_the_past_and_on_papers(world: World, qian: Somebody) -> None:
    sun = world.person("sun")
    say_all(sun, "代填 李大爷", *ROW, "打印后由本人签纸质", "提交")
    world.now += timedelta(hours=1)
    sun.says("已签纸质 李大爷")
    world.now += timedelta(hours=1)
    assert "其中已签承诺书 1 人" in sun.says("进度")
    assert "其中已签承诺书 1 人" in sun.says("进度 截至 5月18日11:00")
    assert "其中已签承诺书 0 人" in sun.says("进度 截至 5月18日9:30"), "the paper was not there yet"
    overview = sheets(world, world.person("wu"), "导出 汇总表")["概况"]
    signed = overview[2].index("其中已签")
    assert {row[0]: row[signed] for row in overview[3:7]} == {"本级": "0", "莲都区": "0", "青田县": "1", "合计": "1"}
    table = sheets(world, world.person("wu"), "导出 考核表")["涉疫数据自查考核表"]
    pledged = next(n for n, head in enumerate(table[1]) if head.startswith("承诺书签署"))
    assert [row[pledged] for row in table if "青田县" in row] == ["15\n（1/1）"]
