"""Who is logged in on the chat page, in which browsers. A token is known to its browser alone: here stands its digest.

Times are real ones, whatever the campaign's clock says. Must not know cookies nor how somebody proved who they are.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, or_, select

from storage.models import PageSession

_NOTED = timedelta(minutes=1)
"""Use within it is not written down again."""
_OVERLAP = timedelta(minutes=2)
"""So long a token that was replaced is still taken: another request was under way with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long a session lives: `idle` since it was last used, `most` in all; its token is changed `every` so often."""

    idle: timedelta
    most: timedelta
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody with a session. `to_note`: it is time to write down that it is used; `token` is a new one then, where it
    was time for a change."""

    session_id: int
    platform: str
    account: str
    name: str
    to_note: bool = False
    token: str = ""


def begin(session: Session, *, platform: str, account: str, name: str, at: datetime) -> str:
    """A new session; its token, told once."""
    token = secrets.token_urlsafe(32)
    session.add(
        PageSession(
            token=_digest(token),
            platform=platform,
            account=account,
            name=name[:64],
            since=at,
            changed_at=at,
            seen_at=at,
        )
    )
    return token


def find(session: Session, token: str, terms: Terms, *, at: datetime) -> Visitor | None:
    """Whose token this is, if the session still lives. Changes nothing: see `note`."""
    digest = _digest(token)
    found = session.exec(
        select(PageSession).where(or_(PageSession.token == digest, PageSession.previous == digest))
    ).first()
    if found is None or not _lives(found, terms, at):
        return None
    if found.token != digest and at - found.changed_at > _OVERLAP:
        return None
    return Visitor(
        session_id=found.id or 0,
        platform=found.platform,
        account=found.account,
        name=found.name,
        to_note=at - found.seen_at > _NOTED or _changes(found, digest, terms, at),
    )


def note(session: Session, token: str, terms: Terms, *, at: datetime) -> Visitor | None:
    """The same, and the session lives on from now; its token is changed where it was time."""
    visitor = find(session, token, terms, at=at)
    found = session.get(PageSession, visitor.session_id) if visitor else None
    if visitor is None or found is None:
        return None
    digest, new = _digest(token), ""
    found.seen_at = at
    if _changes(found, digest, terms, at):
        new = secrets.token_urlsafe(32)
        found.token, found.previous, found.changed_at = _digest(new), digest, at
    session.add(found)
    return replace(visitor, token=new)


def _changes(found: PageSession, digest: str, terms: Terms, at: datetime) -> bool:
    return found.token == digest and at - found.changed_at >= terms.every


def still(session: Session, session_id: int, terms: Terms, *, at: datetime) -> bool:
    """Whether a session still lives; it does not live longer for being asked."""
    found = session.get(PageSession, session_id)
    return found is not None and _lives(found, terms, at)


def end(session: Session, token: str) -> None:
    """Logged out in this browser."""
    digest = _digest(token)
    session.exec(delete(PageSession).where(or_(col(PageSession.token) == digest, col(PageSession.previous) == digest)))


def end_all(session: Session, platform: str, account: str) -> int:
    """Logged out in every browser; in how many."""
    theirs = (col(PageSession.platform) == platform, col(PageSession.account) == account)
    return session.exec(delete(PageSession).where(*theirs)).rowcount


def forget(session: Session, terms: Terms, *, at: datetime) -> int:
    """Drops what has ended by itself; returns how many."""
    ended = or_(col(PageSession.seen_at) < at - terms.idle, col(PageSession.since) < at - terms.most)
    return session.exec(delete(PageSession).where(ended)).rowcount


def _lives(found: PageSession, terms: Terms, at: datetime) -> bool:
    return at - found.seen_at < terms.idle and at - found.since < terms.most


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
