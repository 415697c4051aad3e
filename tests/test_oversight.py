"""What coordinators see: figures that add up on every level, names to those who may, and nobody else's business."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, select

from handlers.messages import Document
from handlers.papers import documents, feedback_rows
from storage import lists, oversight, running_counts
from storage.database import Database
from storage.models import Case, Person, Unit
from storage.oversight import Tally
from storage.roster_import import import_roster
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from storage.vault import Vault
from tests.world import KEY, MORNING, Somebody, World, group_chat, small_roster

NIL = ("你好", "都没有", "都看过，没有", "不需要")
TOUCHED = ("你好", "2", "手机", "1", "1", "1", "1", "1", "1", "今年签过", "提交")


def finish(world: World, *ids: str, how: tuple[str, ...] = NIL) -> None:
    for staff_id in ids:
        for said in how:
            world.person(staff_id).says(said)


def nudged(world: World) -> set[str]:
    return {lane.rpartition(":")[2] for _, lane, topic, *_ in world.facts()["outbox"] if topic == "nudge"}


@pytest.fixture
def wang(world: World) -> Somebody:
    return world.person("wang", "王雅芳")


# ---------------------------------------------------------------- figures


UNITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4)), min_size=1, max_size=12)
STATES = ("none", "begun", "nil", "touched", "pledged", "late", "gone")


@given(UNITS, st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_the_figures_add_up_on_every_level(tree: list[tuple[int, int]], random: Random) -> None:
    """Any tree, anybody in any state: each unit is the sum of its own people and of the units below it."""
    database = Database("sqlite://")
    SQLModel.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        running_counts.keep(connection)
    units = [UnitRow(code="u0", name="单位0", parent_code="", kind=UnitKind.CITY, division="")]
    for n, (parent, _) in enumerate(tree, 1):
        kind = UnitKind.TOWNSHIP
        units.append(UnitRow(code=f"u{n}", name=f"单位{n}", parent_code=f"u{parent % n}", kind=kind, division=""))
    people = [
        PersonRow(staff_id=f"p{n}.{i}", name=f"某{n}{i}", unit_code=f"u{n}", roles=frozenset({Role.STAFF}), phone="")
        for n, (_, count) in enumerate(tree, 1)
        for i in range(count)
    ]
    truth: dict[str, Tally] = {unit.code: Tally() for unit in units}
    with database.session() as session:
        import_roster(session, Roster(units=tuple(units), people=tuple(people)), Vault(KEY), at=MORNING)
        for line in people:
            state = random.choice(STATES)
            truth[line.unit_code] += _put(session, line.staff_id, state)
    with database.reading() as session:
        for unit in session.exec(select(Unit)).all():
            total, parts = oversight.rolled_up(session, "c", unit)
            below = session.exec(select(Unit).where(Unit.path.startswith(unit.path))).all()  # type: ignore[attr-defined]
            expected = Tally()
            for one in below:
                expected += truth[one.code]
            assert total == expected
            summed = Tally()
            for part, tally in parts:  # its own people first, then each unit below
                assert unit.id in (part.id, part.parent_id)
                summed += tally
            assert summed == (total if parts else Tally())
            assert parts or truth[unit.code] == total
            missing = lists.unfinished(session, "c", unit.path)
            assert len(missing) == total.missing == total.expected - total.finished
            assert sum(row.begun for row in missing) == total.started
            assert total.nil + total.touched == total.finished
            assert 0 <= total.percent <= 100
            assert (total.percent == 100) == (total.missing == 0)
    database.close()


def _put(session: Session, staff_id: str, state: str) -> Tally:
    """Puts somebody into a state; what they count for."""
    person = session.exec(select(Person).where(Person.staff_id == staff_id)).one()
    if state == "gone":
        person.active = False
        session.add(person)
        return Tally()
    if state == "none":
        return Tally(expected=1)
    done = datetime(2022, 5, 20, tzinfo=UTC) if state != "begun" else None
    case = Case(campaign="c", person_id=person.id or 0, unit_id=person.unit_id, opened_at=datetime.now(UTC))
    case.submitted_at, case.nil, case.late = done, state in ("nil", "late"), state == "late"
    case.touched, case.pledged = state in ("touched", "pledged"), state == "pledged"
    session.add(case)
    session.flush()
    return Tally(
        expected=1,
        finished=int(done is not None),
        started=int(done is None),
        nil=int(case.nil),
        late=int(case.late),
        touched=int(case.touched),
        pledged=int(case.pledged),
    )


def test_a_hundred_percent_is_everybody() -> None:
    assert Tally(expected=1000, finished=999).percent == 99
    assert Tally(expected=3, finished=3).percent == 100
    assert Tally().percent == 100


def test_the_same_figures_in_private_and_in_a_group(world: World, wang: Somebody) -> None:
    finish(world, "zhang")
    finish(world, "li", how=TOUCHED)
    wang.says_in("工作群", "绑定")
    alone, group = wang.says("进度"), wang.says_in("工作群", "进度")
    for line in group.splitlines()[1:]:
        assert line in alone
    assert "**2**" in group


def test_a_group_hears_no_name(world: World, wang: Somebody) -> None:
    wang.says_in("工作群", "绑定")
    asked = ("进度", "名单", "催办", "导出 反馈表", "导出 承诺书", "帮助")
    said = "".join(wang.says_in("工作群", text) for text in asked)
    for name in ("张三丰", "李小四", "王雅芳"):
        assert name not in said


def test_names_asked_for_in_a_group_go_to_the_asker_alone(world: World, wang: Somebody) -> None:
    wang.says_in("工作群", "名单")
    assert "李小四" in "".join(wang.hears())
    assert {lane for _, lane, *_ in world.facts()["outbox"]} == {str(group_chat("工作群")), str(wang.address)}


# ---------------------------------------------------------------- reach


@pytest.mark.parametrize("unit", ["岩泉街道", "岩泉", "331102", "青田县", "丽水市", "没有这个单位"])
def test_other_units_are_not_even_said_to_exist(world: World, wang: Somebody, unit: str) -> None:
    for command in ("进度", "名单", "催办", "导出 反馈表", "导出 承诺书"):
        told = wang.says(f"{command} {unit}")
        assert "紫金街道" in told, "it says what they look after"
        for name in ("陈明亮", "钱大海", "周建国", "孙文静"):
            assert name not in told
    assert nudged(world) == set()
    assert not any(isinstance(body, Document) for body in wang.gets())


def test_what_does_not_exist_sounds_like_what_is_not_theirs(wang: Somebody) -> None:
    assert wang.says("进度 火星街道") == wang.says("进度 鹤城街道")


def test_those_above_see_below(world: World) -> None:
    assert "金山社区" in world.person("zhou").says("进度 金山社区")
    assert "金山社区" in world.person("wu").says("进度 金山社区")


def test_a_group_bound_by_another_unit_tells_its_figures_to_its_own_people_only(world: World, wang: Somebody) -> None:
    wang.says_in("工作群", "绑定")
    assert "**3**" in world.person("zhou").says_in("工作群", "进度"), "the county sees the group's unit"
    assert "看不到" in world.person("chen").says_in("工作群", "进度")
    assert "看不到" in world.person("sun").says_in("工作群", "名单")
    assert world.person("sun").hears() == []


def test_two_units_of_one_name_can_be_told_apart(world: World) -> None:
    twins = tuple(
        UnitRow(code=f"{parent}099", name="和平社区", parent_code=parent, kind=UnitKind.VILLAGE, division="")
        for parent in ("331102001", "331102002")
    )
    world.import_roster(Roster(units=(*small_roster().units, *twins), people=()))
    zhou = world.person("zhou", "周建国")
    zhou.says("进度 和平社区")
    assert len(zhou.buttons) == 2
    told = zhou.taps("岩泉街道 和平社区")
    assert "**莲都区 岩泉街道 和平社区**" in told


def test_a_name_that_fits_several_units_leads_on_to_what_was_asked(world: World) -> None:
    wu = world.person("wu", "吴立新")
    wu.says("名单 街道")
    assert "钱大海" in wu.taps("鹤城街道")


# ---------------------------------------------------------------- nudges


def test_exactly_the_missing_are_nudged_and_not_the_asker(world: World, wang: Somebody) -> None:
    finish(world, "zhang")
    wang.says("催办")
    assert nudged(world) == {"li"}


def test_once_a_day_whoever_asks(world: World, wang: Somebody) -> None:
    wang.says("催办")
    wang.says("催办")
    world.person("zhou").says("催办")
    lanes = [lane for _, lane, topic, *_ in world.facts()["outbox"] if topic == "nudge"]
    assert len(lanes) == len(set(lanes))
    world.now += timedelta(days=1)
    wang.says("催办")
    assert len([1 for _, _, topic, *_ in world.facts()["outbox"] if topic == "nudge"]) == len(lanes) + 2


def test_at_night_it_waits_for_the_morning_and_finishing_takes_it_back(world: World, wang: Somebody) -> None:
    world.now = world.now.replace(hour=22)
    wang.says("催办")
    world.due()
    finish(world, "li")
    world.due()
    world.now = (world.now + timedelta(days=1)).replace(hour=8, minute=30, second=0)
    went = {letter.lane.rpartition(":")[2] for letter in world.due() if letter.topic == "nudge"}
    assert went == {"zhang"}


def test_a_nudge_of_yesterday_is_not_sent_today(world: World, wang: Somebody) -> None:
    wang.says("催办")
    world.now += timedelta(days=1)
    assert [letter for letter in world.due() if letter.topic == "nudge"] == []


def test_who_left_is_neither_counted_nor_nudged(world: World, wang: Somebody) -> None:
    with world.database.session() as session:
        session.connection().exec_driver_sql("UPDATE person SET active = false WHERE staff_id = 'li'")
    assert "李小四" not in wang.says("名单")
    wang.says("催办")
    assert nudged(world) == {"zhang"}


# ---------------------------------------------------------------- papers and traces


def test_the_paper_is_a_promise_and_made_when_it_is_sent(world: World, wang: Somebody) -> None:
    """No bytes lie in the outbox; what is finished in between is in the paper."""
    wang.sends("导出 反馈表")
    (paper,) = [body for body in wang.gets() if isinstance(body, Document)]
    assert paper.name.endswith(".xlsx")
    finish(world, "li", how=TOUCHED)
    assert world.make(paper).startswith(b"PK")


def test_a_table_before_anybody_has_finished_claims_no_nil_return(world: World, wang: Somebody) -> None:
    wang.sends("导出 反馈表")
    (paper,) = [body for body in wang.gets() if isinstance(body, Document)]
    with world.database.reading() as session:
        table = feedback_rows.feedback_table(documents.requested(session, (world.campaign,), paper, world.vault))
        assert list(table.rows) == []
    assert "零报告：未接触" not in table.nil_line, "nobody has said so yet"


@pytest.mark.parametrize(("said", "action"), [("名单", "names"), ("催办", "nudge"), ("导出 反馈表", "export")])
def test_who_asked_for_what_is_written_down_without_anybodys_name(
    world: World, wang: Somebody, said: str, action: str
) -> None:
    wang.says(said)
    ((_, actor, done, subject, detail),) = world.facts()["audit"]
    assert (actor, done, subject) == ("wang", action, "331102001")
    assert "李小四" not in detail
