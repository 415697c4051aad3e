"""The demo's roster holds together and is the same every time."""

import json
from collections import Counter

import pytest

from bot.demo.roster import demo_roster, demo_world, personas
from storage.rows import Role, Roster, UnitKind


@pytest.fixture(scope="module")
def roster() -> Roster:
    return demo_roster()


def test_the_figures_are_believable(roster: Roster) -> None:
    kinds = Counter(unit.kind for unit in roster.units)
    assert 300 <= len(roster.people) <= 400
    assert kinds[UnitKind.CITY] == 1
    assert kinds[UnitKind.COUNTY] == kinds[UnitKind.CITY_BODY] == kinds[UnitKind.WORKING_GROUP] == 3
    assert kinds[UnitKind.AGENCY] == kinds[UnitKind.AFFILIATE] == 3
    assert 12 <= kinds[UnitKind.TOWNSHIP] <= 15
    assert {unit.name for unit in roster.units if unit.kind is UnitKind.COUNTY} == {
        "莲都区",
        "云和县",
        "青田县",
    }


def test_townships_have_three_to_five_villages(roster: Roster) -> None:
    villages = Counter(unit.parent_code for unit in roster.units if unit.kind is UnitKind.VILLAGE)
    townships = [unit.code for unit in roster.units if unit.kind is UnitKind.TOWNSHIP]
    assert set(villages) == set(townships)
    assert all(3 <= villages[code] <= 5 for code in townships)


def test_parents_come_before_children(roster: Roster) -> None:
    seen = {""}
    for unit in roster.units:
        assert unit.parent_code in seen
        assert unit.code not in seen
        seen.add(unit.code)


def test_names_of_places_are_as_people_say_them(roster: Roster) -> None:
    names = [unit.name for unit in roster.units if unit.kind is UnitKind.VILLAGE]
    assert {"永晖社区", "水东村", "温溪村", "温东社区"} <= set(names)
    assert all(name.endswith(("村", "社区")) for name in names)


def test_everybody_is_in_a_unit_with_an_own_number_and_phone(roster: Roster) -> None:
    codes = {unit.code for unit in roster.units}
    assert {one.unit_code for one in roster.people} == codes
    assert len({one.staff_id for one in roster.people}) == len(roster.people)
    assert len({one.phone for one in roster.people}) == len(roster.people)
    assert all(one.phone.startswith("1990000") and len(one.phone) == 11 for one in roster.people)
    assert all(Role.STAFF in one.roles for one in roster.people)


def test_names_differ_within_a_unit(roster: Roster) -> None:
    pairs = [(one.unit_code, one.name) for one in roster.people]
    assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize(
    ("kind", "role", "count"),
    [
        (UnitKind.TOWNSHIP, Role.UNIT, 1),
        (UnitKind.AGENCY, Role.UNIT, 1),
        (UnitKind.AFFILIATE, Role.UNIT, 1),
        (UnitKind.WORKING_GROUP, Role.UNIT, 1),
        (UnitKind.CITY_BODY, Role.UNIT, 1),
        (UnitKind.COUNTY, Role.COUNTY, 1),
        (UnitKind.CITY, Role.CITY, 2),
    ],
)
def test_units_have_who_they_need(roster: Roster, kind: UnitKind, role: Role, count: int) -> None:
    holders = Counter(one.unit_code for one in roster.people if role in one.roles)
    units = [unit.code for unit in roster.units if unit.kind is kind]
    assert units
    assert all(holders[code] == count for code in units)


def test_some_villages_have_a_coordinator(roster: Roster) -> None:
    holders = {one.unit_code for one in roster.people if Role.UNIT in one.roles}
    villages = {unit.code for unit in roster.units if unit.kind is UnitKind.VILLAGE}
    assert 0 < len(villages & holders) < len(villages)


def test_the_same_seed_gives_the_same_people() -> None:
    assert demo_roster() == demo_roster()
    assert demo_roster(1).people != demo_roster(2).people
    assert all(300 <= len(demo_roster(seed).people) <= 400 for seed in range(20))


def test_personas_cover_the_roles_and_two_outsiders(roster: Roster) -> None:
    people = {one.staff_id: one for one in roster.people}
    featured = personas(roster)
    inside = [people[one.staff_id] for one in featured if not one.outside]
    outside = [one for one in featured if one.outside]
    assert len({one.staff_id for one in featured}) == len(featured) == 9
    assert {role for one in inside for role in one.roles} == set(Role)
    assert [one.external for one in outside] == [False, True]
    assert not {one.staff_id for one in outside} & people.keys()
    assert all(one.note and "！" not in one.note for one in featured)


def test_the_way_from_the_village_to_the_city_can_be_played(roster: Roster) -> None:
    """Somebody of each office on the way is featured; the grid worker is of the coordinator's own village."""
    people = {one.staff_id: one for one in roster.people}
    worker, village, township, county, city = (people[one.staff_id] for one in personas(roster)[:5])
    assert worker.unit_code == village.unit_code
    assert Role.UNIT in village.roles
    assert village.unit_code.startswith(township.unit_code)
    assert township.unit_code.startswith(county.unit_code)
    assert county.unit_code.startswith(city.unit_code)


def test_the_world_is_json_and_its_groups_hold_known_people(roster: Roster) -> None:
    world = json.loads(json.dumps(demo_world(roster), ensure_ascii=False))
    ids = [one["staffId"] for one in world["people"]]
    assert len(ids) == len(set(ids)) == len(roster.people) + 2
    assert len(world["groups"]) == 4
    for group in world["groups"]:
        assert len(group["members"]) >= 3
        assert len(group["members"]) == len(set(group["members"]))
        assert set(group["members"]) <= set(ids)


def test_titles_say_where_somebody_works(roster: Roster) -> None:
    people = demo_world(roster)["people"]
    assert isinstance(people, list)
    titles = {one["title"] for one in people}
    assert {
        "莲都区 紫金街道 · 联络员",
        "莲都区 紫金街道 永晖社区 · 网格员",
        "莲都区 · 区大数据中心",
    } <= titles
    assert {"丽水市 · 市大数据局", "市公安局 · 联络员", "云和县疾控中心 · 工作人员"} <= titles
