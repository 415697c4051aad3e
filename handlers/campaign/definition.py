"""A campaign file: what one notice asks, of whom, by when, in which words. The shape of the TOML, and nothing else.

Must not know how answers are stored nor how a question is shown.
"""

import hashlib
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=64)]
Alternative = dict[str, list[str]]
When = list[Alternative]
"""Any of the alternatives holds; within one, every key does. A value `!x` means «answered, and not x»; the key `is`
names a condition of the file, the key `area` the area rule of the person's unit."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Option(_Part):
    id: Name
    label: Name
    aliases: list[str] = []
    exclusive: bool = False
    """In a multiple choice: excludes all others and finishes the answer."""
    submits: bool = False
    """Choosing it ends and submits the whole self-check (the short way of a nil return)."""
    named_by: str = ""
    """The question whose answer takes the place of its label."""
    write: bool = False
    """Choosing it by number asks for the words themselves."""
    when: When = []


class Suggestion(_Part):
    text: str
    when: When = []


class Variant(_Part):
    when: When
    ask: str


class Question(_Part):
    id: Name
    name: Name
    """Its Chinese name in summaries and on paper. Unique in the file."""
    short: str = Field(default="", max_length=8)
    """What its buttons carry instead of the name; unique as well."""
    kind: Literal["choice", "multi", "text", "date", "id_number", "review", "fix", "submit"]
    ask: str
    variants: list[Variant] = []
    help: str = ""
    help_label: str = ""
    """If set, a button with these words shows the help."""
    show_pledge: bool = False
    """The pledge is shown ahead of the question, in its readable pieces."""
    options: list[Option] = []
    options_from: str = ""
    free: Literal["", "words", "sentence"] = ""
    """May be answered in own words: a list of words, or one sentence."""
    max_length: int = Field(default=200, ge=1, le=2000)
    when: When = []
    suggest: list[Suggestion] = []
    """If any: not asked unless reopened; the sentences that apply, joined by «；», are the answer."""
    suffix: list[Suggestion] = []
    """What is added to a chosen option in the paper (the channels, to the way the data came)."""
    show_summary: bool = False

    @property
    def mark(self) -> str:
        return self.short or self.name


class Group(_Part):
    """A row that may be repeated: one data set of the feedback table."""

    id: Name
    name: Name
    when: When = []
    columns: list[Question]
    review: Question
    fix: Question
    remove: str
    """The button that takes a whole row away."""
    max_rows: int = Field(default=20, ge=1, le=200)


class Derived(_Part):
    """A list computed from another answer's values, for conditions and sentences."""

    of: str
    minus: list[str] = []
    only: list[str] = []
    when: When = []


class DataClass(_Part):
    name: Name
    text: str


class Pledge(_Part):
    title: str
    version: int = Field(ge=1)
    pieces: list[str] = Field(min_length=1)
    question: list[str]
    """Ids of the questions that ask for it."""
    signs: str
    """The option that means «sign now»."""
    earlier: list[str]
    """The options that mean «signed before»."""
    annex: str
    addressee: str
    closing: list[str]
    """The lines to be signed, with blanks `{name}`, `{number}`, `{date}`."""
    footnote: str

    @cached_property
    def text(self) -> str:
        return "\n\n".join(piece.strip() for piece in self.pieces)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the exact text a person signs, hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class FeedbackPaper(_Part):
    """附件2 as printed. `fields` name the answers of a row that fill the columns between unit and contact."""

    title: str
    columns: list[str] = Field(min_length=7, max_length=7)
    group: str
    fields: list[str] = Field(min_length=6, max_length=6)
    notes: list[str]
    nil_line: str
    """Instead of rows when everybody who handed in reported nothing."""
    empty_line: str
    """Instead of rows when nobody has handed in yet."""
    footer: str


class ReminderRule(_Part):
    id: Name
    days_before: int
    at: time
    to: list[Literal["people", "groups"]]
    late_by_hours: int = Field(default=8, ge=1, le=72)
    """A reminder older than this is not sent any more."""
    people_text: str = ""
    group_text: str = ""


class Manners(_Part):
    """When nobody is written to unasked. Applies to reminders and nudges."""

    from_: time = Field(alias="from")
    until: time
    working_days_only: bool = True


class Area(_Part):
    id: Name
    divisions: list[str]


class Campaign(_Part):
    id: Name
    revision: int = Field(ge=1)
    name: Name
    document: str
    issuer: str
    purpose: str
    timezone: str = "Asia/Shanghai"
    published: date
    deadline: date
    """Last day on time, until midnight in `timezone`."""
    intro: str
    receipt_prefix: Name = "ZC"
    data_classes: list[DataClass]
    conditions: dict[str, When] = {}
    derived: dict[str, Derived] = {}
    areas: list[Area] = []
    questions: list[Question | Group]
    pledge: Pledge
    feedback_table: FeedbackPaper
    manners: Manners
    reminders: list[ReminderRule]

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def closes_at(self) -> datetime:
        """The first moment that is late."""
        return datetime.combine(self.deadline + timedelta(days=1), time(), self.zone)

    def area_of(self, division: str) -> str:
        """The area rule for a unit, by the start of its 区划代码 (notice 三.2); empty where none applies."""
        for area in self.areas:
            if any(division.startswith(code) for code in area.divisions):
                return area.id
        return ""

    def with_deadline(self, deadline: date) -> "Campaign":
        return self.model_copy(update={"deadline": deadline})

    @cached_property
    def singles(self) -> tuple[Question, ...]:
        """Every question of the file, the columns of groups among them."""
        found: list[Question] = []
        for entry in self.questions:
            found += [entry] if isinstance(entry, Question) else [*entry.columns, entry.review, entry.fix]
        return tuple(found)

    @cached_property
    def marks(self) -> frozenset[str]:
        """What the buttons of this campaign carry to say whose answer they are."""
        return frozenset(question.mark for question in self.singles)

    @cached_property
    def by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.singles}

    @cached_property
    def group_of(self) -> dict[str, Group]:
        """The group a question belongs to, by the question's id; questions outside of groups are not in it."""
        groups = [entry for entry in self.questions if isinstance(entry, Group)]
        return {q.id: group for group in groups for q in (*group.columns, group.review, group.fix)}
