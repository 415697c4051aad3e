"""The evidence, judged by attack: whatever is changed in the database behind the bot's back is found and named."""

import json
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from bot import evidence
from bot.app import Foundation
from handlers import revisions
from storage.evidence import anchor, chaining, checking, entering, merkle, proofs
from storage.evidence.checking import Trouble
from storage.vault import Vault
from tests.conftest import Worlds
from tests.world import World, group_chat, id_number

README = Path(__file__).resolve().parent.parent / "README.md"
SIGNS = ("你好", "都没有", "都看过，没有", "现在签", id_number(), "确认")


def sign(world: World, *people: str) -> None:
    for who in people:
        for said in SIGNS:
            world.person(who).says(said)


def base_of(world: World) -> Foundation:
    return Foundation(world.campaigns, world.database, world.vault, world.anchor)


def troubles(world: World) -> list[str]:
    """`table row: what`, as an operator would find them."""
    with world.database.reading() as session:
        seen = anchor.read(world.anchor, world.vault)
        return [_line(one) for one in checking.check(session, world.vault, seen).troubles]


def _line(one: Trouble) -> str:
    return f"{one.table} {one.row}: {one.wrong}"


def tamper(world: World, *statements: str) -> None:
    """Somebody at the database with every right, and without the key."""
    with world.database.engine.connect() as connection, connection.begin():
        attack(connection, *statements)


def attack(connection: Connection, *statements: str) -> None:
    if connection.dialect.name == "sqlite":
        guards = text("SELECT name, '' FROM sqlite_master WHERE type = 'trigger'")
        connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    else:
        guards = text("SELECT tgname, ' ON ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal")
    for name, where in connection.execute(guards).all():
        connection.execute(text(f"DROP TRIGGER {name}{where}"))
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements:
        assert connection.execute(text(statement)).rowcount, f"nothing to do: {statement}"


@pytest.fixture
def signed(world: World) -> World:
    """Three have signed and handed in, a coordinator has looked around, all of it is chained."""
    sign(world, "qian", "sun", "li")
    world.person("wang").says("名单")
    world.chain()
    assert troubles(world) == []
    return world


# ---------------------------------------------------------------- the chain grows


def test_what_is_written_is_entered_with_it_and_chained_a_moment_later(world: World) -> None:
    sign(world, "qian")
    with world.database.reading() as session:
        entered = chaining.waiting(session)
        assert entered >= 2  # the pledge and what was handed in
        assert chaining.head(session).seq == 0
    world.chain()
    with world.database.reading() as session:
        assert (chaining.waiting(session), chaining.head(session).seq) == (0, entered)
        assert anchor.read(world.anchor, world.vault) == chaining.head(session)
    assert troubles(world) == []


def test_a_number_given_and_not_signed_with_is_not_entered(world: World) -> None:
    for said in SIGNS[:-1]:
        world.person("qian").says(said)
    world.chain()
    with world.database.reading() as session:
        assert chaining.head(session).seq == 0


def test_a_kill_between_the_message_and_the_chain_loses_nothing(world: World) -> None:
    sign(world, "qian")
    world.restart()
    sign(world, "sun")
    world.chain()
    assert troubles(world) == []


def test_two_notaries_at_once_make_one_chain(world: World) -> None:
    sign(world, "qian", "sun")
    with world.database.session() as session:
        chaining.chain(session, world.vault, world.now.date())
    with world.database.session() as session:
        assert chaining.chain(session, world.vault, world.now.date()) == 0
    assert troubles(world) == []


def test_notaries_work_beside_people_who_sign(world: World) -> None:
    """Nobody waits for the chain, and however many processes chain, it is one chain."""
    done = threading.Event()

    def keep_chaining() -> int:
        rounds = 0
        while not done.is_set():
            world.chain()
            rounds += 1
        return rounds

    with ThreadPoolExecutor() as pool:
        notaries = [pool.submit(keep_chaining) for _ in range(3)]
        try:
            sign(world, "qian", "sun", "li", "zhang")
        finally:
            done.set()
        assert all(notary.result() for notary in notaries)
    world.chain()
    assert troubles(world) == []
    with world.database.reading() as session:
        assert chaining.head(session).seq >= 8


def test_a_clock_that_is_behind_brings_nothing_back_into_a_closed_day(signed: World) -> None:
    signed.now += timedelta(days=1)
    signed.chain()
    signed.now -= timedelta(days=1)
    sign(signed, "zhou")
    signed.chain()
    signed.now += timedelta(days=2)
    signed.chain()
    assert troubles(signed) == []
    with signed.database.reading() as session:
        assert [(day.count, day.total) for day in chaining.days(session)] == [(3, 3), (1, 4)]


# ---------------------------------------------------------------- attacks with the database alone


ATTACKS = (
    ("UPDATE pledge SET name = (SELECT name FROM pledge WHERE id = 2) WHERE id = 1", "pledge 1: changed"),
    ("UPDATE pledge SET text_version = 9 WHERE id = 2", "pledge 2: changed"),
    ("UPDATE pledge SET at = '2022-01-01 00:00:00' WHERE id = 3", "pledge 3: changed"),
    (
        "UPDATE pledge SET number_sealed = (SELECT number_sealed FROM pledge WHERE id = 2) WHERE id = 1",
        "pledge 1: digest",
    ),
    ("UPDATE pledge SET case_id = 2 WHERE id = 1", "pledge 1: changed"),
    ("UPDATE self_check SET person_id = 6 WHERE id = 1", "pledge 1: moved"),
    ("DELETE FROM pledge WHERE id = 3", "pledge 3: missing"),
    (
        "INSERT INTO pledge (case_id, state, text_version, text_digest, name, number_sealed, number_print, "
        "number_mask, told, at, msg_id) SELECT case_id, state, text_version, text_digest, name, '', '', '', told, "
        "at, 'x' FROM pledge WHERE id = 1",
        "pledge 4: foreign",
    ),
    ("UPDATE pledge_text SET text = text || '。'", "pledge_text lishui-2022-69/1: changed"),
    ("UPDATE submission SET nil = NOT nil WHERE id = 1", "submission 1: changed"),
    ("UPDATE submission SET answers = '{}' WHERE id = 2", "submission 2: changed"),
    ("UPDATE answer SET given = NULL WHERE id = 2", "answer 2: changed"),
    ("DELETE FROM answer WHERE id = 3", "answer 3: missing"),
    ("UPDATE audit SET actor = 'nobody' WHERE id = 1", "audit 1: changed"),
    ("DELETE FROM audit WHERE id = 1", "audit 1: missing"),
    (
        "INSERT INTO audit (at, actor, action, subject, detail) SELECT at, 'wu', 'export', '', '' FROM audit",
        "audit 2: foreign",
    ),
    ("UPDATE evidence SET leaf = head WHERE seq = 2", "evidence 2: forged"),
    ("DELETE FROM evidence WHERE seq = 2", "evidence 3: gap"),
    ("UPDATE evidence SET campaign = 'other' WHERE seq = 1", "evidence 1: forged"),
    ("UPDATE evidence SET about = '{}' WHERE kind = 'pledge' AND row = '1'", "pledge 1: changed"),
)


def test_tampering_with_a_row_is_found_and_named(signed: World) -> None:
    with signed.database.session() as session:
        revisions.remember(session, signed.campaign)
    signed.chain()
    seen = anchor.read(signed.anchor, signed.vault)
    for statement, found in ATTACKS:
        with signed.database.session() as session:
            attack(session.connection(), statement)
            told = [_line(one) for one in checking.check(session, signed.vault, seen).troubles]
            assert found in told, f"{statement}: {told}"
            session.rollback()
    assert troubles(signed) == []


def test_the_last_rows_cut_off_with_their_entries_are_missed(signed: World) -> None:
    tamper(
        signed,
        "DELETE FROM evidence WHERE seq > 4",
        "DELETE FROM submission WHERE id = 3",
        "DELETE FROM audit",
        "DELETE FROM pledge WHERE id = 3",
    )
    (found,) = [one for one in troubles(signed) if not one.startswith("answer")]
    assert re.fullmatch(r"evidence \d+–\d+: cut_off", found)
    signed.chain()
    assert found in troubles(signed), "the anchor does not go back"


def test_a_chain_rebuilt_without_the_key_is_no_chain(signed: World) -> None:
    """The attacker knows the recipe and recomputes every link, with marks of a key of their own."""
    other = Vault(b"another key of thirty-two bytes!")
    tamper(signed, "UPDATE audit SET actor = 'nobody'", "UPDATE evidence SET seq = NULL, day = NULL")
    with signed.database.session() as session:
        chaining.chain(session, other, signed.now.date())
    found = troubles(signed)
    assert "audit 1: changed" in found
    assert sum(one.endswith("forged") for one in found) >= 7


def test_an_anchor_of_ones_own_is_seen(signed: World) -> None:
    with signed.database.reading() as session:
        anchor.write(signed.anchor, Vault(b"another key of thirty-two bytes!"), chaining.head(session))
    verdict = evidence.check_all(base_of(signed), now=lambda: signed.now)
    assert not verdict.good
    assert "zicha.anchor was changed" in verdict.lines[0]


def test_a_lost_anchor_is_told(signed: World) -> None:
    signed.anchor.unlink()
    verdict = evidence.check_all(base_of(signed), now=lambda: signed.now)
    assert not verdict.good
    assert "不见了" in verdict.lines[0]


def test_an_older_copy_put_back_counts_once_somebody_says_why(signed: World) -> None:
    with signed.database.reading() as session:
        end = chaining.head(session)
    anchor.write(signed.anchor, signed.vault, chaining.Head(end.seq + 5, "ab" * 32))
    base = base_of(signed)
    assert not evidence.check_all(base, now=lambda: signed.now).good
    assert evidence.check_all(base, now=lambda: signed.now, restored="硬盘坏了").good
    signed.chain()
    assert evidence.check_all(base, now=lambda: signed.now).good
    assert ("verify.all", "1 troubles; put back: 硬盘坏了") in [(line[2], line[4]) for line in signed.facts()["audit"]]


@pytest.mark.parametrize("table", ["audit", "evidence", "return_step", "evidence_day"])
def test_the_database_refuses_to_change_what_only_grows(signed: World, table: str) -> None:
    signed.now += timedelta(days=1)
    signed.chain()
    sun = signed.person("sun")
    for said in ("确认反馈表", "带缺口确认 两人在外地"):
        sun.says(said)
    column = {"evidence_day": "count"}.get(table, "id")
    for statement in (f"UPDATE {table} SET {column} = {column} + 100", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), signed.database.session() as session:
            session.connection().execute(text(statement))


def test_guards_taken_off_are_back_at_the_next_start(signed: World, caplog: pytest.LogCaptureFixture) -> None:
    tamper(signed, "UPDATE audit SET actor = 'nobody'")
    signed.database.migrate()
    assert "took the guards off" in caplog.text
    with pytest.raises(DBAPIError), signed.database.session() as session:
        session.connection().execute(text("UPDATE audit SET actor = 'x'"))


# ---------------------------------------------------------------- a database of before


def test_rows_of_before_are_taken_in_once(new_world: Worlds) -> None:
    world = new_world()
    world.database.info.clear()  # a program that knew no evidence
    sign(world, "qian")
    world.person("wang").says("名单")
    world.restart()
    assert "pledge 1: foreign" in troubles(world)
    with world.database.session() as session:
        assert entering.take_in(session, world.vault) >= 3
    world.chain()
    assert troubles(world) == []
    tamper(world, "INSERT INTO audit (at, actor, action, subject, detail) SELECT at, 'wu', 'x', '', '' FROM audit")
    with world.database.session() as session:
        assert entering.take_in(session, world.vault) == 0, "a second time nothing is taken for granted"


# ---------------------------------------------------------------- the digest of a day


def closed(world: World) -> chaining.DayRoot:
    world.now += timedelta(days=1)
    world.chain()
    with world.database.reading() as session:
        return chaining.days(session)[-1]


def test_a_day_is_closed_the_next_day_and_told_in_the_citys_group_once(signed: World) -> None:
    signed.person("wu").says_in("市级群", "绑定")
    signed.person("wang").says_in("街道群", "绑定")
    day = closed(signed)
    (letter,) = signed.letters(group_chat("市级群"))[1:]
    body = json.loads(letter.body)["markdown"]
    assert "当天登记 3 份，累计 3 份" in body
    assert day.digest in body.replace(" ", "")
    assert "钱大海" not in body
    assert len(signed.letters(group_chat("街道群"))) == 1, "only the answer to 绑定"
    signed.chain()
    assert len(signed.letters(group_chat("市级群"))) == 2


def test_it_is_told_within_decent_hours(signed: World) -> None:
    signed.person("wu").says_in("市级群", "绑定")
    signed.now = signed.now.replace(hour=23, minute=59) + timedelta(minutes=2)
    signed.chain()
    (letter,) = signed.letters(group_chat("市级群"))[1:]
    assert letter.not_before.astimezone(signed.campaign.zone).hour >= 8


def test_a_file_that_does_not_want_it_tells_no_group(new_world: Worlds) -> None:
    world = new_world()
    quiet = world.campaign.evidence.model_copy(update={"publish": False})
    world.change_campaign(world.campaign.model_copy(update={"evidence": quiet}))
    world.person("wu").says_in("市级群", "绑定")
    sign(world, "qian")
    world.chain()
    closed(world)
    assert len(world.letters(group_chat("市级群"))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE evidence_day SET root = head",
        "UPDATE evidence_day SET count = 2",
        "UPDATE evidence_day SET digest = root",
    ],
)
def test_a_day_that_was_changed_is_named(signed: World, statement: str) -> None:
    closed(signed)
    tamper(signed, statement)
    assert "evidence_day lishui-2022-69/2022-05-18: other_day" in troubles(signed)


def test_a_digest_made_public_is_found_again(signed: World) -> None:
    day = closed(signed)
    told = " ".join(re.findall(r".{8}", day.digest.upper()))
    assert evidence.is_digest(told)
    assert "当天登记 3 份" in evidence.check_day(base_of(signed), told).lines[0]
    assert not evidence.check_day(base_of(signed), "0" * 64).good


# ---------------------------------------------------------------- one pledge without the others


def proof_of(world: World, who: str) -> tuple[Path, str]:
    return evidence.prove(base_of(world), who, world.folder / f"{who}.json", "", now=lambda: world.now)


def test_a_proof_shows_one_pledge_and_nobody_else(signed: World) -> None:
    day = closed(signed)
    file, digest = proof_of(signed, "qian")
    assert digest.replace(" ", "") == day.digest
    told = file.read_text(encoding="utf-8")
    assert "钱大海" in told
    assert all(other not in told for other in ("孙文静", "李小四", "sun", id_number()))
    verdict = evidence.check_proof(file)
    assert verdict.good
    assert any(digest in line for line in verdict.lines)


def test_a_proof_waits_for_the_end_of_its_day(signed: World) -> None:
    with pytest.raises(evidence.VerifyError, match="明天"):
        proof_of(signed, "qian")


@pytest.mark.parametrize("part", ["content", "salt", "name", "text", "digest", "path", "day"])
def test_a_proof_that_was_changed_is_none(signed: World, part: str) -> None:
    closed(signed)
    file, _ = proof_of(signed, "qian")
    proof = json.loads(file.read_text(encoding="utf-8"))
    match part:
        case "content":
            proof["content"] = proof["content"].replace("qian", "wang")
        case "path":
            proof["path"][0][0] = "left" if proof["path"][0][0] == "right" else "right"
        case "day":
            proof["day"]["count"] += 1
        case "text":
            proof["text"] += "。"
        case _:
            proof[part] = proof[part][::-1]
    file.write_text(json.dumps(proof), encoding="utf-8")
    assert not evidence.check_proof(file).good


@pytest.mark.parametrize(
    "rubbish", ["", "[]", "{}", '"x"', "[" * 100_000, '{"format": "zicha pledge proof 1", "content": 3}']
)
def test_rubbish_is_no_proof(tmp_path: Path, rubbish: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(rubbish, encoding="utf-8")
    assert not evidence.check_proof(file).good


def test_the_script_of_the_readme_checks_a_proof(signed: World, tmp_path: Path) -> None:
    day = closed(signed)
    file, _ = proof_of(signed, "sun")
    script = next(
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        if "zicha leaf" in block
    )
    assert len(script.splitlines()) <= 20
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    assert day.digest in done.stdout
    assert "孙文静" in done.stdout


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 13])
def test_every_leaf_of_a_tree_leads_to_its_root(count: int) -> None:
    leaves = [f"{n:064x}" for n in range(count)]
    root = merkle.root(leaves)
    for place, leaf in enumerate(leaves):
        assert merkle.climbed(leaf, merkle.path(leaves, place)) == root
        assert merkle.climbed("ff" * 32, merkle.path(leaves, place)) != root


def test_the_tree_is_that_of_certificate_transparency() -> None:
    """RFC 6962's own values: the empty tree, and the leaf of an empty string."""
    assert merkle.EMPTY == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    two = merkle.root(["00" * 32, "11" * 32])
    assert two == merkle.root(["00" * 32, "11" * 32])
    assert two != merkle.root(["11" * 32, "00" * 32])


def test_pledges_are_found_by_receipt_as_well(signed: World) -> None:
    with signed.database.reading() as session:
        (pledge,) = proofs.pledges_of(session, signed.campaign.id, "ZC-0518-0002")
    assert pledge.case_id == 2
