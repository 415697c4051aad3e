"""A bare number answers what was last seen: a menu, a card, or a question; never one that nobody saw."""

from datetime import timedelta

import pytest
from sqlmodel import select, update

from storage import delivery, unsettled
from storage.models import Outgoing, Submission
from storage.outbox import State
from tests.world import World


def submissions(world: World) -> int:
    with world.database.reading() as session:
        return len(session.exec(select(Submission)).all())


def begin_nil(world: World) -> None:
    for said in ("你好", "1", "1"):
        world.person("qian").says(said)


def test_the_number_of_a_second_thought_does_not_submit(world: World) -> None:
    """重新开始 → [1 确定重新开始] [2 不了，继续]: «2» goes on, it is not the answer to the question behind it."""
    begin_nil(world)
    qian = world.person("qian")
    assert "2 不了，继续" in qian.says("重新开始")
    assert "最后一项" in qian.says("2")
    assert submissions(world) == 0
    qian.says("重新开始")
    assert "您接触或使用过" in qian.says("1")
    assert submissions(world) == 0


def test_the_number_in_the_list_of_entries_is_that_entry(world: World) -> None:
    begin_nil(world)
    qian = world.person("qian")
    qian.says("修改")
    assert "原来的回答：都没有" in qian.says("1")
    assert submissions(world) == 0


def test_one_after_a_pause_goes_on(world: World) -> None:
    qian = world.person("qian")
    qian.says("你好")
    qian.says("暂停")
    assert "您接触或使用过" in qian.says("1")
    assert "都没有" not in qian.says("继续").split("[")[0].replace("1 都没有", "")


def test_the_coordinator_admits_by_number(world: World) -> None:
    new = world.person("new", "周新来")
    for said in ("你好", "鹤城街道", "1", "1"):
        new.says(said)
    sun = world.person("sun")
    assert "1 是，加入" in "".join(sun.hears())
    assert "已把周新来加入" in sun.says("1")
    assert "周新来您好" in "".join(new.hears())


def test_one_of_several_units_is_chosen_by_number(world: World) -> None:
    wu = world.person("wu")
    assert "请选一个" in wu.says("名单 街道")
    assert "还有" in wu.says("2")


def test_the_menu_of_the_figures_takes_numbers_and_words(world: World) -> None:
    wang = world.person("wang")
    wang.says("进度 金山社区")
    assert "张三丰" in wang.says("1")
    wang.says("进度 金山社区")
    assert "紫金街道** 还有 3 人" in wang.says("名单"), "a command typed out means the own unit"


def test_a_question_that_may_not_have_arrived_is_shown_before_it_is_answered(world: World) -> None:
    qian = world.person("qian")
    qian.says("你好")
    with world.database.session() as session:
        session.exec(update(Outgoing).values(state=State.DOUBTFUL))
    told = qian.says("1")
    assert "可能没有送到" in told
    assert "您接触或使用过" in told
    assert "记下了：都没有" in qian.says("1")


def test_a_button_says_itself_what_it_answers(world: World) -> None:
    qian = world.person("qian")
    qian.says("你好")
    with world.database.session() as session:
        session.exec(update(Outgoing).values(state=State.DOUBTFUL))
    assert "记下了：都没有" in qian.taps("都没有")


def test_a_message_overtaken_by_a_newer_one_is_no_answer(world: World) -> None:
    """Pushed late, said earlier: it was meant for a question that has been answered since."""
    qian = world.person("qian")
    qian.says("你好")
    qian.says("2")
    world.now -= timedelta(seconds=60)
    told = qian.says("2")
    world.now += timedelta(seconds=60)
    assert "到得晚了" in told
    assert "存过、传过" in told
    assert "记下了：手机" in qian.says("2")


def test_a_killed_process_does_not_keep_a_chat_waiting(world: World) -> None:
    qian = world.person("qian")
    qian.says("你好")
    with world.database.session() as session:
        lease = world.now + timedelta(minutes=1)
        delivery.claim_replies(session, "dingtalk", now=world.now, limit=1, leased_until=lease)
    qian.says("1")
    assert world.due() == [], "one letter is under way in this chat"
    with world.database.session() as session:
        assert unsettled.orphans(session, at=world.now) == 1
    assert len(world.due()) == 1


def test_a_bound_group_is_not_taken_over(world: World) -> None:
    world.person("wang").says_in("工作群", "绑定")
    assert "已经绑定了别的单位" in world.person("chen").says_in("工作群", "绑定")
    assert "紫金街道" in world.person("zhou").says_in("工作群", "进度")
    assert "已绑定 **莲都区**" in world.person("zhou").says_in("工作群", "绑定"), "whoever is above may"


@pytest.mark.parametrize(
    "text",
    [
        "密接332501\u200b19900307\u200b{tail}",
        "ID332501199003070017",
        "332501199003070017A号",
        "332501\n19900307\n0017",
        "332501.19900307.0017",
        "332501—19900307—0017",
        "3 3 2 5 0 1 1 9 9 0 0 3 0 7 0 0 1 8",
        "护照E12345678",
    ],
)
def test_numbers_in_disguise_do_not_come_to_rest(world: World, text: str) -> None:
    qian = world.person("qian")
    for said in ("你好", "2", "手机", "1"):
        qian.says(said)
    assert "没有保存" in qian.says(text.replace("{tail}", "0017"))
    for form in ("332501199003070017", "332501199003070018", "E12345678"):
        assert form.encode() not in world.on_disk()


def test_a_long_pasted_list_is_to_be_recalled_not_sent_again(world: World) -> None:
    told = world.person("qian").says("某某 332501199003070017 阳光小区\n" * 100)
    assert "撤回" in told
    assert "分开说" not in told


def test_papers_in_the_same_answer_do_not_take_the_buttons_numbers_away(world: World) -> None:
    """«查看» answers with buttons and, below them, the table and the scan: «1» is still the first button."""
    sun, wu = world.person("sun"), world.person("wu")
    for who in ("qian", "sun"):
        for said in ("你好", "1", "1", "4"):
            world.person(who).says(said)
    sun.says("确认反馈表")
    sun.sends_file("", b"\xff\xd8\xff\xe0 a photograph", kind="picture")
    sun.says("扫描件 反馈表")
    sun.says("上报")
    looked = wu.says("查看 鹤城街道")
    assert "[1 接收]" in looked
    assert looked.rstrip().endswith(">"), "papers stand below the buttons"
    assert "已接收" in wu.says("1")
