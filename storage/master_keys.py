"""Master keys: where they are kept, outside the database, and what they do: wrap data keys.

The key file holds one key in base64 a line, the newest first; lines that begin with # are notes. It is readable by its
owner only and is replaced whole, never written into. The environment holds the same, with blanks or commas between.
Must not know the database.
"""

import base64
import binascii
import hashlib
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from storage.ciphers import SUITES, InvalidTag, Suite

_BYTES = 32


class VaultError(Exception):
    """A key is missing or wrong; the message says where it was looked for."""


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The newest first: it wraps; all of them open."""

    secrets: tuple[bytes, ...] = field(repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(key_id(secret) for secret in self.secrets)

    def wrap(self, key: bytes, suite: Suite, bound_to: str) -> str:
        """A data key, sealed by the newest master key in a suite: `<suite>.<master key>.<…>`."""
        newest = self.secrets[0]
        sealed = suite.seal(wrapping_key(newest, suite), key, bound_to.encode())
        return f"{suite.mark}.{key_id(newest)}.{base64.urlsafe_b64encode(sealed).decode()}"

    def unwrap(self, wrapped: str, bound_to: str) -> bytes:
        """Raises `VaultError` where its master key is not among them, or the row was changed."""
        mark, id_, data = (*wrapped.split("."), "", "")[:3]
        suite = next((suite for suite in SUITES.values() if suite.mark == mark), None)
        secret = self.find(id_)
        if suite is None or secret is None:
            raise VaultError(f"a data key is wrapped by the master key {id_ or 'none'}, which is not among {self.ids}")
        try:
            return suite.open(wrapping_key(secret, suite), base64.urlsafe_b64decode(data), bound_to.encode())
        except (InvalidTag, binascii.Error) as error:
            raise VaultError(f"a data key in the database was changed ({bound_to}); take it from a backup") from error

    def find(self, id_: str) -> bytes | None:
        return next((secret for secret in self.secrets if key_id(secret) == id_), None)


def wrapping_key(master: bytes, suite: Suite) -> bytes:
    return suite.derived(master, b"zicha wrap")


def key_id(master: bytes) -> str:
    """Eight signs that name a master key and tell nothing of it."""
    return hashlib.sha256(b"zicha id" + master).hexdigest()[:8]


def root_keys(master: bytes) -> tuple[bytes, bytes]:
    """What databases before 0004 were sealed with, and their fingerprints made. Raises `VaultError` for a key of
    another length."""
    if len(master) != _BYTES:
        raise VaultError("a master key must be 32 bytes, base64 encoded; see the README, chapter Configuration")
    return hashlib.sha256(b"zicha seal" + master).digest(), hashlib.sha256(b"zicha print" + master).digest()


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def parse(text: str) -> MasterKeys:
    """Raises `VaultError` where there is no key, or one that is none."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = []
    for word in (word for line in lines for word in re.split(r"[\s,]+", line) if word):
        try:
            secret = base64.b64decode(word, validate=True)
        except ValueError as error:
            raise VaultError("the key is not base64; see the README, chapter Configuration") from error
        root_keys(secret)
        found.append(secret)
    if not found:
        raise VaultError("there is no key in the key file; put the kept copy back, see the README, ZICHA_KEY_FILE")
    return MasterKeys(tuple(dict.fromkeys(found)))


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the master keys are: in the environment if it holds any, else in the file."""

    file: Path
    environment: str = field(default="", repr=False)

    def read(self, *, create: bool = False) -> MasterKeys:
        """With `create`, a missing file is made."""
        if self.environment:
            return parse(self.environment)
        if create and not self.file.exists():
            self.make()
        try:
            return parse(self.file.read_text(encoding="ascii"))
        except UnicodeDecodeError as error:
            raise VaultError(
                f"the key file {self.file} is damaged; put the kept copy back, see ZICHA_KEY_FILE"
            ) from error
        except OSError as error:
            raise VaultError(
                f"the key file {self.file} cannot be read ({error.strerror}); "
                "put the kept copy back, or check ZICHA_KEY_FILE"
            ) from error

    def make(self) -> None:
        """A new file with a new key. Raises `FileExistsError` rather than lose one."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        _write(self.file, new_key() + "\n", os.O_EXCL)

    def add(self) -> MasterKeys:
        """A new key ahead of the others; on the disk for good when this returns."""
        return self._replace([new_key(), *map(_text, self.read().secrets)])

    def drop(self, id_: str) -> MasterKeys:
        return self._replace([_text(secret) for secret in self.read().secrets if key_id(secret) != id_])

    def _replace(self, lines: list[str]) -> MasterKeys:
        if self.environment:
            raise VaultError("the master keys stand in ZICHA_KEY: change them there, the newest first")
        beside = self.file.with_name(f"{self.file.name}.{secrets.token_hex(4)}")
        _write(beside, "".join(f"{line}\n" for line in lines), os.O_EXCL)
        beside.replace(self.file)
        _settle(self.file.parent)
        return self.read()


def _text(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


def _write(file: Path, text: str, flags: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | flags, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _settle(folder: Path) -> None:
    """The folder's entry is on the disk as well, where the system can say so."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
