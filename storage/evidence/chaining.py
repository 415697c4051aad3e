"""What was entered is chained, in the order of entering, by whichever process gets there first; and days are closed.

One row is locked meanwhile, which nothing else ever locks: no message waits for it. What a killed process has entered
is chained by the next one. Must not know whose rows they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select, update

from storage.evidence import merkle
from storage.evidence.kinds import PLEDGE
from storage.evidence.links import START, day_digest, day_mark, head_mark, head_of
from storage.models import Counter, DayRoot, Entry
from storage.statements import insert_new, run_many
from storage.vault import Vault

TOGETHER = 2_000
"""So many entries are chained in one transaction."""
_LOCK = "evidence"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many entries, and the digest of the last."""

    seq: int
    digest: str


def head(session: Session) -> Head:
    newest = select(Entry.seq, Entry.head).where(col(Entry.seq).is_not(None)).order_by(col(Entry.seq).desc())
    found = session.exec(newest.limit(1)).first()
    return Head(found[0] or 0, found[1]) if found else Head(0, START)


def head_at(session: Session, seq: int) -> str:
    """The digest of the chain after `seq` entries; empty where there is none."""
    return session.exec(select(Entry.head).where(Entry.seq == seq)).first() or (START if seq == 0 else "")


def waiting(session: Session) -> int:
    """Entries that are not chained yet."""
    return session.exec(select(func.count()).select_from(Entry).where(col(Entry.seq).is_(None))).one()


def chain(session: Session, vault: Vault, today: date) -> int:
    """Chains what waits, the oldest first, at most `TOGETHER`; returns how many."""
    one_at_a_time(session)
    end, today = head(session), max((today, *_later(session)))
    found = session.exec(
        select(Entry.id, Entry.kind, Entry.campaign, Entry.leaf)
        .where(col(Entry.seq).is_(None))
        .order_by(col(Entry.id))
        .limit(TOGETHER)
    ).all()
    links = []
    for entry_id, kind, campaign, leaf in found:
        seq = end.seq + 1
        end = Head(seq, head_of(seq, end.digest, kind, campaign, leaf))
        mark = head_mark(vault, seq, end.digest)
        links.append({"its": entry_id, "seq": seq, "day": today, "head": end.digest, "head_mark": mark})
    if links:
        values: dict[str, Any] = {name: bindparam(name) for name in ("seq", "day", "head", "head_mark")}
        run_many(session, update(Entry).where(col(Entry.id) == bindparam("its")).values(**values), links)
    return len(links)


def _later(session: Session) -> Iterator[date]:
    """Days that were already begun or closed: a clock that is behind brings nothing back into them."""
    begun, closed = select(func.max(Entry.day)), select(func.max(DayRoot.day))
    yield from (day for day in (session.exec(begun).one(), _after(session.exec(closed).one())) if day)


def _after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day else None


def one_at_a_time(session: Session) -> None:
    """Holds the chain until the end of the transaction."""
    insert_new(session, Counter, {"name": _LOCK, "value": 0})
    session.exec(update(Counter).where(col(Counter.name) == _LOCK).values(value=Counter.value))


def close_days(session: Session, vault: Vault, today: date, at: datetime) -> list[DayRoot]:
    """Closes the days before today on which pledges were chained and that are not closed yet, oldest first."""
    due = list(open_days(session, today))
    if due:
        one_at_a_time(session)
        due = list(open_days(session, today))
    end, closed = head(session), []
    for campaign, days in groupby(due, key=lambda one: one[0]):
        last = newest_day(session, campaign)
        for _, day in days:
            last = _closed(session, vault, campaign, day, last, end, at)
            closed.append(last)
    return closed


def open_days(session: Session, today: date) -> Iterator[tuple[str, date]]:
    """Days of campaigns before `today` with pledges, and not closed."""
    known = select(DayRoot.campaign).where(DayRoot.campaign == Entry.campaign, DayRoot.day == Entry.day).exists()
    found = (
        select(Entry.campaign, col(Entry.day))
        .where(Entry.kind == PLEDGE, col(Entry.day) < today, ~known)
        .distinct()
        .order_by(col(Entry.campaign), col(Entry.day))
    )
    yield from ((campaign, day) for campaign, day in session.exec(found).all() if day)


def _closed(
    session: Session, vault: Vault, campaign: str, day: date, last: DayRoot | None, end: Head, at: datetime
) -> DayRoot:
    leaves = leaves_of(session, campaign, day)
    total, root = (last.total if last else 0) + len(leaves), merkle.root(leaves)
    before = last.digest if last else ""
    digest = day_digest(campaign, day, len(leaves), total, root, end.seq, end.digest, before)
    closed = DayRoot(
        campaign=campaign,
        day=day,
        count=len(leaves),
        total=total,
        root=root,
        seq=end.seq,
        head=end.digest,
        before=before,
        digest=digest,
        mark=day_mark(vault, digest),
        closed_at=at,
    )
    session.add(closed)
    session.flush()
    return closed


def leaves_of(session: Session, campaign: str, day: date) -> list[str]:
    """The leaves of a day's pledges in the order of the chain."""
    return list(
        session.exec(
            select(Entry.leaf)
            .where(Entry.campaign == campaign, Entry.kind == PLEDGE, Entry.day == day)
            .order_by(col(Entry.seq))
        ).all()
    )


def newest_day(session: Session, campaign: str) -> DayRoot | None:
    found = select(DayRoot).where(DayRoot.campaign == campaign).order_by(col(DayRoot.day).desc())
    return session.exec(found.limit(1)).first()


def days(session: Session, campaign: str = "") -> list[DayRoot]:
    """The closed days of a campaign, or of all, oldest first."""
    found = select(DayRoot).order_by(col(DayRoot.campaign), col(DayRoot.day))
    return list(session.exec(found.where(DayRoot.campaign == campaign) if campaign else found).all())
