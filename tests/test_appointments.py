"""Deputies during leave, and handing the office over in one command."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session

from storage import appointments, inbox, roster
from storage.models import Person, Unit
from storage.rows import PersonRow, Role, Roster
from tests.world import World, small_roster

SMALL = small_roster()


def colleague(staff_id: str, name: str, unit: str = "331102001", *, account: bool = True) -> PersonRow:
    return PersonRow(
        staff_id=staff_id, name=name, unit_code=unit, roles=frozenset({Role.STAFF}), phone="", account=account
    )


def with_colleagues(world: World, *people: PersonRow) -> None:
    world.import_roster(Roster(units=SMALL.units, people=(*SMALL.people, *people)))


def offices_of(session: Session, person: Person, at: datetime) -> list[tuple[Role, Unit]]:
    return roster.appointments(session, person.id or 0, at)


def audit(world: World) -> list[tuple[str, str, str, str]]:
    return [(actor, action, subject, detail) for _, actor, action, subject, detail in world.facts()["audit"]]


def test_a_deputy_acts_until_the_end_of_the_day_and_not_longer(world: World) -> None:
    wang, li = world.person("wang"), world.person("li")
    assert "不" not in wang.says("委托 李小四 到5月20日").split("。")[0]
    told = "\n".join(li.hears())
    assert "王雅芳" in told
    assert "紫金街道联络员" in told
    assert "5月20日" in told
    assert "紫金街道" in li.says("名单")
    world.now += timedelta(days=2, hours=14, minutes=55)  # the 20th, shortly before midnight
    assert "还有" in li.says("名单")
    world.now += timedelta(minutes=10)
    assert "联络员" in li.says("名单"), "a plain no: lists are the coordinator's"
    assert "还有" in wang.says("名单"), "the office itself was never gone"


def test_offices_are_read_once_in_a_turn_and_anew_after_a_change(world: World) -> None:
    read: list[str] = []

    def listen(_c: object, _k: object, statement: str, *_more: object) -> None:
        read.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", listen)
    try:
        with world.database.session() as session:
            people = inbox.people(session, ["wang", "li"])
            wang, li = people["wang"], people["li"]
            first = offices_of(session, wang, world.now)
            read.clear()
            assert offices_of(session, wang, world.now) == first
            assert read == []
            assert offices_of(session, li, world.now) == []
            offices = [office for office, _ in appointments.held(session, wang.id or 0)]
            until = world.now + timedelta(days=1)
            appointments.depute(session, wang, li, offices, until=until, at=world.now)
            assert offices_of(session, li, world.now) == first
            assert offices_of(session, li, until) == [], "as of another moment it is another question"
            appointments.hand_over(session, wang, li, offices, at=world.now)
            assert offices_of(session, wang, world.now) == []
    finally:
        event.remove(world.database.engine, "before_cursor_execute", listen)


def test_the_audit_names_the_deputy_and_in_whose_stead(world: World) -> None:
    world.person("wang").says("委托 李小四 到5月20日")
    world.person("li").says("导出 未完成名单")
    assert ("li", "export", "331102001", "missing_list in stead of wang") in audit(world)
    world.person("wang").says("导出 未完成名单")
    assert ("wang", "export", "331102001", "missing_list") in audit(world)


def test_deputies_are_listed_and_ended(world: World) -> None:
    wang, li = world.person("wang"), world.person("li")
    assert "现在没有委托" in wang.says("委托")
    wang.says("委托 李小四 到5月20日")
    wang.says("委托 张三丰 到5月21日")
    listed = wang.says("委托")
    assert "李小四" in listed
    assert "5月21日" in listed
    li.hears()
    assert "李小四" in wang.says("取消委托 李小四")
    assert "结束了委托" in "\n".join(li.hears())
    assert "李小四" not in wang.says("委托")
    assert "张三丰" in wang.says("取消委托")
    assert "没有委托" in wang.says("取消委托")
    assert "还有" not in li.says("名单")


def test_a_deputy_sees_for_whom_and_passes_nothing_on(world: World) -> None:
    world.person("wang").says("委托 李小四 到5月20日")
    li = world.person("li")
    assert "您代王雅芳" in li.says("委托")
    assert "请由本人" in li.says("委托 张三丰 到5月20日")
    assert "请由本人" in li.says("移交 张三丰")


@pytest.mark.parametrize("name", ["陈明亮", "周建国", "没有这人", "sun"])
def test_somebody_from_outside_is_not_found_whether_they_exist_or_not(world: World, name: str) -> None:
    wang = world.person("wang")
    for said in (f"委托 {name} 到5月20日", f"移交 {name}", f"确认移交 {name}"):
        assert "没有找到" in wang.says(said)
    roles = world.facts()["roles"]
    assert len(roles) == 5


def test_without_an_account_there_is_a_plain_no(world: World) -> None:
    with_colleagues(world, colleague("x1", "李大爷", account=False))
    assert "没有账号" in world.person("wang").says("委托 李大爷 到5月20日")
    assert "没有账号" in world.person("wang").says("移交 李大爷")


def test_of_several_of_one_name_the_unit_tells_which(world: World) -> None:
    with_colleagues(world, colleague("a", "李平"), colleague("b", "李平", "331102001001"))
    wang = world.person("wang")
    assert "[2 李平 莲都区 紫金街道 金山社区]" in wang.says("委托 李平 到5月20日")
    assert "已委托李平" in wang.says("2")
    assert "王雅芳" in "\n".join(world.person("b").hears())
    assert world.person("a").hears() == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("委托 李小四", "到哪天"),
        ("委托 李小四 到5月1日", "已经过去"),
        ("委托 李小四 到2年后", "到哪天"),
        ("委托 李小四 到2024-06-01", "最长一年"),
        ("委托 王雅芳 到6月1日", "您自己"),
        ("移交", "接手人的姓名"),
        ("移交 王雅芳", "您自己"),
    ],
)
def test_what_is_missing_is_said(world: World, said: str, told: str) -> None:
    assert told in world.person("wang").says(said)
    assert len(world.facts()["roles"]) == 5


@pytest.mark.parametrize("said", ["委托 李小四 到今天", "委托李小四到5月18日", "委托 李小四，到5月18日为止"])
def test_a_day_is_said_in_any_usual_way(world: World, said: str) -> None:
    assert "到5月18日24点" in world.person("wang").says(said)


def test_a_new_day_takes_the_place_of_the_old(world: World) -> None:
    wang = world.person("wang")
    wang.says("委托 李小四 到5月20日")
    assert "到5月25日" in wang.says("委托 李小四 到5月25日")
    assert wang.says("委托").count("李小四") == 1


def test_the_office_is_handed_over_and_those_above_hear_of_it(world: World) -> None:
    wang, li, zhou = world.person("wang"), world.person("li"), world.person("zhou")
    asked = wang.says("移交 李小四")
    assert "紫金街道联络员" in asked
    assert "还有" in wang.says("名单"), "nothing has happened yet"
    wang.says("移交 李小四")
    assert "已移交" in wang.taps("移交")
    assert "移交给您" in "\n".join(li.hears())
    assert "移交给李小四" in "\n".join(zhou.hears())
    assert "还有" in li.says("名单")
    assert "还有" not in wang.says("名单")
    assert [row[:3] for row in audit(world)].count(("wang", "office.hand_over", "331102001")) == 1


def test_one_may_think_better_of_it(world: World) -> None:
    wang = world.person("wang")
    wang.says("移交 李小四")
    assert "没有移交" in wang.taps("不移交")
    assert "还有" in wang.says("名单")


def test_with_the_office_goes_the_deputy(world: World) -> None:
    with_colleagues(world, colleague("a", "李平"))
    wang, li = world.person("wang"), world.person("li")
    wang.says("委托 李小四 到5月25日")
    wang.says("移交 李平")
    li.hears()
    wang.taps("移交")
    assert "到此结束" in "\n".join(li.hears())
    assert "还有" not in li.says("名单")
    assert "还有" in world.person("a").says("名单")


def test_the_deputy_may_become_the_holder(world: World) -> None:
    wang, li = world.person("wang"), world.person("li")
    wang.says("委托 李小四 到5月20日")
    wang.says("移交 李小四")
    wang.taps("移交")
    world.now += timedelta(days=9)
    assert "还有" in li.says("名单"), "no term ends any more"


def test_the_citys_last_office_passes_to_somebody(world: World) -> None:
    wu = world.person("wu")
    wu.says("移交 周建国")
    assert "已移交" in wu.taps("移交")
    assert "**丽水市**" in world.person("zhou").says("进度")


def test_in_a_group_none_of_it_is_done(world: World) -> None:
    wang = world.person("wang")
    for said in ("委托 李小四 到5月20日", "取消委托", "移交 李小四", "确认移交 李小四"):
        assert "单聊" in wang.says_in("工作群", said)
    assert len(world.facts()["roles"]) == 5


def test_staff_without_an_office_have_none_to_pass_on(world: World) -> None:
    zhang = world.person("zhang")
    zhang.says("委托 李小四 到5月20日")
    zhang.says("确认移交 李小四")
    assert len(world.facts()["roles"]) == 5
