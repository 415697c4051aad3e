"""The chapters of a campaign file for what offices check: the spot check and the assessment.

The shapes of their tables, and nothing else.
"""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from handlers.campaign.shapes import Name, Part


class Mismatch(Part):
    """A way in which what is said now may not fit what was handed in."""

    id: Name
    question: str
    kind: Literal["differs", "missing", "extra"]
    """`differs`: another answer; `missing`: named now, not before; `extra`: named before, not now."""
    label: str
    before: list[str] = []
    """Counts only where one of these was handed in."""
    now: list[str] = []
    """Counts only where one of these is said now."""


class Rewording(Part):
    """How a question is put the second time: its words, and the labels of its options by id."""

    question: str
    ask: str = ""
    labels: dict[str, str] = {}


class SpotCheck(Part):
    questions: list[str] = Field(min_length=1)
    """Ids of the questions asked once more."""
    days: int = Field(default=3, ge=1, le=30)
    """Working days somebody drawn has for it."""
    rectify_days: int = Field(default=7, ge=1, le=90)
    """Days to put a finding right where the checker names none."""
    seed: str
    """Which public number is the seed: one nobody can know when the population is published."""
    invitation: str
    reworded: list[Rewording] = []
    mismatch: list[Mismatch] = []


Measure = Literal[
    "on_time_people",
    "complete_people",
    "on_time_return",
    "pledges",
    "spot_check",
    "findings_open",
    "findings",
    "incidents",
]
"""What is counted: people who handed in before the end of the deadline, of those expected; people who handed in at all;
units whose return went up in time, of those that report; people who touched data and pledged; people drawn and answered
whose answers fit; findings not closed; findings at all; incidents."""


class AssessmentItem(Part):
    """A line of the assessment: what is counted and how it becomes points."""

    id: Name
    name: Name
    points: Decimal = Field(gt=0, le=1000)
    rule: str
    """How it is scored, in the words that stand on the paper."""
    measure: Measure
    how: Literal["share", "deduct"]
    """`share`: points × part ÷ whole, to one decimal; `deduct`: points − each × number, not below 0."""
    each: Decimal = Field(default=Decimal(0), ge=0)
    when_none: Literal["full", "none"] = "full"
    """Where there is nothing to count: all points, or the item is left out of the unit's points and of its total."""


class Assessment(Part):
    title: str
    items: list[AssessmentItem] = Field(min_length=1)
    notes: list[str] = []
    """What stands below the table."""
