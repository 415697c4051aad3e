"""The figures of people as they stand now, kept while they change: whatever happens to a person, a self-check or an
exemption, the database itself writes down by how much which figures of which unit change, in the same transaction.

Changes are only added, so that writers never wait for each other. `fold` takes them into sums now and then: one of each
unit on its own, one with all below it, so that a city's figures are as near at hand as a village's. What counts where
are the rules of `head_counts.py`, which count everybody anew; a test holds the two equal. Must not know who asks.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, literal, or_, select, union_all
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from storage import counting_triggers, head_counts
from storage.counting_triggers import CHANGE, FIGURES
from storage.models import Case, Exemption, HeadCount, Unit
from storage.subtree import Numbers, added, ids, part_of, total, within

_OWN, _WHOLE = CHANGE + 1, CHANGE + 2
"""The kinds of sums: of a unit on its own, and with all below it."""
_EVERYWHERE = ""
"""The campaign of the line for a person that is there: they are expected in every campaign."""
_NOTHING = [0] * len(FIGURES)
_AT_ONCE = 2_000
"""Changes folded in one transaction: some tens of milliseconds."""

Sums = dict[tuple[str, int], Numbers]
"""By campaign and unit."""


# ---------------------------------------------------------------- asked


def counted(session: Session, campaign: str, path: str) -> dict[int, Numbers]:
    """The figures of each unit below `path` on its own, in the order of `FIGURES`, by unit id."""
    sums = [func.sum(figure) for figure in _figures()]
    here = _of(campaign), col(HeadCount.kind).in_((CHANGE, _OWN)), within(col(HeadCount.unit_id), path)
    counting = select(col(HeadCount.unit_id), *sums).where(*here).group_by(col(HeadCount.unit_id))
    return {unit_id: numbers for unit_id, *numbers in session.execute(counting)}


def rolled_up(session: Session, campaign: str, top: Unit) -> tuple[Numbers, dict[int, Numbers]]:
    """The figures of a unit with all below it; and by id its own alone, and those of each unit directly below with all
    that one holds: these add up to the whole."""
    nearest = select(col(Unit.id)).where(or_(col(Unit.id) == top.id, col(Unit.parent_id) == top.id))
    whole, parts = _NOTHING, dict[int, Numbers]()
    # sums and changes in one statement: between two, a fold would count some twice or not at all
    for unit_id, path, *numbers in session.execute(_sums_and_changes(campaign, nearest, top.path)):
        part = part_of(path, top) if path else unit_id
        if path or part == top.id:
            whole = added(whole, numbers)
        if part != top.id:
            parts[part] = added(parts.get(part, _NOTHING), numbers)
    held = total(parts.values(), _NOTHING)
    return whole, {top.id or 0: [all_ - below for all_, below in zip(whole, held, strict=True)], **parts}


def missing(session: Session, campaign: str, path: str) -> int:
    """How many below `path` have yet to hand in."""
    top = select(col(Unit.id)).where(col(Unit.path) == path)
    lines = _sums_and_changes(campaign, top, path).subquery()
    return session.execute(select(func.sum(lines.c.expected - lines.c.finished))).scalar() or 0


def _sums_and_changes(campaign: str, whose: Select[Any], path: str) -> Any:
    """The sums of units with all below them, with an empty path, and what changed since below `path`, with the path of
    its unit."""
    line = col(HeadCount.unit_id), *_figures()
    sums = select(line[0], literal("").label("path"), *line[1:]).where(
        _of(campaign), col(HeadCount.kind) == _WHOLE, col(HeadCount.unit_id).in_(whose)
    )
    changes = (
        select(line[0], col(Unit.path), *line[1:])
        .join_from(HeadCount, Unit, col(Unit.id) == col(HeadCount.unit_id))
        .where(_of(campaign), col(HeadCount.kind) == CHANGE, col(Unit.path).startswith(path))
    )
    return union_all(sums, changes)


def _of(campaign: str) -> Any:
    return col(HeadCount.campaign).in_((_EVERYWHERE, campaign))


def _figures() -> list[Any]:
    return [col(getattr(HeadCount, name)) for name in FIGURES]


# ---------------------------------------------------------------- kept


def fold(session: Session, *, most: int = _AT_ONCE) -> int:
    """Takes so many changes, the oldest first, into the sums; returns how many those were."""
    _hold_tree(session)
    lines = session.execute(
        select(col(HeadCount.id), col(HeadCount.campaign), col(HeadCount.unit_id), *_figures())
        .where(col(HeadCount.kind) == CHANGE)
        .order_by(col(HeadCount.id))
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    own: Sums = {}
    for _, campaign, unit_id, *numbers in lines:
        _count(own, campaign, unit_id, numbers)
    _delete(session.connection(), [line[0] for line in lines])
    known = select(col(Unit.id), col(Unit.path)).where(col(Unit.id).in_({unit_id for _, unit_id in own}))
    whole = _with_all_below(own, {unit_id or 0: path for unit_id, path in session.execute(known)})
    _add(session.connection(), _OWN, own)
    _add(session.connection(), _WHOLE, whole)
    return len(lines)


def tree_changed(session: Session) -> None:
    """To be called in the transaction in which units come to lie elsewhere, after that: sums with all below."""
    _hold_tree(session, to_change=True)
    _roll_up(session.connection())


def keep(connection: Connection) -> None:
    """Sets the triggers up where they are missing, and then counts everybody anew."""
    if counting_triggers.set_up(connection):
        recount(connection)


def recount(connection: Connection) -> None:
    """Counts everybody anew, in every campaign there is."""
    connection.execute(delete(HeadCount))
    campaigns = select(col(Case.campaign)).union(select(col(Exemption.campaign)))
    queries = {_EVERYWHERE: [head_counts.THERE]}
    queries |= {campaign: [*head_counts.present(campaign)] for campaign in connection.execute(campaigns).scalars()}
    for campaign, asked in queries.items():
        own = head_counts.added_up(connection, asked)
        _write(connection, _OWN, {(campaign, unit_id): numbers for unit_id, numbers in own.items()})
    _roll_up(connection)


def _hold_tree(session: Session, *, to_change: bool = False) -> None:
    """Units lie where they lie until the end of the transaction; nobody folds while they are moved."""
    top = select(col(Unit.id)).where(col(Unit.parent_id).is_(None)).order_by(col(Unit.id))
    session.execute(top.with_for_update(key_share=True) if to_change else top.with_for_update(read=True)).all()


def _roll_up(connection: Connection) -> None:
    """The sums with all below anew, from those of the units on their own."""
    connection.execute(delete(HeadCount).where(col(HeadCount.kind) == _WHOLE))
    place = col(HeadCount.campaign), col(HeadCount.unit_id)
    found = select(*place, *_figures()).where(col(HeadCount.kind) == _OWN)
    own: Sums = {}
    for campaign, unit_id, *numbers in connection.execute(found):
        _count(own, campaign, unit_id, numbers)
    paths = {unit_id or 0: path for unit_id, path in connection.execute(select(col(Unit.id), col(Unit.path)))}
    _write(connection, _WHOLE, _with_all_below(own, paths))


def _with_all_below(own: Sums, paths: Mapping[int, str]) -> Sums:
    whole: Sums = {}
    for (campaign, unit_id), numbers in own.items():
        for above in ids(paths.get(unit_id, "")):
            _count(whole, campaign, above, numbers)
    return whole


def _count(sums: Sums, campaign: str, unit_id: int, numbers: Numbers) -> None:
    sums[campaign, unit_id] = added(sums.get((campaign, unit_id), _NOTHING), numbers)


def _add(connection: Connection, kind: int, sums: Sums) -> None:
    """To the sums that are there. Those somebody else is just adding to are left: one more line is written."""
    for campaign in {campaign for campaign, _ in sums}:
        units = {unit_id for of, unit_id in sums if of == campaign}
        there = connection.execute(
            select(col(HeadCount.id), col(HeadCount.unit_id), *_figures())
            .where(col(HeadCount.kind) == kind, col(HeadCount.campaign) == campaign)
            .where(col(HeadCount.unit_id).in_(units))
            .with_for_update(skip_locked=True)
        ).all()
        for _, unit_id, *numbers in there:
            _count(sums, campaign, unit_id, numbers)
        _delete(connection, [line[0] for line in there])
    _write(connection, kind, sums)


def _delete(connection: Connection, lines: Iterable[int | None]) -> None:
    if gone := [{"line": line} for line in lines]:
        connection.execute(delete(HeadCount).where(col(HeadCount.id) == bindparam("line")), gone)


def _write(connection: Connection, kind: int, sums: Sums) -> None:
    lines: list[dict[str, Any]] = [
        {"kind": kind, "campaign": campaign, "unit_id": unit_id, **dict(zip(FIGURES, numbers, strict=True))}
        for (campaign, unit_id), numbers in sums.items()
        if any(numbers)
    ]
    if lines:
        connection.execute(insert(HeadCount), lines)
