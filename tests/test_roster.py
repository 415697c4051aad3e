"""Who is who and where: importing twice, moving, losing a role, what lies below."""

from dataclasses import replace

import pytest
from sqlmodel import col, select

from handlers import access
from storage import roster
from storage.models import Appointment, Person, Unit
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.world import World, small_roster

SMALL = small_roster()


def with_person(staff_id: str, **changes: object) -> Roster:
    people = tuple(replace(row, **changes) if row.staff_id == staff_id else row for row in SMALL.people)
    return Roster(units=SMALL.units, people=people)


def who(world: World, staff_id: str) -> Person:
    with world.database.reading() as session:
        found = roster.person(session, staff_id)
        assert found is not None
        return found


def reach_of(world: World, staff_id: str) -> set[str]:
    """The names of all units somebody may look at."""
    with world.database.reading() as session:
        reach = access.reach(session, roster.person(session, staff_id))
        return {unit.name for unit in roster.units(session) if reach.covers(unit)}


def test_importing_the_same_roster_again_changes_nothing(world: World) -> None:
    before = world.facts()
    sealed = who(world, "zhang").phone_sealed
    changes = world.import_roster(SMALL)
    assert changes == roster.Changes()
    assert world.facts() == before
    assert who(world, "zhang").phone_sealed == sealed


def test_the_first_import_brings_everybody(world: World) -> None:
    with world.database.reading() as session:
        assert roster.has_people(session)
        assert len(roster.units(session)) == len(SMALL.units)
        assert len(session.exec(select(Person)).all()) == len(SMALL.people)


def test_a_new_name_a_new_unit_a_new_telephone_are_each_one_change(world: World) -> None:
    for changes in ({"name": "张三"}, {"name": "张三", "unit_code": "331102002"}):
        assert world.import_roster(with_person("zhang", **changes)).people_changed == 1
        assert world.import_roster(with_person("zhang", **changes)).people_changed == 0
    zhang = who(world, "zhang")
    assert zhang.name == "张三"
    world.import_roster(with_person("zhang", phone="19900009999"))
    assert world.vault.open(who(world, "zhang").phone_sealed, "phone/zhang") == "19900009999"
    world.import_roster(with_person("zhang", phone=""))
    assert who(world, "zhang").phone_sealed == ""


def test_nobody_is_removed_by_a_shorter_roster(world: World) -> None:
    assert world.import_roster(Roster(units=SMALL.units, people=SMALL.people[:2])) == roster.Changes()
    assert who(world, "sun").active


def test_who_comes_back_is_active_again(world: World) -> None:
    with world.database.session() as session:
        leaver = roster.person(session, "zhang")
        assert leaver is not None
        leaver.active = False
        session.add(leaver)
    assert world.import_roster(SMALL).people_changed == 1
    assert who(world, "zhang").active


def test_a_role_given_and_taken(world: World) -> None:
    assert reach_of(world, "li") == set()
    world.import_roster(with_person("li", roles=frozenset({Role.STAFF, Role.UNIT})))
    assert reach_of(world, "li") == {"紫金街道", "金山社区"}
    world.import_roster(SMALL)
    assert reach_of(world, "li") == set()


def test_a_coordinator_who_moves_looks_after_the_new_unit_only(world: World) -> None:
    world.import_roster(with_person("wang", unit_code="331102002"))
    assert reach_of(world, "wang") == {"岩泉街道"}


def test_a_role_reaches_the_unit_and_all_below_it(world: World) -> None:
    assert reach_of(world, "wang") == {"紫金街道", "金山社区"}
    assert reach_of(world, "zhou") == {"莲都区", "紫金街道", "岩泉街道", "金山社区"}
    assert len(reach_of(world, "wu")) == len(SMALL.units)
    assert reach_of(world, "zhang") == set()


def test_nobody_reaches_a_unit_because_its_number_begins_alike(world: World) -> None:
    """Path /1/2/ is not above /1/20/: with two dozen units that would show."""
    many = tuple(
        UnitRow(code=f"9{n:02}", name=f"第{n}组", parent_code="331125", kind=UnitKind.WORKING_GROUP, division="")
        for n in range(30)
    )
    head = PersonRow(staff_id="head", name="组长", unit_code="900", roles=frozenset({Role.UNIT}), phone="")
    world.import_roster(Roster(units=(*SMALL.units, *many), people=(head,)))
    assert reach_of(world, "head") == {"第0组"}


def test_a_unit_moved_takes_all_below_it_along(world: World) -> None:
    units = tuple(replace(unit, parent_code="331125") if unit.code == "331102001" else unit for unit in SMALL.units)
    world.import_roster(Roster(units=units, people=SMALL.people))
    assert reach_of(world, "zhou") == {"莲都区", "岩泉街道"}
    with world.database.reading() as session:
        village = session.exec(select(Unit).where(Unit.code == "331102001001")).one()
        assert [unit.name for unit in roster.chain(session, village)] == ["丽水市", "云和县", "紫金街道", "金山社区"]


def test_a_renamed_unit_keeps_its_people(world: World) -> None:
    units = tuple(replace(unit, name="紫金路街道") if unit.code == "331102001" else unit for unit in SMALL.units)
    assert world.import_roster(Roster(units=units, people=SMALL.people)).units_changed == 1
    assert "紫金路街道" in reach_of(world, "wang")


@pytest.mark.parametrize(
    ("unit", "name"), [("331102001001", "王雅芳"), ("331102001", "王雅芳"), ("331125", "吴立新"), ("3311", "吴立新")]
)
def test_the_nearest_coordinator_is_asked(world: World, unit: str, name: str) -> None:
    with world.database.reading() as session:
        found = roster.coordinators(session, session.exec(select(Unit).where(Unit.code == unit)).one())
        assert [person.name for person in found] == [name]


def test_roles_somebody_holds_come_widest_first(world: World) -> None:
    with world.database.session() as session:
        wang = roster.person(session, "wang")
        top = session.exec(select(Unit).where(Unit.code == "331102")).one()
        assert wang is not None
        session.add(Appointment(person_id=wang.id or 0, unit_id=top.id or 0, role=Role.COUNTY.value))
    with world.database.reading() as session:
        assert access.reach(session, roster.person(session, "wang")).home.name == "莲都区"


def test_no_telephone_is_readable_in_the_table(world: World) -> None:
    with world.database.reading() as session:
        sealed = session.exec(select(Person.phone_sealed).order_by(col(Person.id))).all()
    assert all(sealed)
    assert b"19900001234" not in world.on_disk()
