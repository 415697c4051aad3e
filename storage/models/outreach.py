"""Writing to people and groups unasked: the moments of reminders, the robots of groups, what was read."""

from datetime import date, datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from storage.models.columns import Table, key, moment, reference


class ReminderMoment(Table, table=True):
    """A moment of a reminder rule for one audience, from when it is known on: the memory of all instances. Changing the
    hour changes the row, changing the day makes a new one."""

    __tablename__ = "reminder_moment"

    campaign: str = Field(primary_key=True, max_length=64)
    rule: str = Field(primary_key=True, max_length=64)
    day: date = Field(primary_key=True)
    audience: str = Field(primary_key=True, max_length=12)
    at: datetime = moment(required=True)
    known_at: datetime = moment(required=True)
    """When this moment first stood in the schedule: one that had passed by then is never sent."""
    upto: int = Field(default=0, sa_type=BigInteger)
    """The last person dealt with: people come in slices, a transaction each."""
    letters: int = 0
    done_at: datetime | None = moment()


class GroupRobot(Table, table=True):
    """A custom robot (自定义机器人) of a group: address and signing key open the group to their bearer."""

    __tablename__ = "group_robot"

    id: int | None = key()
    name: str = Field(unique=True, max_length=64)
    """As the operator calls it: the title of its group."""
    unit_id: int = reference("unit", index=True)
    address_sealed: str = Field(max_length=500)
    secret_sealed: str = Field(default="", max_length=255)
    keyword: str = Field(default="", max_length=20)
    """What must stand in a message, where the robot is guarded by a keyword."""
    platform: str = Field(default="dingtalk", max_length=20)
    """Whose group it is: by whose ids people are called."""
    added_at: datetime = moment(required=True)


class ReadState(Table, table=True):
    """Whether somebody has read the newest letter they did not ask for. One row a person and campaign, no history."""

    __tablename__ = "read_state"

    campaign: str = Field(primary_key=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", sa_type=BigInteger, primary_key=True)
    receipt: str = Field(default="", max_length=200, index=True)
    """What the platform is asked by; empty once it answers no more."""
    sent_at: datetime = moment(required=True)
    asked_at: datetime | None = moment()
    state: str = Field(default="", max_length=6)
    """`read`, `unread`, or empty: not known."""
