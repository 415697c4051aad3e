"""A campaign file: what one notice asks, of whom, by when, in which words. The shape of the TOML, and nothing else.

Must not know how answers are stored nor how a question is shown.
"""

from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from handlers.campaign.bearing import Bearing
from handlers.campaign.chapters import (
    NO_PLEDGE,
    Area,
    DataClass,
    Evidence,
    FeedbackPaper,
    Manners,
    Pledge,
    Retention,
    RiskRule,
    Words,
)
from handlers.campaign.checks import Assessment, SpotCheck
from handlers.campaign.handing_up import UNSTAMPED, Returns
from handlers.campaign.reminding import ReminderRule
from handlers.campaign.shapes import Dated, Name, Part, When


class Option(Dated):
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
    clones: bool = False
    """Of a review: one more row, a copy of this one in which only the first column is asked."""
    gone: int = Field(default=0, ge=0)
    """The revision from which it is not offered any more; answers that chose it keep its words."""
    when: When = When()


class Suggestion(Part):
    text: str
    when: When = When()


class Variant(Part):
    when: When
    ask: str


class Question(Dated):
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
    when: When = When()
    suggest: list[Suggestion] = []
    """If any: not asked unless reopened; the sentences that apply, joined by «；», are the answer."""
    suffix: list[Suggestion] = []
    """What is added to a chosen option in the paper (the channels, to the way the data came)."""
    show_summary: bool = False
    personal: bool = False
    """Of a column: who answers or whom to ask. Never offered to colleagues."""

    @property
    def mark(self) -> str:
        return self.short or self.name

    @property
    def singles(self) -> tuple["Question", ...]:
        """As of a group: itself."""
        return (self,)


class Group(Part):
    """A row that may be repeated: one data set of the feedback table."""

    id: Name
    name: Name
    when: When = When()
    columns: list[Question]
    review: Question
    fix: Question
    remove: str
    """The button that takes a whole row away."""
    max_rows: int = Field(default=20, ge=1, le=200)

    @cached_property
    def singles(self) -> tuple[Question, ...]:
        """Its questions."""
        return (*self.columns, self.review, self.fix)

    @cached_property
    def suggested(self) -> tuple[Question, ...]:
        """The columns that have an answer where none was given."""
        return tuple(column for column in self.columns if column.suggest)


class Derived(Part):
    """A list computed from another answer's values, for conditions and sentences."""

    of: str
    minus: list[str] = []
    only: list[str] = []
    when: When = When()


class Campaign(Part):
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
    intro_proxy: str = ""
    """Instead of `intro` where somebody fills in for a person without an account."""
    receipt_prefix: Name = "ZC"
    data_classes: list[DataClass] = []
    words: Words = Words()
    conditions: dict[str, When] = {}
    derived: dict[str, Derived] = {}
    areas: list[Area] = []
    questions: list[Question | Group]
    pledge: Pledge = NO_PLEDGE
    feedback_table: FeedbackPaper
    manners: Manners
    reminders: list[ReminderRule]
    risks: list[RiskRule] = []
    returns: Returns = UNSTAMPED
    spot_check: SpotCheck | None = None
    assessment: Assessment | None = None
    evidence: Evidence = Evidence()
    retention: Retention = Retention()

    tag: str = ""
    """What its buttons carry while several campaigns are open (`several.together`); not for the file."""

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

    @property
    def has_pledge(self) -> bool:
        """Whether anybody is asked to sign anything."""
        return bool(self.pledge.question)

    def with_deadline(self, deadline: date) -> "Campaign":
        return self.model_copy(update={"deadline": deadline})

    @cached_property
    def singles(self) -> tuple[Question, ...]:
        """Every question of the file, the columns of groups among them."""
        return tuple(question for entry in self.questions for question in entry.singles)

    @cached_property
    def marks(self) -> frozenset[str]:
        """What the buttons of this campaign carry to say whose answer they are."""
        return frozenset(question.mark for question in self.singles)

    @cached_property
    def by_id(self) -> dict[str, Question]:
        return {question.id: question for question in self.singles}

    @cached_property
    def bearing(self) -> Bearing:
        return Bearing.of(self)

    @cached_property
    def table_group(self) -> Group | None:
        """The group whose rows the paper prints; None where the campaign has no table of rows."""
        groups = (entry for entry in self.questions if isinstance(entry, Group))
        return next((group for group in groups if group.id == self.feedback_table.group), None)

    @cached_property
    def group_of(self) -> dict[str, Group]:
        """The group a question belongs to, by the question's id; questions outside of groups are not in it."""
        groups = [entry for entry in self.questions if isinstance(entry, Group)]
        return {question.id: group for group in groups for question in group.singles}
