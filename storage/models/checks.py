"""Self-checks: what people answered, handed in, pledged, and who is exempt."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from storage.models.columns import Table, key, maybe, moment, reference

_IN_FORCE = text("ended_at IS NULL")


class Case(Table, table=True):
    """One person's self-check in one campaign. It stays with the unit where it was made."""

    __tablename__ = "self_check"
    __table_args__ = (
        UniqueConstraint("campaign", "person_id"),
        Index("ix_case_unit", "campaign", "unit_id"),
        # the figures of 50,000 people are read off these two alone
        Index("ix_case_person", "campaign", "person_id", "submitted_at"),
        # whoever leaves is counted out of every campaign they are in (`counting_triggers`)
        Index("ix_case_of_person", "person_id"),
        Index(
            "ix_case_figures",
            *("campaign", "unit_id", "submitted_at", "asked_again", "nil", "late", "touched", "pledged"),
        ),
    )

    id: int | None = key()
    campaign: str = Field(max_length=64)
    person_id: int = reference("person")
    unit_id: int = reference("unit")
    opened_at: datetime = moment(required=True)
    submitted_at: datetime | None = moment()
    receipt: str = Field(default="", max_length=32)
    late: bool = False
    nil: bool = False
    touched: bool = False
    pledged: bool = False
    revision: int = 1
    """The revision of the campaign file the answers have been brought to."""
    asked_again: bool = False
    """Handed in, but a material change of the campaign asks for more: unfinished until handed in once more."""
    filled_by: int | None = maybe()
    """The colleague who filled in for somebody without an account."""
    countersign: bool = False
    """Filled in by a colleague and waiting for the coordinator's word: not handed in yet."""
    changing: bool = False
    """Handed in, and being changed since: it counts as it was until it is handed in once more."""


class AnswerLine(Table, table=True):
    """One line of the log of answers; the newest of a key counts. `given` is null where it was taken back."""

    __tablename__ = "answer"

    id: int | None = key()
    case_id: int = reference("self_check", index=True)
    key: str = Field(max_length=100)
    given: str | None = Field(default=None, sa_column=Column(Text))
    at: datetime = moment(required=True)
    msg_id: str = Field(max_length=128)


class Submission(Table, table=True):
    """What exactly was handed in, each time: the answers that counted, and their SHA-256."""

    __table_args__ = (
        # figures of a past moment are read off this one, without the answers
        Index("ix_submission_figures", "case_id", "at", "outdated_at", "nil", "touched", "pledged"),
    )

    id: int | None = key()
    case_id: int = reference("self_check", index=True)
    answers: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(max_length=64)
    at: datetime = moment(required=True)
    late: bool = False
    unit_id: int | None = maybe(index=True)
    """The unit of the person at that moment; where it counts for good."""
    nil: bool = False
    touched: bool = False
    pledged: bool = False
    revision: int = 1
    outdated_at: datetime | None = moment()
    """When a material change of the campaign asked for more: from then on it is not enough."""


class Pledge(Table, table=True):
    """A pledge: a draft once the number is given, signed when the person confirmed, one signed earlier, or one
    to be signed on paper.

    The number is sealed at once; `number_print` is a keyed fingerprint to find equal ones, `number_mask` what is shown.
    """

    id: int | None = key()
    case_id: int = reference("self_check", index=True)
    state: str = Field(max_length=10)
    text_version: int
    text_digest: str = Field(max_length=64)
    name: str = Field(default="", max_length=512)
    """The name it was signed with, sealed like the number."""
    number_sealed: str = Field(default="", max_length=255)
    number_print: str = Field(default="", max_length=64)
    number_mask: str = Field(default="", max_length=8)
    told: str = Field(default="", max_length=20)
    """When it was signed earlier, as the person said: a day, or the option chosen."""
    at: datetime = moment(required=True)
    msg_id: str = Field(max_length=128)


class PledgeText(Table, table=True):
    """The text of a pledge as it was given out to be signed: a version is one text for ever."""

    __tablename__ = "pledge_text"

    campaign: str = Field(primary_key=True, max_length=64)
    version: int = Field(primary_key=True)
    digest: str = Field(max_length=64)
    """SHA-256 of `text`, as it stands with every signature."""
    text: str = Field(sa_column=Column(Text, nullable=False))
    revision: int
    """The revision of the campaign file that brought it."""


class Exemption(Table, table=True):
    """Somebody who need not check themselves in a campaign, with the reason and who decided; lifted when `ended_at`,
    at the latest when they hand in."""

    __table_args__ = (
        # one in force per person
        Index(
            "uq_exemption_open",
            *("campaign", "person_id"),
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
    )

    id: int | None = key()
    campaign: str = Field(max_length=64)
    person_id: int = reference("person", index=True)
    reason: str = Field(max_length=200)
    by: int = reference("person")
    at: datetime = moment(required=True)
    ended_at: datetime | None = moment()
