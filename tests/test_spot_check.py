"""抽查: the draw anybody can derive again, who may draw what, and that nobody draws until they like it."""

import hashlib
import io
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlmodel import col, select

from bot import exports
from handlers.campaign import lottery
from handlers.campaign.lottery import Member
from handlers.messages import Document
from handlers.papers import catalogue
from storage.models import AuditLine, Draw, Drawn, Person, Unit
from storage.rows import PersonRow, Role, Roster
from tests.test_oversight import finish
from tests.world import Somebody, World, small_roster

ROOT = Path(__file__).resolve().parent.parent
README = Path(__file__).resolve().parent.parent / "README.md"
POPULATION = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), min_size=1, max_size=120, unique=True)


def text_of(pairs: list[tuple[int, int]]) -> str:
    return lottery.population(Member(f"county{stratum} township", f"u{one}") for stratum, one in pairs)


def derived_otherwise(text: str, seed: str) -> list[tuple[str, str]]:
    """The order worked out from the description alone: positions as fractions, strata one by one."""
    strata: dict[str, list[str]] = defaultdict(list)
    for line in text.split("\n")[:-1]:
        stratum, _, one = line.partition("\t")
        strata[stratum].append(one)
    positions = []
    for stratum, ids in strata.items():
        ids.sort(key=lambda one: hashlib.sha256(f"{seed}\n{one}".encode()).digest())
        start = Fraction(int.from_bytes(hashlib.sha256(f"{seed}\n{stratum}".encode()).digest()), 2**256)
        positions += [((k + start) / len(ids), stratum, one) for k, one in enumerate(ids)]
    return [(stratum, one) for _, stratum, one in sorted(positions)]


# ---------------------------------------------------------------- the draw


@given(POPULATION, st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20))
@settings(max_examples=60, deadline=None)
def test_another_program_comes_to_the_same_order(pairs: list[tuple[int, int]], seed: str) -> None:
    text = text_of(pairs)
    assert [(m.stratum, m.id) for m in lottery.order(text, seed)] == derived_otherwise(text, seed)


@given(POPULATION, st.text(max_size=8))
@settings(max_examples=60, deadline=None)
def test_any_first_n_hold_each_stratum_to_within_one_of_its_share(pairs: list[tuple[int, int]], seed: str) -> None:
    """So a larger sample begins with the smaller one, and both are stratified."""
    text = text_of(pairs)
    order = lottery.order(text, seed)
    assert sorted(order) == sorted(lottery.members(text)), "everybody once"
    sizes, taken = Counter(m.stratum for m in order), Counter[str]()
    for n, member in enumerate(order, 1):
        taken[member.stratum] += 1
        for one, size in sizes.items():
            for other, its in sizes.items():
                # as far along as any other, but for one
                assert Fraction(taken[one] - 1, size) <= Fraction(taken[other] + 1, its), (n, taken)


def test_where_the_shares_are_whole_they_are_exact() -> None:
    pairs = [(stratum, one) for stratum, size in ((0, 10), (1, 10), (2, 80)) for one in range(size)]
    text = lottery.population(Member(f"s{s}", f"u{s}.{one}") for s, one in pairs)
    for seed in range(20):
        assert Counter(m.stratum for m in lottery.order(text, str(seed))[:10]) == {"s0": 1, "s1": 1, "s2": 8}


def test_everybody_is_drawn_equally_often_whatever_the_stratum() -> None:
    """4,000 seeds, 3 of 30 drawn: each about 400 times; five standard deviations (19) are allowed."""
    sizes = {"331102 village": 20, "331102 township": 7, "3311 city_body": 2, "331121 county": 1}
    text = lottery.population(Member(s, f"{s[:6]}{i}{s[-3:]}") for s, size in sizes.items() for i in range(size))
    drawn = Counter(m for seed in range(4_000) for m in lottery.order(text, f"{seed}")[:3])
    assert len(drawn) == 30
    assert all(abs(times - 400) < 95 for times in drawn.values()), drawn.most_common()


def test_the_order_of_the_lines_and_the_hash_seed_of_the_machine_change_nothing(tmp_path: Path) -> None:
    members = [Member(f"3311{county:02} 乡镇", f"u{one}") for county in range(9) for one in range(county, 60, 7)]
    text = lottery.population(members)
    assert lottery.population(reversed(members)) == text
    file = tmp_path / "population.txt"
    file.write_text(text, encoding="utf-8", newline="")
    code = (
        "import sys; from handlers.campaign import lottery; "
        "print([m.id for m in lottery.order(open(sys.argv[1], encoding='utf-8').read(), '3186.43')])"
    )
    outputs = set()
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONUTF8": "1"}
        command = [sys.executable, "-c", code, str(file)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        outputs.add(done.stdout)
    assert outputs == {f"{[m.id for m in lottery.order(text, '3186.43')]}\n"}


def test_the_few_lines_for_everybody_derive_the_same_draw(tmp_path: Path) -> None:
    """The script people are given, run as they would: the standard library and the two published things."""
    written = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (source,) = (block for block in written if "population" in block or "strata" in block)
    assert len(source.splitlines()) <= 15
    numbers = [(county, one) for county in range(9) for one in range(county * 9 + 3)]
    text = lottery.population(Member(f"3311{county:02} village", f"3311{county:02}{one:03}") for county, one in numbers)
    file = tmp_path / "名册.txt"
    file.write_bytes(text.encode())
    script = tmp_path / "rederive.py"
    script.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(file), "双色球 03 11", "40"],
        capture_output=True,
        check=True,
        env={"PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8", "PATH": os.environ.get("PATH", "")},
    )
    first, *lines = done.stdout.decode().splitlines()
    assert first == f"SHA-256 {lottery.digest(text)}"
    expected = lottery.order(text, "双色球 03 11")[:40]
    assert lines == [f"{place}\t{m.stratum}\t{m.id}" for place, m in enumerate(expected, 1)]


@pytest.mark.parametrize(
    ("said", "whole", "size"),
    [
        *(("10", 100, 10), ("200", 100, 100), ("5%", 41, 3), ("5%", 40, 2), ("0.5%", 201, 2), ("100%", 7, 7)),
        *(("12.5%", 8, 1), ("0", 10, 0), ("0%", 10, 0), ("1.5", 10, 0), ("五个", 10, 0), ("-3", 10, 0)),
    ],
)
def test_a_share_rounds_up(said: str, whole: int, size: int) -> None:
    assert lottery.size_of(said, whole) == size


# ---------------------------------------------------------------- the talk


@pytest.fixture
def wu(world: World) -> Somebody:
    return world.person("wu", "吴立新")


@pytest.fixture
def zhou(world: World) -> Somebody:
    return world.person("zhou", "周建国")


def draws(world: World) -> list[Draw]:
    with world.database.reading() as session:
        return list(session.exec(select(Draw).order_by(col(Draw.number))).all())


def drawn(world: World, number: int = 1) -> list[str]:
    """Whom or what a draw brought, by staff id or code, in its order."""
    with world.database.reading() as session:
        rows = session.exec(
            select(Drawn, Unit, Person)
            .join(Draw, col(Draw.id) == Drawn.draw_id)
            .join(Unit, col(Unit.id) == Drawn.unit_id)
            .outerjoin(Person, col(Person.id) == Drawn.person_id)
            .where(Draw.number == number)
            .order_by(col(Drawn.place))
        ).all()
        return [person.staff_id if person else unit.code for _, unit, person in rows]


def papers(somebody: Somebody, said: str) -> list[Document]:
    somebody.sends(said)
    return [body for body in somebody.gets() if isinstance(body, Document)]


def test_first_the_population_is_published_then_the_seed_brings_the_draw(world: World, wu: Somebody) -> None:
    told = wu.says("抽查 人员 50%")
    (draw,) = draws(world)
    assert draw.population_digest == hashlib.sha256(draw.population.encode()).hexdigest()
    assert draw.population_digest in told
    assert "名册 8 人，抽 4 人" in told
    assert "上证指数" in told, "it says which public number"
    assert drawn(world) == [], "nobody is drawn before the seed is named"
    told = wu.says("抽查 1 种子 3186.43")
    assert len(drawn(world)) == 4
    with world.database.reading() as session:
        ids = {f"p{person.id}": person.staff_id for person in session.exec(select(Person)).all()}
    assert drawn(world) == [ids[one] for _, one in derived_otherwise(draw.population, "3186.43")[:4]]


def test_the_population_names_nobody(world: World, wu: Somebody) -> None:
    wu.says("抽查 人员 3")
    (draw,) = draws(world)
    for row in small_roster().people:
        assert row.name not in draw.population
        assert f"\t{row.staff_id}\n" not in draw.population
    assert draw.population.splitlines() == sorted(draw.population.splitlines())


def test_the_same_population_is_not_drawn_twice_only_extended(world: World, wu: Somebody, zhou: Somebody) -> None:
    wu.says("抽查 人员 3")
    assert "抽查 1 开始" in wu.says("抽查 人员 4"), "frozen, not yet drawn: it goes on from there"
    wu.says("抽查 1 种子 3186.43")
    first = drawn(world)
    told = wu.says("抽查 人员 3")
    assert "不能重抽" in told
    assert "抽查 1 加 5" in told
    assert "不能改" in wu.says("抽查 1 种子 4000.00")
    assert len(draws(world)) == 1
    wu.says("抽查 1 加 2")
    assert drawn(world)[:3] == first
    assert len(drawn(world)) == 5
    wu.says("抽查 1 加 50%")
    assert len(drawn(world)) == 8, "a share is of the whole population, and there are no more than eight"
    assert "全部抽到" in wu.says("抽查 1 加 1")


def test_a_changed_population_is_another_draw_and_the_abandoned_one_stays_listed(world: World, wu: Somebody) -> None:
    wu.says("抽查 人员 3")
    new = PersonRow(staff_id="new", name="新来的", unit_code="331102001", roles=frozenset({Role.STAFF}), phone="")
    world.import_roster(Roster(units=small_roster().units, people=(new,)))
    wu.says("抽查 人员 3")
    wu.says("抽查 2 开始")
    told = wu.says("抽查 记录")
    assert "抽查 1" in told
    assert "只公布了名册，没有抽取" in told
    first, second = draws(world)
    assert first.population_digest != second.population_digest
    assert second.seed == f"{second.population_digest}/2"


def test_every_step_of_a_draw_is_written_down(world: World, wu: Somebody) -> None:
    wu.says("抽查 人员 3")
    wu.says("抽查 1 种子 3186.43")
    wu.says("抽查 1 加 1")
    with world.database.reading() as session:
        lines = session.exec(select(AuditLine).order_by(col(AuditLine.id))).all()
    assert [line.action for line in lines] == ["spot_check.publish", "spot_check.draw", "spot_check.extend"]
    assert draws(world)[0].population_digest in lines[0].detail
    assert "3186.43" in lines[1].detail


def test_the_other_offices_hear_of_it_before_the_seed_is_known(world: World, wu: Somebody, zhou: Somebody) -> None:
    wu.says("抽查 人员 3")
    (told,) = zhou.hears()
    assert draws(world)[0].population_digest in told
    wu.says("抽查 1 种子 3186.43")
    (told,) = zhou.hears()
    assert "3186.43" in told
    for other in ("wang", "sun", "chen"):
        assert not any("名册" in said for said in world.person(other).hears())


def test_a_county_draws_among_its_own_and_the_city_hears_of_it(world: World, wu: Somebody, zhou: Somebody) -> None:
    told = zhou.says("抽查 单位 1")
    assert "莲都区，名册 2 个单位，抽 1 个单位" in told
    assert draws(world)[0].population == "331102 township\t331102001\n331102 township\t331102002\n"
    assert "莲都区" in wu.hears()[0]
    zhou.says("抽查 1 开始")
    assert drawn(world)[0] in ("331102001", "331102002")


@pytest.mark.parametrize(
    "said", ["抽查 青田县 人员 1", "抽查 鹤城街道 人员 1", "抽查 丽水市 单位 1", "抽查 331121 人员 1"]
)
def test_a_county_cannot_draw_beyond_its_own(world: World, zhou: Somebody, said: str) -> None:
    assert "看不到其他单位" in zhou.says(said)
    assert draws(world) == []


@pytest.mark.parametrize("who", ["li", "wang"])
def test_staff_and_coordinators_cannot_draw(world: World, wu: Somebody, who: str) -> None:
    wu.says("抽查 人员 8")
    for said in ("抽查 单位 1", "抽查 人员 100%", "抽查", "抽查 1", "抽查 1 开始", "抽查 1 加 1", "导出 抽查名单 1"):
        told = world.person(who).says(said)
        assert draws(world)[0].population_digest not in told
    assert len(draws(world)) == 1
    assert drawn(world) == []


def test_a_county_knows_of_the_citys_draw_but_not_who_was_drawn(world: World, wu: Somebody, zhou: Somebody) -> None:
    wu.says("抽查 人员 100%")
    wu.says("抽查 1 开始")
    zhou.hears()
    asked = ("抽查 1", "抽查 记录", "抽查 1 加 1", "抽查 1 催办", "导出 抽查名单 1", "导出 抽查记录")
    for said in (*asked, "发现 1-1：未发现问题"):
        told = zhou.says(said)
        for row in small_roster().people:
            assert row.name not in told.replace("吴立新", ""), said
    assert not papers(zhou, "导出 抽查名单 1")
    sun = world.person("sun")
    assert "3311" not in sun.says("抽查 1")


def test_the_city_sees_a_countys_draw_and_another_county_does_not(world: World, wu: Somebody, zhou: Somebody) -> None:
    qing = PersonRow(staff_id="zhao", name="赵一", unit_code="331121", roles=frozenset({Role.COUNTY}), phone="")
    world.import_roster(Roster(units=small_roster().units, people=(qing,)))
    zhou.says("抽查 人员 100%")
    zhou.says("抽查 1 开始")
    assert "张三丰" in wu.says("抽查 1")
    zhao = world.person("zhao")
    assert "没有找到" in zhao.says("抽查 1")
    told = zhao.says("抽查 记录")
    assert "还没有抽查记录" in told
    assert draws(world)[0].population_digest[:8] not in told
    assert papers(zhao, "导出 抽查名册 1") == []


def test_an_exempt_person_and_one_who_left_cannot_be_drawn(world: World, wu: Somebody) -> None:
    from storage.models import Exemption

    with world.database.session() as session:
        people = {person.staff_id: person for person in session.exec(select(Person)).all()}
        people["li"].active = False
        session.add(
            Exemption(
                campaign=world.campaign.id,
                person_id=people["zhang"].id or 0,
                reason="长期病假",
                by=people["wu"].id or 0,
                at=world.now,
            )
        )
    assert "名册 6 人" in wu.says("抽查 人员 100%")


def test_words_that_do_not_fit_say_what_would(world: World, wu: Somebody) -> None:
    assert "抽查 人员 5%" in wu.says("抽查 随便")
    assert "没看懂要抽多少" in wu.says("抽查 人员 0")
    assert "没有找到这次抽查" in wu.says("抽查 7")
    wu.says("抽查 人员 2")
    assert "种子写成一行" in wu.says("抽查 1 种子 [点我](https://example.org)")
    assert draws(world)[0].seed == ""


def test_in_a_group_nothing_of_it_is_said(world: World, wu: Somebody) -> None:
    told = wu.says_in("工作群", "抽查 人员 8")
    assert told == "抽查的内容只在单聊里看，已经私聊发给您。"
    assert "名册" in "".join(wu.hears())


def test_several_units_of_a_name_lead_on_to_the_same_draw(world: World, wu: Somebody) -> None:
    wu.says("抽查 街道 人员 20%")
    assert "名册 3 人，抽 1 人" in wu.taps("紫金街道")


# ---------------------------------------------------------------- papers


def test_the_population_comes_as_the_text_that_was_hashed(world: World, wu: Somebody, zhou: Somebody) -> None:
    wu.says("抽查 人员 4")
    wu.says("抽查 1 种子 3186.43")
    (draw,) = draws(world)
    for asker in (wu, zhou):
        (paper,) = papers(asker, "导出 抽查名册 1")
        assert paper.name.endswith(".zip"), "the platform takes no .txt"
        with zipfile.ZipFile(io.BytesIO(world.make(paper))) as archive:
            (name,) = archive.namelist()
            content = archive.read(name)
        assert hashlib.sha256(content).hexdigest() == draw.population_digest
    plain = Document("a.txt", paper.paper, {k: v for k, v in paper.params.items() if k != "packed"})
    assert world.make(plain) == draw.population.encode()


@pytest.mark.parametrize("said", ["导出 抽查名册", "导出抽查名册", "导出 抽查名册 丽水市", "导出 抽查名册 3311"])
def test_without_a_number_it_is_the_newest_draw(world: World, wu: Somebody, said: str) -> None:
    wu.says("抽查 人员 4")
    wu.says("抽查 单位 1")
    (paper,) = papers(wu, said)
    assert paper.name.endswith(".zip")
    assert paper.params["draw"] == "2"


def test_the_operator_gets_the_text_itself(world: World, wu: Somebody) -> None:
    wu.says("抽查 人员 4")
    assert exports.options("spot-check-population", per_person=False, page_per_unit=False, draw=1) == {"draw": "1"}
    with pytest.raises(exports.ExportError, match="不是抽查的材料"):
        exports.options("feedback-table", per_person=False, page_per_unit=False, draw=1)
    assert catalogue.PAPERS["spot_check_population"].file({"draw": "1"}) == "txt"


def test_the_record_lists_those_drawn_in_order_with_the_findings(world: World, wu: Somebody) -> None:
    finish(world, "zhang", "li", "wang", "chen", "zhou", "wu", "qian", "sun")
    wu.says("抽查 人员 100%")
    wu.says("抽查 1 种子 3186.43")
    wu.says("发现 1-2：微信里的名单没删，限5月25日")
    (paper,) = papers(wu, "导出 抽查名单 1")
    sheet = load_workbook(io.BytesIO(world.make(paper))).worksheets[0]
    cells = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    names = {row.staff_id: row.name for row in small_roster().people}
    listed = [row for row in cells if str(row[0]).startswith("1-")]
    assert [row[4] for row in listed] == [names[one] for one in drawn(world)]
    assert "微信里的名单没删" in listed[1][6]
    assert listed[1][7] == "2022-05-25"
    again = lottery.order(draws(world)[0].population, "3186.43")[: len(listed)]
    assert [row[1] for row in listed] == [member.id for member in again], "who draws again finds them in the record"
    told = " ".join(str(cell) for row in cells for cell in row)
    assert "3186.43" in told
    assert draws(world)[0].population_digest in told


def test_a_record_of_a_past_moment_does_not_know_later_draws(world: World, wu: Somebody) -> None:
    wu.says("抽查 人员 4")
    wu.says("抽查 1 开始")
    (before,) = papers(wu, "导出 抽查记录")
    world.now += timedelta(hours=1)
    wu.says("抽查 单位 1")
    wu.says("抽查 2 开始")
    sheet = load_workbook(io.BytesIO(world.make(before))).worksheets[0]
    assert not any(str(row[0]).startswith("2-") for row in sheet.iter_rows(values_only=True))
    wu.sends("导出 抽查记录 截至 5月18日 09:00")
    assert not [body for body in wu.gets() if isinstance(body, Document)], "before the first there is nothing to print"
