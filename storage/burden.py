"""How often people were written to unasked in a campaign. The outbox is the memory: what was taken back, has expired or
was refused counts for nothing. Must not know how much is too much.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from storage.models import Outgoing
from storage.outbox import State

COUNTED = ("reminder", "digest", "nudge", "urge", "broadcast")
"""The topics of letters somebody did not ask for and that drive them on."""
_NEVER_CAME = (State.WITHDRAWN, State.EXPIRED, State.REFUSED)


def waiting(session: Session, campaign: str, lanes: Sequence[str], topic: str) -> set[str]:
    """Those of the chats a letter of this topic still waits for."""
    if not lanes:
        return set()
    return set(
        session.exec(
            select(Outgoing.lane)
            .where(col(Outgoing.lane).in_(lanes), Outgoing.state == State.WAITING, Outgoing.topic == topic)
            .where(col(Outgoing.key).startswith(f"{campaign}/", autoescape=True))
        ).all()
    )


def borne(session: Session, campaign: str, lanes: Sequence[str]) -> dict[str, int]:
    """How many such letters of a campaign each of these chats got or has waiting; chats without any are left out."""
    found: dict[str, int] = {}
    for start in range(0, len(lanes), 500):
        rows = session.exec(
            select(Outgoing.lane, func.count())
            .where(
                col(Outgoing.lane).in_(lanes[start : start + 500]),
                col(Outgoing.topic).in_(COUNTED),
                col(Outgoing.state).not_in(_NEVER_CAME),
                col(Outgoing.key).startswith(f"{campaign}/", autoescape=True),
            )
            .group_by(col(Outgoing.lane))
        ).all()
        found.update(rows)
    return found
