"""What went over the wire, one entry per event: for the operator's panel and for tests. Masked.

The entries are the latest ones; the totals are of everything since the start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .clock import Clock
from .masking import masked, masked_text
from .store import Store

Entry = dict[str, Any]


class Ledger:
    """`direction`: "in" came from the bot, "out" went to the bot."""

    def __init__(self, store: Store, clock: Clock, size: int) -> None:
        self._store = store
        self._clock = clock
        self._size = size
        self._seq = store.last_ledger_seq()
        self._kinds: Counter[str] = Counter()
        self._calls: Counter[tuple[str, int, str]] = Counter()
        self._listeners: list[Callable[[Entry], None]] = []

    def on_entry(self, listener: Callable[[Entry], None]) -> None:
        self._listeners.append(listener)

    def write(
        self,
        kind: str,
        summary: str,
        *,
        direction: str = "in",
        ms: float | None = None,
        **detail: Any,
    ) -> None:
        self._seq += 1
        self._kinds[kind] += 1
        entry: Entry = {
            "seq": self._seq,
            "at": self._clock.iso(),
            "real": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "direction": direction,
            "kind": kind,
            "summary": masked_text(summary),
            "detail": masked(detail),
            "ms": None if ms is None else round(ms, 1),
        }
        self._store.keep_ledger(self._seq, entry)
        if self._seq % 500 == 0:
            self._store.trim_ledger(self._seq - self._size)
        for listener in self._listeners:
            listener(entry)

    def violation(self, summary: str, *, direction: str = "in", **detail: Any) -> None:
        """The bot did something the platform would refuse, ignore or punish."""
        self.write("violation", summary, direction=direction, **detail)

    def entries(self, after: int, limit: int) -> list[Entry]:
        return self._store.ledger(max(after, self._seq - self._size), limit)

    def called(self, path: str, status: int, refused: str) -> None:
        """A call of the bot was answered; `refused`: the code it was refused with, if it was."""
        self._calls[path, status, refused] += 1

    def totals(self) -> dict[str, Any]:
        """How many entries of each kind there were, and how often each call was answered how."""
        names = ("path", "status", "refused")
        calls = [dict(zip(names, call, strict=True)) | {"count": n} for call, n in sorted(self._calls.items())]
        return {"kinds": dict(self._kinds), "calls": calls}
