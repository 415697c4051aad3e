"""Risks pinned to a person and a unit: found when somebody hands in, asked about on the day, followed up to the end."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from handlers import daily
from handlers.messages import Document
from storage import risks, roster
from tests.world import World

PENDING = ("开始", "2", "手机 微信", "2", "微信", "5月25日", "1", "1", "1", "对", "1", "今年签的", "提交")
"""A data set of which the part in 微信 is still to be cleaned."""


def hands_in(world: World, who: str, *said: str) -> str:
    return [world.person(who).says(words) for words in (said or PENDING)][-1]


def open_(world: World) -> list[tuple[str, str, date | None]]:
    with world.database.reading() as session:
        rows = risks.below(session, world.campaign.id, "/", only_open=True)
        return [(person.staff_id, risk.text, risk.due) for risk, person, _ in rows]


def number(world: World) -> int:
    with world.database.reading() as session:
        return next(
            risk.id or 0 for risk, _, _ in risks.below(session, world.campaign.id, "/") if risk.source == "uncleaned"
        )


def daily_letters(world: World) -> list[str]:
    """What the round of the day says, by person."""
    world.tick()
    return sorted(letter.lane.rpartition(":")[2] for letter in world.due() if letter.topic == "risk")


def test_what_is_not_cleaned_is_pinned_to_the_person_with_its_day(world: World) -> None:
    assert "已提交" in hands_in(world, "li")
    assert open_(world) == [("li", "微信中的涉疫信息还没有清理", date(2022, 5, 25))]


def test_what_was_put_right_before_is_listed_but_not_open(world: World) -> None:
    hands_in(world, "li", "开始", "2", "微信", "1", "1", "1", "1", "对", "1", "今年签的", "提交")
    assert open_(world) == []
    with world.database.reading() as session:
        ((risk, _, _),) = risks.below(session, world.campaign.id, "/")
        assert risk.text.startswith("密接人员清单：")
        (first, settled) = [step.action for step in risks.steps(session, [risk.id or 0])[risk.id or 0]] + [""]
        assert first == risks.SETTLED or settled == risks.SETTLED


def test_a_nil_return_has_no_risk(world: World) -> None:
    hands_in(world, "li", "开始", "1", "1", "4")
    assert open_(world) == []


def test_on_the_day_the_person_is_asked_once_and_closes_it_with_a_tap(world: World) -> None:
    hands_in(world, "li")
    world.now = world.now.replace(day=25, hour=7)
    assert daily_letters(world) == [], "nobody is written to before the day begins"
    world.now = world.now.replace(hour=9)
    assert daily_letters(world) == ["li"]
    assert daily_letters(world) == []
    li = world.person("li")
    assert "微信中的涉疫信息还没有清理" in "\n".join(li.hears())
    assert "已处理好" in li.taps("清理好了")
    assert open_(world) == []
    assert "之前已经关闭" in li.says(f"风险 {number(world)} 清理好了")


def test_a_few_days_more(world: World) -> None:
    hands_in(world, "li")
    li, n = world.person("li"), number(world)
    assert f"风险 {n} 延到" in li.says(f"风险 {n} 晚几天")
    assert "5月27日" in li.says(f"风险 {n} 延到 5月27日：出差")
    assert open_(world)[0][2] == date(2022, 5, 27)
    assert "已经过去" in li.says(f"风险 {n} 延到 5月2日")
    world.now = world.now.replace(day=25, hour=9)
    assert daily_letters(world) == []
    world.now = world.now.replace(day=27)
    assert daily_letters(world) == ["li"]


def test_a_day_that_is_a_sunday_is_asked_about_on_friday(world: World) -> None:
    hands_in(world, "li", *(("5月29日" if said == "5月25日" else said) for said in PENDING))
    world.now = world.now.replace(day=27, hour=9)
    assert daily_letters(world) == ["li"]


def test_what_is_overdue_reaches_the_coordinator_in_one_letter_a_day(world: World) -> None:
    hands_in(world, "li")
    world.now = world.now.replace(day=26, hour=9)
    assert daily_letters(world) == ["wang"]
    assert daily_letters(world) == []
    wang = world.person("wang")
    assert "1 条风险过了期限" in "\n".join(wang.hears())
    told = wang.says("风险")
    assert "李小四" in told
    assert "已过" in told
    assert "记下了" in wang.says(f"风险 {number(world)} 跟进：已约好当面清理")
    assert "已处理好" in wang.says(f"风险 {number(world)} 关闭：当面看过")
    assert "重新打开" in wang.says(f"风险 {number(world)} 重新打开：又有人转发")
    assert len(open_(world)) == 1


def test_handing_in_again_closes_what_the_answers_no_longer_show(world: World) -> None:
    hands_in(world, "li")
    hands_in(world, "li", "修改 3", "都清理了", "提交")
    assert open_(world) == []
    hands_in(world, "li", "修改 3", "有的还没有", "提交")
    assert open_(world)[0][2] == date(2022, 5, 25), "shown again, it is open again"
    world.person("li").says(f"风险 {number(world)} 清理好了")
    hands_in(world, "li", "修改 3", "有的还没有", "提交")
    assert open_(world) == [], "followed up to its end, it stays closed"


@pytest.mark.parametrize("who", ["zhang", "chen", "sun", "qian"])
def test_nobody_else_learns_that_there_is_such_a_risk(world: World, who: str) -> None:
    hands_in(world, "li")
    n = number(world)
    for said in (f"风险 {n} 清理好了", f"风险 {n} 跟进：看看", f"风险 {n} 延到 5月30日", f"风险 {n}"):
        told = world.person(who).says(said)
        assert "没有找到这条风险" in told
    assert told == world.person(who).says("风险 999999")
    assert len(open_(world)) == 1
    assert "李小四" not in world.person(who).says("风险")


def test_somebody_cannot_open_their_own_again_but_their_office_can(world: World) -> None:
    hands_in(world, "li")
    n = number(world)
    world.person("li").says(f"风险 {n} 清理好了")
    assert "联络员决定" in world.person("li").says(f"风险 {n} 重新打开")
    assert open_(world) == []


def test_where_everybody_has_to_be_checked_three_levels_are_counted(world: World) -> None:
    hands_in(world, "li")
    told = world.person("zhou").says("风险")
    assert "工作组（专班）0/0，单位 0/" in told
    assert "个人 1/" in told
    assert "全面自查完成情况" not in world.person("sun").says("风险"), "青田 is no key area"


def test_the_ledger_names_unit_person_day_and_what_was_done(world: World) -> None:
    hands_in(world, "li")
    wang = world.person("wang")
    wang.says(f"风险 {number(world)} 跟进：=已约好")
    with world.database.reading() as session:
        unit = next(unit for unit in roster.units(session) if unit.code == "331102001")
    params = {"campaign": world.campaign.id, "unit": str(unit.id), "as_of": world.now.isoformat()}
    sheet = load_workbook(io.BytesIO(world.make(Document("台账.xlsx", "risk_ledger", params)))).worksheets[0]
    rows = [[str(cell or "") for cell in row] for row in sheet.values]
    (row,) = [row for row in rows if "李小四" in row]
    assert row[1:7] == ["—", "紫金街道", "李小四", "微信中的涉疫信息还没有清理", "2022-05-25", "未关闭"]
    assert "跟进：=已约好" in row[7]


def test_the_round_is_made_once_a_day_and_on_working_days(world: World) -> None:
    saturday = world.now.replace(day=28, hour=10)
    with world.database.session() as session:
        assert daily.fire(session, world.campaign, now=saturday) is None
        monday = saturday + timedelta(days=2)
        assert daily.fire(session, world.campaign, now=monday) == []
        assert daily.fire(session, world.campaign, now=monday) is None
