"""How often people were written to unasked in a campaign. The outbox is the memory: what was taken back, has expired or
was refused counts for nothing. Must not know how much is too much.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from storage.models import Outgoing
from storage.outbox import KEY_BEGINS, State
from storage.prepared import Prepared

COUNTED = ("reminder", "digest", "nudge", "urge", "broadcast")
"""The topics of letters somebody did not ask for and that drive them on."""
_NEVER_CAME = (State.WITHDRAWN, State.EXPIRED, State.REFUSED)


def waiting(session: Session, campaign: str, lanes: Sequence[str], topic: str) -> set[str]:
    """Those of the chats a letter of this topic still waits for."""
    if not lanes:
        return set()
    of = f"{campaign}/"
    asked = {"lanes": lanes, "topic": topic, "of": of, "length": len(of)}
    return {lane for (lane,) in _WAITING.rows(session, asked)}


def borne(session: Session, campaign: str, lanes: Sequence[str]) -> dict[str, int]:
    """How many such letters of a campaign each of these chats got or has waiting; chats without any are left out."""
    found: dict[str, int] = {}
    of = f"{campaign}/"
    for start in range(0, len(lanes), 500):
        asked = {"lanes": lanes[start : start + 500], "of": of, "length": len(of)}
        found.update((lane, count) for lane, count in _BORNE.rows(session, asked))
    return found


_IN_LANES = col(Outgoing.lane).in_(bindparam("lanes", expanding=True))
_BORNE = Prepared(
    select(col(Outgoing.lane), func.count())
    .where(_IN_LANES, col(Outgoing.topic).in_(COUNTED), col(Outgoing.state).not_in(_NEVER_CAME), KEY_BEGINS)
    .group_by(col(Outgoing.lane))
)
_WAITING = Prepared(
    select(col(Outgoing.lane)).where(
        _IN_LANES, col(Outgoing.state) == State.WAITING, col(Outgoing.topic) == bindparam("topic"), KEY_BEGINS
    )
)
