"""How often the guard at the door turned something away, by day, unit, kind and place. Never what it was, nor whose."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from sqlmodel import Session, col, select, update

from storage.models import LeakCount, Unit
from storage.statements import insert_new

DIRECT, GROUP, FILE = "direct", "group", "file"
NOBODYS = 0
"""The unit of somebody in no roster, in a chat bound to none."""


def count(session: Session, *, day: date, unit_id: int, kinds: Iterable[str], place: str) -> None:
    """One event of each kind more; safe among any number of processes."""
    for kind in sorted(kinds):
        key = {"day": day, "unit_id": unit_id, "kind": kind, "place": place}
        insert_new(session, LeakCount, {**key, "events": 0})
        session.exec(
            update(LeakCount)
            .where(*(getattr(LeakCount, name) == value for name, value in key.items()))
            .values(events=LeakCount.events + 1)
        )


def below(session: Session, path: str, since: date | None = None) -> dict[int, Counter[str]]:
    """The events of each unit below `path` by kind, from a day on."""
    found = (
        select(LeakCount.unit_id, LeakCount.kind, LeakCount.events)
        .join(Unit, col(Unit.id) == LeakCount.unit_id)
        .where(col(Unit.path).startswith(path))
    )
    if since is not None:
        found = found.where(LeakCount.day >= since)
    counted: dict[int, Counter[str]] = {}
    for unit_id, kind, events in session.exec(found).all():
        counted.setdefault(unit_id, Counter())[kind] += events
    return counted
