"""Files sent through the page on their way to the fetcher: sealed under a code nobody else knows, and gone soon.

Must not know whose they are nor what they are for: the errand knows.
"""

import hashlib
import secrets
from datetime import datetime

from sqlmodel import Session, col, delete, select

from storage.models import PageUpload
from storage.vault import Vault, file_purpose


def keep(session: Session, vault: Vault, content: bytes, *, at: datetime) -> str:
    """Seals a file; the code that opens it, told once."""
    code = secrets.token_urlsafe(32)
    digest = _digest(code)
    session.add(PageUpload(code=digest, content=vault.seal_bytes(content, file_purpose(digest)), at=at))
    return code


def fetch(session: Session, vault: Vault, code: str) -> bytes | None:
    """The file; None once it is gone. It can be fetched again until then: whoever fetched it may have been killed."""
    digest = _digest(code)
    sealed = session.exec(select(PageUpload.content).where(PageUpload.code == digest)).one_or_none()
    return None if sealed is None else vault.open_bytes(sealed, file_purpose(digest))


def forget_before(session: Session, moment: datetime) -> int:
    """Drops what nobody came for, and what was fetched; returns how many."""
    return session.exec(delete(PageUpload).where(col(PageUpload.at) < moment)).rowcount


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
