"""How long the chain was, remembered in a file outside the database: cutting off its end is noticed.

The file lies in the data folder (README: a copy elsewhere is better still). Keyed like the chain itself, so that it
cannot be written without the key. Must not know what is in the chain.
"""

import json
import os
import secrets
from pathlib import Path

from storage.evidence.chaining import Head
from storage.evidence.links import head_mark
from storage.vault import Vault

NAME = "zicha.anchor"


class AnchorError(Exception):
    """The file is there and cannot be used; the message says what to do."""


def read(file: Path, vault: Vault) -> Head | None:
    """The furthest end seen; None where there is no file yet. Raises `AnchorError` where it was damaged or changed."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        seen, mark = Head(int(told["seq"]), str(told["head"])), str(told["mark"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AnchorError(f"{file} cannot be read; put the kept copy back") from error
    if mark != head_mark(vault, seen.seq, seen.digest):
        raise AnchorError(f"{file} was changed, or belongs to another key; put the kept copy back")
    return seen


def write(file: Path, vault: Vault, end: Head) -> None:
    """Remembers an end: whole or not at all, readable by its owner only."""
    told = {"seq": end.seq, "head": end.digest, "mark": head_mark(vault, end.seq, end.digest)}
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}.new")  # several processes may share the folder
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(json.dumps(told) + "\n")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
