"""Whatever does not fit is named: which row of which table, and what is wrong with it. Changes nothing.

Three things are compared: the rows with what was entered of them, the entries with the chain and its keyed marks, the
chain with the days made public and with the anchor outside the database. Must not know how it is told.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from storage.evidence import around, chaining, kinds, merkle
from storage.evidence.chaining import Head
from storage.evidence.kinds import DESTROYED, KINDS, PLEDGE, STREAMED, Kind
from storage.evidence.links import START, day_digest, day_mark, entry_mark, head_mark, head_of, leaf_of
from storage.models import DayRoot, Entry
from storage.vault import Vault

Progress = Callable[[int, int], None]


class Wrong(StrEnum):
    CHANGED = "changed"
    """The row says something else than what was entered."""
    MISSING = "missing"
    """It was entered and is not there."""
    FOREIGN = "foreign"
    """It was never entered: not written by this program."""
    MOVED = "moved"
    """A pledge now belongs to another person."""
    FORGED = "forged"
    """A link without the mark of the key."""
    BROKEN = "broken"
    """A link that does not follow from the one before it."""
    GAP = "gap"
    """Links before this one are not there."""
    OTHER_DAY = "other_day"
    """A closed day does not follow from the entries and the day before it."""
    CUT_OFF = "cut_off"
    """The chain was longer, or went on differently, than it is now: see the anchor."""
    DIGEST = "digest"
    """What is kept does not have the digest that stands beside it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    table: str
    row: str
    wrong: Wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    end: Head
    waiting: int
    """Entered and not chained yet: normal for some seconds."""
    rows: int
    """Rows compared with their entries."""
    days: int
    destroyed: tuple[str, ...]
    """Campaigns whose rows were destroyed."""
    troubles: tuple[Trouble, ...]


@dataclass(slots=True)
class _Entered:
    """The newest entry of each row of a table, taken away as its row is found."""

    newest: dict[str, Any] = field(default_factory=dict)


def check(session: Session, vault: Vault, seen: Head | None, progress: Progress | None = None) -> Report:
    """`seen`: the end the anchor remembers, if there is an anchor."""
    connection = session.connection()
    watch = progress or (lambda done, total: None)
    troubles = list(_chain(connection, vault, seen))
    entered, destroyed = _newest(connection)
    rows = 0
    for place, kind in enumerate(KINDS):
        watch(place, len(KINDS))
        of_kind = entered.setdefault(kind.name, _Entered())
        for row, campaign in kinds.rows(connection, kind):
            rows += 1
            wrong = _compared(vault, kind, row, campaign, of_kind.newest.pop(kind.row(row), None))
            if wrong:
                troubles.append(Trouble(kind.name, kind.row(row), wrong))
        troubles += (Trouble(kind.name, row, Wrong.MISSING) for row in of_kind.newest)
    troubles += (Trouble(PLEDGE, row, Wrong.MOVED) for row in around.moved(connection))
    answers = around.lines(connection)
    troubles += (Trouble("answer", row, Wrong.CHANGED if there else Wrong.MISSING) for row, there in answers)
    troubles += (Trouble(table, row, Wrong.DIGEST) for table, row in around.unfit(session, vault))
    closed = chaining.days(session)
    troubles += _days(session, vault, closed)
    return Report(
        end=chaining.head(session),
        waiting=chaining.waiting(session),
        rows=rows,
        days=len(closed),
        destroyed=tuple(sorted({campaign for campaign in destroyed if campaign})),
        troubles=tuple(dict.fromkeys(troubles)),
    )


def _chain(connection: Connection, vault: Vault, seen: Head | None) -> Iterator[Trouble]:
    """Each link follows from the one before and bears the marks of the key; the end seen is in it."""
    found = select(Entry).order_by(col(Entry.seq).is_(None), col(Entry.seq), col(Entry.id))
    end, passed = Head(0, START), seen is None or seen.seq == 0
    for row in connection.execute(found, execution_options=STREAMED):
        its = str(row.id)
        if row.mark != entry_mark(vault, row.kind, row.row, row.campaign, row.leaf):
            yield Trouble("evidence", its, Wrong.FORGED)
        if row.kind == DESTROYED and row.leaf != leaf_of(row.salt, row.about):
            yield Trouble("evidence", its, Wrong.CHANGED)
        if row.seq is None:
            continue
        if row.seq != end.seq + 1:
            yield Trouble("evidence", its, Wrong.GAP)
        elif row.head != head_of(row.seq, end.digest, row.kind, row.campaign, row.leaf):
            yield Trouble("evidence", its, Wrong.BROKEN)
        if row.head_mark != head_mark(vault, row.seq, row.head):
            yield Trouble("evidence", its, Wrong.FORGED)
        end = Head(row.seq, row.head)
        passed = passed or end == seen
    if not passed and seen:
        yield Trouble("evidence", f"{min(end.seq + 1, seen.seq)}–{seen.seq}", Wrong.CUT_OFF)


def _newest(connection: Connection) -> tuple[dict[str, _Entered], dict[str, int]]:
    """By table the newest entry of each row, but not of what was destroyed; and which campaigns were, up to where."""
    facts = select(col(Entry.campaign), col(Entry.seq)).where(col(Entry.kind) == DESTROYED)
    destroyed: dict[str, int] = {}
    for campaign, seq in connection.execute(facts):
        destroyed[campaign] = max(destroyed.get(campaign, 0), seq or 2**62)
    found: dict[str, _Entered] = {}
    for row in connection.execute(select(Entry).order_by(col(Entry.id)), execution_options=STREAMED):
        if row.kind != DESTROYED and (row.seq or 2**62) > destroyed.get(row.campaign, 0):
            found.setdefault(row.kind, _Entered()).newest[row.row] = row
    return found, destroyed


def _compared(vault: Vault, kind: Kind, row: Any, campaign: str, entry: Any) -> Wrong | None:
    if entry is None:
        return Wrong.FOREIGN
    try:
        told = kind.content(row, campaign, entry.about)
    except ValueError:
        return Wrong.CHANGED
    same = entry.leaf == leaf_of(entry.salt, told) and entry.campaign == campaign
    return None if same else Wrong.CHANGED


def _days(session: Session, vault: Vault, closed: Sequence[DayRoot]) -> Iterator[Trouble]:
    """Each closed day follows from its entries and from the day before; none between them is missing."""
    last: dict[str, DayRoot] = {}
    for day in closed:
        name, before = f"{day.campaign}/{day.day}", last.get(day.campaign)
        leaves = chaining.leaves_of(session, day.campaign, day.day)
        told = (day.count, day.total, day.root, day.before, day.digest, day.head)
        total, root = (before.total if before else 0) + len(leaves), merkle.root(leaves)
        chained, head = before.digest if before else "", chaining.head_at(session, day.seq)
        digest = day_digest(day.campaign, day.day, len(leaves), total, root, day.seq, head, chained)
        if told != (len(leaves), total, root, chained, digest, head):
            yield Trouble("evidence_day", name, Wrong.OTHER_DAY)
        if day.mark != day_mark(vault, day.digest):
            yield Trouble("evidence_day", name, Wrong.FORGED)
        last[day.campaign] = day
    until = max((day.day for day in closed), default=date.min)
    for campaign, missing in chaining.open_days(session, until):
        yield Trouble("evidence_day", f"{campaign}/{missing}", Wrong.MISSING)
