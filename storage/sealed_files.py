"""Large files sealed by a master key alone, piece by piece: backups, which must open without the database they hold.

A head line says the suite and the master key; a key of its own comes from that and a fresh salt. Pieces are numbered
and the last one is marked: left out, moved, cut or added to, the file does not open. Must not know what is in it.
"""

import secrets
from collections.abc import Iterator
from typing import BinaryIO

from storage.ciphers import SUITES, InvalidTag
from storage.master_keys import MasterKeys, VaultError, key_id

_HEAD = b"zicha sealed file"
_SALT = 16
_PIECE = 1 << 20
_TAG = 16
_WHOLE = "the sealed file was changed or cut short; take another copy"


def seal_stream(masters: MasterKeys, source: BinaryIO, out: BinaryIO, *, suite: str = "aes") -> None:
    """Writes what `source` holds to `out`, sealed by the newest master key."""
    chosen, master, salt = SUITES[suite], masters.secrets[0], secrets.token_bytes(_SALT)
    head = b"%s %s %s %s\n" % (_HEAD, chosen.name.encode(), key_id(master).encode(), salt.hex().encode())
    key = chosen.derived(master, b"zicha file" + salt)
    out.write(head)
    for number, piece, last in _pieces(source, _PIECE):
        out.write(chosen.encrypt(key, _nonce(number, last=last), piece, head))


def open_stream(masters: MasterKeys, source: BinaryIO, out: BinaryIO) -> None:
    """The other way. Raises `VaultError` where the key is missing or the file is not whole; what was written to `out`
    until then must be thrown away."""
    head = source.readline(200)
    words = head.split()
    if not head.startswith(_HEAD + b" ") or len(words) != 6:
        raise VaultError("this is not a sealed file of zicha")
    chosen, id_ = SUITES.get(words[3].decode("latin-1")), words[4].decode("latin-1")
    master = masters.find(id_)
    if chosen is None or master is None:
        raise VaultError(f"the file is sealed with the master key {id_}; put it into the key file, see ZICHA_KEY_FILE")
    try:
        key = chosen.derived(master, b"zicha file" + bytes.fromhex(words[5].decode("latin-1")))
        for number, piece, last in _pieces(source, _PIECE + _TAG):
            out.write(chosen.decrypt(key, _nonce(number, last=last), piece, head))
    except (InvalidTag, ValueError) as error:
        raise VaultError(_WHOLE) from error


def _pieces(source: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Number, content and whether it is the last; a file without content is one empty piece."""
    number, piece = 0, source.read(size)
    while True:
        following = source.read(size) if len(piece) == size else b""
        yield number, piece, not following
        if not following:
            return
        number, piece = number + 1, following


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
