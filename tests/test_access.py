"""Nobody hears of what is not theirs: not by a command, a number, a name, an error or a button of somebody else.

The strongest of these tests compares two worlds that differ only outside the asker's units: whatever they ask, they
must hear the same in both.
"""

import ast
import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import SQLModel, select

from bot.channels.incoming import parse
from bot.intake import Intake
from handlers import access, commands, router
from handlers.campaign import loading
from handlers.commands import Word
from handlers.messages import Address, ChatKind, Document, Inbound, Stranger, from_json
from storage import roster, running_counts
from storage.database import Database
from storage.models import (
    Applicant,
    Appointment,
    Broadcast,
    Case,
    DataRequest,
    Exemption,
    Finding,
    Incident,
    LeakCount,
    Outgoing,
    Person,
    Risk,
    Unit,
    UnitReturn,
)
from storage.rows import Role, UnitKind
from storage.vault import Vault
from tests import access_table
from tests.world import KEY, MORNING, World, id_number, written

CAMPAIGN = loading.load("lishui-2022-69")


# ---------------------------------------------------------------- one table decides


def test_every_word_and_paper_has_its_right() -> None:
    assert set(access.RIGHTS) == set(Word)
    assert set(access.FILES) == {"scan", "roster", "table"}


def test_a_word_that_is_not_in_the_table_is_nobodys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(access.RIGHTS, Word.NAMES)
    monkeypatch.delitem(access.PAPERS, "missing_list")
    told = world.person("wu").says("名单")
    assert "李小四" not in told
    assert "导出" not in world.person("wu").says("导出 未完成名单") or "不" in world.person("wu").says(
        "导出 未完成名单"
    )
    assert "denied" in [line[2] for line in world.facts()["audit"]]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_tells_the_table(readme: str) -> None:
    now = (access_table.ROOT / readme).read_text(encoding="utf-8")
    assert now == access_table.written(readme), "run: python -m tests.access_table"


def test_every_talk_of_an_office_asks_who_may() -> None:
    """What answers an office's word reads others' data: its room asks `access`, by way of the desk or `asked`."""
    rooms = {word: Path(_code_of(talk)) for word, talk in router._OFFICE.items()}
    assert set(rooms) >= set(access.OFFICES)
    asking = {"reach", "meant", "about_unit", "own", "seen", "mine", "covers", "step_of", "unit", "Asked"}
    for word, room in rooms.items():
        if word in OF_NO_UNIT:
            continue
        tree = ast.parse(room.read_text(encoding="utf-8"))
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert used & asking, f"{word}: {room.name} never asks who may"


OF_NO_UNIT = {Word.QUOTA: "the platform's quota of the whole organisation, for the city alone"}


def _code_of(talk: object) -> str:
    """The file of a talk, inside its wrappers."""
    code = talk.__code__.co_filename  # type: ignore[attr-defined]
    inner = [cell.cell_contents for cell in getattr(talk, "__closure__", None) or ()]
    deeper = [one for one in inner if callable(one) and hasattr(one, "__code__")]
    return _code_of(deeper[0]) if deeper else str(code)


# ---------------------------------------------------------------- two worlds that differ outside


@dataclass
class House:
    """A town by seed. `skin` changes everything outside the units of the asker: names, states, texts, figures."""

    seed: int
    skin: str

    def __post_init__(self) -> None:
        self.database = Database("sqlite://")
        SQLModel.metadata.create_all(self.database.engine)
        with self.database.engine.begin() as connection:
            running_counts.keep(connection)
        shape = Random(self.seed)
        self.parents = [0, *(shape.randrange(n) if n < 4 else shape.randrange(1, n) for n in range(1, 9))]
        self.people = [(n, i) for n in range(len(self.parents)) for i in range(shape.randrange(1, 3))]
        self.roles = {who: shape.random() < 0.45 for who in self.people}
        self.asker = shape.choice(self.people)
        self.numbers: list[int] = []
        self._furnish(shape)
        self.intake = Intake(database=self.database, campaigns=(CAMPAIGN,), vault=Vault(KEY), now=lambda: MORNING)
        self.said = 0

    def _chain(self, n: int) -> list[int]:
        return [*(self._chain(self.parents[n]) if n else []), n]

    def inside(self, n: int) -> bool:
        top, office = self.asker[0], self.roles[self.asker]
        return (top in self._chain(n)) if office else n == top

    def known(self, n: int) -> bool:
        """Their own units, and the names of those above them."""
        return self.inside(n) or n in self._chain(self.asker[0])

    def name(self, n: int) -> str:
        number = "甲乙丙丁戊己庚辛壬癸"[n]
        kind = ("市", "县", "街道", "社区")[min(len(self._chain(n)) - 1, 3)]
        return f"{number}山{kind}" if self.known(n) else f"{number}{self.skin}水{kind}"

    def person(self, who: tuple[int, int]) -> str:
        n, i = who
        known = self.inside(n) or (self.known(n) and self.roles[who])
        return (
            f"赵{'甲乙丙丁戊己庚辛壬癸'[n]}{'一二三'[i]}"
            if known
            else f"钱{self.skin}{'甲乙丙丁戊己庚辛壬癸'[n]}{'一二三'[i]}"
        )

    def _furnish(self, shape: Random) -> None:
        skin = Random(f"{self.seed}.{self.skin}")
        role_of = (Role.CITY, Role.COUNTY, Role.UNIT, Role.UNIT)
        kinds = (UnitKind.CITY, UnitKind.COUNTY, UnitKind.TOWNSHIP, UnitKind.VILLAGE)
        with self.database.session() as session:
            units: list[Unit] = []
            for n, parent in enumerate(self.parents):
                depth = min(len(self._chain(n)) - 1, 3)
                unit = Unit(
                    code=f"u{n}", name=self.name(n), parent_id=units[parent].id if n else None, kind=kinds[depth]
                )
                session.add(unit)
                session.flush()
                unit.path = f"{units[parent].path if n else '/'}{unit.id}/"
                units.append(unit)
            for who in self.people:
                n = who[0]
                unit_id, depth = units[n].id or 0, min(len(self._chain(n)) - 1, 3)
                dice = shape.random()
                state = dice if self.inside(n) else skin.random()  # the same number of draws in both worlds
                added = roster.add_person(
                    session, staff_id=f"p{n}.{who[1]}", name=self.person(who), unit_id=unit_id, at=MORNING
                )
                session.flush()
                if self.roles[who]:
                    session.add(Appointment(person_id=added.id or 0, unit_id=unit_id, role=role_of[depth].value))
                done = state < 0.6
                case = Case(
                    campaign=CAMPAIGN.id,
                    person_id=added.id or 0,
                    unit_id=unit_id,
                    opened_at=MORNING,
                    submitted_at=MORNING if done else None,
                    nil=done and state < 0.3,
                    touched=done and state >= 0.3,
                    pledged=done and state > 0.5,
                    late=done and state > 0.55,
                )
                session.add(case)
                session.flush()
                told = "里面的事" if self.inside(n) else f"外面的事{self.skin}"
                shared = {"campaign": CAMPAIGN.id, "unit_id": unit_id}
                session.add(
                    Risk(**shared, case_id=case.id, person_id=added.id, source="x", text=told, opened_at=MORNING)
                )
            for n, unit in enumerate(units):
                told = "里面的事" if self.inside(n) else f"外面的事{self.skin}"
                by = session.exec(select(Person.id)).first()
                count = shape.randrange(1, 9) if self.inside(n) else 50 + skin.randrange(40)
                states = ("confirmed", "submitted", "accepted")
                state = "submitted" if self.inside(n) else skin.choice(states)
                shared = {"campaign": CAMPAIGN.id, "unit_id": unit.id or 0}
                session.add(Incident(**shared, happened_on=MORNING.date(), text=told, by=by, at=MORNING))
                root = units[0].id or 0
                session.add(Finding(**shared, office_id=root, text=told, by=by, at=MORNING, due=MORNING.date()))
                session.add(LeakCount(day=MORNING.date(), unit_id=unit.id, kind="phones", place="direct", events=count))
                name = "孙里" if self.inside(n) else f"孙{self.skin}"
                asked = {"person_id": by, "unit_id": unit.id, "text": told, "at": MORNING}
                session.add(DataRequest(**asked))
                session.add(Applicant(staff_id=f"a{n}", nick=name, name=name, unit_id=unit.id, stage="waiting"))
                if not self.inside(n):
                    sent = {"audience": "all", "kind": "words", "text": told, "asker": "x", "people": count}
                    session.add(Broadcast(**shared, **sent, asked_at=MORNING, agreed_at=MORNING))
                if not self.known(n):
                    session.add(UnitReturn(**shared, state=state, content='{"rows": []}', gaps=told, digest="d" * 64))
            session.flush()
            for who in self.people[::3]:
                if not self.inside(who[0]):
                    found = session.exec(select(Person.id).where(Person.staff_id == f"p{who[0]}.{who[1]}")).one()
                    reason = f"外面的事{self.skin}"
                    session.add(Exemption(campaign=CAMPAIGN.id, person_id=found, reason=reason, by=found, at=MORNING))

    def hears(self, said: str, *, group: bool = False) -> list[str]:
        """All that comes to the asker and into the group, papers as what is in them."""
        self.said += 1
        staff = f"p{self.asker[0]}.{self.asker[1]}"
        direct = Address("dingtalk", ChatKind.DIRECT, staff)
        chat = Address("dingtalk", ChatKind.GROUP, "g") if group else direct
        self.intake.take(
            Inbound(
                robot="r",
                msg_id=f"m{self.said}",
                sender_id=staff,
                sender_name="",
                chat=chat,
                text=said,
                received_at=MORNING + timedelta(seconds=self.said),
            )
        )
        with self.database.reading() as session:
            letters = select(Outgoing).where(Outgoing.key.startswith(f"r/m{self.said}#")).order_by(Outgoing.id)
            found = [one.body for one in session.exec(letters).all() if one.lane in (str(direct), str(chat))]
        return [self._seen(body) for body in found]

    def _seen(self, body: str) -> str:
        shown = from_json(body)
        if not isinstance(shown, Document):
            return body
        paper = written(self.database, (CAMPAIGN,), shown, Vault(KEY))
        return f"{shown.name} {shown.paper} {dict(shown.params)} {_said_by(paper)}"


def _said_by(paper: bytes) -> str:
    """What a paper says, without the moment its file was made."""
    if not zipfile.is_zipfile(io.BytesIO(paper)):
        return hashlib.sha256(paper).hexdigest()
    with zipfile.ZipFile(io.BytesIO(paper)) as parts:
        inside = [(name, _said_by(parts.read(name))) for name in parts.namelist() if name != "docProps/core.xml"]
    return hashlib.sha256(repr(inside).encode()).hexdigest()


def sayings(house: House) -> list[str]:
    """Every command the README tells, with units, persons and numbers of all kinds in the places of theirs."""
    outside = [n for n in range(len(house.parents)) if not house.known(n)]
    units = [house.name(n) for n in range(len(house.parents))] + [f"u{n}" for n in outside] + ["没有这个街道"]
    people = [house.person(who) for who in house.people] + ["没有这个人"]
    numbers = [str(n) for n in range(1, 24)]
    about_unit = [
        "进度",
        "名单",
        "查看",
        "接收",
        "经过",
        "风险",
        "督办",
        "考核",
        "名册",
        "拦截",
        "核对",
        "领先",
        "落后",
        "补签名单",
        "催办",
        "催报",
        "扫描件",
        "确认反馈表",
        "取消确认",
        "会签",
        "事件",
        "上报",
        "合并",
        "绑定",
    ]
    papers = ("反馈表", "承诺书", "未完成名单", "名册", "汇总表", "考核表", "风险台账", "督办清单", "台账")
    said = [
        *about_unit,
        "待办",
        "整改",
        "抽查 记录",
        "导出",
        "帮助",
        "全部命令",
        "进度 图",
        "继续",
        "活动",
        "会签",
        "已签纸质",
    ]
    said += [f"{word} {unit}" for word in about_unit for unit in units]
    said += [f"导出 {paper}{unit}" for paper in papers for unit in ("", *(f" {one}" for one in units))]
    said += [
        form.format(unit)
        for unit in units
        for form in ("退回 {}：不行", "登记事件 {} 5月10日：有事", "发现 {}：有问题")
    ]
    said += [f"抽查 {unit} 人员 2" for unit in units]
    said += [f"群发 {who} {unit}：请今天填完" for unit in units for who in ("未完成", "全员", "联络员", "群")]
    said += ["群发", "资料已改", "我的数据", "群发 全员：请今天填完"]
    said += [
        form.format(name)
        for name in people
        for form in ("免填 {}：病假", "取消免填 {}", "代填 {}", "已签纸质 {}", "委托 {} 到6月1日", "移交 {}", "名单 {}")
    ]
    by_number = (
        "同意加入 {0}|不同意加入 {0}|确认导入 {0}|不导入 {0}|事件 {0}|事件 {0} 处理：好|整改 {0}|整改 {0} 通过|风险 {0}"
    )
    by_number += "|风险 {0} 关闭：好|同意代填 {0}|退回代填 {0} 漏了|抽查 {0}|导出 抽查记录 {0}"
    by_number += "|导出 抽查名册 {0}|复核 {0}|扫描件 {0} 反馈表"
    by_number += "|资料已改 {0}|群发 {0}|确认群发 {0}|停止群发 {0}|补发 {0}"
    by_number += "|会签 {0}|发现 {0}-1：有问题|发现 {0}：有问题"
    said += [form.format(number) for form in by_number.split("|") for number in numbers]
    return said


@given(st.integers(0, 10**6), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nobody_hears_of_what_lies_outside(seed: int, group: bool, random: Random) -> None:
    one, two = House(seed, "东"), House(seed, "西")
    try:
        known = [n for n in range(len(one.parents)) if one.known(n)]
        asked = sayings(one)
        for said in random.sample(asked, 14):
            heard = one.hears(said, group=group)
            assert heard == two.hears(said, group=group), f"{said!r} by {one.asker}, who knows {known}"
            assert not any("外面的事" in told for told in heard), said
    finally:
        one.database.close()
        two.database.close()


# ---------------------------------------------------------------- groups, buttons of others, strangers


@pytest.mark.parametrize(
    "said", ["名单", "补签名单", "会签", "待办", "进度", "拦截", "考核", "督办", "整改", "风险", "催办", "核对"]
)
def test_a_group_gets_totals_only(said: str, world: World) -> None:
    told = world.person("zhou").says_in("群", said)
    for name in ("张三丰", "李小四", "王雅芳", "陈明亮", "钱大海", "孙文静"):
        assert name not in told


@pytest.fixture
def applicant(world: World) -> int:
    """Somebody wants to join 鹤城街道 in 青田; its coordinator was offered the buttons."""
    new = world.person("new", "新来的")
    for said in ("你好", "鹤城街道", "1", "郑小新"):
        new.says(said)
    with world.database.reading() as session:
        return session.exec(select(Applicant.id)).one() or 0


@pytest.mark.parametrize("who", ["wang", "zhou", "chen", "li", "qian"])
def test_a_buttons_words_typed_by_somebody_it_was_not_offered_to(who: str, applicant: int, world: World) -> None:
    """The words are no secret, the right is what counts; there, gone and never been sound alike, and it is entered."""
    told = world.person(who).says(f"同意加入 {applicant}")
    never = world.person(who).says("同意加入 987654")
    assert told == never
    assert "郑小新" not in told
    lines = [line for line in world.facts()["audit"] if line[2] == "denied"]
    assert [line[1] for line in lines] == [who, who]
    assert all("郑小新" not in str(line) for line in lines)
    assert "郑小新" in world.person("sun").says(f"同意加入 {applicant}")
    assert "郑小新" not in world.person("sun").says(f"同意加入 {applicant}"), "the button is dead once it was pressed"


def test_somebody_who_left_yesterday_sees_nothing_any_more(world: World) -> None:
    wang = world.person("wang", "王雅芳")
    assert "李小四" in wang.says("名单")
    with world.database.session() as session:
        person = session.exec(select(Person).where(Person.staff_id == "wang")).one()
        person.active = False
    world.now += timedelta(days=1)
    for said in ("名单", "进度", "导出 反馈表", "核对", "同意加入 1"):
        told = wang.says(said)
        assert "李小四" not in told
        assert "应填" not in told
    assert [line[3] for line in world.facts()["audit"] if line[2] == "denied"] == ["left"] * 5


def frame(**changes: object) -> dict[str, object]:
    base = {
        "msgId": "m1",
        "conversationId": "c1",
        "conversationType": "1",
        "senderStaffId": "wang",
        "senderCorpId": "ding1",
        "chatbotCorpId": "ding1",
        "robotCode": "ours",
        "msgtype": "text",
        "text": {"content": "名单"},
        "createAt": 1652835600000,
    }
    return {**base, **changes}


@pytest.mark.parametrize(
    ("changes", "stranger"),
    [
        ({}, None),
        ({"senderCorpId": "ding2"}, Stranger.ORGANISATION),
        ({"chatbotCorpId": "ding2"}, Stranger.ORGANISATION),
        ({"robotCode": "another"}, Stranger.ROBOT),
    ],
)
def test_another_organisation_and_another_robot(
    changes: dict[str, object], stranger: Stranger | None, world: World
) -> None:
    inbound = parse(frame(**changes), robot="ours", corp_id="ding1")
    assert inbound is not None
    assert inbound.stranger is stranger
    world.deliver(inbound)
    told = [line[4] for line in world.facts()["outbox"]]
    assert any("李小四" in body for body in told) is (stranger is None)
    denied = [line[3] for line in world.facts()["audit"] if line[2] == "denied"]
    assert denied == ([stranger.value] if stranger else [])
    assert not (stranger is Stranger.ROBOT and told), "a message for another robot is not answered"


def test_a_callback_that_proved_itself_may_name_its_robot() -> None:
    inbound = parse(frame(robotCode="its own"), robot="zhezhengding-robot", corp_id="ding1", only=False)
    assert inbound is not None
    assert (inbound.stranger, inbound.sender_id, inbound.robot) == (None, "wang", "its own")


def test_the_audit_of_a_refusal_holds_no_content(world: World) -> None:
    world.person("li").says("名单 青田县")
    world.person("li").says(f"登记事件 紫金街道 5月20日：{'很长的事实' * 3}")
    lines = [line for line in world.facts()["audit"] if line[2] == "denied"]
    assert [line[3] for line in lines] == ["names", "record_incident"]
    assert "事实" not in str(lines)
    assert id_number() not in str(lines)


def test_papers_of_others_are_refused_on_every_way(world: World) -> None:
    for said in ("导出 反馈表 青田县", "导出 承诺书 鹤城街道", "导出 名册 青田县", "查看 鹤城街道", "名册 鹤城街道"):
        before = len(world.facts()["outbox"])
        told = world.person("zhou").says(said)
        assert "<xlsx" not in told
        assert "<docx" not in told
        assert len(world.facts()["outbox"]) == before + 1
    assert commands.parse("导出 反馈表 青田县") is not None
