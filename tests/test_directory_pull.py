"""浙政钉's directory into the roster: whose account is whose, who is new, who has left; nothing guessed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import Result

from storage import accounts, roster, roster_import
from storage.models import Account, Person, Unit
from tests.bot_process import CITY, furnished, settings, typing_at
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.world import MORNING, small_roster
from tests.zhezhengding import APP_KEY, APP_SECRET, TENANT, account_of

MOBILE = {
    "zhang": "13800000001",
    "li": "13800000002",
    "wang": "13800000003",
    "chen": "13800000003",
    "wu": "13800000005",
}
"""王雅芳 and 陈明亮 share a number; the others of the roster have one 浙政钉 does not know."""


def _entry(one: JSON, **more: object) -> JSON:
    known = {"mobile": MOBILE[one["staffId"]]} if one["staffId"] in MOBILE else {"onlyDingtalk": True}
    return {**one, **known, **more}


def _body(code: str, name: str, parent: str = "", division: str = "", *members: str, **more: object) -> JSON:
    told = {"organizationCode": code, "organizationName": name, "parentCode": parent, "divisionCode": division}
    return {**told, "members": list(members), **more}


def _world() -> JSON:
    people = [_entry(one) for one in CITY["people"]]
    people += [
        {"staffId": "z1", "name": "郑新人", "mobile": "13900000001"},
        {"staffId": "z2", "name": "钱大海", "mobile": "13900000002"},
        {"staffId": "z3", "name": "还没开通", "noAccount": True},
        {"staffId": "z4", "name": "走了的人", "active": False},
        *({"staffId": f"v{n:03}", "name": f"白云{n}"} for n in range(130)),
    ]
    many = [f"v{n:03}" for n in range(130)]
    return {
        **CITY,
        "people": people,
        "organizations": [
            _body("GO_ls", "丽水市", "", "331100000000", "wu"),
            _body("GO_ld", "莲都区", "GO_ls", "331102000000"),
            _body("GO_zj", "紫金街道", "GO_ld", "331102001000", "wang", "z1", "z3", "z4"),
            _body("GO_zjb", "党政办", "GO_zj", "", "li", typeCode="GOV_INTERNAL_INSTITUTION"),
            _body("GO_js", "金山社区", "GO_zj", "331102001001", "zhang"),
            _body("GO_by", "白云街道", "GO_ld", "331102009000", *many),
            _body("GO_qt", "青田县", "GO_ls", "331121000000"),
            _body("GO_hc", "鹤城街道", "GO_qt", "331121100000", "z2"),
            _body("GO_old", "撤了的", "GO_ls", active=False),
            *(_body(f"GO_s{n}", f"第{n}小组", "GO_hc") for n in range(105)),
        ],
    }


@pytest.fixture(scope="module")
def box() -> Iterator[SandboxProcess]:
    with sandbox(_world()) as process:
        yield process


class Office:
    def __init__(self, box: SandboxProcess, folder: Path) -> None:
        self.config = settings(box, folder, zzd_base_url=box.url, zzd_app_key=APP_KEY)
        base = furnished(self.config)
        with base.database.session() as session:
            people = small_roster().people
            own = {one.staff_id: MOBILE.get(one.staff_id, f"1370000000{n}") for n, one in enumerate(people)}
            new = replace(small_roster(), people=tuple(replace(one, phone=own[one.staff_id]) for one in people))
            roster_import.import_roster(session, new, base.vault, at=MORNING)
        self.base = base

    def people(self) -> dict[str, Person]:
        with self.base.database.reading() as session:
            found = {one.staff_id: one for one in session.exec(select(Person)).all()}
            session.expunge_all()
            return found

    def unit_of(self, staff_id: str) -> Unit:
        with self.base.database.reading() as session:
            person = roster.person(session, staff_id)
            assert person
            return roster.unit(session, person.unit_id)

    def accounts(self) -> dict[str, str]:
        """Account by staff id."""
        with self.base.database.reading() as session:
            rows = select(Person.staff_id, Account.id).join(Account, Account.person_id == Person.id)  # type: ignore[arg-type]
            return dict(session.exec(rows).all())


@pytest.fixture
def office(box: SandboxProcess, tmp_path: Path) -> Iterator[Office]:
    made = Office(box, tmp_path / "data")
    yield made
    made.base.database.close()


@pytest.fixture
def zicha(box: SandboxProcess, office: Office, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    told = {
        "ZZD_BASE_URL": box.url,
        "ZZD_APP_KEY": APP_KEY,
        "ZZD_APP_SECRET": APP_SECRET,
        "ZZD_TENANT_ID": TENANT,
        "ZICHA_DATA": str(office.config.data),
    }
    with typing_at(tmp_path, **told) as run:
        yield run


def account(who: str) -> str:
    return account_of([one["staffId"] for one in _world()["people"]].index(who))


def pulled(zicha: Callable[..., Result], *words: str) -> str:
    done = zicha("roster", "pull", "zhezhengding", *words)
    assert done.exit_code == 0, done.output
    return str(done.output)


def test_accounts_are_known_by_telephone_number(zicha: Callable[..., Result], office: Office) -> None:
    said = pulled(zicha, "--accounts-only")
    assert "手机号 3" in said
    assert "同一个手机号对上的不止一个人" in said
    assert office.accounts() == {who: account(who) for who in ("zhang", "li", "wu")}
    assert len(office.people()) == 8
    assert "原来就对上" not in pulled(zicha, "--accounts-only")
    assert office.accounts() == {who: account(who) for who in ("zhang", "li", "wu")}


def test_a_dry_run_changes_nothing(zicha: Callable[..., Result], office: Office) -> None:
    said = pulled(zicha, "--under", "3311", "--dry-run")
    assert "没有写入" in said
    assert "单位新增 106" in said
    assert office.accounts() == {}
    assert len(office.people()) == 8


def test_the_directory_comes_into_the_roster(zicha: Callable[..., Result], office: Office) -> None:
    said = pulled(zicha, "--under", "3311")
    people = office.people()
    assert "人员新增 132" in said
    fresh = people[f"zzd-{account('z1')}"]
    assert (fresh.name, fresh.account) == ("郑新人", True)
    assert fresh.reached_at == ""
    assert office.unit_of(fresh.staff_id).code == "331102001"
    assert office.unit_of("zhang").code == "331102001001"
    assert office.unit_of("li").code == "331102001"  # an office within is the body itself
    new = office.unit_of(f"zzd-{account('v000')}")
    assert (new.name, new.division, new.kind) == ("白云街道", "331102009", "township")
    without = next(one for one in people.values() if one.name == "还没开通")
    assert not without.account
    assert "走了的人" not in {one.name for one in people.values()}


def test_offices_and_numbers_of_the_known_stay(zicha: Callable[..., Result], office: Office) -> None:
    with office.base.database.reading() as session:
        before = roster.person(session, "wu")
        assert before
        sealed = before.phone_sealed
    pulled(zicha, "--under", "3311")
    with office.base.database.reading() as session:
        wu = roster.person(session, "wu")
        assert wu
        assert wu.phone_sealed == sealed
        assert [role for role, _ in roster.appointments(session, wu.id or 0, MORNING)] == ["city"]


def test_a_namesake_is_listed_and_not_guessed(zicha: Callable[..., Result], office: Office) -> None:
    said = pulled(zicha, "--under", "3311")
    assert "钱大海 331121100：名册里有同名的人" in said
    assert "王雅芳" in said
    assert "qian" not in office.accounts()
    assert sum(one.name == "钱大海" for one in office.people().values()) == 1


def test_who_is_gone_from_the_directory_has_left(zicha: Callable[..., Result], office: Office) -> None:
    with office.base.database.session() as session:
        zhou = roster.person(session, "zhou")
        assert zhou
        accounts.link(session, platform="zhezhengding", account_id="99", person_id=zhou.id or 0, at=MORNING)
    said = pulled(zicha, "--under", "3311", "--leavers", "leave")
    people = office.people()
    assert "人员离开 1" in said
    assert not people["zhou"].active
    assert people["qian"].active  # whom 浙政钉 does not know, it cannot tell of
    assert people["chen"].active


def test_a_second_pull_finds_nothing_to_do(zicha: Callable[..., Result], office: Office) -> None:
    pulled(zicha, "--under", "3311")
    assert "没有要改的" in pulled(zicha, "--under", "3311")


def test_a_place_that_is_not_said_is_asked_for(zicha: Callable[..., Result]) -> None:
    done = zicha("roster", "pull", "zhezhengding")
    assert done.exit_code == 1
    assert "--under 3311（丽水市）" in done.output
    done = zicha("roster", "pull", "zhezhengding", "--under", "nowhere")
    assert "没有编码是 nowhere 的单位" in done.output
    done = zicha("roster", "pull", "zhezhengding", "--top", "GO_nowhere")
    assert "没有读到浙政钉的通讯录" in done.output
