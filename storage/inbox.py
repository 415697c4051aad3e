"""What came in, once: the first of all copies of a message is admitted, every other is refused.

The key is the platform's msgId scoped by robot, never the delivery's id and never the text: in a questionnaire people
say «1» many times (DingTalk facts §1.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, func
from sqlmodel import Session, col, delete, select, update

from storage.models import Inbound, Person
from storage.models.columns import Moment
from storage.prepared import Prepared
from storage.statements import new_keys

_SAID_AT = bindparam("said_at", type_=Moment)
_OVERTAKEN = col(Person.heard_at) > _SAID_AT
_TURN = Prepared(
    update(Person)
    .where(col(Person.staff_id) == bindparam("who"))
    .values(
        turn=Person.turn + 1,
        heard_at=case((_OVERTAKEN, col(Person.heard_at)), else_=_SAID_AT),
        reached_at=case(
            (_OVERTAKEN, col(Person.reached_at)), else_=func.coalesce(bindparam("reached_at"), Person.reached_at)
        ),
    )
)
_PEOPLE = select(Person).where(col(Person.staff_id).in_(bindparam("staff", expanding=True)))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message before it is looked at. `reached_at`: where its sender is written to from now on."""

    robot: str
    msg_id: str
    sender: str
    said_at: datetime
    reached_at: str | None = None


def admit(session: Session, arrivals: Sequence[Arrival], *, at: datetime) -> list[bool]:
    """For each, True for the first copy. The row commits together with what the message changed."""
    rows = [
        {"robot": one.robot, "msg_id": one.msg_id, "sender": one.sender, "received_at": at, "fault": ""}
        for one in arrivals
    ]
    fresh = new_keys(session, Inbound, rows, ("robot", "msg_id"))
    return [_first(fresh, (one.robot, one.msg_id)) for one in arrivals]


def _first(fresh: set[tuple[str, ...]], key: tuple[str, str]) -> bool:
    """A copy may come in the same batch."""
    if key not in fresh:
        return False
    fresh.remove(key)
    return True


def blame(session: Session, *, robot: str, msg_id: str, fault: str) -> None:
    """Records that answering this message failed on our side, under the reference told to the person."""
    session.exec(update(Inbound).where(col(Inbound.robot) == robot, col(Inbound.msg_id) == msg_id).values(fault=fault))


def take_turns(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Locks the rows of the senders who are in the roster until the transaction ends, in the order given, one message
    each: one turn of a person at a time."""
    turns = [{"who": one.sender, "said_at": one.said_at, "reached_at": one.reached_at} for one in arrivals]
    _TURN.each(session, turns)


def people(session: Session, senders: Sequence[str]) -> dict[str, Person]:
    """Those of the senders who are in the roster, by staff id."""
    return {person.staff_id: person for person in session.scalars(_PEOPLE, {"staff": senders})}


def overtaken(person: Person | None, said_at: datetime) -> bool:
    """Whether somebody said something newer before this: pushes may overtake each other (DingTalk facts §1.5)."""
    return person is not None and person.heard_at is not None and said_at < person.heard_at


def forget_before(session: Session, moment: datetime) -> int:
    """Drops the keys of messages older than any redelivery; returns how many."""
    return session.exec(delete(Inbound).where(col(Inbound.received_at) < moment)).rowcount
