"""Secrets of persons: sealing, opening, recognising.

Three steps of keys, so that each can be changed or destroyed without the others:

* **Master keys** stand outside the database, in the key file or the environment, the newest first (`master_keys`).
  They seal nothing but data keys and backups (`sealed_files`).
* **Data keys** stand in the table `data_key`, wrapped by a master key: one for each campaign and kind of secret
  (`KINDS`), and one of each kind for what belongs to no campaign (`of=""`: telephones of the roster, workbooks that
  wait, codes of files). `keyring` makes, wraps, rotates and destroys them. Deleting the row of a data key erases all it
  sealed, wherever copies of that lie, except in copies of the database that hold the row too; those open no more once
  the master key of their time is forgotten (`zicha keys rotate`, then `zicha keys forget`).
* **Sealed values** say which suite and which data key opens them (`<suite>.<data key>.<nonce, cipher text, tag>`) and
  are bound to their purpose («pledge/17»): moved to another place they do not open. The part ahead of the slash is the
  kind.

Rotation wraps the data keys anew and starts new ones for what is sealed from then on. Sealed values stay as they are:
they stand in submissions and returns whose digests are evidence. Whoever had an old master key and the database had
those values already, and gets none that come after.

Fingerprints use a data key of the kind `print`, which stays one key for a campaign's life, in the suite it began with:
they can be compared across rotations and a change of the suite, and die with that key.

Several processes may run. One that meets a data key it does not know reads the table and the key file again.
Must not know whose secrets these are.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from storage.ciphers import SUITES, InvalidTag, Suite
from storage.master_keys import VaultError, key_id, root_keys

KINDS = ("answer", "pledge", "signature", "file", "print", "other")
"""What is sealed of a campaign, each under a data key of its own."""
GENERAL_KINDS = ("phone", "file", "errand", "print", "other")
"""The same for what belongs to no campaign."""

__all__ = ["DataKey", "Keys", "Vault", "VaultError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    id: str
    suite: Suite
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """All that open, by their id, and those that seal now, by campaign and kind."""

    opening: Mapping[str, DataKey]
    sealing: Mapping[tuple[str, str], DataKey]


class Vault:
    """Seals and opens with the data keys of a database. Its repr shows ids only.

    Made from a master key alone it has no database: one data key derived from that, for everything.
    """

    def __init__(self, root: bytes = b"", *, keys: Keys | None = None, again: Callable[[], Keys] | None = None) -> None:
        self._again = again
        self._root: tuple[DataKey, DataKey] | None = None
        if root:
            id_, seal, print_ = key_id(root), *root_keys(root)
            aes = SUITES["aes"]
            self._root = (DataKey(id=id_, suite=aes, secret=seal), DataKey(id=id_, suite=aes, secret=print_))
            keys = Keys({id_: self._root[0]}, {})
        self._keys = keys or Keys({}, {})

    @property
    def key_id(self) -> str:
        """The ids of the data keys that open, in short."""
        return ",".join(sorted(self._keys.opening))

    def __repr__(self) -> str:
        return f"Vault({len(self._keys.opening)} data keys)"

    def refresh(self) -> None:
        """Looks at the data keys again: those made since are used from now on, those destroyed are forgotten."""
        if self._again:
            self._keys = self._again()

    def seal(self, value: str, purpose: str, of: str = "") -> str:
        """A token that opens only with its data key and the same `purpose` («pledge/17»); `of` is the campaign."""
        key = self._sealing(of, _kind(purpose))
        sealed = key.suite.seal(key.secret, value.encode(), purpose.encode())
        return _head(key) + base64.urlsafe_b64encode(sealed).decode()

    def open(self, token: str, purpose: str) -> str:
        """Raises `VaultError` where the key, the purpose or the token is another one."""
        mark, id_, data = (*token.split("."), "", "")[:3]
        try:
            raw = base64.urlsafe_b64decode(data)
        except (binascii.Error, ValueError) as error:
            raise VaultError("a sealed value was changed or moved") from error
        return self._opened(mark, id_, raw, purpose).decode()

    def seal_bytes(self, content: bytes, purpose: str, of: str = "") -> bytes:
        """A file sealed like a value, without the detour over text: the same header, then nonce and cipher text."""
        key = self._sealing(of, _kind(purpose))
        return _head(key).encode() + key.suite.seal(key.secret, content, purpose.encode())

    def open_bytes(self, sealed: bytes, purpose: str) -> bytes:
        """Raises `VaultError` where the key, the purpose or the content is another one."""
        mark, id_, raw = (*sealed.split(b".", 2), b"", b"")[:3]
        return self._opened(mark.decode("latin-1"), id_.decode("latin-1"), raw, purpose)

    def fingerprint(self, value: str, of: str = "") -> str:
        """The same for equal values of a campaign, in 64 hexadecimal signs, and of no use without the key."""
        key = self._root[1] if self._root else self._sealing(of, "print")
        return key.suite.mac(key.secret, value.encode()).hex()

    def _sealing(self, of: str, kind: str) -> DataKey:
        if self._root:
            return self._root[0]
        keys = self._keys.sealing
        if key := keys.get((of, kind)) or keys.get((of, "other")):
            return key
        raise VaultError(f"there is no key to seal {kind} of «{of}» with; is the campaign named in ZICHA_CAMPAIGN?")

    def _opened(self, mark: str, id_: str, raw: bytes, purpose: str) -> bytes:
        key = self._keys.opening.get(id_)
        if key is None and id_:
            self.refresh()  # made by another process, perhaps under a new master key
            key = self._keys.opening.get(id_)
        if key is None or mark != key.suite.mark:
            raise VaultError(
                f"sealed with another key ({id_ or 'none'}); there is {self.key_id or 'none'}; check ZICHA_KEY_FILE"
            )
        try:
            return key.suite.open(key.secret, raw, purpose.encode())
        except InvalidTag as error:
            raise VaultError("a sealed value was changed or moved") from error


def _head(key: DataKey) -> str:
    return f"{key.suite.mark}.{key.id}."


def _kind(purpose: str) -> str:
    return purpose.partition("/")[0]


def answer_purpose(case_id: int | None) -> str:
    """What the sealed part of an answer is bound to."""
    return f"answer/{case_id}"


def correction_purpose(case_id: int, row: int, field_: str) -> str:
    """What the whole wording of a corrected cell is bound to."""
    return f"answer/{case_id}/{row}/{field_}"


def pledge_purpose(case_id: int | None) -> str:
    """What a pledge's sealed number is bound to."""
    return f"pledge/{case_id}"


def signature_purpose(case_id: int | None) -> str:
    """What the name somebody signed with is bound to."""
    return f"signature/{case_id}"


def phone_purpose(staff_id: str) -> str:
    return f"phone/{staff_id}"


def file_purpose(digest: str) -> str:
    """What the content of a stored file is bound to."""
    return f"file/{digest}"
