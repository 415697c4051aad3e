"""Broadcasts: what somebody wants said to many, planned, agreed to, and under way."""

from datetime import datetime

from sqlmodel import Field

from storage.models.columns import Table, key, long_text, maybe, moment, reference


class Broadcast(Table, table=True):
    """One text to many people or groups. The letters it becomes name it (`Outgoing.broadcast_id`)."""

    id: int | None = key()
    campaign: str = Field(max_length=64)
    unit_id: int = reference("unit", index=True)
    """All below it are meant."""
    audience: str = Field(max_length=16)
    kind: str = Field(max_length=12)
    """`words`, or the letters of a command of its own: `nudge`, `urge`."""
    route: str = Field(default="chat", max_length=12)
    """`chat` with the robot, or `work_notice`."""
    text: str = long_text()
    asker: str = Field(max_length=64)
    """Staff id, or `operator`."""
    by: int | None = maybe()
    report_to: str = Field(default="", max_length=200)
    """The chat that is told how it went."""
    people: int = 0
    calls: int = 0
    asked_at: datetime = moment(required=True)
    agreed_at: datetime | None = moment()
    posted_at: datetime | None = moment()
    """When all its letters were in the outbox."""
    stopped_at: datetime | None = moment()
    reported_at: datetime | None = moment()
