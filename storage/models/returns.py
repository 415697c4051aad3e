"""Returns of units: where each stands, every step with who and when, what exactly went up, and the scans."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Table, key, long_text, maybe, moment, reference


class UnitReturn(Table, table=True):
    """The return of a unit in a campaign (notice 三.1). Made with its first step; before, it is being filled in."""

    __tablename__ = "unit_return"
    __table_args__ = (UniqueConstraint("campaign", "unit_id"),)

    id: int | None = key()
    campaign: str = Field(max_length=64)
    unit_id: int = reference("unit", index=True)
    state: str = Field(max_length=12)
    nil: bool = False
    late: bool = False
    """First handed up after the deadline."""
    gaps: str = Field(default="", max_length=300)
    """Why it was confirmed although something was missing; empty where nothing was."""
    content: str | None = long_text(nullable=True)
    """What was confirmed, as JSON: the rows of the table, the figures, the submissions behind them."""
    digest: str = Field(default="", max_length=64)
    """SHA-256 of `content`."""
    handed_up_at: datetime | None = moment()
    """When it was first handed up."""


class ReturnStep(Table, table=True):
    """One step of a return: who did what when, and of which content. Append-only."""

    __tablename__ = "return_step"

    id: int | None = key()
    return_id: int = reference("unit_return", index=True)
    at: datetime = moment(required=True)
    by: int = reference("person")
    action: str = Field(max_length=12)
    state: str = Field(max_length=12)
    """The state it led to."""
    digest: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=300)
    nil: bool = False
    """Whether the return was a nil return from then on."""
    content: str | None = long_text(nullable=True)
    """What was confirmed in this step, or which scans went up in it, as JSON."""


class RowCorrection(Table, table=True):
    """The coordinator's wording of one cell of a person's row; the person's own words stay where they are."""

    __tablename__ = "row_correction"

    id: int | None = key()
    campaign: str = Field(max_length=64)
    case_id: int = reference("self_check", index=True)
    row: int
    field: str = Field(max_length=64)
    instead_of: str = long_text()
    """The person's words at that moment: once they hand in others, the correction does not count any more."""
    text: str = Field(max_length=2000)
    """Empty where the correction was taken back. Telephone numbers in it are masked."""
    sealed: str | None = long_text(nullable=True)
    """The whole text, sealed, where the text shows less."""
    by: int = reference("person")
    at: datetime = moment(required=True)


class StoredFile(Table, table=True):
    """A file somebody sent, sealed: a scan of a stamped return, or a workbook waiting for a word."""

    __tablename__ = "stored_file"

    id: int | None = key()
    purpose: str = Field(max_length=20)
    return_id: int | None = maybe(index=True)
    person_id: int = reference("person", index=True)
    name: str = Field(max_length=200)
    kind: str = Field(max_length=10)
    size: int
    pages: int = 0
    """0 where it cannot be told."""
    digest: str = Field(max_length=64)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Sealed with the purpose `file/<digest>`."""
    at: datetime = moment(required=True)
    ended_at: datetime | None = moment()
    """When it was replaced, used up or withdrawn."""


class Errand(Table, table=True):
    """A file to be fetched from the platform: its code expires soon, so this is done right after the message."""

    id: int | None = key()
    robot: str = Field(max_length=64)
    msg_id: str = Field(max_length=128)
    channel: str = Field(max_length=20)
    person_id: int = reference("person")
    chat: str = Field(max_length=200)
    code_sealed: str = Field(max_length=2000)
    name: str = Field(max_length=200)
    kind: str = Field(max_length=10)
    state: str = Field(default="waiting", max_length=10, index=True)
    attempts: int = 0
    not_before: datetime = moment(required=True)
    leased_until: datetime | None = moment()
    at: datetime = moment(required=True)
