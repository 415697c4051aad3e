"""DingTalk's contacts into the roster: the same import and dry run as a file, over real sockets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select
from typer.testing import Result

from bot.app import Foundation
from storage import roster
from storage.models import Person, Unit
from tests.bot_process import CITY, furnished, settings, typing_at
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, JSON, SandboxProcess, sandbox
from tests.world import MORNING

pytestmark = pytest.mark.wire

MANY = [f"w{n:03}" for n in range(230)]
LI_DU, ZI_JIN, JIN_SHAN, BAI_YUN, QING_TIAN, HE_CHENG, SECRET = range(331102, 331109)
"""Numbers of departments; the first is the code of another unit as well."""


def _department(number: int, name: str, parent: int, *members: str, **more: object) -> JSON:
    return {"deptId": number, "name": name, "parentId": parent, "members": list(members), **more}


def _world() -> JSON:
    people = [*CITY["people"], {"staffId": "n1", "name": "郑新人"}, {"staffId": "n2", "name": "钱大海"}]
    people += [{"staffId": one, "name": f"白云{one}"} for one in MANY]
    return {
        **CITY,
        "people": people,
        "departments": [
            _department(1, "丽水市", 0, "wu", "n1"),
            _department(LI_DU, "莲都区", 1, "zhou", "wang"),
            _department(ZI_JIN, "紫金街道", LI_DU, "wang", "li", "zhang"),
            _department(JIN_SHAN, "金山社区", ZI_JIN, "n1"),
            _department(BAI_YUN, "白云街道", LI_DU, *MANY),
            _department(QING_TIAN, "青田县", 1),
            _department(HE_CHENG, "鹤城街道", QING_TIAN, "sun", "n2"),
            _department(SECRET, "涉密处", 9, hidden=True),
        ],
    }


@pytest.fixture(scope="module")
def box() -> Iterator[SandboxProcess]:
    with sandbox(_world(), qps=1_000) as process:
        yield process


@pytest.fixture
def base(box: SandboxProcess, tmp_path: Path) -> Iterator[Foundation]:
    made = furnished(settings(box, tmp_path / "data"))
    yield made
    made.database.close()


@pytest.fixture
def zicha(box: SandboxProcess, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    told = {
        "DINGTALK_CLIENT_ID": CLIENT_ID,
        "DINGTALK_CLIENT_SECRET": CLIENT_SECRET,
        "DINGTALK_OPENAPI_ENDPOINT": box.url,
        "DINGTALK_OAPI_ENDPOINT": box.url,
        "ZICHA_DATA": str(tmp_path / "data"),
        "ZICHA_QPS": "500",
    }
    with typing_at(tmp_path, **told) as run:
        yield run


def pulled(zicha: Callable[..., Result], *words: str) -> str:
    done = zicha("roster", "pull", "dingtalk", *words)
    assert done.exit_code == 0, done.output
    return str(done.output)


def unit_of(session: Session, staff_id: str) -> Unit:
    person = roster.person(session, staff_id)
    assert person
    return roster.unit(session, person.unit_id)


def test_a_dry_run_changes_nothing(zicha: Callable[..., Result], base: Foundation) -> None:
    said = pulled(zicha, "--under", "3311", "--dry-run")
    assert "没有写入" in said
    assert "单位新增 1" in said
    assert "人员新增 231" in said
    with base.database.reading() as session:
        assert len(session.exec(select(Person)).all()) == 8


def test_departments_and_people_come_page_by_page(zicha: Callable[..., Result], base: Foundation) -> None:
    said = pulled(zicha, "--under", "3311")
    assert "人员新增 231，人员调动 1" in said
    with base.database.reading() as session:
        assert unit_of(session, "n1").name == "金山社区", "of two departments the one farthest down"
        assert unit_of(session, "wang").name == "紫金街道", "who is in one of theirs already stays"
        assert unit_of(session, "zhang").name == "紫金街道", "moved"
        new = unit_of(session, MANY[-1])
        assert (new.name, new.kind, new.code) == ("白云街道", "township", f"dd-{BAI_YUN}")
        assert unit_of(session, "sun").code == "331121100", "a department's number is no code of ours"
        wu = roster.person(session, "wu")
        assert wu
        assert [role for role, _ in roster.appointments(session, wu.id or 0, MORNING)] == ["city"]
        assert wu.phone_sealed
    assert "没有要改的" in pulled(zicha, "--under", "3311")


def test_a_namesake_under_another_number_is_listed_and_not_added(
    zicha: Callable[..., Result], base: Foundation
) -> None:
    said = pulled(zicha, "--under", "3311")
    assert "没有把握、没有加的 1 人" in said
    assert "钱大海 331121100" in said
    with base.database.reading() as session:
        assert roster.person(session, "n2") is None


def test_who_is_no_longer_there_has_left(zicha: Callable[..., Result], base: Foundation) -> None:
    with base.database.session() as session:
        unit = unit_of(session, "chen")
        roster.add_person(session, staff_id="a1", name="李大爷", unit_id=unit.id or 0, at=MORNING).account = False
    assert "文件里没有的" not in pulled(zicha, "--under", "3311", "--leavers", "leave")
    with base.database.reading() as session:
        gone = {one.staff_id for one in session.exec(select(Person)).all() if not one.active}
    assert gone == {"chen", "qian"}, "somebody without an account is not missed"


def test_a_part_of_the_tree(zicha: Callable[..., Result], base: Foundation) -> None:
    pulled(zicha, "--top", str(HE_CHENG), "--under", "331121100", "--leavers", "leave")
    with base.database.reading() as session:
        gone = {one.staff_id for one in session.exec(select(Person)).all() if not one.active}
    assert gone == {"qian"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--under 3311（丽水市）"),
        (("--under", "nowhere"), "没有编码是 nowhere 的单位"),
        (("--top", "7"), "没有读到钉钉的通讯录：HTTP 200 60003"),
        (("--top", str(SECRET)), "通讯录范围要包含这些部门"),
        (("--top", "GO_ls"), "is none"),
        (("--accounts-only",), "不用 --accounts-only"),
    ],
)
def test_what_cannot_be_is_said_with_what_to_do(
    zicha: Callable[..., Result], base: Foundation, words: tuple[str, ...], told: str
) -> None:
    done = zicha("roster", "pull", "dingtalk", *words)
    assert done.exit_code == 1
    assert told in done.output


def test_it_goes_on_after_a_refusal_for_calling_too_often(
    zicha: Callable[..., Result], base: Foundation, box: SandboxProcess
) -> None:
    box.fault("throttle", 1)
    box.fault("http_500", 1)
    assert "人员新增 231" in pulled(zicha, "--under", "3311", "--dry-run")


def test_a_first_roster_needs_no_place(box: SandboxProcess, zicha: Callable[..., Result]) -> None:
    said = pulled(zicha)
    assert "单位新增 7" in said
    assert "角色要另给" in said
