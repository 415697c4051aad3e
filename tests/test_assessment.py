"""考核: points from recorded facts by the rules of the campaign file, every number with its records."""

import io
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlmodel import select

from handlers import assessment
from handlers.campaign import loading
from handlers.campaign.assessing import Counted, assess
from handlers.campaign.checks import AssessmentItem
from handlers.campaign.loading import CampaignError
from handlers.messages import Document
from storage import oversight, reporting, returns
from storage.models import Case, Incident, Membership, Person, Unit
from tests.test_oversight import TOUCHED, finish
from tests.world import MORNING, Somebody, World, small_roster

ITEM: dict[str, Any] = {"id": "x", "name": "某项", "points": 15, "rule": "…", "measure": "pledges", "how": "share"}


def item(**changes: Any) -> AssessmentItem:
    return AssessmentItem.model_validate({**ITEM, **changes})


# ---------------------------------------------------------------- the rules


@pytest.mark.parametrize(
    ("part", "whole", "points"),
    [(0, 3, "0"), (3, 3, "15"), (1, 3, "5"), (2, 7, "4.3"), (1, 40, "0.4"), (39, 40, "14.6"), (1, 300, "0.1")],
)
def test_a_share_is_rounded_half_up_to_one_decimal(part: int, whole: int, points: str) -> None:
    """15 × 39/40 = 14.625 → 14.6; 15 × 1/300 = 0.05 → 0.1."""
    (score,) = assess([item()], {"pledges": Counted(part, whole)}).scores
    assert score.points == Decimal(points)


def test_nothing_to_count_is_full_or_left_out() -> None:
    assert assess([item()], {}).scores[0].points == 15
    result = assess([item(when_none="none"), item(id="y", points=10)], {})
    assert result.scores[0].points is None
    assert (result.points, result.most) == (10, 10), "it is in neither sum"


@pytest.mark.parametrize(("count", "points"), [(0, 5), (1, 3), (2, 1), (3, 0), (99, 0)])
def test_a_deduction_never_goes_below_nothing(count: int, points: int) -> None:
    rule = item(points=5, measure="findings_open", how="deduct", each=2)
    assert assess([rule], {"findings_open": Counted(count)}).points == points


@given(st.integers(0, 500), st.integers(1, 500), st.decimals(1, 100, places=1))
def test_points_never_leave_their_bounds(part: int, whole: int, most: Decimal) -> None:
    part = min(part, whole)
    (score,) = assess([item(points=most)], {"pledges": Counted(part, whole)}).scores
    assert score.points is not None
    assert 0 <= score.points <= most
    assert (score.points == most) or part < whole


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('measure = "incidents"\nhow = "deduct"', 'measure = "incidents"\nhow = "share"', "assessment.items.safe"),
        ('measure = "pledges"\nhow = "share"', 'measure = "pledges"\nhow = "deduct"', "assessment.items.pledged"),
        ("each = 5", "each = 0", "deducts nothing"),
        ('measure = "incidents"', 'measure = "incident"', "assessment.items.safe.measure"),
        ('id = "safe"', 'id = "pledged"', "stands twice"),
    ],
)
def test_mistakes_of_the_chapter_name_their_place(old: str, new: str, told: str) -> None:
    source = resources.files("handlers.campaign").joinpath("definitions/lishui-2022-69.toml").read_text("utf-8")
    head, chapter = source.split("[assessment]")
    assert old in chapter
    with pytest.raises(CampaignError, match=told.replace(".", r"\.")):
        loading.parse(f"{head}[assessment]{chapter.replace(old, new, 1)}", "x.toml")


# ---------------------------------------------------------------- an example worked out by hand


@pytest.fixture
def wu(world: World) -> Somebody:
    """The roster has been there since before the first day."""
    with world.database.session() as session:
        known = set(session.exec(select(Membership.person_id)).all())
        for person in session.exec(select(Person)).all():
            if person.id not in known:
                since = MORNING - timedelta(days=1)
                session.add(Membership(person_id=person.id or 0, unit_id=person.unit_id, since=since))
    return world.person("wu", "吴立新")


def hand_up(world: World, code: str, *, late: bool = False) -> None:
    """As the room of the returns leaves it."""
    with world.database.session() as session:
        unit = session.exec(select(Unit).where(Unit.code == code)).one()
        there = returns.take(session, world.campaign.id, unit.id or 0)
        there.state, there.late, there.handed_up_at = reporting.SUBMITTED, late, world.now
        session.add(there)


def incident(world: World, code: str) -> None:
    with world.database.session() as session:
        unit = session.exec(select(Unit).where(Unit.code == code)).one()
        by = session.exec(select(Person).where(Person.staff_id == "wu")).one()
        session.add(
            Incident(
                campaign=world.campaign.id,
                unit_id=unit.id or 0,
                happened_on=date(2022, 5, 18),
                text="群文件外传",
                by=by.id or 0,
                at=world.now,
            )
        )


@pytest.fixture
def may(world: World, wu: Somebody) -> World:
    """紫金街道 with 金山社区: 3 people. 张三丰 in time and nil; 李小四 late, touched, pledged; 王雅芳 not at all.
    Its return went up in time. Both were drawn, 李小四's answers do not fit. Two findings, one closed."""
    finish(world, "zhang")
    world.now = MORNING.replace(month=5, day=31)
    finish(world, "li", how=TOUCHED)
    wu.says("抽查 紫金街道 人员 100%")
    wu.says("抽查 1 开始")
    zhang, li = world.person("zhang"), world.person("li")
    zhang.says("复核")
    for said in ("都没有", "都看过，没有"):
        zhang.says(said)
    li.says("复核")
    for said in ("2", "手机 微信", "1", "今年签过"):
        li.says(said)
    wu.says("发现 紫金街道：没有培训记录")
    wu.says("发现 紫金街道：群还在用")
    world.person("wang").says("整改 1：已补")
    wu.says("整改 1 通过")
    hand_up(world, "331102001")
    return world


def test_the_points_of_a_street(may: World, wu: Somebody) -> None:
    """20×1/3=6.7; 20×2/3=13.3; 20×1/1; 15×1/1; 15×1/2=7.5; 5−1=4; 5 → 71.5 of 100."""
    told = wu.says("考核 紫金街道")
    for said in (
        "**71.5** 分（满分 100）",
        "- 按时自查 6.7/20（1/3）",
        "- 自查完成 13.3/20（2/3）",
        "- 按时上报 20/20（1/1）",
        "- 承诺书签署 15/15（1/1）",
        "- 抽查一致 7.5/15（1/2）",
        "- 整改落实 4/5（1条）",
        "- 数据安全事件 5/5（0条）",
    ):
        assert said in told


def test_the_points_of_the_county_are_of_its_records_not_of_its_units_points(may: World, wu: Somebody) -> None:
    """莲都: 5 people (its own 周建国, 陈明亮 with 岩泉街道); 3 units report. 20×1/5=4; 20×2/5=8; 20×1/3=6.7; 15; 7.5;
    5−1=4; 5−5=0 for an incident → 45.2."""
    incident(may, "331102")
    told = wu.says("考核 莲都区")
    assert "**45.2** 分（满分 100）" in told
    assert "- 按时上报 6.7/20（1/3）" in told
    assert "- 数据安全事件 0/5（1条）" in told
    assert "- 紫金街道 71.5/100" in told
    assert "- 岩泉街道 25/85" in told, "not drawn: left out; nothing to pledge: full. 15+5+5 of 20+20+20+15+5+5"


def test_a_past_moment_knows_only_its_own_facts(may: World, wu: Somebody) -> None:
    told = wu.says("考核 紫金街道 截至 5月18日18:00")
    assert "- 按时自查 6.7/20（1/3）" in told
    assert "- 自查完成 6.7/20（1/3）" in told
    assert "- 按时上报 0/20（0/1）" in told
    assert "- 抽查一致 —（没有统计对象）" in told
    assert "- 整改落实 5/5（0条）" in told
    assert "满分 85" in told


def test_no_person_is_named_and_no_one_is_ranked(may: World, wu: Somebody) -> None:
    told = wu.says("考核 莲都区") + wu.says_in("工作群", "考核")
    for row in small_roster().people:
        assert row.name not in told


def test_each_sees_their_own_only(may: World) -> None:
    wang, li = may.person("wang"), may.person("li")
    assert "**莲都区 紫金街道** 考核" in wang.says("考核")
    assert "看不到其他单位" in wang.says("考核 岩泉街道")
    assert "满分" not in li.says("考核")


def test_a_campaign_without_the_chapter_has_none(world: World, wu: Somebody) -> None:
    world.campaign = world.campaign.model_copy(update={"assessment": None})
    world.restart()
    assert "没有设考核" in wu.says("考核")


# ---------------------------------------------------------------- the table


def sheets(world: World, somebody: Somebody, said: str) -> dict[str, list[list[str]]]:
    somebody.sends(said)
    (paper,) = [body for body in somebody.gets() if isinstance(body, Document)]
    book = load_workbook(io.BytesIO(world.make(paper)))
    return {
        sheet.title: [[str(cell) for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    }


def test_the_table_states_the_rules_and_every_number_has_its_records(may: World, wu: Somebody) -> None:
    book = sheets(may, wu, "导出 考核表")
    first, units, behind = (book[name] for name in ("涉疫数据自查考核表", "各上报单位", "依据"))
    told = "\n".join(" ".join(row) for row in first)
    assert may.campaign.assessment is not None
    for one in may.campaign.assessment.items:
        assert one.rule in told
    assert "通知未规定分值" in told
    listed = [row for row in first if row and row[0].isdigit()]
    assert [row[1] for row in listed] == ["丽水市", "莲都区", "青田县"], "云和县 has nobody yet"
    street = next(row for row in units if "莲都区 紫金街道" in row)
    assert street[-2:] == ["71.5", "100"]
    sources = {row[1]: row for row in behind if row and row[0] == "莲都区 紫金街道"}
    with may.database.reading() as session:
        receipts = {case.receipt: case.late for case in session.exec(select(Case)).all()}
    assert len(receipts) == 2
    for receipt, late in receipts.items():
        shown = f"{receipt}（05-31，逾期）" if late else f"{receipt}（05-18）"
        assert shown in sources["按时自查"][4]
    assert "未提交1人" in sources["自查完成"][4]
    assert "抽查1-" in sources["抽查一致"][4]
    assert "不一致" in sources["抽查一致"][4]
    assert sources["整改落实"][4] == "整改1（05-31，已完成）、整改2（05-31，未完成）"
    assert sources["数据安全事件"][4] == "没有记录"
    for row in small_roster().people:
        assert row.name not in "\n".join(cell for sheet in book.values() for row_ in sheet for cell in row_)


def test_the_records_add_up_to_the_figures(may: World) -> None:
    """What is counted from records is what 进度 says, unit by unit and for the whole, now and before."""
    for at in (may.now, MORNING + timedelta(hours=2)):
        with may.database.reading() as session:
            top = session.exec(select(Unit).where(Unit.code == "3311")).one()
            assert may.campaign.assessment is not None
            book = assessment.books(session, may.campaign, may.campaign.assessment, top, at)
            for unit in session.exec(select(Unit)).all():
                facts = assessment.counted(book.by_unit.get(unit.id or 0, ()))
                tally = oversight.by_unit(session, may.campaign.id, unit.path, at).get(unit.id or 0, oversight.Tally())
                assert facts.get("complete_people", Counted()) == Counted(tally.finished, tally.expected)
                assert facts.get("on_time_people", Counted()) == Counted(tally.on_time, tally.expected)
                assert facts.get("pledges", Counted()) == Counted(tally.pledged, tally.touched)


def test_the_parts_add_up_to_the_whole(may: World) -> None:
    with may.database.reading() as session:
        top = session.exec(select(Unit).where(Unit.code == "3311")).one()
        assert may.campaign.assessment is not None
        book = assessment.books(session, may.campaign, may.campaign.assessment, top, may.now)
        whole = assessment.counted(book.of(top).records)
        alone = [record for one in book.each(top) for record in one.records]
        assert assessment.counted(alone) == whole


def test_a_return_handed_up_late_is_not_in_time(world: World, wu: Somebody) -> None:
    hand_up(world, "331102001", late=True)
    assert "- 按时上报 0/20（0/1）" in wu.says("考核 紫金街道")
