"""The talk's own books: messages in, letters out, firings, numbers, the audit log, facts about the database."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, Index, Text, text
from sqlmodel import Field

from storage.models.columns import Table, key, maybe, moment

_SENDING = text("state = 'sending'")
_WAITING = text("state = 'waiting'")
_ONE = text("broadcast_id IS NOT NULL")


def _waiting(name: str, *columns: str) -> Index:
    """An index of the waiting letters only."""
    return Index(name, *columns, sqlite_where=_WAITING, postgresql_where=_WAITING)


class Inbound(Table, table=True):
    """That a message came: the key is the platform's msgId scoped by robot, so that a second push is recognised."""

    __tablename__ = "inbound"

    robot: str = Field(primary_key=True, max_length=64)
    msg_id: str = Field(primary_key=True, max_length=128)
    sender: str = Field(max_length=64)
    received_at: datetime = moment(required=True, index=True)
    fault: str = Field(default="", max_length=12)
    """The reference told to the person when answering this message failed on our side."""


class Outgoing(Table, table=True):
    """A letter in the outbox. `lane` is the chat it goes to: one is under way per lane, in the order of ids."""

    __tablename__ = "outgoing"

    id: int | None = key()
    key: str = Field(unique=True, max_length=200)
    lane: str = Field(max_length=200)
    channel: str = Field(max_length=20)
    """The platform that carries it: how its lane begins."""
    bulk: bool = False
    batch: str = Field(default="", max_length=64)
    """Letters with the same one may go in one call; alone where empty."""
    parcel: str = Field(default="", max_length=220)
    """The key of the call it went with; kept where no answer came, for a platform that refuses a repeated key."""
    broadcast_id: int | None = maybe()
    topic: str = Field(max_length=20)
    body: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(default="waiting", max_length=10)
    not_before: datetime = moment(required=True)
    expires_at: datetime | None = moment()
    attempts: int = 0
    leased_until: datetime | None = moment()
    settled_at: datetime | None = moment()
    receipt: str = Field(default="", max_length=200)
    trouble: str = Field(default="", max_length=300)

    __table_args__ = (
        # what waits is few beside what was sent: the queue is as fast with a million letters behind it
        _waiting("ix_outgoing_queue", "channel", "bulk", "not_before", "id"),
        _waiting("ix_outgoing_batch", "batch", "id"),
        _waiting("ix_outgoing_expiry", "expires_at"),
        Index("ix_outgoing_lane", "lane", "state", "id"),
        Index("ix_outgoing_broadcast", "broadcast_id", "state", sqlite_where=_ONE, postgresql_where=_ONE),
        # one letter under way per chat, whatever number of postmen there are
        Index("uq_outgoing_sending", "lane", unique=True, sqlite_where=_SENDING, postgresql_where=_SENDING),
    )


class Firing(Table, table=True):
    """A round of a working day that has been made; its key is the memory of all instances."""

    campaign: str = Field(primary_key=True, max_length=64)
    rule: str = Field(primary_key=True, max_length=64)
    day: date = Field(primary_key=True)
    fired_at: datetime = moment(required=True)
    letters: int = 0


class QuotaUse(Table, table=True):
    """What the platform has counted against a month: written every few seconds, not with each message."""

    __tablename__ = "quota_use"

    month: str = Field(primary_key=True, max_length=7)
    channel: str = Field(primary_key=True, max_length=20)
    unit: str = Field(primary_key=True, max_length=10)
    count: int = Field(default=0, sa_type=BigInteger)
    warned: int = 0
    """The percentage the operator was last warned at."""


class Counter(Table, table=True):
    """A running number, given out under a row lock (receipts)."""

    name: str = Field(primary_key=True, max_length=64)
    value: int = 0


class AuditLine(Table, table=True):
    """Who did what to whose records: no personal content."""

    __tablename__ = "audit"

    id: int | None = key()
    at: datetime = moment(required=True)
    actor: str = Field(max_length=64)
    action: str = Field(max_length=40)
    subject: str = Field(default="", max_length=200)
    detail: str = Field(default="", max_length=300)


class Setting(Table, table=True):
    """Facts about this database itself: the id of the key its secrets are sealed with."""

    name: str = Field(primary_key=True, max_length=64)
    value: str = Field(max_length=255)
