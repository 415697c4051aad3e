"""群发: its cost is seen before it is sent; it is watched, stopped, and sent again only to those it did not reach."""

import math
import re
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from bot.broadcasts import Broadcasts
from bot.dispatch import Dispatch
from bot.threads import DatabaseThread
from handlers.broadcasts import letters as broadcast_letters
from handlers.broadcasts.letters import Mark
from handlers.means import Means
from handlers.messages import from_json
from storage import broadcasts, models, outbox
from storage.models import Outgoing
from storage.outbox import State
from tests.conftest import Worlds
from tests.test_group_robots import with_robot
from tests.test_oversight import finish
from tests.world import Somebody, World, group_chat, words


def worker(world: World) -> Broadcasts:
    return Broadcasts(
        database=world.database,
        campaigns=world.campaigns,
        thread=DatabaseThread(),
        now=lambda: world.now,
        wake=lambda: None,
    )


def dispatch(world: World) -> Dispatch:
    return Dispatch(campaigns=world.campaigns, now=lambda: world.now)


def work(world: World) -> None:
    """What a running bot does within a second or two of an agreement."""
    man = worker(world)
    while planned := man.next():
        man.write_all(planned, lambda count: None)
    man.report()


def letters(world: World, number: int = 1) -> list[Outgoing]:
    with world.database.reading() as session:
        found = select(Outgoing).where(Outgoing.broadcast_id == number).order_by(col(Outgoing.id))
        return list(session.exec(found).all())


def readers(world: World, number: int = 1) -> list[str]:
    return sorted(letter.lane.rpartition(":")[2] for letter in letters(world, number))


def fate(world: World, reader: str, state: State, trouble: str = "") -> None:
    """What the platform did with the letter to somebody."""
    with world.database.session() as session:
        found = update(Outgoing).where(col(Outgoing.lane).endswith(f":{reader}"))
        found = found.where(col(Outgoing.broadcast_id).is_not(None))
        session.exec(found.values(state=state, settled_at=world.now, trouble=trouble))


def with_means(world: World, **means: object) -> None:
    world.intake._means = Means(**means)  # type: ignore[arg-type]


@pytest.fixture
def zhou(world: World) -> Somebody:
    """The county's office: 紫金街道 and 岩泉街道 are below it."""
    return world.person("zhou", "周建国")


# ---------------------------------------------------------------- the plan


def test_nothing_is_sent_before_it_is_agreed_to(world: World, zhou: Somebody) -> None:
    told = zhou.says("群发 全员：明天上午九点开会，请带反馈表。")
    assert "**莲都区**的所有人，4 人" in told
    assert "调用 1 次" in told
    assert "不到 0.1%" in told
    assert "周建国（大数据中心）通知：" in told
    assert "明天上午九点开会，请带反馈表。" in told, "word for word, in its own width"
    work(world)
    assert letters(world) == []
    assert "开始了" in zhou.taps("确认发送")
    work(world)
    assert readers(world) == ["chen", "li", "wang", "zhang"], "not the asker, nobody outside the county"
    body = words(from_json(letters(world)[0].body))
    assert body == "周建国（大数据中心）通知：\n\n明天上午九点开会，请带反馈表。"
    assert len({letter.batch for letter in letters(world)}) == 1, "one text, one call"


@pytest.mark.parametrize(
    ("said", "readers_"),
    [
        ("群发 未完成：请今天填完", ["chen", "li", "wang", "zhang"]),
        ("群发 未完成 紫金街道：请今天填完", ["li", "wang", "zhang"]),
        ("群发 联络员：请核对反馈表", ["chen", "wang"]),
        ("通知 全员 岩泉街道：请带反馈表", ["chen"]),
        ("群发全员：请带反馈表", ["chen", "li", "wang", "zhang"]),
    ],
)
def test_whom_it_is_for(world: World, zhou: Somebody, said: str, readers_: list[str]) -> None:
    zhou.says(said)
    zhou.taps("确认发送")
    work(world)
    assert readers(world) == readers_


def test_the_finished_are_not_nagged_and_finishing_takes_the_letter_back(world: World, zhou: Somebody) -> None:
    finish(world, "li")
    zhou.says("群发 未完成 紫金街道：请今天填完")
    zhou.taps("确认发送")
    work(world)
    assert readers(world) == ["wang", "zhang"]
    finish(world, "zhang")
    assert {letter.lane[-5:]: letter.state for letter in letters(world)} == {":wang": "waiting", "zhang": "withdrawn"}


def test_groups_are_told_by_their_unit(world: World, zhou: Somebody) -> None:
    world.person("wang").says_in("zijin", "绑定")
    world.person("sun").says_in("hecheng", "绑定")
    told = zhou.says("群发 群：请督促本单位同事")
    assert "1 个群" in told
    zhou.taps("确认发送")
    work(world)
    assert [letter.lane for letter in letters(world)] == [str(group_chat("zijin"))]


@pytest.mark.parametrize("who", ["zhang", "li"])
def test_staff_cannot(world: World, who: str) -> None:
    world.person(who).says("群发 全员：大家好")
    world.person(who).says("确认群发 1")
    with world.database.reading() as session:
        assert session.exec(select(models.Broadcast)).all() == []


def test_nobody_writes_beyond_their_own_units(world: World) -> None:
    wang = world.person("wang")
    told = wang.says("群发 全员 鹤城街道：大家好")
    assert "确认发送" not in told
    wang.says("群发 全员：大家好")
    wang.taps("确认发送")
    work(world)
    assert readers(world) == ["li", "zhang"]


def test_only_the_asker_agrees_and_only_once_and_soon(world: World, zhou: Somebody) -> None:
    zhou.says("群发 全员：一")
    assert "不是您发起的" in world.person("wu").says("确认群发 1")
    assert "开始了" in zhou.says("确认群发 1")
    assert "已经确认过" in zhou.says("确认群发 1")
    zhou.says("群发 全员：二")
    world.now += timedelta(minutes=31)
    assert "作废" in zhou.says("确认群发 2")
    zhou.says("群发 全员：三")
    assert "不发了" in zhou.taps("不发了")
    assert "已经确认过或者取消" in zhou.says("确认群发 3")
    work(world)
    assert readers(world) == ["chen", "li", "wang", "zhang"]
    assert letters(world, 2) == letters(world, 3) == []


def test_other_peoples_data_is_not_broadcast(world: World, zhou: Somebody) -> None:
    told = zhou.says("群发 全员：名单 332501199003070843")
    assert "确认发送" not in told
    assert world.on_disk().count(b"332501199003070843") == 0


@pytest.mark.parametrize("said", ["群发", "群发 大家好", "群发 全员", "通知", "群发：大家好"])
def test_how_to_write_one(world: World, zhou: Somebody, said: str) -> None:
    assert "群发 对象：内容" in zhou.says(said)


def test_the_budget_is_of_the_month_and_says_when_it_does_not_do(world: World, zhou: Somebody) -> None:
    with_means(world, api_a_month=1000, calls_a_second=20.0)
    assert "占本月额度 0.1%（还剩 1,000 次）" in zhou.says("群发 全员：一")
    with world.database.session() as session:
        session.add(models.QuotaUse(month="2022-05", channel="dingtalk", unit="api", count=1000))
    assert "额度不够" in zhou.says("群发 全员：二")


def test_whoever_cannot_be_reached_is_told_beforehand(world: World, zhou: Somebody) -> None:
    world.without_account("李大爷", "金山社区")
    assert "1 人没有账号" in zhou.says("群发 全员：一")


def test_whoever_has_had_enough_is_left_alone(new_world: Worlds) -> None:
    world = new_world()
    zhou = world.person("zhou", "周建国")
    for n in range(world.campaign.manners.most):
        zhou.says(f"群发 联络员：第{n}次")
        zhou.taps("确认发送")
        work(world)
        assert len(letters(world, n + 1)) == 2
    assert "没有能收到消息的" in zhou.says("群发 联络员：又一次")
    assert "2 人在这次活动里已经收够" in zhou.says("群发 全员：又一次")


def test_nothing_goes_out_at_night(world: World, zhou: Somebody) -> None:
    world.now = world.now.replace(hour=21)
    told = zhou.says("群发 全员：一")
    assert "现在不是工作时间，5月19日" in told
    zhou.taps("确认发送")
    work(world)
    assert {letter.not_before > world.now for letter in letters(world)} == {True}


def test_cheaper_ways_are_offered(world: World, zhou: Somebody) -> None:
    for n in range(90):
        world.join(f"p{n}", f"同事{n}", "金山社区")
    world.person("wang").says_in("zijin", "绑定")
    with_means(world, work_notices=True)
    told = zhou.says("群发 全员：一")
    assert "调用 5 次" in told
    assert [*re.findall(r"改发\S+?（(\d+)次）", told)] == ["1", "2"]
    zhou.taps("改发工作通知（2次）")
    work(world)
    assert {letter.channel for letter in letters(world)} == {"work_notice"}
    assert len(letters(world)) == 94
    zhou.says("群发 全员：二")
    zhou.taps("改发工作群（1次）")
    work(world)
    assert [letter.lane for letter in letters(world, 2)] == [str(group_chat("zijin"))]
    with_robot(world, "岩泉群", "331102002")
    zhou.says("群发 全员：三")
    zhou.taps("改发工作群（2次）")
    work(world)
    assert sorted(letter.lane for letter in letters(world, 3)) == [str(group_chat("zijin")), "robot:group:1"]


# ---------------------------------------------------------------- under way


def sent_to_all(world: World, zhou: Somebody) -> None:
    zhou.says("群发 全员：一")
    zhou.taps("确认发送")
    work(world)


def test_it_is_watched_and_stopped_half_way(world: World, zhou: Somebody) -> None:
    sent_to_all(world, zhou)
    fate(world, "li", State.SENT)
    fate(world, "chen", State.WAITING, "403 QpsLimit")
    told = zhou.says("群发 1")
    assert "发送中：1/4（25%）" in told
    assert "送出 1，等待 3" in told
    assert zhou.says("进展 群发 1") == told
    assert "撤回还没发的 3 条，已经送出的 1 条收不回" in zhou.taps("停止")
    assert Counter(letter.state for letter in letters(world)) == {"withdrawn": 3, "sent": 1}
    work(world)
    assert len(letters(world)) == 4


def test_it_is_stopped_while_it_is_being_written(world: World, zhou: Somebody) -> None:
    zhou.says("群发 全员：一")
    zhou.taps("确认发送")
    assert worker(world).next()
    zhou.says("停止群发 1")
    with world.database.session() as session:
        assert dispatch(world).post_slice(session, 1, Mark(world.now)) is None
    assert letters(world) == []


def test_the_asker_is_told_how_it_went_and_why_not(world: World, zhou: Somebody) -> None:
    sent_to_all(world, zhou)
    for reader, state, trouble in (
        ("li", State.SENT, ""),
        ("zhang", State.SENT, ""),
        ("wang", State.REFUSED, "invalidStaffIdList"),
        ("chen", State.DOUBTFUL, "ReadTimeout: no answer"),
    ):
        fate(world, reader, state, trouble)
    zhou.hears()
    work(world)
    work(world)
    (told,) = zhou.hears()
    assert "结束：送出 2/4" in told
    assert "平台上找不到，可能已离职，或者不在应用可见范围：王雅芳" in told
    assert "不知道到没到 1" in told


def test_what_failed_is_sent_again_and_nothing_else(world: World, zhou: Somebody) -> None:
    sent_to_all(world, zhou)
    fate(world, "li", State.SENT)
    fate(world, "zhang", State.DOUBTFUL)
    fate(world, "wang", State.REFUSED, "invalidStaffIdList")
    fate(world, "chen", State.EXPIRED)
    work(world)
    assert "补发 2 条" in zhou.says("补发 1")
    work(world)
    assert {letter.lane.rpartition(":")[2] for letter in world.due() if letter.topic == "broadcast"} == {"wang", "chen"}
    assert "没有要补发的" in zhou.says("补发 1")
    assert len(letters(world)) == 4


def test_what_was_stopped_goes_on_where_it_was(world: World, zhou: Somebody) -> None:
    sent_to_all(world, zhou)
    fate(world, "li", State.SENT)
    zhou.says("停止群发 1")
    zhou.says("补发 1")
    work(world)
    assert Counter(letter.state for letter in letters(world)) == {"waiting": 3, "sent": 1}


def test_others_below_do_not_see_it_and_the_city_does(world: World, zhou: Somebody) -> None:
    sent_to_all(world, zhou)
    assert "不是您发起的" in world.person("wang").says("群发 1")
    assert "不是您发起的" in world.person("sun").says("停止群发 1")
    assert "0/4" in world.person("wu").says("群发 1")


def test_a_kill_in_the_middle_of_writing_makes_nobody_hear_twice(
    new_world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world()
    zhou = world.person("zhou", "周建国")
    for n in range(30):
        world.join(f"p{n}", f"同事{n}", "金山社区")
    zhou.says("群发 全员：一")
    zhou.taps("确认发送")
    with monkeypatch.context() as patch:
        patch.setattr(broadcast_letters, "SLICE", 17)
        with world.database.session() as session:
            posted = dispatch(world).post_slice(session, 1, Mark(world.now))
    assert posted
    assert posted.new == 17
    world.restart()
    work(world)
    assert len(readers(world)) == len(set(readers(world))) == 34


# ---------------------------------------------------------------- 催办 above a size


def test_many_are_nudged_only_after_a_look_at_the_cost(world: World, zhou: Somebody) -> None:
    with_means(world, ask_above=3)
    told = zhou.says("催办")
    assert "4 人" in told
    assert "调用 1 次" in told
    assert letters(world) == []
    zhou.taps("确认发送")
    work(world)
    assert readers(world) == ["chen", "li", "wang", "zhang"]
    assert {letter.topic for letter in letters(world)} == {"nudge"}
    assert "周建国（大数据中心）提醒您" in letters(world)[0].body
    zhou.says("催办")
    zhou.taps("确认发送")
    work(world)
    assert letters(world, 2) == [], "each at most once a day"


def test_a_few_are_nudged_at_once(world: World, zhou: Somebody) -> None:
    assert "马上提醒 4 位" in zhou.says("催办")


def test_many_are_urged_only_after_a_look_at_the_cost(world: World, zhou: Somebody) -> None:
    with_means(world, ask_above=2)
    told = zhou.says("催报")
    assert re.search(r"2 个单位的 2 位联络员：调用 2 次", told)
    assert not [letter for letter in world.due() if letter.topic == "urge"]
    assert "马上提醒 2 个" in zhou.taps("确定催报")
    assert len([letter for letter in world.due() if letter.topic == "urge"]) == 2


@pytest.mark.parametrize("most", [20, 1000])
def test_the_fewest_calls_for_two_texts(
    world: World, zhou: Somebody, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(broadcast_letters, "SLICE", most)
    for n in range(60):
        world.join(f"p{n}", f"同事{n}", "金山社区")
    for n in range(0, 60, 2):
        world.person(f"p{n}").says("你好")
        world.person(f"p{n}").says("1")
    with_means(world, ask_above=10)
    zhou.says("催办")
    zhou.taps("确认发送")
    work(world)
    assert len(readers(world)) == len(set(readers(world))) == 64
    by_text = Counter(letter.batch for letter in letters(world))
    assert len(by_text) == 2
    with world.database.reading() as session:
        planned = broadcasts.numbered(session, 1)
        assert planned
        assert planned.calls == sum(math.ceil(count / 20) for count in by_text.values())
        assert outbox.counts(session)["waiting"] >= 64
