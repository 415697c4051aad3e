"""Who did what to whose records. Append-only; no personal content goes in."""

from datetime import datetime

from sqlmodel import Session

from storage.models import AuditLine


def record(session: Session, *, at: datetime, actor: str, action: str, subject: str = "", detail: str = "") -> None:
    session.add(AuditLine(at=at, actor=actor[:64], action=action, subject=subject[:200], detail=detail[:300]))
