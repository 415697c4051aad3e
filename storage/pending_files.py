"""Workbooks that wait for a word of their sender, sealed, one of a purpose per person. Must not know what they hold."""

from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.files import digest_of
from storage.models import StoredFile
from storage.vault import Vault, file_purpose

ROSTER = "roster"


def keep(
    session: Session, vault: Vault, content: bytes, *, purpose: str, person_id: int, name: str, at: datetime
) -> StoredFile:
    """Seals a file until the word comes; a newer one takes the place of the one that waited."""
    for older in session.exec(_waiting(person_id).where(StoredFile.purpose == purpose)).all():
        end(session, older, at)
    digest = digest_of(content)
    kept = StoredFile(
        purpose=purpose,
        person_id=person_id,
        name=name[:200],
        kind="xlsx",
        size=len(content),
        digest=digest,
        content=vault.seal_bytes(content, file_purpose(digest)),
        at=at,
    )
    session.add(kept)
    session.flush()
    return kept


def waiting(session: Session, person_id: int, file_id: int) -> StoredFile | None:
    """The file of this number, if it is this person's and still waits."""
    return session.exec(_waiting(person_id).where(StoredFile.id == file_id)).one_or_none()


def newest(session: Session, person_id: int, purpose: str) -> StoredFile | None:
    found = _waiting(person_id).where(StoredFile.purpose == purpose).order_by(col(StoredFile.id).desc())
    return session.exec(found.limit(1)).first()


def end(session: Session, file: StoredFile, at: datetime) -> None:
    """It was used up, replaced or withdrawn: what is in it is not kept."""
    file.ended_at, file.content = at, b""
    session.add(file)


def _waiting(person_id: int) -> SelectOfScalar[StoredFile]:
    return select(StoredFile).where(
        StoredFile.person_id == person_id,
        col(StoredFile.return_id).is_(None),
        col(StoredFile.ended_at).is_(None),
    )
