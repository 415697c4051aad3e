"""Master keys and data keys: made, changed while others work, forgotten, lost, and destroyed with what they sealed."""

import base64
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from sqlmodel import SQLModel, col, select

from storage import keyring, sealed_files
from storage.ciphers import AES, SM, SUITES, InvalidTag, Suite
from storage.database import Database
from storage.master_keys import KeySource, MasterKeys, VaultError, key_id, new_key, parse
from storage.models import DataKey, Pledge, Setting
from storage.vault import GENERAL_KINDS, KINDS, Vault, pledge_purpose
from tests.conftest import Worlds
from tests.world import KEY, MORNING, id_number

CAMPAIGN = "lishui-2022-69"
NUMBER = id_number()


@pytest.fixture
def source(tmp_path: Path) -> KeySource:
    return KeySource(tmp_path / "keys" / "zicha.key")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    SQLModel.metadata.create_all(database.engine)
    yield database
    database.close()


def unlocked(database: Database, source: KeySource, suite: str = "aes") -> Vault:
    return keyring.unlock(database, source, suite=suite, campaigns=[CAMPAIGN], at=MORNING)


def rows(database: Database) -> list[DataKey]:
    with database.reading() as session:
        return list(session.exec(select(DataKey).order_by(DataKey.id)).all())


# ---------------------------------------------------------------- ciphers


def test_sm4_and_sm3_are_those_of_the_standards() -> None:
    """RFC 8998 A.1 for SM4-GCM, GB/T 32905 A.1 for SM3."""
    key, nonce = bytes.fromhex("0123456789abcdeffedcba9876543210"), bytes.fromhex("00001234567800000000abcd")
    plain = b"".join(bytes([n]) * 8 for n in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = SM.encrypt(key, nonce, plain, bound)
    assert sealed.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert SM.decrypt(key, nonce, sealed, bound) == plain
    summed = hashes.Hash(SM.hash())
    summed.update(b"abc")
    assert summed.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_suite_notices_a_changed_byte_wherever_it_is(suite: Suite) -> None:
    key = suite.new_key()
    sealed = suite.seal(key, b"3325", b"pledge/1")
    assert suite.open(key, sealed, b"pledge/1") == b"3325"
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(InvalidTag):
            suite.open(key, changed, b"pledge/1")


# ---------------------------------------------------------------- master keys


@pytest.mark.parametrize(
    "text",
    ["", "# nothing", "short", "!!!", new_key()[:-8], new_key() + "AAAA"],
    ids=["empty", "notes", "short", "signs", "cut", "longer"],
)
def test_a_key_of_the_wrong_shape_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(VaultError, match="README"):
        parse(text)


def test_a_key_file_holds_the_newest_first_and_notes() -> None:
    first, second = new_key(), new_key()
    assert parse(f"# kept by Mrs Wang\n{first}\n\n{second}\n").ids == parse(f"{first}, {second}").ids
    assert first not in repr(parse(first))


def test_a_key_file_is_made_once_and_for_its_owner_only(source: KeySource) -> None:
    with pytest.raises(VaultError, match="ZICHA_KEY_FILE"):
        source.read()
    made = source.read(create=True)
    assert source.read(create=True).ids == made.ids
    with pytest.raises(FileExistsError):
        source.make()
    source.add()
    assert os.name != "posix" or stat.S_IMODE(source.file.stat().st_mode) == 0o600
    assert list(source.file.parent.iterdir()) == [source.file], "nothing is left beside it"


def test_keys_of_the_environment_need_no_file_and_are_not_written(tmp_path: Path) -> None:
    source = KeySource(tmp_path / "none", new_key())
    assert source.read(create=True).ids
    with pytest.raises(VaultError, match="ZICHA_KEY"):
        source.add()
    assert not (tmp_path / "none").exists()


# ---------------------------------------------------------------- a database and its keys


def test_a_database_stays_with_its_key(database: Database, source: KeySource, tmp_path: Path) -> None:
    unlocked(database, source)
    other = KeySource(tmp_path / "other.key")
    other.make()
    with pytest.raises(VaultError, match=f"{source.read().ids[0]}.*{other.read().ids[0]}.*ZICHA_KEY_FILE"):
        unlocked(database, other)


def test_a_lost_key_is_not_replaced_by_a_new_one(database: Database, source: KeySource) -> None:
    unlocked(database, source)
    source.file.unlink()
    with pytest.raises(VaultError, match="cannot be read"):
        unlocked(database, source)
    assert not source.file.exists()


def test_every_kind_of_a_campaign_has_a_key_of_its_own(database: Database, source: KeySource) -> None:
    vault = unlocked(database, source)
    assert {(row.campaign, row.kind) for row in rows(database)} >= {(CAMPAIGN, kind) for kind in KINDS}
    token = vault.seal(NUMBER, "pledge/1", CAMPAIGN)
    assert token.split(".")[1] != vault.seal(NUMBER, "answer/1", CAMPAIGN).split(".")[1]
    assert unlocked(database, source).open(token, "pledge/1") == NUMBER
    with pytest.raises(VaultError, match="changed or moved"):
        vault.open(token, "pledge/2")
    with pytest.raises(VaultError, match="ZICHA_CAMPAIGN"):
        vault.seal(NUMBER, "pledge/1", "another-campaign")


def test_a_data_key_that_was_changed_or_moved_does_not_open(database: Database, source: KeySource) -> None:
    unlocked(database, source)
    with database.session() as session:
        one, two = session.exec(select(DataKey).where(col(DataKey.kind).in_(["pledge", "answer"]))).all()
        one.wrapped, two.wrapped = two.wrapped, one.wrapped
    with pytest.raises(VaultError, match="data key in the database was changed"):
        unlocked(database, source)


def test_a_database_of_one_key_is_taken_over(database: Database, source: KeySource) -> None:
    """What was sealed before there were data keys opens, fingerprints stay comparable, and the key can be changed."""
    old = Vault(base64.b64decode(source_with(source, KEY)))
    token, print_ = old.seal(NUMBER, "pledge/1"), old.fingerprint(NUMBER)
    with database.session() as session:
        session.add(Setting(name="vault key", value=key_id(KEY)))
    vault = unlocked(database, source)
    assert vault.open(token, "pledge/1") == NUMBER
    assert vault.fingerprint(NUMBER) == print_
    keyring.rotate(database, source, suite="aes", at=MORNING)
    keyring.forget(database, source, key_id(KEY))
    assert unlocked(database, source).open(token, "pledge/1") == NUMBER


def source_with(source: KeySource, key: bytes) -> str:
    text = base64.b64encode(key).decode()
    source.file.parent.mkdir(exist_ok=True)
    source.file.write_text(text)
    return text


# ---------------------------------------------------------------- rotation


def test_the_key_is_changed_while_others_work(database: Database, source: KeySource) -> None:
    """Two processes are at work; a third changes the key. Nobody stops, everything opens, everything compares."""
    here, there = unlocked(database, source), unlocked(database, source)
    before, print_ = here.seal(NUMBER, "pledge/1", CAMPAIGN), here.fingerprint(NUMBER, CAMPAIGN)
    old = source.read().ids[0]
    new, wrapped = keyring.rotate(database, source, suite="aes", at=MORNING)
    assert wrapped == len(KINDS) + len(GENERAL_KINDS)
    assert {row.master for row in rows(database)} == {new} != {old}
    # here has not noticed: it still seals with the key it knows, which opens everywhere
    meanwhile = here.seal(NUMBER, "pledge/2", CAMPAIGN)
    here.refresh()
    after = here.seal(NUMBER, "pledge/3", CAMPAIGN)
    assert before.split(".")[1] == meanwhile.split(".")[1] != after.split(".")[1]
    # there meets a data key it does not know, wrapped by a master key it does not know
    for n, token in enumerate((before, meanwhile, after), 1):
        assert there.open(token, f"pledge/{n}") == NUMBER
    assert there.fingerprint(NUMBER, CAMPAIGN) == here.fingerprint(NUMBER, CAMPAIGN) == print_
    keyring.forget(database, source, old)
    fresh = unlocked(database, source)
    assert [fresh.open(token, f"pledge/{n}") for n, token in enumerate((before, meanwhile, after), 1)] == [NUMBER] * 3
    assert fresh.fingerprint(NUMBER, CAMPAIGN) == print_


def test_a_rotation_broken_off_anywhere_goes_on(
    database: Database, source: KeySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = unlocked(database, source)
    token, old = vault.seal(NUMBER, "pledge/1", CAMPAIGN), source.read().ids[0]
    step, steps = keyring._step, iter(range(100))

    def breaking(*args: object) -> bool:
        if next(steps) % 3 == 2:
            raise KeyboardInterrupt
        return step(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(keyring, "_step", breaking)
    broken = 0
    while True:
        try:
            new, _ = keyring.rotate(database, source, suite="aes", at=MORNING)
            break
        except KeyboardInterrupt:
            broken += 1
            assert unlocked(database, source).open(token, "pledge/1") == NUMBER
            with pytest.raises(VaultError, match="in use"):
                keyring.forget(database, source, old)
    assert broken > 2
    assert source.read().ids == (new, old), "one new key, however often it was broken off"
    assert {row.master for row in rows(database)} == {new}
    used = [(row.campaign, row.kind) for row in rows(database) if row.retired_at is None]
    assert len(used) == len(set(used))


def test_a_machine_the_key_file_has_not_come_to_goes_on(
    database: Database, source: KeySource, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two machines with a copy of the key file each: the one that was not told seals with what it has."""
    unlocked(database, source)
    copy = KeySource(tmp_path / "copy.key")
    copy.file.write_text(source.file.read_text())
    far = unlocked(database, copy)
    keyring.rotate(database, source, suite="aes", at=MORNING)
    near = unlocked(database, source)
    far.refresh()
    assert "copy the key file to this machine" in caplog.text
    token = far.seal(NUMBER, "pledge/1", CAMPAIGN)
    assert near.open(token, "pledge/1") == NUMBER
    new = near.seal(NUMBER, "pledge/2", CAMPAIGN)
    with pytest.raises(VaultError):
        far.open(new, "pledge/2")
    copy.file.write_text(source.file.read_text())
    assert far.open(new, "pledge/2") == NUMBER


def test_the_newest_key_and_one_in_use_cannot_be_forgotten(database: Database, source: KeySource) -> None:
    unlocked(database, source)
    for id_, told in ((source.read().ids[0], "in use"), ("deadbeef", "no master key")):
        with pytest.raises(VaultError, match=told):
            keyring.forget(database, source, id_)


def test_status_says_which_old_key_nothing_needs(database: Database, source: KeySource) -> None:
    unlocked(database, source)
    old = source.read().ids[0]
    new, _ = keyring.rotate(database, source, suite="aes", at=MORNING)
    with database.reading() as session:
        standing = {one.id: one for one in keyring.masters_at(session, source.read())}
    assert standing[new].newest
    assert standing[new].wraps == len(rows(database))
    assert standing[old].wraps == 0


# ---------------------------------------------------------------- suites, destruction


def test_a_change_of_the_suite_leaves_all_readable(database: Database, source: KeySource) -> None:
    aes = unlocked(database, source)
    old, print_ = aes.seal(NUMBER, "pledge/1", CAMPAIGN), aes.fingerprint(NUMBER, CAMPAIGN)
    sm = unlocked(database, source, "sm")
    new = sm.seal(NUMBER, "pledge/2", CAMPAIGN)
    assert (old[0], new[0]) == (AES.mark, SM.mark)
    assert sm.open(old, "pledge/1") == sm.open(new, "pledge/2") == aes.open(new, "pledge/2") == NUMBER
    assert sm.fingerprint(NUMBER, CAMPAIGN) == print_
    assert {row.suite for row in rows(database) if row.retired_at is None and row.kind != "print"} == {"sm"}


def test_a_world_in_sm_from_the_beginning(new_world: Worlds) -> None:
    world = new_world(suite="sm")
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有", "现在签", f"钱大海 {NUMBER}", "确认"):
        qian.says(said)
    with world.database.reading() as session:
        pledge = session.exec(select(Pledge)).one()
    assert pledge.number_sealed.startswith("2.")
    assert pledge.name.startswith("2.")
    assert world.vault.open(pledge.number_sealed, pledge_purpose(pledge.case_id)) == NUMBER
    assert NUMBER.encode() not in world.on_disk()


def test_what_was_sealed_of_a_campaign_dies_with_its_keys(database: Database, source: KeySource) -> None:
    vault = unlocked(database, source)
    token, phone = vault.seal(NUMBER, "pledge/1", CAMPAIGN), vault.seal("19900005678", "phone/li")
    with database.session() as session:
        assert keyring.destroy(session, CAMPAIGN) == len(KINDS)
    vault.refresh()
    for one in (vault, unlocked(database, source)):
        with pytest.raises(VaultError, match="another key"):
            one.open(token, "pledge/1")
        assert one.open(phone, "phone/li") == "19900005678"


# ---------------------------------------------------------------- sealed files


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20])
@pytest.mark.parametrize("suite", SUITES)
def test_a_large_file_opens_whole_or_not_at_all(size: int, suite: str) -> None:
    masters, content = parse(new_key()), os.urandom(size)
    sealed = io.BytesIO()
    sealed_files.seal_stream(masters, io.BytesIO(content), sealed, suite=suite)
    raw, out = sealed.getvalue(), io.BytesIO()
    sealed_files.open_stream(masters, io.BytesIO(raw), out)
    assert out.getvalue() == content
    for broken in (raw[:-1], raw[:-20], raw + b"x", raw[:200].replace(b"a", b"b") + raw[200:] if size else raw[:-3]):
        if broken != raw:
            with pytest.raises(VaultError):
                sealed_files.open_stream(masters, io.BytesIO(broken), io.BytesIO())
    with pytest.raises(VaultError, match=masters.ids[0]):
        sealed_files.open_stream(parse(new_key()), io.BytesIO(raw), io.BytesIO())


def test_an_old_master_key_opens_an_old_backup() -> None:
    old = parse(new_key())
    sealed, out = io.BytesIO(), io.BytesIO()
    sealed_files.seal_stream(old, io.BytesIO(b"backup"), sealed)
    both = MasterKeys((base64.b64decode(new_key()), *old.secrets))
    sealed_files.open_stream(both, io.BytesIO(sealed.getvalue()), out)
    assert out.getvalue() == b"backup"
    with pytest.raises(VaultError, match="not a sealed file"):
        sealed_files.open_stream(old, io.BytesIO(b"SQLite format 3\0"), out)
