"""Somebody in no roster: finds their unit, says their name, and waits for the coordinator's word."""

from dataclasses import replace

import pytest
from sqlmodel import col, select

from storage.models import Membership, Person, Unit
from storage.rows import PersonRow, Role, Roster
from tests.world import Somebody, World, small_roster


@pytest.fixture
def xiaoming(world: World) -> Somebody:
    somebody = world.person("xiaoming", "赵小明")
    somebody.says("你好")
    return somebody


def stage(world: World) -> tuple[str, str]:
    """Stage and name of the one applicant."""
    ((_, name, _, _, stage),) = world.facts()["applicants"]
    return stage, name


def apply(somebody: Somebody, unit: str = "紫金街道") -> None:
    somebody.says(unit)
    somebody.says("1")
    somebody.says("赵小明")


def in_roster(world: World) -> set[str]:
    return {staff_id for staff_id, *_ in world.facts()["people"]}


@pytest.mark.parametrize(
    "said",
    ["紫金街道", "紫金", "zijin", "ZiJin", "zjjd", "莲都紫金街道", "莲都区紫金", "紫金街到", "我在紫金街道"],
)
def test_a_unit_is_found_by_what_people_remember_of_it(xiaoming: Somebody, said: str) -> None:
    assert "[1 莲都区 紫金街道]" in xiaoming.says(said)


@pytest.mark.parametrize("said", ["火星", "街", "abcxyz", "12", "？", "", "😀"])
def test_what_is_no_unit_is_asked_again(world: World, xiaoming: Somebody, said: str) -> None:
    assert xiaoming.says(said)
    assert stage(world)[0] == "searching"


def test_nobody_enters_the_roster_by_their_own_word(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    xiaoming.says("1")
    xiaoming.says("同意加入 1")
    xiaoming.says("都没有")
    assert stage(world) == ("waiting", "赵小明")
    assert "xiaoming" not in in_roster(world)
    assert world.facts()["cases"] == {}


def test_the_units_coordinator_decides(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    wang = world.person("wang", "王雅芳")
    assert "赵小明" in "".join(wang.hears())
    wang.taps("是，加入")
    assert "xiaoming" in in_roster(world)
    assert world.facts()["applicants"] == []
    assert xiaoming.hears(), "the newcomer hears of it and is asked the first question"
    xiaoming.taps("都没有")
    assert [key for key, *_ in world.facts()["cases"]["xiaoming"]["answers"]] == ["contact"]


@pytest.mark.parametrize("decider", ["li", "chen", "sun"])
def test_nobody_else_decides(world: World, xiaoming: Somebody, decider: str) -> None:
    apply(xiaoming)
    world.person(decider).says("同意加入 1")
    world.person(decider).says("不同意加入 1")
    assert stage(world)[0] == "waiting"
    assert "xiaoming" not in in_roster(world)


def test_those_above_may_decide_too(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    world.person("zhou").says("同意加入 1")
    assert "xiaoming" in in_roster(world)


def test_a_unit_without_a_coordinator_asks_the_next_above(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming, "金山社区")
    assert "赵小明" in "".join(world.person("wang").hears())


def test_a_decision_is_made_once(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    world.person("wang").says("不同意加入 1")
    assert stage(world)[0] == "searching"
    world.person("wang").says("同意加入 1")
    assert "xiaoming" not in in_roster(world)
    world.person("wang").says("同意加入 99")


def test_who_was_turned_away_may_choose_again(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    world.person("wang").says("不同意加入 1")
    apply(xiaoming, "鹤城街道")
    assert "赵小明" in "".join(world.person("sun").hears())


def test_the_unit_may_be_changed_at_any_time(world: World, xiaoming: Somebody) -> None:
    xiaoming.says("紫金街道")
    xiaoming.says("1")
    xiaoming.says("换单位")
    apply(xiaoming, "岩泉街道")
    xiaoming.says("重选单位")
    assert stage(world)[0] == "searching"
    world.person("chen").says("同意加入 1")
    assert "xiaoming" not in in_roster(world), "the request was taken back"


@pytest.mark.parametrize("said", ["2", "紫", "a1", "赵小明19900005678", "😀😀", "名" * 21, ""])
def test_what_is_no_name_is_asked_again(world: World, xiaoming: Somebody, said: str) -> None:
    xiaoming.says("紫金街道")
    xiaoming.says("1")
    xiaoming.says(said)
    assert stage(world) == ("naming", "")


@pytest.mark.parametrize("said", ["你好", "继续", "帮助", "上一步", "暂停", "进度"])
def test_a_command_is_no_name(world: World, xiaoming: Somebody, said: str) -> None:
    xiaoming.says("紫金街道")
    xiaoming.says("1")
    xiaoming.says(said)
    assert stage(world) == ("naming", "")


def test_the_unit_button_pressed_again_later_is_no_answer(world: World, xiaoming: Somebody) -> None:
    xiaoming.says("紫金街道")
    press = xiaoming.button("紫金街道")
    xiaoming.says(press)
    xiaoming.says("赵小明")
    world.person("wang").says("同意加入 1")
    xiaoming.says(press)
    assert world.facts()["cases"]["xiaoming"]["answers"] == []


def test_who_left_is_met_like_a_newcomer_and_taken_back(world: World) -> None:
    with world.database.session() as session:
        session.connection().exec_driver_sql("UPDATE person SET active = false WHERE staff_id = 'li'")
    li = world.person("li", "李小四")
    assert "名册" in li.says("你好")
    apply(li)
    world.person("wang").says("同意加入 1")
    li.says("都没有")
    assert "li" in world.facts()["cases"]


def test_a_newcomer_the_roster_brings_meanwhile_needs_no_word(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    line = PersonRow(staff_id="xiaoming", name="赵小明", unit_code="331121100", roles=frozenset({Role.STAFF}), phone="")
    world.import_roster(Roster(units=small_roster().units, people=(line,)))
    xiaoming.says("你好")
    assert "xiaoming" in world.facts()["cases"]
    world.person("wang").says("同意加入 1")
    units = {staff_id: unit for staff_id, _, unit, *_ in world.facts()["people"]}
    assert units["xiaoming"] == units["qian"], "the roster's unit stays"


def test_a_new_name_in_the_roster_is_used_from_then_on(world: World) -> None:
    people = tuple(replace(row, name="钱江潮") if row.staff_id == "qian" else row for row in small_roster().people)
    world.import_roster(Roster(units=small_roster().units, people=people))
    assert "钱江潮" in world.person("qian", "钱大海").says("你好")


def test_who_had_left_and_comes_back_is_in_the_roster_again(world: World) -> None:
    rest = tuple(row for row in small_roster().people if row.staff_id != "qian")
    world.import_roster(Roster(units=small_roster().units, people=rest), leavers=True)
    qian = world.person("qian", "钱大海")
    assert "名册里还没有您" in qian.says("你好")
    qian.says("紫金街道")
    qian.says("1")
    qian.says("钱大海")
    world.person("wang").hears()
    world.person("wang").taps("是，加入")
    assert ("qian", "钱大海", True) in [(row[0], row[1], row[3]) for row in world.facts()["people"]]
    with world.database.reading() as session:
        terms = session.exec(
            select(Membership.until, Unit.name)
            .join(Unit, col(Unit.id) == Membership.unit_id)
            .join(Person, col(Person.id) == Membership.person_id)
            .where(Person.staff_id == "qian")
            .order_by(col(Membership.id))
        ).all()
    assert [(until is None, name) for until, name in terms] == [(False, "鹤城街道"), (True, "紫金街道")]


def test_a_newcomer_counts_from_the_coordinators_word_on(world: World, xiaoming: Somebody) -> None:
    apply(xiaoming)
    world.person("wang").hears()
    world.person("wang").taps("是，加入")
    with world.database.reading() as session:
        since = session.exec(
            select(Membership.since)
            .join(Person, col(Person.id) == Membership.person_id)
            .where(Person.staff_id == "xiaoming")
        ).all()
    assert since == [world.now]
