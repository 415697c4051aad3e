"""What stands in the bot's database, read with plain SQL: the books must not share code with what they check."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.simulation.bot import CLIENT_ID
from bot.simulation.matters import Answers

FILE = "zicha.sqlite3"
_PREFIX = f"{CLIENT_ID}/"
_OWN_WORDS = "="
"""How a value begins that is no option but somebody's own words."""
_LANE = "dingtalk:direct:"


@dataclass(slots=True)
class Lane:
    """One person's letters."""

    sent: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReturn:
    state: str
    digest: str
    content: dict[str, Any]

    @property
    def figures(self) -> dict[str, int]:
        return dict(self.content.get("figures", {}))


@dataclass(slots=True, kw_only=True)
class Kept:
    receipts: dict[str, str] = field(default_factory=dict)
    """By person: everybody who has handed in."""
    answers: dict[str, Answers] = field(default_factory=dict)
    """As handed in last, by person."""
    signed: set[str] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)
    """Messages, by the platform's id."""
    faults: dict[str, str] = field(default_factory=dict)
    """Messages the program failed at, and the reference told."""
    replies: Counter[str] = field(default_factory=Counter)
    """Letters written in answer to a message."""
    doubtful_replies: set[str] = field(default_factory=set)
    lanes: dict[str, Lane] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    """Letters by state."""
    left: list[str] = field(default_factory=list)
    """Letters that are neither sent nor done with: key and state."""
    returns: dict[str, KeptReturn] = field(default_factory=dict)
    """By unit."""
    quota: dict[str, int] = field(default_factory=dict)
    pledges_entered: int = 0
    """Pledges in the chain of evidence."""
    troubles: list[str] = field(default_factory=list)
    """What the evidence does not agree with."""
    bytes: int = 0


def due(data: Path, now: datetime, *, bulk: bool) -> int:
    """Letters that should be on their way by now, and files not fetched; with `bulk`, the unasked ones as well."""
    at = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    with _reading(data) as database:
        return sum(count for question in _DUE for (count,) in database.execute(question, {"at": at, "bulk": bulk}))


_DUE = (
    "select count(*) from outgoing where state = 'waiting' and not_before <= :at and bulk <= :bulk",
    "select count(*) from outgoing indexed by uq_outgoing_sending where state = 'sending'",
    "select count(*) from errand where state not in ('done', 'lost')",
)
"""One by one: each finds what it asks for by an index, however much has been sent."""


def read(data: Path) -> Kept:
    kept = Kept(bytes=(data / FILE).stat().st_size)
    with _reading(data) as database:
        _forms(database, kept)
        _messages(database, kept)
        _letters(database, kept)
        for code, state, digest, content in database.execute(
            "select u.code, r.state, r.digest, r.content from unit_return r join unit u on u.id = r.unit_id"
        ):
            kept.returns[code] = KeptReturn(state=state, digest=digest, content=json.loads(content or "{}"))
        kept.quota = dict(database.execute("select unit, sum(count) from quota_use group by unit"))
        ((kept.pledges_entered,),) = database.execute(
            "select count(*) from evidence where kind = 'pledge' and seq is not null"
        )
    return kept


def _forms(database: sqlite3.Connection, kept: Kept) -> None:
    people = "join self_check c on c.id = s.case_id join person p on p.id = c.person_id"
    kept.receipts = dict(
        database.execute(
            "select p.staff_id, c.receipt from self_check c join person p on p.id = c.person_id "
            "where c.submitted_at is not null"
        )
    )
    newest = "where s.id in (select max(id) from submission group by case_id)"
    for who, answers in database.execute(f"select p.staff_id, s.answers from submission s {people} {newest}"):  # noqa: S608
        given = {key: one["values"] for key, one in json.loads(answers).items() if one}
        kept.answers[who] = {
            key: tuple(value.removeprefix(_OWN_WORDS) for value in values) for key, values in given.items()
        }
    signed = f"select p.staff_id from pledge s {people} where s.state = 'signed'"  # noqa: S608
    kept.signed = {who for (who,) in database.execute(signed)}


def _messages(database: sqlite3.Connection, kept: Kept) -> None:
    for msg_id, fault in database.execute("select msg_id, fault from inbound"):
        kept.taken[msg_id] += 1
        if fault:
            kept.faults[msg_id] = fault


def _letters(database: sqlite3.Connection, kept: Kept) -> None:
    for key, lane, state, trouble in database.execute("select key, lane, state, trouble from outgoing"):
        kept.states[state] += 1
        if key.startswith(_PREFIX):
            message = key.removeprefix(_PREFIX).rpartition("#")[0]
            kept.replies[message] += 1
            if state != "sent":
                kept.doubtful_replies.add(message)
        if lane.startswith(_LANE):
            theirs = kept.lanes.setdefault(lane.removeprefix(_LANE), Lane())
            theirs.sent += state == "sent"
            theirs.doubtful += state == "doubtful"
        if state in ("waiting", "sending", "refused"):
            kept.left.append(f"{key}（{state}{f'：{trouble}' if trouble else ''}）")


def _bare(value: str) -> str:
    return value.removeprefix(_OWN_WORDS)


@contextmanager
def _reading(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{data / FILE}?mode=ro", uri=True, timeout=20)) as database:
        yield database
