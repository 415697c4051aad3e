"""What 浙政钉's limits and its to-dos need to be remembered: every call of a work notice, whom it went to, who is still
to be told, and the to-dos that stand on people's phones."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Table, key, long_text, moment, reference


class NoticeCall(Table, table=True):
    """One call of a work notice; `id` is its bizMsgId, by which it is recalled."""

    __tablename__ = "notice_call"

    id: str = Field(primary_key=True, max_length=64)
    at: datetime = moment(required=True, index=True)
    people: int
    recalled_at: datetime | None = moment()


class NoticeCount(Table, table=True):
    """How many notices an account got on a day, by Beijing's calendar."""

    __tablename__ = "notice_count"

    day: date = Field(primary_key=True)
    account: str = Field(primary_key=True, max_length=128)
    sent: int = 0


class Bell(Table, table=True):
    """Somebody has something new on the page and has not been told yet."""

    account: str = Field(primary_key=True, max_length=128)
    since: datetime = moment(required=True)
    body: str = long_text()
    """The letter it was; empty where there were several."""


class Todo(Table, table=True):
    """A to-do (待办) on somebody's phone: what is wanted, and what the platform is known to have."""

    __table_args__ = (UniqueConstraint("campaign", "person_id", "about"),)

    id: int | None = key()
    campaign: str = Field(max_length=64)
    person_id: int = reference("person", index=True)
    about: str = Field(max_length=12)
    """`self_check`, or `return` for whoever hands up a unit's return."""
    account: str = Field(max_length=128)
    wanted: str = Field(max_length=10)
    known: str = Field(default="", max_length=10)
    """What the platform has: nothing, or as `wanted`."""
    serial: int = 1
    """Counts how often it was opened; part of its key, since a finished one cannot be opened again."""
    task: str = Field(default="", max_length=64)
    """The platform's taskUuid."""
    tries: int = 0
    not_before: datetime = moment(required=True, index=True)
    trouble: str = Field(default="", max_length=300)


class CallbackProof(Table, table=True):
    """A signature of a robot's callback and the body it came with, as digests."""

    __tablename__ = "callback_proof"

    proof: str = Field(primary_key=True, max_length=64)
    body: str = Field(max_length=64)
    at: datetime = moment(required=True, index=True)
