"""What came in, once: the first of all copies of a message is admitted, every other is refused.

The key is the platform's msgId scoped by robot, never the delivery's id and never the text: in a questionnaire people
say «1» many times (DingTalk facts §1.4).
"""

from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from storage.models import Inbound, Person
from storage.statements import insert_new


def admit(session: Session, *, robot: str, msg_id: str, sender: str, at: datetime) -> bool:
    """True for the first copy. The row commits together with what the message changed."""
    values = {"robot": robot, "msg_id": msg_id, "sender": sender, "received_at": at, "fault": ""}
    return insert_new(session, Inbound, values)


def blame(session: Session, *, robot: str, msg_id: str, fault: str) -> None:
    """Records that answering this message failed on our side, under the reference told to the person."""
    session.exec(update(Inbound).where(col(Inbound.robot) == robot, col(Inbound.msg_id) == msg_id).values(fault=fault))


def take_turn(session: Session, staff_id: str, said_at: datetime) -> tuple[Person | None, bool]:
    """The person, with their row locked until the transaction ends: one turn of a person at a time. And whether they
    said something newer before this: pushes may overtake each other (DingTalk facts §1.5)."""
    session.exec(update(Person).where(col(Person.staff_id) == staff_id).values(turn=Person.turn + 1))
    person = session.exec(select(Person).where(Person.staff_id == staff_id)).one_or_none()
    if person is None:
        return None, False
    overtaken = person.heard_at is not None and said_at < person.heard_at
    if not overtaken:
        person.heard_at = said_at
        session.add(person)
    return person, overtaken


def forget_before(session: Session, moment: datetime) -> int:
    """Drops the keys of messages older than any redelivery; returns how many."""
    return session.exec(delete(Inbound).where(col(Inbound.received_at) < moment)).rowcount
