"""Who is who and where: units, people, roles, groups."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlmodel import Field

from storage.models.columns import Table, key, maybe, moment, reference


class Unit(Table, table=True):
    """A body of the notice's 一.2. `path` is the chain of ids from the root, `/1/5/33/`: a subtree is a prefix."""

    id: int | None = key()
    code: str = Field(unique=True, max_length=32)
    name: str = Field(max_length=64)
    parent_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BigInteger, index=True)
    kind: str = Field(max_length=20)
    division: str = Field(default="", max_length=20)
    path: str = Field(default="", max_length=255, index=True)


class Person(Table, table=True):
    """Somebody who has to check themselves. `staff_id` is the platform's userId (senderStaffId)."""

    __table_args__ = (Index("ix_person_figures", "unit_id", "active"),)

    id: int | None = key()
    staff_id: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=64)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger, index=True)
    phone_sealed: str = Field(default="", max_length=255)
    account: bool = True
    """False for somebody without an account on the platform: others fill in for them (代填)."""
    active: bool = True
    """False once they have left; what they handed in stays with the unit where it was made."""
    attending: str = Field(default="", max_length=64)
    """The campaign they last turned to, where several are open; the first one where empty."""
    filling_for: int | None = maybe()
    """The person they are filling in for at present."""
    turn: int = 0
    """Counts this person's messages; its row lock keeps one turn of a person at a time, on every instance."""
    heard_at: datetime | None = moment()
    """When the newest message taken was said, by the platform's clock: an older one that comes later is no answer."""
    reached_at: str = Field(default="", max_length=200)
    """The 1:1 chat they are written to (`channel:direct:id`); that of their staff id where empty."""


class Account(Table, table=True):
    """Under which id a platform other than DingTalk knows somebody."""

    platform: str = Field(primary_key=True, max_length=20)
    id: str = Field(primary_key=True, max_length=128)
    """As the platform spells it: 浙政钉's accountId."""
    person_id: int = reference("person", index=True)
    code: str = Field(default="", max_length=64)
    """A second id of the platform: 浙政钉's employeeCode."""
    linked_at: datetime = moment(required=True)


class AccountCode(Table, table=True):
    """A code somebody shows on another platform that it is them; its digest."""

    __tablename__ = "account_code"

    code: str = Field(primary_key=True, max_length=64)
    person_id: int = reference("person", index=True)
    until: datetime = moment(required=True)


class Membership(Table, table=True):
    """In which unit somebody was, from when until when: the past of the roster, for figures of a past moment."""

    __table_args__ = (
        Index("ix_membership_unit", "unit_id", "since", "until"),
        Index("ix_membership_person", "person_id", "since", "until", "unit_id"),
    )

    id: int | None = key()
    person_id: int = reference("person")
    unit_id: int = reference("unit")
    since: datetime = moment(required=True)
    until: datetime | None = moment()


class ReportingTerm(Table, table=True):
    """From when until when a unit had somebody in office who reports for it: the past of the offices, for figures."""

    __tablename__ = "reporting_term"

    id: int | None = key()
    unit_id: int = reference("unit", index=True)
    since: datetime = moment(required=True)
    until: datetime | None = moment()


class Appointment(Table, table=True):
    """A role of a person for a unit and all below it."""

    __table_args__ = (Index("ix_appointment_unit", "unit_id"),)

    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, primary_key=True)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger, primary_key=True)
    role: str = Field(primary_key=True, max_length=10)
    until: datetime | None = moment()
    """The end of a deputy's term; none for the holder of the role."""
    deputy_of: int | None = maybe()
    """The person a deputy stands in for."""


class Applicant(Table, table=True):
    """Somebody in no roster, on the way to a unit. `offered` are the unit ids last shown, comma separated."""

    id: int | None = key()
    staff_id: str = Field(unique=True, max_length=64)
    nick: str = Field(max_length=64)
    name: str = Field(default="", max_length=64)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BigInteger)
    offered: str = Field(default="", max_length=255)
    stage: str = Field(default="searching", max_length=12)


class ChatGroup(Table, table=True):
    """A group chat bound to a unit by its coordinator."""

    __tablename__ = "chat_group"

    conversation_id: str = Field(primary_key=True, max_length=128)
    channel: str = Field(max_length=20)
    title: str = Field(default="", max_length=128)
    unit_id: int = Field(foreign_key="unit.id", sa_type=BigInteger, index=True)
    bound_by: int = Field(foreign_key="person.id", sa_type=BigInteger)
    bound_at: datetime = moment(required=True)


class HeadCount(Table, table=True):
    """By how much figures of people changed, in a campaign (empty: in each) and a unit, or a sum of such lines. Written
    by triggers and added up by `running_counts.py`; it says nothing that does not follow from the other tables."""

    __tablename__ = "head_count"
    __table_args__ = (Index("ix_head_count", "kind", "campaign", "unit_id"),)

    id: int | None = key()
    kind: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": "0"})
    campaign: str = Field(max_length=64)
    unit_id: int = Field(sa_type=BigInteger)
    expected: int = 0
    finished: int = 0
    nil: int = 0
    late: int = 0
    started: int = 0
    touched: int = 0
    pledged: int = 0
    exempt: int = 0
