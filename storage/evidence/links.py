"""How the links are spelled: leaf, head, day, and the keyed marks on them. The README writes the same down for others.

All digests are SHA-256 of UTF-8, hexadecimal; the parts of a line are joined by newlines. Pure but for the salt.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from storage.vault import Vault

START = "0" * 64
"""The head of a chain without entries."""


def new_salt() -> str:
    """So that nobody finds a row by trying what it may say."""
    return secrets.token_hex(16)


def canonical(content: Mapping[str, Any] | list[Any]) -> str:
    """JSON with sorted keys, without blanks, Chinese as it is."""
    return _spell(content)


_spell = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def leaf_of(salt: str, content: str) -> str:
    return _digest("zicha leaf 1", salt, content)


def head_of(seq: int, before: str, kind: str, campaign: str, leaf: str) -> str:
    return _digest("zicha head 1", str(seq), before, kind, campaign, leaf)


def day_digest(campaign: str, day: date, count: int, total: int, root: str, seq: int, head: str, before: str) -> str:
    return _digest("zicha day 1", campaign, day.isoformat(), str(count), str(total), root, str(seq), head, before)


def entry_mark(vault: Vault, kind: str, row: str, campaign: str, leaf: str) -> str:
    return vault.fingerprint("\n".join(("zicha entry 1", kind, row, campaign, leaf)))


def head_mark(vault: Vault, seq: int, head: str) -> str:
    return vault.fingerprint(f"zicha head 1\n{seq}\n{head}")


def day_mark(vault: Vault, digest: str) -> str:
    return vault.fingerprint(f"zicha day 1\n{digest}")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
