"""What offices check: risks and their follow-up, incidents, spot checks and findings; and the papers given out."""

from datetime import date, datetime

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from storage.models.columns import Table, key, long_text, maybe, moment, reference


class Risk(Table, table=True):
    """An open risk pinned to a person and their unit (notice 三.2). `source`: the rule that found it."""

    __table_args__ = (UniqueConstraint("case_id", "source"),)

    id: int | None = key()
    campaign: str = Field(max_length=64, index=True)
    case_id: int = reference("self_check", index=True)
    person_id: int = reference("person", index=True)
    unit_id: int = reference("unit", index=True)
    source: str = Field(max_length=64)
    text: str = Field(max_length=500)
    due: date | None = None
    opened_at: datetime = moment(required=True)
    closed_at: datetime | None = moment()


class RiskStep(Table, table=True):
    """What was done about a risk: followed up, put off, closed, opened again. Append-only."""

    __tablename__ = "risk_step"

    id: int | None = key()
    risk_id: int = reference("risk", index=True)
    at: datetime = moment(required=True)
    by: int = reference("person")
    action: str = Field(max_length=12)
    text: str = Field(default="", max_length=300)
    due: date | None = None


class Incident(Table, table=True):
    """A data security incident or other fact for the city's list (notice 三.3): the fact and its date, no judgement."""

    id: int | None = key()
    campaign: str = Field(max_length=64, index=True)
    unit_id: int = reference("unit", index=True)
    happened_on: date
    text: str = Field(max_length=500)
    by: int = reference("person")
    at: datetime = moment(required=True)
    closed_at: datetime | None = moment()
    closing: str = Field(default="", max_length=300)


class Draw(Table, table=True):
    """A spot check: the frozen population with its hash, the seed, the size. Recorded once, only ever extended."""

    __table_args__ = (UniqueConstraint("campaign", "number"),)

    id: int | None = key()
    campaign: str = Field(max_length=64)
    number: int
    unit_id: int = reference("unit")
    """All below it could be drawn."""
    office_id: int = reference("unit")
    """The unit of the office that draws: it and those above it see what came of it."""
    of: str = Field(max_length=10)
    """`unit` or `person`."""
    population: str = long_text()
    """A line per unit or person, sorted: stratum, tab, id."""
    population_digest: str = Field(max_length=64)
    seed: str = Field(default="", max_length=200)
    """Empty while the population is published and the seed is not yet named."""
    size: int = 0
    by: int = reference("person")
    at: datetime = moment(required=True)
    drawn_at: datetime | None = moment()


class Drawn(Table, table=True):
    """One that was drawn, in the order of the draw."""

    __table_args__ = (UniqueConstraint("draw_id", "place"),)

    id: int | None = key()
    draw_id: int = reference("draw", index=True)
    place: int
    stratum: str = Field(max_length=100)
    unit_id: int = reference("unit", index=True)
    person_id: int | None = maybe(index=True)
    asked_at: datetime | None = moment()
    answered_at: datetime | None = moment()
    """When the person answered the key questions once more."""
    mismatches: str = Field(default="", max_length=500)
    """Ids of the kinds of mismatch found, comma separated."""
    checked_at: datetime | None = moment()
    checked_by: int | None = maybe()


class Finding(Table, table=True):
    """What a checker found, to be put right by a day; followed up until closed."""

    id: int | None = key()
    campaign: str = Field(max_length=64, index=True)
    draw_id: int | None = maybe(index=True)
    office_id: int = reference("unit")
    """The unit of the checker's office: it and those above it close the finding."""
    unit_id: int = reference("unit", index=True)
    person_id: int | None = maybe()
    text: str = Field(max_length=500)
    due: date | None = None
    by: int = reference("person")
    at: datetime = moment(required=True)
    answered_at: datetime | None = moment()
    answer: str = Field(default="", max_length=500)
    """What the unit says it has done."""
    closed_at: datetime | None = moment()
    closed_by: int | None = maybe()


class FindingStep(Table, table=True):
    """What happened to a finding: recorded, answered, sent back, put off, closed. Append-only."""

    __tablename__ = "finding_step"

    id: int | None = key()
    finding_id: int = reference("finding", index=True)
    at: datetime = moment(required=True)
    by: int = reference("person")
    action: str = Field(max_length=12)
    text: str = Field(default="", max_length=500)
    due: date | None = None


class LeakCount(Table, table=True):
    """How often something was turned away at the door: never what it was, nor whose."""

    __tablename__ = "leak_count"

    day: date = Field(primary_key=True)
    unit_id: int = Field(primary_key=True, sa_type=BigInteger)
    """0 for somebody in no roster."""
    kind: str = Field(primary_key=True, max_length=20)
    place: str = Field(primary_key=True, max_length=10)
    events: int = 0


class IssuedPaper(Table, table=True):
    """A paper given out: its code tells what it was, for whom and as of when."""

    __tablename__ = "issued_paper"

    code: str = Field(primary_key=True, max_length=12)
    campaign: str = Field(max_length=64)
    paper: str = Field(max_length=30)
    params: str = long_text()
    unit_id: int = reference("unit")
    as_of: datetime = moment(required=True)
    by: str = Field(max_length=64)
    """Staff id of who asked, or `operator`."""
    role: str = Field(default="", max_length=10)
    """The role it was asked for in."""
    at: datetime = moment(required=True)
    digest: str = Field(default="", max_length=64)
    """SHA-256 of what it said when it was made; empty until then."""
