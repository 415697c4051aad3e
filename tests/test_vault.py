"""What is sealed opens for its purpose, under its key, in its place, and is nowhere to be read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.vault import Vault, VaultError
from tests.conftest import Worlds
from tests.world import KEY, World, id_number

OTHER = b"another test key, 32 bytes long."


@given(st.text(max_size=80), st.text(max_size=20))
def test_what_is_sealed_opens_for_its_purpose(value: str, purpose: str) -> None:
    safe = Vault(KEY)
    token = safe.seal(value, purpose)
    assert safe.open(token, purpose) == value
    assert token.isascii()
    assert len(value) < 6 or value not in token


def test_the_same_value_never_looks_the_same_twice() -> None:
    safe = Vault(KEY)
    assert safe.seal("一", "p") != safe.seal("一", "p")


def test_a_sealed_value_moved_to_another_place_does_not_open() -> None:
    safe = Vault(KEY)
    with pytest.raises(VaultError, match="changed or moved"):
        safe.open(safe.seal(id_number(), "pledge/1"), "pledge/2")


def test_another_key_does_not_open_it_and_says_which_it_needs() -> None:
    token = Vault(KEY).seal(id_number(), "pledge/1")
    with pytest.raises(VaultError, match=f"{Vault(KEY).key_id}.*{Vault(OTHER).key_id}.*ZICHA_KEY_FILE"):
        Vault(OTHER).open(token, "pledge/1")


@pytest.mark.parametrize("token", ["", "x", "1..", "2.aaaa.bbbb", id_number()])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(VaultError):
        Vault(KEY).open(token, "pledge/1")


@given(st.data())
def test_one_changed_byte_is_noticed(data: st.DataObject) -> None:
    safe = Vault(KEY)
    head, _, body = safe.seal("19900307", "p").rpartition(".")
    at = data.draw(st.integers(0, len(body) - 3))
    changed = body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :]
    with pytest.raises(VaultError):
        safe.open(f"{head}.{changed}", "p")


def test_fingerprints_find_equal_values_under_one_key_only() -> None:
    safe = Vault(KEY)
    assert safe.fingerprint("一") == safe.fingerprint("一") != safe.fingerprint("二")
    assert safe.fingerprint("一") != Vault(OTHER).fingerprint("一")


def test_a_vault_shows_nothing_of_its_key() -> None:
    for shown in (repr(Vault(KEY)), str(vars(Vault(KEY)))):
        assert repr(KEY)[2:-1] not in shown


def test_no_number_stands_in_any_byte_of_the_database(new_world: Worlds) -> None:
    """Neither while the process runs (write-ahead log) nor after; neither whole nor its telling parts."""
    world = new_world()
    number, phone = id_number(), "19900005678"
    qian = world.person("qian", "钱大海")
    for said in ("你好", "都没有", "都看过，没有", "现在签", f"钱大海 {number}"):
        qian.says(said)
    _never_written(world, number, phone)
    qian.says("确认")
    li = world.person("li", "李小四")
    for said in ("你好", "2", "手机", "1", "1", "1", "1", "改一项", "联系人及联系方式", f"李小四 {phone}"):
        li.says(said)
    assert "＊＊＊＊5678" in str(world.facts())
    _never_written(world, number, phone)
    assert number in str(world.facts()), "opened with the key it is there"
    assert phone in str(world.facts())
    world.close()
    _never_written(world, number, phone)


def _never_written(world: World, *numbers: str) -> None:
    on_disk = world.on_disk()
    for number in (*numbers, "19900001234"):
        for form in (number, number[:-1], number[6:], f"{number[:6]} {number[6:]}"):
            assert not re.search(re.escape(form.encode()), on_disk)


@pytest.mark.parametrize("where", ["contact", "unit"])
def test_a_number_out_of_place_is_not_echoed_into_the_outbox(where: str, world: World) -> None:
    """A telephone, or an ID number with a digit missing, where an option or a unit was asked for."""
    somebody = world.person("qian" if where == "contact" else "stranger", "某人")
    somebody.says("你好")
    for said in ("19900005678", id_number()[:17]):
        somebody.says(said)
        assert said.encode() not in world.on_disk()


@given(st.binary(max_size=200))
def test_a_sealed_file_opens_for_its_purpose_only(content: bytes) -> None:
    safe = Vault(KEY)
    sealed = safe.seal_bytes(content, "file/1")
    assert safe.open_bytes(sealed, "file/1") == content
    assert len(content) < 6 or content not in sealed
    for other, purpose in ((safe, "file/2"), (Vault(OTHER), "file/1")):
        with pytest.raises(VaultError):
            other.open_bytes(sealed, purpose)


@pytest.mark.parametrize("sealed", [b"", b"x", b"1..", b"2.aaaa.bbbb"])
def test_what_is_no_sealed_file_is_refused(sealed: bytes) -> None:
    with pytest.raises(VaultError):
        Vault(KEY).open_bytes(sealed, "file/1")


def test_a_changed_file_is_noticed() -> None:
    sealed = bytearray(Vault(KEY).seal_bytes(b"scan", "file/1"))
    sealed[-1] ^= 1
    with pytest.raises(VaultError, match="changed or moved"):
        Vault(KEY).open_bytes(bytes(sealed), "file/1")
