"""The evidence: that a row was written, in an order nobody can change afterwards; and the root of each day."""

from datetime import date, datetime

from sqlalchemy import Column, Index, Integer
from sqlmodel import Field

from storage.models.columns import Table, key, long_text, moment


class Entry(Table, table=True):
    """That a row was written: entered with the row, in the same transaction, and chained in order soon after.

    Nothing of the row stands here but a salted digest; `storage.evidence` says of what. Once chained it never changes;
    what is destroyed loses `about` and `salt`, so that the digest tells nobody anything any more.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_row", "kind", "row"),
        Index("ix_evidence_day", "campaign", "kind", "day"),
        Index("uq_evidence_seq", "seq", unique=True),
    )

    id: int | None = key()
    kind: str = Field(max_length=20)
    """The table of the row."""
    row: str = Field(max_length=100)
    campaign: str = Field(default="", max_length=64)
    about: str = long_text()
    """What stood around the row when it was written and may change later, as JSON."""
    salt: str = Field(default="", max_length=32)
    leaf: str = Field(max_length=64)
    mark: str = Field(max_length=64)
    """Keyed: only this program with its key can enter a row."""
    seq: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    """The place in the chain, from 1; none until it is chained."""
    day: date | None = None
    """The day it was chained on, in the time of the first campaign."""
    head: str = Field(default="", max_length=64)
    """The chain up to and with this entry."""
    head_mark: str = Field(default="", max_length=64)
    """Keyed: only this program with its key can continue the chain."""


class DayRoot(Table, table=True):
    """A day of a campaign that is over: the root of its pledges, chained to the day before and to the whole chain."""

    __tablename__ = "evidence_day"

    campaign: str = Field(primary_key=True, max_length=64)
    day: date = Field(primary_key=True)
    count: int
    """Pledges of the day."""
    total: int
    """Pledges up to and with the day."""
    root: str = Field(max_length=64)
    """Merkle root of the day's pledges in their order."""
    seq: int
    head: str = Field(max_length=64)
    """The whole chain when the day was closed: `seq` entries, ending in `head`."""
    before: str = Field(default="", max_length=64)
    """`digest` of the campaign's day before it; empty for the first."""
    digest: str = Field(max_length=64)
    """What is made public."""
    mark: str = Field(max_length=64)
    """Keyed, like that of an entry."""
    closed_at: datetime = moment(required=True)
