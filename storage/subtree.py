"""A unit with all below it: as a condition of a query, and rolling numbers up the tree. Must not know what is
counted."""

from collections.abc import Iterable, Mapping, Sequence
from sys import intern
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlmodel import Session, col

from storage.models import Unit

Numbers = list[int]
"""Figures while they are added up, in an order their owner knows."""


class InTree(Protocol):
    """A unit as far as its place in the tree goes."""

    @property
    def id(self) -> int | None: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> str: ...


class TreeUnit(NamedTuple):
    """The same read alone: papers go through twenty thousand, and a `Unit` takes ten times the memory."""

    id: int
    code: str
    name: str
    kind: str
    path: str


def units(session: Session, path: str) -> list[TreeUnit]:
    """The unit with this path and all below it, by code."""
    read = (col(Unit.id), col(Unit.code), col(Unit.name), col(Unit.kind), col(Unit.path))
    found = session.connection().execute(select(*read).where(col(Unit.path).startswith(path)))
    rows = (TreeUnit(unit_id or 0, code, name, intern(kind), own) for unit_id, code, name, kind, own in found)
    return sorted(rows, key=lambda unit: unit.code)


def ids(path: str) -> list[int]:
    """The units of a path, from the root down."""
    return [int(part) for part in path.strip("/").split("/") if part]


def whole(path: str) -> bool:
    """Whether a path is a root's or the one above all: then a condition would only cost time."""
    return path.count("/") <= 2


def within(unit_id: Any, path: str) -> ColumnElement[bool]:
    """The condition that a unit lies below `path`. None for a root: whoever counts there leaves out the units of other
    roots by `below`."""
    if whole(path):
        return true()
    found: ColumnElement[bool] = unit_id.in_(inside(path))
    return found


def inside(path: str) -> Select[Any]:
    """The ids of the units below `path`, to be looked up in."""
    return select(col(Unit.id)).where(col(Unit.path).startswith(path))


def below(session: Session, path: str) -> dict[int, str]:
    """The units below `path` with it among them, and their own paths."""
    found = select(col(Unit.id), col(Unit.path)).where(col(Unit.path).startswith(path))
    return {row[0] or 0: row[1] for row in session.execute(found).all()}


def added(one: Sequence[int], other: Sequence[int]) -> Numbers:
    return [a + b for a, b in zip(one, other, strict=True)]


def rolled_up(
    session: Session, top: Unit, own: Mapping[int, Sequence[int]], none: Sequence[int]
) -> tuple[Numbers, dict[int, Numbers]]:
    """The numbers of a unit with all below it; and by id its own alone, and those of each unit directly below with all
    that one holds: these add up to the whole."""
    parts = dict[int, Numbers]()
    for unit_id, path in below(session, top.path).items():
        if (numbers := own.get(unit_id)) is not None:
            part = part_of(path, top)
            parts[part] = added(parts.get(part, none), numbers)
    return total(parts.values(), none), parts


def part_of(path: str, top: Unit) -> int:
    """Where a unit counts when `top` is looked at: the one directly below it that holds it, or `top` itself."""
    return int(path[len(top.path) :].partition("/")[0] or top.id or 0)


def nearest_below(session: Session, path: Any, top: Unit) -> ColumnElement[str]:
    """The same for a query, as text; empty for `top` itself."""
    rest = func.substr(path, len(top.path) + 1)
    if session.get_bind().dialect.name == "postgresql":
        return func.split_part(rest, "/", 1).label("part")
    return func.substr(rest, 1, func.instr(rest, "/") - 1).label("part")


def total(several: Iterable[Sequence[int]], none: Sequence[int]) -> Numbers:
    found = list(none)
    for numbers in several:
        found = added(found, numbers)
    return found


def children(session: Session, top: Unit) -> Sequence[Unit]:
    """The units directly below one, by code."""
    return session.scalars(select(Unit).where(col(Unit.parent_id) == top.id).order_by(col(Unit.code))).all()
