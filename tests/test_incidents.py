"""督办 and 事件: facts and dates, for the county among its own and for the city; in a group nothing."""

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from handlers.messages import Document
from tests.test_oversight import finish
from tests.world import Somebody, World, id_number

FACT = "工作群误发名单1份，当日已删除"


@pytest.fixture
def zhou(world: World) -> Somebody:
    return world.person("zhou", "周建国")


@pytest.fixture
def wu(world: World) -> Somebody:
    return world.person("wu", "吴立新")


def on_paper(world: World, somebody: Somebody, said: str) -> list[tuple[str, ...]]:
    somebody.sends(said)
    (paper,) = [body for body in somebody.gets() if isinstance(body, Document)]
    sheet = load_workbook(io.BytesIO(world.make(paper))).worksheets[0]
    return [tuple(str(cell) for cell in row if cell is not None) for row in sheet.iter_rows(values_only=True)]


def test_an_incident_from_its_record_to_its_end(world: World, zhou: Somebody) -> None:
    world.now = world.now.replace(day=21)
    told = zhou.says(f"登记事件 紫金街道 5月20日：{FACT}")
    assert f"第1号：莲都区 紫金街道，5月20日，{FACT}" in told
    assert "1号 莲都区 紫金街道 5月20日" in zhou.says("事件")
    assert FACT in zhou.says("事件 1")
    assert "已约谈" in zhou.says("事件 1 处理：已约谈，名单已删除")
    assert "没有未办结" in zhou.says("事件")
    assert "已经办结" in zhou.says("事件 1 处理：再办一次")
    actions = [action for _, _, action, *_ in world.facts()["audit"]]
    assert actions == ["incident", "incident.close"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("登记事件", "请写单位、日期和事实"),
        (f"登记事件 紫金街道：{FACT}", "请写单位、日期和事实"),
        (f"登记事件 紫金街道 6月20日：{FACT}", "还没到"),
        (f"登记事件 紫金街道 5月40日：{FACT}", "没看懂"),
        (f"登记事件 鹤城街道 5月18日：{FACT}", "看不到"),
        ("事件 7", "没有找到"),
    ],
)
def test_what_cannot_be_recorded(zhou: Somebody, said: str, answer: str) -> None:
    assert answer in zhou.says(said)
    assert "没有未办结" in zhou.says("事件")


def test_numbers_of_people_are_turned_away_before_anything_is_kept(world: World, zhou: Somebody) -> None:
    number = id_number()
    assert "撤回" in zhou.says(f"登记事件 紫金街道 5月18日：群里发了 {number}")
    assert number.encode() not in world.on_disk()


def test_units_neither_record_nor_see(world: World, zhou: Somebody) -> None:
    zhou.says(f"登记事件 紫金街道 5月18日：{FACT}")
    wang = world.person("wang", "王雅芳")
    for said in ("事件", "事件 1", "督办", f"登记事件 紫金街道 5月18日：{FACT}", "导出 督办清单"):
        assert FACT not in wang.says(said)
    assert FACT in world.person("wu", "吴立新").says("事件"), "the city sees all"


def test_another_county_does_not_find_it(world: World, wu: Somebody, zhou: Somebody) -> None:
    wu.says(f"登记事件 鹤城街道 5月18日：{FACT}")
    assert "没有找到" in zhou.says("事件 1")
    assert "没有找到" in zhou.says("事件 1 处理：别人的")
    assert FACT not in zhou.says("督办")


def test_in_a_group_it_goes_to_the_asker_alone(world: World, zhou: Somebody) -> None:
    zhou.says(f"登记事件 紫金街道 5月18日：{FACT}")
    for said in ("督办", "事件"):
        assert "私聊" in (told := zhou.says_in("工作群", said))
        assert FACT not in told
    assert FACT in "".join(zhou.hears())


def test_before_the_deadline_nobody_is_overdue(zhou: Somebody) -> None:
    assert "还没有逾期的单位" in zhou.says("督办")


def test_after_it_units_and_people_are_listed_with_facts_only(world: World, wu: Somebody, zhou: Somebody) -> None:
    finish(world, "chen")
    world.now = world.now.replace(day=31, hour=10)
    told = zhou.says("督办")
    assert "逾期未上报 3 个单位" in told
    assert "岩泉街道：反馈表还没有确认" in told
    assert "紫金街道：应填 2 人，2 人没有完成" in told
    assert "鹤城街道" not in told
    assert "鹤城街道" in wu.says("督办")
    assert "鹤城街道" in wu.says("督办 青田县")
    for name in ("李小四", "张三丰", "钱大海"):
        assert name not in told


def test_the_list_on_paper(world: World, wu: Somebody) -> None:
    wu.says(f"登记事件 紫金街道 5月18日：{FACT}")
    wu.says("事件 1 处理：已约谈")
    world.now = world.now.replace(day=31, hour=10)
    rows = on_paper(world, wu, "导出 督办清单 莲都区")
    assert any("紫金街道" in row and FACT in row and "2022-05-18 已约谈" in row for row in rows)
    assert any("逾期未上报" in row and "岩泉街道" in row for row in rows)
    assert any("应填 1 人，1 人没有完成" in row for row in rows)


def test_a_return_that_came_late_stays_on_the_list_with_its_day(world: World, wu: Somebody) -> None:
    world.move_deadline(date(2022, 5, 17))
    with world.database.session() as session:
        values = "'lishui-2022-69', (SELECT id FROM unit WHERE code = '331102002'), 'submitted', false, true, '', ''"
        session.connection().exec_driver_sql(
            "INSERT INTO unit_return (campaign, unit_id, state, nil, late, gaps, digest, handed_up_at) "
            f"VALUES ({values}, '2022-05-18 01:00:00.000000')"
        )
    assert "岩泉街道：反馈表5月18日才上报" in wu.says("督办 岩泉街道")
