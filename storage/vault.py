"""Secrets of persons: sealing, opening, recognising. The only importer of cryptography.

AES-256-GCM with the key's id in the token and the row's purpose as associated data, so that a sealed value moved to
another place does not open. The key lives outside the database (a file readable by its owner, or the environment).
Must not know whose secrets these are.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel import Session, select

from storage.models import Setting

_NONCE = 12
_KEY_SETTING = "vault key"


class VaultError(Exception):
    """A key is missing or wrong; the message says where it was looked for."""


class Vault:
    """Seals with one key. Its repr shows the key's id only."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise VaultError("the key must be 32 bytes, base64 encoded; see the README, chapter Configuration")
        self._cipher = AESGCM(hashlib.sha256(b"zicha seal" + key).digest())
        self._print_key = hashlib.sha256(b"zicha print" + key).digest()
        self.key_id = hashlib.sha256(b"zicha id" + key).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"Vault({self.key_id})"

    def seal(self, value: str, purpose: str) -> str:
        """A token that opens only with this key and the same `purpose` («pledge/17»)."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._cipher.encrypt(nonce, value.encode(), purpose.encode())
        return f"1.{self.key_id}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, token: str, purpose: str) -> str:
        """Raises `VaultError` where the key, the purpose or the token is another one."""
        version, key_id, data = (*token.split("."), "", "")[:3]
        if version != "1" or key_id != self.key_id:
            raise VaultError(
                f"sealed with another key ({key_id or 'none'}); this one is {self.key_id}; check ZICHA_KEY_FILE"
            )
        raw = base64.urlsafe_b64decode(data)
        try:
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
        except InvalidTag as error:
            raise VaultError("a sealed value was changed or moved") from error

    def fingerprint(self, value: str) -> str:
        """The same for equal values under the same key, and of no use without the key."""
        return hmac.new(self._print_key, value.encode(), hashlib.sha256).hexdigest()


def answer_purpose(case_id: int | None) -> str:
    """What the sealed part of an answer is bound to."""
    return f"answer/{case_id}"


def pledge_purpose(case_id: int | None) -> str:
    """What a pledge's sealed number is bound to."""
    return f"pledge/{case_id}"


def phone_purpose(staff_id: str) -> str:
    return f"phone/{staff_id}"


def in_use(session: Session) -> bool:
    """True once something may have been sealed: then a missing key must not be replaced by a new one."""
    return session.exec(select(Setting).where(Setting.name == _KEY_SETTING)).one_or_none() is not None


def claim(session: Session, vault: Vault) -> None:
    """Ties the database to its key at the first start; raises `VaultError` if it is tied to another one."""
    known = session.exec(select(Setting).where(Setting.name == _KEY_SETTING)).one_or_none()
    if known is None:
        session.add(Setting(name=_KEY_SETTING, value=vault.key_id))
    elif known.value != vault.key_id:
        raise VaultError(
            f"this database is sealed with key {known.value}, the key file holds {vault.key_id}; check ZICHA_KEY_FILE"
        )


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def from_text(text: str) -> Vault:
    try:
        return Vault(base64.b64decode(text.strip(), validate=True))
    except ValueError as error:
        raise VaultError("the key is not base64; see the README, chapter Configuration") from error


def from_file(path: Path, *, create: bool) -> Vault:
    """Reads the key file; with `create`, a missing one is made, readable by its owner only."""
    if create and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key() + "\n")
    try:
        return from_text(path.read_text())
    except UnicodeDecodeError as error:
        raise VaultError(f"the key file {path} is damaged; put the kept copy back, see ZICHA_KEY_FILE") from error
    except OSError as error:
        raise VaultError(f"the key file {path} cannot be read ({error.strerror}); check ZICHA_KEY_FILE") from error
