"""The chapters of a campaign file beside its questions: the pledge, the papers, manners, areas, risks.

The shapes of their tables, and nothing else.
"""

import hashlib
import tomllib
from datetime import time
from functools import cached_property
from importlib import resources

from pydantic import Field

from handlers.campaign.shapes import Name, Part, When

_SAID = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
"""What is said where a file has no words of its own."""


class DataClass(Part):
    name: Name
    text: str


class Words(Part):
    """How the bot calls what this notice is about, in its own sentences."""

    nil: str = _SAID["nil"]
    """What a nil return says: «零报告：……»."""
    touched: str = _SAID["touched"]
    """What is said of those who reported something, in the figures."""
    row: str = _SAID["row"]
    """The measure of a row: «共3项», «第2项»."""
    row_name: str = _SAID["row_name"]
    """What a row is called in a list, with its number behind."""
    example: str = _SAID["example"]
    """What may be written instead of other people's data: «自查只需要写……»."""
    unneeded: str = _SAID["unneeded"]
    """Said of the pledge to those who need none."""


class Pledge(Part):
    title: str
    name: str = "承诺书"
    """How it is called for short."""
    version: int = Field(ge=1)
    """Raised whenever the text changes."""
    resign_from: int = Field(default=0, ge=0)
    """Versions below this one have to be signed again; none where 0."""
    resign_earlier: bool = False
    """Those who said that they had signed earlier have to sign again as well."""
    pieces: list[str] = Field(min_length=1)
    question: list[str]
    """Ids of the questions that ask for it."""
    signs: str
    """The option that means «sign now»."""
    earlier: list[str]
    """The options that mean «signed before»."""
    paper: list[str] = []
    """The options that mean «will be signed by hand»: for those who cannot sign here."""
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


UNIT_FIELD = "unit"
"""The `field` of the column that holds the unit's name."""


NO_PLEDGE = Pledge(
    title="",
    version=1,
    pieces=[""],
    question=[],
    signs="",
    earlier=[],
    annex="",
    addressee="",
    closing=[],
    footnote="",
)
"""Stands in a campaign that asks nobody to sign: no question leads to it."""


class PaperColumn(Part):
    """A column of the table: its heading, which answer stands in it, how wide it is."""

    name: Name
    field: str
    """The id of a column of the group, or `unit`."""
    width: float = Field(default=18.0, ge=4, le=80)
    """In characters of the sheet; all together they are fitted to the page."""
    middle: bool = False
    """Its cells stand in the middle, as names do."""
    counted: bool = False
    """The summary counts how many rows say what in it. Not for columns that name persons."""


class FeedbackPaper(Part):
    """The table of the notice (附件2) as printed: a line per unit and row of the group."""

    title: str
    annex: str = ""
    stamp_line: str = _SAID["stamp_line"]
    columns: list[PaperColumn] = Field(min_length=4, max_length=10)
    group: str
    """The group of questions whose rows it prints."""
    examples: list[list[str]] = []
    """The notice's own example lines (例), a text per column."""
    notes: list[str] = []
    nil_line: str
    """Instead of rows when everybody who handed in reported nothing."""
    empty_line: str
    """Instead of rows when nobody has handed in yet."""
    footer: str

    @cached_property
    def fields(self) -> list[str]:
        """The answers that fill the columns, in their order, without the unit's."""
        return [column.field for column in self.columns if column.field != UNIT_FIELD]


class Manners(Part):
    """When nobody is written to unasked, and how often at most. Applies to reminders, nudges and broadcasts."""

    from_: time = Field(alias="from")
    until: time
    working_days_only: bool = True
    most: int = Field(default=12, ge=1, le=200)
    """So many reminders, nudges and broadcasts of this campaign one person gets in all."""


class Area(Part):
    id: Name
    divisions: list[str]
    in_person: bool = False
    """Nobody fills in for another here."""


class RiskRule(Part):
    """A risk the answers may show, to be followed up until closed (notice 三.2)."""

    id: Name
    when: When
    text: str
    """What the risk is, with blanks as in any sentence of the file."""
    per: str = ""
    """The group of rows it is looked for in; empty for the self-check as a whole."""
    due: str = ""
    """The question whose answer is the day it has to be put right by; the deadline where empty or not answered."""
    settled: str = ""
    """Where set, the risk was put right before it was handed in, in these words: it is listed, not followed up."""
    ask: str = ""
    """What the person is asked on the day, after the risk itself. No blanks."""
    done: str = _SAID["risk_done"]
    """The button that closes it."""


class Evidence(Part):
    """What becomes of the digest of each day's pledges."""

    publish: bool = False
    """Sent to the groups bound to the topmost unit on the next working day."""


class Retention(Part):
    """How long each kind of data is kept, in days after the deadline (letters: after they were sent), and why. What is
    over is destroyed by the operator (`zicha destroy`), letters by the bot itself."""

    records: int = Field(default=180, ge=1, le=3650)
    """Answers, pledges, returns, scans, risks, spot checks: until the assessment and its objections are over."""
    roster: int = Field(default=180, ge=1, le=3650)
    """Names, units, sealed telephone numbers: no longer than the records they belong to."""
    letters: int = Field(default=30, ge=1, le=3650)
    """What the bot said: as long as the platform shows it anyhow."""
    audit: int = Field(default=1095, ge=180, le=3650)
    """Who did what, without content: 网络安全法 21 wants six months of logs, 个人信息保护法 56 three years."""
    why: str = _SAID["retention"]
    """Said of the records in 我的数据 and by `zicha check`."""
