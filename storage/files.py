"""Files people sent, sealed under their digest: scans of stamped returns and pledges. Must not know what is on them."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from storage.models import StoredFile
from storage.vault import Vault, file_purpose

UNSORTED, TABLE, PLEDGES, BOTH = "scan", "scan.table", "scan.pledges", "scan.both"
SCANS = (UNSORTED, TABLE, PLEDGES, BOTH)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def known(session: Session, return_id: int, digest: str) -> StoredFile | None:
    """The same file, still counting for a return."""
    return session.scalars(_KNOWN, {"return": return_id, "digest": digest}).first()


_COUNTING = (
    select(StoredFile)
    .where(col(StoredFile.return_id) == bindparam("return"), col(StoredFile.ended_at).is_(None))
    .options(defer(StoredFile.content))  # type: ignore[arg-type]
    .order_by(col(StoredFile.id))
)
"""What is on them is read when somebody asks: they may be sixty, of megabytes each."""
_KNOWN = _COUNTING.where(col(StoredFile.digest) == bindparam("digest"))
_OF_RETURN = _COUNTING.where(col(StoredFile.purpose).in_(bindparam("purposes", expanding=True)))


def keep(
    session: Session,
    vault: Vault,
    content: bytes,
    *,
    campaign: str,
    return_id: int,
    person_id: int,
    name: str,
    kind: str,
    pages: int,
    at: datetime,
) -> StoredFile:
    """Seals a scan for a return; what it shows is told later (`sort`)."""
    digest = digest_of(content)
    kept = StoredFile(
        purpose=UNSORTED,
        return_id=return_id,
        person_id=person_id,
        name=name[:200],
        kind=kind,
        size=len(content),
        pages=pages,
        digest=digest,
        content=vault.seal_bytes(content, file_purpose(digest), campaign),
        at=at,
    )
    session.add(kept)
    session.flush()
    return kept


def of_return(session: Session, return_id: int, *purposes: str) -> Sequence[StoredFile]:
    """The scans that count for a return now, oldest first."""
    return session.scalars(_OF_RETURN, {"return": return_id, "purposes": purposes or SCANS}).all()


def count(session: Session, return_id: int) -> int:
    counting = (StoredFile.return_id == return_id, col(StoredFile.ended_at).is_(None))
    return session.exec(select(func.count(col(StoredFile.id))).where(*counting)).one()


def one(session: Session, file_id: int) -> StoredFile | None:
    return session.get(StoredFile, file_id, options=[defer(StoredFile.content)])  # type: ignore[arg-type]


def opened(vault: Vault, file: StoredFile) -> bytes:
    """Raises `VaultError` where it was changed or sealed with another key."""
    return vault.open_bytes(file.content, file_purpose(file.digest))


def end(session: Session, kept: Sequence[StoredFile], at: datetime) -> None:
    """They count no more; what was handed up with them stays provable."""
    for file in kept:
        file.ended_at = at
        session.add(file)


def table_out_of_date(session: Session, return_id: int, at: datetime) -> None:
    """The table is filled in anew: its scan does not count any more, those of pledges do."""
    end(session, of_return(session, return_id, TABLE, UNSORTED), at)
    for file in of_return(session, return_id, BOTH):
        file.purpose = PLEDGES
        session.add(file)
