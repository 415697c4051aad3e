"""Whole departments of the platform instead of people: a work notice reaches up to twenty of them in one call (A/0769).

Possible where the roster was taken from DingTalk's contacts, for then a unit's code names its department.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session

from storage import recipients
from storage.models import Unit
from storage.recipients import Heads

MARK = "dd-"
"""How the codes of units begin that came from DingTalk's contacts (`bot/channels/contacts.py`)."""
MOST_DEPARTMENTS = 20
MOST_PEOPLE = 5_000
"""Of one call; beyond it the platform says «taken» and leaves people out in silence."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The department numbers of each call, with commas between; and the people there."""

    departments: tuple[str, ...]
    people: int
    no_account: int


def calls(session: Session, unit: Unit) -> Calls:
    """None of the departments where the tree is not the platform's, or where people would be missed."""
    tree = recipients.heads(session, unit.path)
    top = next((one for one in tree if one.unit_id == unit.id), None)
    cover = _cover(tree, top) if top else None
    if not cover or not all(one.code.startswith(MARK) for one in cover):
        return Calls((), 0, 0)
    people = sum(one.people for one in tree)
    return Calls(tuple(_packed(cover, tree)), people, sum(one.no_account for one in tree))


def _cover(tree: list[Heads], top: Heads) -> list[Heads] | None:
    """The fewest units below `top`, none with too many people, that hold everybody; None where there are none."""
    if _people(tree, top) <= MOST_PEOPLE:
        return [top]
    if top.people:
        return None  # who stands in the middle of the tree is in no department below
    found: list[Heads] = []
    for child in (one for one in tree if one.parent_id == top.unit_id):
        below = _cover(tree, child)
        if below is None:
            return None
        found += below
    return found


def _packed(cover: list[Heads], tree: list[Heads]) -> Iterator[str]:
    """As many to a call as it takes."""
    waiting, people = list[str](), 0
    for one in cover:
        there = _people(tree, one)
        if waiting and (len(waiting) == MOST_DEPARTMENTS or people + there > MOST_PEOPLE):
            yield ",".join(waiting)
            waiting, people = [], 0
        waiting.append(one.code.removeprefix(MARK))
        people += there
    if waiting:
        yield ",".join(waiting)


def _people(tree: list[Heads], top: Heads) -> int:
    return sum(one.people for one in tree if one.path.startswith(top.path))
