"""免填: with a reason, by those who may, told to the person, neither reminded nor counted; and taken back."""

from datetime import datetime

import pytest

from storage.rows import PersonRow, Role, Roster
from tests.test_oversight import finish, nudged
from tests.world import SHANGHAI, Somebody, World

ILL = "长期病假，六月底返岗"


@pytest.fixture
def sun(world: World) -> Somebody:
    """Coordinator of 鹤城街道, outside of the areas that are checked as a whole."""
    return world.person("sun", "孙文静")


def another_qian(world: World, unit: str) -> None:
    person = PersonRow(staff_id="qian2", name="钱大海", unit_code=unit, roles=frozenset({Role.STAFF}), phone="")
    world.import_roster(Roster(units=(), people=(person,)))


def test_exempt_is_told_not_counted_not_reminded(world: World, sun: Somebody) -> None:
    told = sun.says(f"免填 钱大海：{ILL}")
    assert "鹤城街道 钱大海免填" in told
    assert ILL in told
    heard = "".join(world.person("qian").hears())
    assert "孙文静（联络员）已为您登记免填" in heard
    assert ILL in heard
    assert "您这次免填" in world.person("qian").says("进度")
    assert "未完成" not in world.person("qian").says("待办")
    figures = sun.says("进度")
    assert "应填 **1** 人" in figures
    assert "另有免填 1 人，不计入应填" in figures
    assert "钱大海" not in sun.says("名单")
    assert ILL in sun.says("名单 免填")
    sun.says("催办")
    assert "qian" not in nudged(world)
    world.now = datetime(2022, 5, 23, 9, 30, tzinfo=SHANGHAI)
    world.tick()
    assert not [letter for letter in world.due() if letter.lane.endswith(":qian") and letter.topic == "reminder"]


def test_a_nudge_on_its_way_is_taken_back(world: World, sun: Somebody) -> None:
    world.now = world.now.replace(hour=21)
    sun.says("催办")
    sun.says(f"免填 钱大海 {ILL}")
    world.now = world.now.replace(day=19, hour=10)
    assert not [letter for letter in world.due() if letter.topic == "nudge" and letter.lane.endswith(":qian")]


def test_taken_back_the_person_counts_again_and_hears_of_it(world: World, sun: Somebody) -> None:
    sun.says(f"免填 钱大海：{ILL}")
    assert "重新计入应填" in sun.says("取消免填 钱大海")
    assert "取消了您的免填" in "".join(world.person("qian").hears())
    assert "应填 **2** 人" in sun.says("进度")
    assert "没有免填，不用取消" in sun.says("取消免填 钱大海")


def test_somebody_exempt_who_hands_in_counts_as_finished(world: World, sun: Somebody) -> None:
    sun.says(f"免填 钱大海：{ILL}")
    finish(world, "qian")
    told = sun.says("进度")
    assert "应填 **2** 人，已完成 **1** 人" in told
    assert "免填" not in told
    assert "没有免填的人" in sun.says("名单 免填")
    assert "已经提交了，不用免填" in sun.says(f"免填 钱大海：{ILL}")


def test_a_reason_is_asked_for_and_one_is_enough(sun: Somebody) -> None:
    assert "写明原因" in sun.says("免填 钱大海")
    assert "写上姓名和原因" in sun.says("免填")
    sun.says(f"免填 钱大海：{ILL}")
    assert "已经免填" in sun.says("免填 钱大海：别的原因")


def test_two_of_one_name_are_told_apart_by_their_unit(world: World) -> None:
    another_qian(world, "331121")
    wu = world.person("wu", "吴立新")
    assert "同名" in wu.says(f"免填 钱大海：{ILL}")
    assert "青田县 钱大海免填" in wu.taps("青田县")
    assert "钱大海" in "".join(wu.says("名单 免填").splitlines())
    assert world.person("qian").hears() == []


def test_where_everybody_must_finish_the_county_decides(world: World) -> None:
    wang, zhou = world.person("wang", "王雅芳"), world.person("zhou", "周建国")
    refused = wang.says(f"免填 李小四：{ILL}")
    assert "莲都区按通知要求全面自查" in refused
    assert "莲都区大数据中心" in refused
    assert "免填" not in wang.says("进度")
    assert "李小四免填" in zhou.says(f"免填 李小四：{ILL}")
    assert "莲都区按通知要求全面自查" in wang.says("取消免填 李小四")


@pytest.mark.parametrize("name", ["张三丰", "陈明亮", "没有这个人"])
def test_people_of_others_are_not_even_said_to_exist(sun: Somebody, name: str) -> None:
    told = sun.says(f"免填 {name}：{ILL}")
    assert told.replace(name, "某人") == sun.says(f"免填 某人：{ILL}")
    assert "没有找到" in told


def test_nobody_excuses_themselves(sun: Somebody) -> None:
    assert "请上级单位办理" in sun.says(f"免填 孙文静：{ILL}")


def test_staff_and_groups_cannot(world: World, sun: Somebody) -> None:
    assert "由单位联络员负责" in world.person("qian").says(f"免填 孙文静：{ILL}")
    told = sun.says_in("工作群", f"免填 钱大海：{ILL}")
    assert "私聊" in told
    assert "钱大海" not in told + sun.says_in("工作群", "名单 免填")


def test_who_decided_is_written_down_without_the_reason(world: World, sun: Somebody) -> None:
    sun.says(f"免填 钱大海：{ILL}")
    ((_, actor, action, subject, detail),) = world.facts()["audit"]
    assert (actor, action, subject) == ("sun", "exempt", "331121100")
    assert "病" not in detail


def test_without_an_account_somebody_is_listed_but_not_written_to(world: World, sun: Somebody) -> None:
    with world.database.session() as session:
        session.connection().exec_driver_sql("UPDATE person SET account = false WHERE staff_id = 'qian'")
    assert "钱大海（代填）" in sun.says("名单")
    assert "1 人没有账号" in sun.says("催办")
    assert nudged(world) == set()
    world.now = datetime(2022, 5, 23, 9, 30, tzinfo=SHANGHAI)
    world.tick()
    assert not [letter for letter in world.due() if letter.lane.endswith(":qian")]


def test_who_was_late_is_listed_after_the_deadline(world: World, sun: Somebody) -> None:
    assert "才截止" in sun.says("名单 逾期")
    world.now = world.now.replace(day=31)
    finish(world, "qian")
    told = sun.says("名单 逾期")
    assert "钱大海 5月31日" in told
    assert "逾期 1 人没有完成" in told
