"""The tables. Rows stay inside `storage` and `handlers`; what they hold of persons is the least the job needs.

No text of a message is kept: the inbox knows that a message came, the answers know what it changed.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused, so that no clock is ever guessed."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


_SENDING = text("state = 'sending'")
_Id = BigInteger().with_variant(Integer, "sqlite")


def _key() -> Any:
    return Field(default=None, sa_column=Column(_Id, primary_key=True, autoincrement=True))


def _moment(*, index: bool = False, required: bool = False) -> Any:
    column = Column(Moment, nullable=not required, index=index)
    return Field(sa_column=column) if required else Field(default=None, sa_column=column)


class Unit(SQLModel, table=True):
    """A body of the notice's 一.2. `path` is the chain of ids from the root, `/1/5/33/`: a subtree is a prefix."""

    id: int | None = _key()
    code: str = Field(unique=True, max_length=32)
    name: str = Field(max_length=64)
    parent_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BigInteger, index=True)
    kind: str = Field(max_length=20)
    division: str = Field(default="", max_length=20)
    path: str = Field(default="", max_length=255, index=True)


class Person(SQLModel, table=True):
    """Somebody who has to check themselves. `staff_id` is the platform's userId (senderStaffId)."""

    id: int | None = _key()
    staff_id: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=64)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger, index=True)
    phone_sealed: str = Field(default="", max_length=255)
    active: bool = True
    turn: int = 0
    """Counts this person's messages; its row lock keeps one turn of a person at a time, on every instance."""
    heard_at: datetime | None = _moment()
    """When the newest message taken was said, by the platform's clock: an older one that comes later is no answer."""


class Appointment(SQLModel, table=True):
    """A role of a person for a unit and all below it."""

    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger, primary_key=True)
    role: str = Field(primary_key=True, max_length=10)


class Applicant(SQLModel, table=True):
    """Somebody in no roster, on the way to a unit. `offered` are the unit ids last shown, comma separated."""

    id: int | None = _key()
    staff_id: str = Field(unique=True, max_length=64)
    nick: str = Field(max_length=64)
    name: str = Field(default="", max_length=64)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BigInteger)
    offered: str = Field(default="", max_length=255)
    stage: str = Field(default="searching", max_length=12)


class ChatGroup(SQLModel, table=True):
    """A group chat bound to a unit by its coordinator."""

    __tablename__ = "chat_group"

    conversation_id: str = Field(primary_key=True, max_length=128)
    channel: str = Field(max_length=20)
    title: str = Field(default="", max_length=128)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger, index=True)
    bound_by: int = Field(foreign_key="person.id", sa_type=BigInteger)
    bound_at: datetime = _moment(required=True)


class Inbound(SQLModel, table=True):
    """That a message came: the key is the platform's msgId scoped by robot, so that a second push is recognised."""

    __tablename__ = "inbound"

    robot: str = Field(primary_key=True, max_length=64)
    msg_id: str = Field(primary_key=True, max_length=128)
    sender: str = Field(max_length=64)
    received_at: datetime = _moment(required=True, index=True)
    fault: str = Field(default="", max_length=12)
    """The reference told to the person when answering this message failed on our side."""


class Outgoing(SQLModel, table=True):
    """A letter in the outbox. `lane` is the chat it goes to: one is under way per lane, in the order of ids."""

    __tablename__ = "outgoing"

    id: int | None = _key()
    key: str = Field(unique=True, max_length=200)
    lane: str = Field(max_length=200)
    bulk: bool = False
    topic: str = Field(max_length=20)
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(default="waiting", max_length=10)
    not_before: datetime = _moment(required=True)
    expires_at: datetime | None = _moment()
    attempts: int = 0
    leased_until: datetime | None = _moment()
    settled_at: datetime | None = _moment()
    receipt: str = Field(default="", max_length=200)
    trouble: str = Field(default="", max_length=300)

    __table_args__ = (
        Index("ix_outgoing_due", "state", "not_before"),
        Index("ix_outgoing_lane", "lane", "state", "id"),
        # one letter under way per chat, whatever number of postmen there are
        Index("uq_outgoing_sending", "lane", unique=True, sqlite_where=_SENDING, postgresql_where=_SENDING),
    )


class Case(SQLModel, table=True):
    """One person's self-check in one campaign. It stays with the unit where it was made."""

    __tablename__ = "self_check"
    __table_args__ = (UniqueConstraint("campaign", "person_id"), Index("ix_case_unit", "campaign", "unit_id"))

    id: int | None = _key()
    campaign: str = Field(max_length=64)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger)
    opened_at: datetime = _moment(required=True)
    submitted_at: datetime | None = _moment()
    receipt: str = Field(default="", max_length=32)
    late: bool = False
    nil: bool = False
    touched: bool = False
    pledged: bool = False


class AnswerLine(SQLModel, table=True):
    """One line of the log of answers; the newest of a key counts. `given` is null where it was taken back."""

    __tablename__ = "answer"

    id: int | None = _key()
    case_id: int = Field(foreign_key="self_check.id", sa_type=BigInteger, index=True)
    key: str = Field(max_length=100)
    given: str | None = Field(default=None, sa_column=Column(Text))
    at: datetime = _moment(required=True)
    msg_id: str = Field(max_length=128)


class Submission(SQLModel, table=True):
    """What exactly was handed in, each time: the answers that counted, and their SHA-256."""

    id: int | None = _key()
    case_id: int = Field(foreign_key="self_check.id", sa_type=BigInteger, index=True)
    answers: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(max_length=64)
    at: datetime = _moment(required=True)
    late: bool = False


class Pledge(SQLModel, table=True):
    """A pledge: a draft from the moment the number is given, signed when the person confirmed, or one signed earlier.

    The number is sealed at once; `number_print` is a keyed fingerprint to find equal ones, `number_mask` what is shown.
    """

    id: int | None = _key()
    case_id: int = Field(foreign_key="self_check.id", sa_type=BigInteger, index=True)
    state: str = Field(max_length=10)
    text_version: int
    text_digest: str = Field(max_length=64)
    name: str = Field(default="", max_length=64)
    number_sealed: str = Field(default="", max_length=255)
    number_print: str = Field(default="", max_length=64)
    number_mask: str = Field(default="", max_length=8)
    told: str = Field(default="", max_length=20)
    """When it was signed earlier, as the person said: a day, or the option chosen."""
    at: datetime = _moment(required=True)
    msg_id: str = Field(max_length=128)


class Firing(SQLModel, table=True):
    """A moment of a reminder rule that has been dealt with; its key is the memory of all instances."""

    campaign: str = Field(primary_key=True, max_length=64)
    rule: str = Field(primary_key=True, max_length=64)
    day: date = Field(primary_key=True)
    fired_at: datetime = _moment(required=True)
    letters: int = 0


class Counter(SQLModel, table=True):
    """A running number, given out under a row lock (receipts)."""

    name: str = Field(primary_key=True, max_length=64)
    value: int = 0


class AuditLine(SQLModel, table=True):
    """Who did what to whose records: no personal content."""

    __tablename__ = "audit"

    id: int | None = _key()
    at: datetime = _moment(required=True)
    actor: str = Field(max_length=64)
    action: str = Field(max_length=40)
    subject: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=300)


class Setting(SQLModel, table=True):
    """Facts about this database itself: the id of the key its secrets are sealed with."""

    name: str = Field(primary_key=True, max_length=64)
    value: str = Field(max_length=255)
