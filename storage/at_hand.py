"""What was read ahead for the people whose turns make one commit, until it is asked for.

What a turn may change is handed out once, to the room that would have read it then; whoever asks again reads the
database. All of it holds as long as every turn touches nothing but its own person's self-check (`own`); after any other
turn it is gone. Must not know what is kept nor who reads it.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

_AT_HAND = "at_hand"


@dataclass(slots=True)
class AtHand:
    things: dict[tuple[str, Hashable], Any] = field(default_factory=dict)
    own: bool = False
    """The turn under way has touched nothing but its own person's self-check."""


def put(session: Session, room: str, things: dict[Any, Any]) -> None:
    """Things of a room, by what they are asked for with. A thing that is not there is put as None."""
    kept: AtHand = session.info.setdefault(_AT_HAND, AtHand())
    kept.things.update({(room, key): thing for key, thing in things.items()})


def take(session: Session, room: str, key: Hashable) -> tuple[bool, Any]:
    """Whether it was at hand, and the thing."""
    kept: AtHand | None = session.info.get(_AT_HAND)
    if kept is None or (room, key) not in kept.things:
        return False, None
    return True, kept.things.pop((room, key))


def see(session: Session, room: str, key: Hashable) -> Any:
    """A thing nobody changes in such a turn, or None; it stays at hand."""
    kept: AtHand | None = session.info.get(_AT_HAND)
    return kept.things.get((room, key)) if kept else None


def clear(session: Session) -> None:
    """Nothing is at hand any more."""
    session.info.pop(_AT_HAND, None)


def own(session: Session) -> None:
    """Said in a turn that touches nothing but its own person's self-check."""
    if kept := session.info.get(_AT_HAND):
        kept.own = True


def next_turn(session: Session) -> bool:
    """Between two turns: whether what is at hand still holds. If not, it is gone."""
    kept: AtHand | None = session.info.get(_AT_HAND)
    if kept is None or not kept.own:
        clear(session)
        return False
    kept.own = False
    return True
