"""Who is who and where: importing twice, moving, losing a role, what lies below."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from handlers import access
from storage import roster
from storage.models import Appointment, Membership, Person, Unit
from storage.roster_difference import Changes
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.world import MORNING, World, small_roster

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
        reach = access.reach(session, roster.person(session, staff_id), MORNING)
        return {unit.name for unit in roster.units(session) if reach.covers(unit)}


def test_importing_the_same_roster_again_changes_nothing(world: World) -> None:
    before = world.facts()
    sealed = who(world, "zhang").phone_sealed
    changes = world.import_roster(SMALL)
    assert changes == Changes(unchanged=8)
    assert world.facts() == before
    assert who(world, "zhang").phone_sealed == sealed


def test_the_first_import_brings_everybody(world: World) -> None:
    with world.database.reading() as session:
        assert roster.has_people(session)
        assert len(roster.units(session)) == len(SMALL.units)
        assert len(session.exec(select(Person)).all()) == len(SMALL.people)


def test_a_new_name_a_new_unit_a_new_telephone_are_each_one_change(world: World) -> None:
    assert world.import_roster(with_person("zhang", name="张三")) == Changes(changed=1, unchanged=7)
    moving = {"name": "张三", "unit_code": "331102002"}
    assert world.import_roster(with_person("zhang", **moving)) == Changes(moved=1, unchanged=7)
    assert world.import_roster(with_person("zhang", **moving)) == Changes(unchanged=8)
    zhang = who(world, "zhang")
    assert zhang.name == "张三"
    world.import_roster(with_person("zhang", phone="19900009999"))
    assert world.vault.open(who(world, "zhang").phone_sealed, "phone/zhang") == "19900009999"
    world.import_roster(with_person("zhang", phone=""))
    assert who(world, "zhang").phone_sealed == ""


def test_nobody_is_removed_by_a_shorter_roster(world: World) -> None:
    assert world.import_roster(Roster(units=SMALL.units, people=SMALL.people[:2])) == Changes(unchanged=2)
    assert who(world, "sun").active


def test_who_comes_back_is_active_again(world: World) -> None:
    with world.database.session() as session:
        leaver = roster.person(session, "zhang")
        assert leaver is not None
        leaver.active = False
        session.add(leaver)
    assert world.import_roster(SMALL).returned == 1
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
        found = roster.coordinators(session, session.exec(select(Unit).where(Unit.code == unit)).one(), MORNING)
        assert [person.name for person in found] == [name]


def test_roles_somebody_holds_come_widest_first(world: World) -> None:
    with world.database.session() as session:
        wang = roster.person(session, "wang")
        top = session.exec(select(Unit).where(Unit.code == "331102")).one()
        assert wang is not None
        session.add(Appointment(person_id=wang.id or 0, unit_id=top.id or 0, role=Role.COUNTY.value))
    with world.database.reading() as session:
        assert access.reach(session, roster.person(session, "wang"), MORNING).home.name == "莲都区"


def test_no_telephone_is_readable_in_the_table(world: World) -> None:
    with world.database.reading() as session:
        sealed = session.exec(select(Person.phone_sealed).order_by(col(Person.id))).all()
    assert all(sealed)
    assert b"19900001234" not in world.on_disk()


# ---------------------------------------------------------------- who was where, from when until when


def past(world: World, staff_id: str) -> list[tuple[str, datetime, datetime | None]]:
    """Unit, from, until of somebody, oldest first."""
    with world.database.reading() as session:
        rows = session.exec(
            select(Unit.name, Membership.since, Membership.until)
            .join(Membership, col(Membership.unit_id) == Unit.id)
            .join(Person, col(Person.id) == Membership.person_id)
            .where(Person.staff_id == staff_id)
            .order_by(col(Membership.id))
        ).all()
    return [(name, since, until) for name, since, until in rows]


def without(*staff_ids: str) -> Roster:
    return Roster(units=SMALL.units, people=tuple(row for row in SMALL.people if row.staff_id not in staff_ids))


def test_every_move_is_written_down_with_its_moment(world: World) -> None:
    begun = world.now
    moves = []
    for change in (
        with_person("zhang", unit_code="331102002"),
        with_person("zhang", unit_code="331102002", name="张三"),
        without("zhang"),
        SMALL,
    ):
        world.now += timedelta(hours=1)
        moves.append(world.now)
        world.import_roster(change, leavers=True)
    assert past(world, "zhang") == [
        ("金山社区", begun, moves[0]),
        ("岩泉街道", moves[0], moves[2]),
        ("金山社区", moves[3], None),
    ]
    assert past(world, "li") == [("紫金街道", begun, None)]


def test_a_self_check_under_way_goes_along_and_one_handed_in_stays(world: World) -> None:
    zhang, li = world.person("zhang"), world.person("li")
    zhang.says("你好")
    for said in ("你好", "都没有", "都看过，没有", "今年签过"):
        li.says(said)
    moved = {"zhang": "331102002", "li": "331102002"}
    people = tuple(replace(row, unit_code=moved.get(row.staff_id, row.unit_code)) for row in SMALL.people)
    assert world.import_roster(Roster(units=SMALL.units, people=people)).moved == 2
    with world.database.reading() as session:
        names = {unit.id: unit.name for unit in roster.units(session)}
    cases = world.facts()["cases"]
    assert cases["li"]["submitted_at"] is not None
    assert cases["zhang"]["submitted_at"] is None
    assert names[cases["zhang"]["unit_id"]] == "岩泉街道"
    assert names[cases["li"]["unit_id"]] == "紫金街道"


def test_who_left_loses_the_office_and_keeps_the_record(world: World) -> None:
    wang = world.person("wang")
    for said in ("你好", "都没有", "都看过，没有", "今年签过"):
        wang.says(said)
    wang.says("委托 李小四 到5月25日")
    changes = world.import_roster(without("wang"), leavers=True)
    assert (changes.left, changes.unchanged) == (1, 7)
    assert not who(world, "wang").active
    assert reach_of(world, "wang") == reach_of(world, "li") == set(), "nobody stands in for somebody who left"
    assert world.facts()["cases"]["wang"]["submitted_at"] is not None
    assert "名册里还没有您" in wang.says("你好")


def test_a_roster_of_some_units_says_nothing_of_the_others(world: World) -> None:
    some = Roster(units=tuple(unit for unit in SMALL.units if unit.code == "331102002"), people=())
    assert world.import_roster(some, leavers=True) == Changes(left=1)
    assert not who(world, "chen").active
    assert who(world, "li").active
    assert world.import_roster(Roster(units=(), people=SMALL.people[:1]), leavers=True) == Changes(unchanged=1)


def test_offices_elsewhere_are_given_and_taken_like_ones_own(world: World) -> None:
    also = frozenset({("331102002", Role.UNIT), ("331125", Role.COUNTY)})
    assert world.import_roster(with_person("li", also=also)) == Changes(changed=1, unchanged=7, roles_given=2)
    assert reach_of(world, "li") == {"岩泉街道", "云和县"}
    assert world.import_roster(with_person("li", also=also)) == Changes(unchanged=8)
    fewer = with_person("li", also=frozenset({("331125", Role.COUNTY)}))
    assert world.import_roster(fewer) == Changes(changed=1, unchanged=7, roles_taken=1)
    assert reach_of(world, "li") == {"云和县"}


def test_a_deputy_who_gets_the_office_for_good_is_a_deputy_no_more(world: World) -> None:
    world.person("wang").says("委托 李小四 到5月20日")
    assert world.import_roster(SMALL) == Changes(unchanged=8), "a term is not in the file and does not end by it"
    assert "紫金街道" in reach_of(world, "li")
    world.import_roster(with_person("li", roles=frozenset({Role.STAFF, Role.UNIT})))
    with world.database.reading() as session:
        ends = session.exec(select(Appointment.until).where(Appointment.person_id == who(world, "li").id)).all()
    assert ends == [None]


def test_people_without_an_account(world: World) -> None:
    world.import_roster(with_person("zhang", account=False))
    assert not who(world, "zhang").account
    assert world.import_roster(SMALL) == Changes(changed=1, unchanged=7)
    assert who(world, "zhang").account


def test_units_of_any_depth(world: World) -> None:
    deep = [
        UnitRow(code=f"d{n}", name=f"第{n}级", parent_code=f"d{n - 1}" if n else "331125", kind=kind, division="")
        for n, kind in enumerate([UnitKind.AGENCY, *[UnitKind.AFFILIATE] * 19])
    ]
    head = PersonRow(staff_id="head", name="组长", unit_code="d19", roles=frozenset({Role.STAFF}), phone="")
    assert world.import_roster(Roster(units=tuple(deep), people=(head,))).units_added == 20
    with world.database.reading() as session:
        unit = session.exec(select(Unit).where(Unit.code == "d19")).one()
        assert len(roster.chain(session, unit)) == 22
    assert reach_of(world, "wu") >= {"第0级", "第19级"}


def test_units_below_a_moved_one_go_along_though_the_file_does_not_name_them(world: World) -> None:
    street = next(unit for unit in SMALL.units if unit.code == "331102001")
    world.import_roster(Roster(units=(replace(street, parent_code="331125"),), people=()))
    assert reach_of(world, "zhou") == {"莲都区", "岩泉街道"}
    assert reach_of(world, "wang") == {"紫金街道", "金山社区"}
