"""The figures of people as they stand now, kept while they change: whatever happens to a person, a self-check or an
exemption, the database itself writes down by how much which figures of which unit change, in the same transaction.

Lines are only added, so that writers never wait for each other; `fold` adds them up now and then. What counts where are
the rules of `head_counts.py`, which count everybody anew; a test holds the two equal. Must not know who asks.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from storage import counting_triggers, head_counts
from storage.counting_triggers import FIGURES
from storage.models import Case, Exemption, HeadCount, Unit
from storage.subtree import Numbers, added, within

_EVERYWHERE = ""
"""The campaign of the line for a person that is there: they are expected in every campaign."""
_NOTHING = (0,) * len(FIGURES)
_MANY = 8
"""Lines of one unit in one campaign; more are folded into one."""
_AT_ONCE = 200
"""Units folded in one transaction: some milliseconds."""


def counted(session: Session, campaign: str, path: str) -> dict[int, Sequence[int]]:
    """The figures of each unit below `path` on its own, in the order of `FIGURES`, by unit id."""
    sums = [func.sum(getattr(HeadCount, name)) for name in FIGURES]
    here = col(HeadCount.campaign).in_((_EVERYWHERE, campaign)), within(col(HeadCount.unit_id), path)
    counting = select(col(HeadCount.unit_id), *sums).where(*here).group_by(col(HeadCount.unit_id))
    return {row[0]: row[1:] for row in session.execute(counting).all()}


def missing(session: Session, campaign: str, path: str) -> int:
    """How many below `path` have yet to hand in."""
    inside = select(col(Unit.id)).where(col(Unit.path).startswith(path))
    here = col(HeadCount.campaign).in_((_EVERYWHERE, campaign)), col(HeadCount.unit_id).in_(inside)
    found = session.execute(select(func.sum(HeadCount.expected - HeadCount.finished)).where(*here))
    return found.scalar() or 0


def fold(session: Session, *, more_than: int = _MANY, most: int = _AT_ONCE) -> int:
    """Adds up the lines of units that have many of them; of how many units."""
    key = col(HeadCount.campaign), col(HeadCount.unit_id)
    crowded = session.execute(select(*key).group_by(*key).having(func.count() > more_than).limit(most)).all()
    by_campaign: dict[str, dict[int, Numbers]] = {}
    for campaign in {campaign for campaign, _ in crowded}:
        units = [unit_id for of, unit_id in crowded if of == campaign]
        by_campaign[campaign] = _taken_off(session, campaign, units)
    for campaign, sums in by_campaign.items():
        _write(session.connection(), campaign, sums)
    return len(crowded)


def _taken_off(session: Session, campaign: str, units: Iterable[int]) -> dict[int, Numbers]:
    """Deletes the lines of units; their sums."""
    columns = [getattr(HeadCount, name) for name in FIGURES]
    lines = session.execute(
        select(col(HeadCount.id), col(HeadCount.unit_id), *columns)
        .where(col(HeadCount.campaign) == campaign, col(HeadCount.unit_id).in_(units))
        .with_for_update(skip_locked=True)
    ).all()
    sums: dict[int, Numbers] = {}
    for _, unit_id, *numbers in lines:
        sums[unit_id] = added(sums.get(unit_id, _NOTHING), numbers)
    if lines:
        gone = delete(HeadCount).where(col(HeadCount.id) == bindparam("line"))
        session.connection().execute(gone, [{"line": line[0]} for line in lines])
    return sums


def keep(connection: Connection) -> None:
    """Sets the triggers up where they are missing, and then counts everybody anew."""
    if counting_triggers.set_up(connection):
        recount(connection)


def recount(connection: Connection) -> None:
    """Counts everybody anew, in every campaign there is."""
    connection.execute(delete(HeadCount))
    _write(connection, _EVERYWHERE, head_counts.added_up(connection, [head_counts.THERE]))
    campaigns = select(col(Case.campaign)).union(select(col(Exemption.campaign)))
    for campaign in connection.execute(campaigns).scalars().all():
        _write(connection, campaign, head_counts.added_up(connection, head_counts.present(campaign)))


def _write(connection: Connection, campaign: str, sums: dict[int, Numbers]) -> None:
    lines: list[dict[str, Any]] = [
        {"campaign": campaign, "unit_id": unit_id, **dict(zip(FIGURES, numbers, strict=True))}
        for unit_id, numbers in sums.items()
        if any(numbers)
    ]
    if lines:
        connection.execute(insert(HeadCount), lines)
