"""发现 and 整改: from what a checker found to the day it is closed, with everything in between written down."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from handlers.messages import Document
from storage.models import Finding, FindingStep, Outgoing
from storage.rows import PersonRow, Role, Roster
from tests.test_oversight import finish
from tests.world import MORNING, Somebody, World, small_roster

FOUND = "发现 紫金街道：微信群里的名单没有删除，群还在用 限6月2日"


@pytest.fixture
def wu(world: World) -> Somebody:
    return world.person("wu", "吴立新")


@pytest.fixture
def wang(world: World) -> Somebody:
    return world.person("wang", "王雅芳")


def finding(world: World, number: int = 1) -> Finding:
    with world.database.reading() as session:
        return session.exec(select(Finding).where(Finding.id == number)).one()


def steps(world: World) -> list[str]:
    with world.database.reading() as session:
        return list(session.exec(select(FindingStep.action).order_by(col(FindingStep.id))).all())


def reminders(world: World) -> list[Outgoing]:
    with world.database.reading() as session:
        return list(session.exec(select(Outgoing).where(Outgoing.topic == "rectify")).all())


def test_the_whole_life_of_a_finding(world: World, wu: Somebody, wang: Somebody) -> None:
    told = wu.says(FOUND)
    assert "整改 1（莲都区 紫金街道），期限6月2日" in told
    (letter,) = wang.hears()
    assert "微信群里的名单没有删除，群还在用" in letter, "in the checker's own punctuation"
    assert "6月2日" in letter
    assert "整改 1：已" in letter
    assert "紫金街道：微信群里的名单没有删除" in wang.says("整改")
    assert "报给检查人复核" in wang.says("整改 1：已删除群文件，群已解散。")
    (letter,) = wu.hears()
    assert "已删除群文件，群已解散。" in letter
    assert "等待复核" in wu.says("整改")
    assert "写明原因" in wu.says("整改 1 不通过")
    wu.says("整改 1 不通过：手机里的还没删")
    assert "手机里的还没删" in wang.hears()[0]
    assert finding(world).answered_at is None
    wang.says("整改 1 手机里的也删了")
    assert "关闭了" in wu.says("整改 1 通过")
    assert "通过复核" in wang.hears()[-1]
    assert "没有还没完成的整改" in wang.says("整改")
    assert "已经通过并关闭" in wang.says("整改 1：再说一次")
    assert steps(world) == ["recorded", "answered", "sent_back", "answered", "closed"]
    history = wu.says("整改 1")
    for said in ("吴立新　发现", "王雅芳　报告整改：已删除群文件", "不通过：手机里的还没删", "通过，关闭", "已关闭"):
        assert said in history


def test_the_same_message_twice_is_one_finding(world: World, wu: Somebody) -> None:
    wu.says(FOUND)
    before = world.facts()
    assert world.redeliver() == 0
    assert world.facts() == before
    assert steps(world) == ["recorded"]


def test_the_unit_cannot_close_it_itself_nor_another_answer(world: World, wu: Somebody, wang: Somebody) -> None:
    wu.says(FOUND)
    wang.says("整改 1：已删除")
    for said in ("整改 1 通过", "整改 1 延到 7月1日", "整改 1 不通过：不行"):
        assert "由检查的部门复核" in wang.says(said)
    for other in ("chen", "sun"):
        assert "没有找到这条整改" in world.person(other).says("整改 1：已删除")
        assert "紫金" not in world.person(other).says("整改").replace("紫金街道：……", "")
    assert finding(world).closed_at is None


def test_a_county_does_not_close_what_the_city_found(world: World, wu: Somebody, wang: Somebody) -> None:
    wu.says(FOUND)
    wang.says("整改 1：已删除")
    zhou = world.person("zhou", "周建国")
    assert "由检查的部门复核" in zhou.says("整改 1 通过")
    assert "整改 1" in zhou.says("整改"), "it sees what is open below it"
    zhou.says("发现 岩泉街道：没有培训记录")
    chen = world.person("chen")
    chen.says("整改 2：已补培训")
    assert "关闭了" in wu.says("整改 2 通过"), "the city may close what its county found"


def test_what_was_not_answered_is_not_closed(world: World, wu: Somebody) -> None:
    wu.says(FOUND)
    assert "还没有报告整改情况" in wu.says("整改 1 通过")


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("发现 紫金街道：没删 限6月2日", date(2022, 6, 2)),
        ("发现 紫金街道：没删，限5月27日前整改。", date(2022, 5, 27)),
        ("发现 紫金街道：没删；限期明天", date(2022, 5, 19)),
        ("发现 紫金街道：账号权限过大", date(2022, 5, 25)),
        ("发现 紫金街道: 没删", date(2022, 5, 25)),
    ],
)
def test_the_day_is_read_off_the_end(world: World, wu: Somebody, said: str, due: date) -> None:
    wu.says(said)
    found = finding(world)
    assert found.due == due
    assert "限期" not in found.text
    assert not found.text.endswith(("，", "；", " "))


def test_a_day_that_cannot_be_is_refused(world: World, wu: Somebody) -> None:
    assert "没看懂期限" in wu.says("发现 紫金街道：没删 限13月40日")
    assert "已经过去" in wu.says("发现 紫金街道：没删 限5月2日")
    assert steps(world) == []


def test_a_finding_beyond_ones_own_is_refused(world: World) -> None:
    assert "看不到其他单位" in world.person("zhou").says("发现 鹤城街道：没删")
    for staff in ("li", "wang"):
        world.person(staff).says("发现 紫金街道：没删")
    assert steps(world) == []


def test_one_that_was_drawn_is_named_by_its_number(world: World, wu: Somebody, wang: Somebody) -> None:
    finish(world, "li")
    wu.says("抽查 紫金街道 人员 100%")
    wu.says("抽查 1 开始")
    wang.hears()
    told = wu.says("抽查 1")
    place = next(line.split("　")[0].removeprefix("- ") for line in told.splitlines() if "李小四" in line)
    wu.says(f"发现 {place}：漏报微信")
    (letter,) = [said for said in wang.hears() if "整改" in said]
    assert "涉及李小四" in letter, "the person's own coordinator knows whom to speak to"
    assert "李小四" not in world.person("zhou").says("整改"), "the county in between does not"
    assert "李小四" in wu.says("整改")
    assert "发现问题 1 条" in wu.says("抽查 1")
    number = place.split("-")[1]
    assert "记下了" in wu.says(f"发现 {number}：未发现问题"), "one draw only: its number is enough"
    assert "没有找到这个序号" in wu.says("发现 1-77：没删")


def test_a_unit_checked_and_found_in_order(world: World, wu: Somebody) -> None:
    wu.says("抽查 莲都区 单位 1")
    wu.says("抽查 1 开始")
    assert "待现场检查" in wu.says("抽查 1")
    wu.says("发现 1-1：未发现问题")
    assert "检查过，未发现问题" in wu.says("抽查 1")
    assert steps(world) == []


# ---------------------------------------------------------------- the day before, and after


def on(world: World, day: int, month: int = 5, hour: int = 10) -> int:
    world.now = MORNING.replace(month=month, day=day, hour=hour)
    return world.tick()


def test_the_unit_is_reminded_the_working_day_before(world: World, wu: Somebody, wang: Somebody) -> None:
    """Thursday 2 June is the day; Friday 3 June 2022 is the 端午 holiday."""
    wu.says(FOUND)
    wang.hears()
    on(world, 31)
    assert reminders(world) == []
    on(world, 1, month=6)
    assert [letter.lane.rpartition(":")[2] for letter in reminders(world)] == ["wang"]
    assert on(world, 1, month=6, hour=11) == 0, "once"
    wu.hears()
    on(world, 2, month=6)
    assert len(reminders(world)) == 1
    on(world, 6, month=6)
    assert len(reminders(world)) == 2, "the first working day after it, to the checker"
    assert "过了期限" in "".join(wu.hears())
    assert "已过期" in wang.says("整改")


def test_a_day_after_the_weekend_is_reminded_of_on_friday(world: World, wu: Somebody) -> None:
    wu.says("发现 紫金街道：没删 限5月23日")
    on(world, 19)
    assert reminders(world) == []
    on(world, 20)
    assert len(reminders(world)) == 1


def test_what_was_answered_is_not_reminded_of(world: World, wu: Somebody, wang: Somebody) -> None:
    wu.says(FOUND)
    wang.says("整改 1：已删除")
    on(world, 1, month=6)
    on(world, 6, month=6)
    assert reminders(world) == []


def test_a_new_day_is_reminded_of_anew(world: World, wu: Somebody, wang: Somebody) -> None:
    wu.says(FOUND)
    wu.says("整改 1 延到 6月9日：设备在维修")
    assert "6月9日" in wang.hears()[-1]
    on(world, 1, month=6)
    assert reminders(world) == []
    on(world, 8, month=6)
    assert len(reminders(world)) == 1


def test_when_the_checker_has_left_the_office_goes_on(world: World, wu: Somebody, wang: Somebody) -> None:
    wu.says(FOUND)
    new = PersonRow(staff_id="zheng", name="郑新", unit_code="3311", roles=frozenset({Role.CITY}), phone="")
    world.import_roster(Roster(units=small_roster().units, people=(new,)))
    with world.database.session() as session:
        session.connection().exec_driver_sql("UPDATE person SET active = false WHERE staff_id = 'wu'")
    wang.says("整改 1：已删除")
    zheng = world.person("zheng")
    assert "已删除" in zheng.hears()[0]
    assert "关闭了" in zheng.says("整改 1 通过")


def test_the_record_has_findings_that_belong_to_no_draw(world: World, wu: Somebody, wang: Somebody) -> None:
    wu.says(FOUND)
    wang.says("整改 1：已删除")
    world.now += timedelta(minutes=1)
    wu.sends("导出 抽查记录")
    (paper,) = [body for body in wu.gets() if isinstance(body, Document)]
    sheet = load_workbook(io.BytesIO(world.make(paper))).worksheets[0]
    told = "\n".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    for said in ("莲都区 紫金街道", "整改1：微信群里的名单没有删除", "2022-06-02", "王雅芳报告整改：已删除"):
        assert said in told
