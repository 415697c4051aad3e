"""One-time codes by which somebody known on one platform is recognised on another. Only digests are kept."""

import hashlib
import re
import secrets
from datetime import datetime

from sqlmodel import Session, col, delete, select

from storage.models import AccountCode

_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""None that looks like another. Eight of them: a thousand billion codes, of which one is good for ten minutes."""
_CODE = re.compile(rf"[{_SIGNS}]{{4}}-?[{_SIGNS}]{{4}}")


def give(session: Session, person_id: int, *, until: datetime) -> str:
    """A new code; an older one of the same person is good no more."""
    code = "".join(secrets.choice(_SIGNS) for _ in range(8))
    session.exec(delete(AccountCode).where(col(AccountCode.person_id) == person_id))
    session.add(AccountCode(code=_digest(code), person_id=person_id, until=until))
    session.flush()
    return f"{code[:4]}-{code[4:]}"


def take(session: Session, said: str, *, at: datetime) -> int | None:
    """Whose code it is; used up with that. None for anything else."""
    written = said.strip().upper()
    if not _CODE.fullmatch(written):
        return None
    session.exec(delete(AccountCode).where(col(AccountCode.until) < at))
    row = session.exec(select(AccountCode).where(AccountCode.code == _digest(written.replace("-", "")))).first()
    if row is None:
        return None
    session.delete(row)
    session.flush()
    return row.person_id


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
