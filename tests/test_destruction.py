"""`zicha destroy`: what the bot still knows afterwards, by every byte of the database; and what it refuses."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from docx import Document
from sqlmodel import SQLModel

from bot import destroying
from bot.app import Foundation
from bot.destroying import DestroyError, Wish
from handlers.campaign import loading
from storage.database import DatabaseError
from storage.destruction import erasing, fading, scope
from storage.evidence import anchor, chaining, checking
from storage.vault import VaultError
from tests.conftest import Worlds
from tests.test_evidence import sign
from tests.test_returns import png
from tests.world import World, id_number

ID = "lishui-2022-69"
ANSWER = "街道下发的密接人员清单"
REASON = "派驻外地"
SECRETS = ("钱大海", "张三丰", "李小四", ANSWER, REASON, "鹤城街道", "金山社区", "19900001234", id_number(), "盖章.png")


def base_of(world: World) -> Foundation:
    return Foundation(world.campaigns, world.database, world.vault, world.anchor)


@pytest.fixture
def lived(new_world: Worlds) -> World:
    """A campaign with everything in it, past its deadline."""
    return live(new_world())


def live(world: World) -> World:
    sign(world, "qian", "sun")
    li = world.person("li")
    for said in ("开始", "2", "手机 微信", "1", "1", ANSWER, "1", "1", "对", "1", "今年签的", "提交"):
        li.says(said)
    world.without_account("李大爷", "紫金街道")
    for said in ("名单", "确认反馈表", "带缺口确认 有人在外地"):
        world.person("wang").says(said)
    world.person("wang").sends_file("盖章.png", png(), "picture")
    world.person("wang").says("导出 反馈表")
    for said in (
        f"免填 李大爷：{REASON}",
        "登记事件 紫金街道 5月18日：群里转发了名单",
        "抽查 人员 2",
        "抽查 1 种子 12345",
    ):
        world.person("zhou").says(said)
    world.person("wu").says_in("市级群", "绑定")
    world.person("zhang").says("资料有误 单位写错了")
    world.chain()
    world.now += timedelta(days=30)
    world.chain()
    return world


def destroyed(world: World, **wish: object) -> tuple[destroying.Certificate, Path]:
    asked = Wish(campaign=ID, **wish)  # type: ignore[arg-type]
    _, code = destroying.plan(base_of(world), asked, now=world.now)
    return destroying.destroy(
        base_of(world), asked, destroying.shown(code), world.folder / "证明.docx", now=lambda: world.now
    )


def test_afterwards_the_bytes_name_nobody(lived: World) -> None:
    told = lived.on_disk()
    assert [secret for secret in SECRETS[:6] if secret.encode() not in told] == [], "nothing to look for"
    destroyed(lived)
    lived.close()
    told = lived.on_disk()
    found = [secret for secret in SECRETS if secret.encode() in told or secret.encode("unicode_escape") in told]
    assert found == []
    assert [who for who in ("qian", "wang", "zhang") if re.search(rf'["\W]{who}["\W]'.encode(), told)] == []


def test_afterwards_the_evidence_is_whole_and_says_what_was_done(lived: World) -> None:
    with lived.database.reading() as session:
        before, days = chaining.head(session), chaining.days(session)
    made, _ = destroyed(lived)
    with lived.database.reading() as session:
        report = checking.check(session, lived.vault, anchor.read(lived.anchor, lived.vault))
        assert report.troubles == ()
        assert report.destroyed == (ID,)
        assert chaining.head_at(session, before.seq) == before.digest, "the chain goes on from where it was"
        assert [day.digest for day in chaining.days(session)] == [day.digest for day in days], "what was public stays"
        assert (made.seq, made.head.replace(" ", "")) == (chaining.head(session).seq, chaining.head(session).digest)


def test_the_audit_log_keeps_what_was_done_and_forgets_who(lived: World) -> None:
    before = lived.facts()["audit"]
    destroyed(lived)
    after = lived.facts()["audit"]
    assert sorted(line[2] for line in after) == sorted(["destroy", *(line[2] for line in before)])
    assert all(line[1] == "operator" or re.fullmatch(r"P-[0-9a-f]{10}", line[1]) for line in after)
    assert len({line[1] for line in after}) == len({line[1] for line in before} | {"operator"})


def test_keys_are_gone_before_anything_else_could_be_found(lived: World) -> None:
    sealed = lived.vault.seal("330000", "pledge/1", ID)
    destroyed(lived)
    with pytest.raises(VaultError):
        lived.vault.open(sealed, "pledge/1")


def test_the_certificate_counts_and_says_what_remains(lived: World) -> None:
    made, file = destroyed(lived)
    document = Document(str(file))
    told = "\n".join(paragraph.text for paragraph in document.paragraphs)
    cells = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert made.number in told
    assert "《个人信息保护法》第四十七条" in told
    assert ["人员", "9", "9", "0"] in cells
    assert ["承诺书签署", "3", "3", "0"] in cells
    assert any(row[0] == "审计记录" and "无法还原" in row[2] for row in cells if len(row) == 3)
    assert any(row[1] == "1" and "反馈表" in row[0] for row in cells if len(row) == 3)
    assert made.head in told
    assert all(secret not in told for secret in SECRETS)


def test_two_steps_and_only_what_was_seen(lived: World) -> None:
    base, wish = base_of(lived), Wish(campaign=ID)
    found, code = destroying.plan(base, wish, now=lived.now)
    assert any("人员：9 行" in line for line in destroying.told(base, found))
    with pytest.raises(DestroyError, match="确认码不对"):
        destroying.destroy(base, wish, "AAAA-AAAA", lived.folder / "a.docx", now=lambda: lived.now)
    lived.person("chen").says("你好")
    lived.person("chen").says("1")
    with pytest.raises(DestroyError, match="记录在那以后变了"):
        destroying.destroy(base, wish, code, lived.folder / "a.docx", now=lambda: lived.now)
    assert len(lived.facts()["people"]) == 9
    assert not (lived.folder / "a.docx").exists()


def test_a_certificate_that_cannot_be_written_stops_it(lived: World) -> None:
    base, wish = base_of(lived), Wish(campaign=ID)
    _, code = destroying.plan(base, wish, now=lived.now)
    for file in (lived.folder / "nowhere" / "a.docx", lived.folder / "there.docx"):
        if file.parent.exists():
            file.write_bytes(b"x")
        with pytest.raises(DestroyError, match="没有销毁"):
            destroying.destroy(base, wish, code, file, now=lambda: lived.now)
    assert len(lived.facts()["people"]) == 9


def test_an_open_campaign_needs_force_and_a_reason(world: World) -> None:
    sign(world, "qian")
    for wish in (Wish(campaign=ID), Wish(campaign=ID, force=True), Wish(campaign=ID, reason="市局要求")):
        with pytest.raises(DestroyError, match="还没到截止日"):
            destroying.plan(base_of(world), wish, now=world.now)
    made, _ = destroyed(world, force=True, reason="市局要求")
    assert made.why == "市局要求"


def test_an_unknown_campaign_is_none(lived: World) -> None:
    with pytest.raises(DestroyError, match="没有活动 lishui"):
        destroying.plan(base_of(lived), Wish(campaign="lishui"), now=lived.now)


def test_one_of_two_campaigns_leaves_the_other_whole(new_world: Worlds) -> None:
    world = live(new_world(others=(loading.load("gov-apps-demo"),)))
    zhang = world.person("zhang")
    for said in ("活动 政务App", "1"):
        zhang.says(said)
    other = world.facts()["cases"]["zhang"]
    made, _ = destroyed(world)
    assert "名册" in made.roster
    facts = world.facts()
    assert list(facts["cases"]) == ["zhang"]
    assert facts["cases"]["zhang"] == other
    assert len(facts["people"]) == 9
    zhang.seen = 0  # the numbers of letters begin anew
    assert "叫什么名字" in zhang.says("继续")
    world.close()
    told = world.on_disk()
    assert [secret for secret in (ANSWER, REASON, id_number(), "盖章.png") if secret.encode() in told] == []
    world.restart()
    with world.database.reading() as session:
        assert checking.check(session, world.vault, anchor.read(world.anchor, world.vault)).troubles == ()
    with pytest.raises(DestroyError, match="名册还有活动在用"):
        destroying.plan(base_of(world), Wish(campaign=ID, roster=True), now=world.now)


def test_broken_off_before_the_file_was_made_small_it_can_be_done_again(lived: World) -> None:
    found, _ = destroying.plan(base_of(lived), Wish(campaign=ID), now=lived.now)
    with lived.database.session() as session:
        erasing.erase(session, lived.vault, found, number="XH", why="", at=lived.now, today=lived.now.date())
    destroyed(lived)  # killed here the first time
    lived.close()
    assert [secret for secret in SECRETS if secret.encode() in lived.on_disk()] == []


@pytest.mark.parametrize("kind", ["postgresql"])
def test_while_the_bot_runs_it_is_refused(world: World) -> None:
    """The lock beside a file is tried with the command itself."""
    with world.database.in_use(), pytest.raises(DatabaseError, match="is running"), world.database.alone():
        raise AssertionError
    with world.database.alone():
        pass


def test_every_table_has_its_end() -> None:
    assert scope.classified() == set(SQLModel.metadata.tables)


def test_letters_lose_their_words_after_a_while_and_are_never_said_twice(world: World) -> None:
    world.person("qian").says("你好")
    world.due()
    with world.database.session() as session:
        assert fading.fade(session, world.now - timedelta(days=1)) == 0
        assert fading.fade(session, world.now + timedelta(days=1)) >= 1
        assert fading.fade(session, world.now + timedelta(days=1)) == 0
    keys = [row[0] for row in world.facts()["outbox"]]
    assert keys
    assert all("钱大海" not in row[4] for row in world.facts()["outbox"])
