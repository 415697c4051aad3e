"""What becomes of every table when a campaign is destroyed: its rows, the traces of the talk, the roster, or nothing.

Whoever adds a table adds it here; a test compares this with the models. Must not know how rows are erased.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import SQLModel, col

from storage import outbox
from storage.models import (
    Account,
    AccountCode,
    AnswerLine,
    Applicant,
    Appointment,
    AuditLine,
    Bell,
    Broadcast,
    CallbackProof,
    Case,
    ChatGroup,
    Counter,
    DataKey,
    DataRequest,
    DayRoot,
    Draw,
    Drawn,
    Entry,
    Errand,
    Exemption,
    Finding,
    FindingStep,
    Firing,
    GroupRobot,
    HeadCount,
    Inbound,
    Incident,
    IssuedPaper,
    LeakCount,
    Membership,
    NoticeCall,
    NoticeCount,
    Outgoing,
    PageLine,
    PageSession,
    PageUpload,
    Person,
    Pledge,
    PledgeText,
    QuotaUse,
    ReadState,
    ReminderMoment,
    ReportingTerm,
    ReturnStep,
    Risk,
    RiskStep,
    RowCorrection,
    Setting,
    StoredFile,
    Submission,
    Todo,
    Unit,
    UnitReturn,
)


@dataclass(frozen=True, slots=True)
class Doomed:
    """Rows of a table that are erased."""

    table: type[SQLModel]
    where: ColumnElement[bool] | None = None
    """All of them where none."""

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)


_OF_CASES: tuple[Any, ...] = (AnswerLine, Submission, Pledge, RowCorrection)
_NAMED: tuple[Any, ...] = (
    Risk,
    Incident,
    Finding,
    Draw,
    Exemption,
    Todo,
    IssuedPaper,
    Firing,
    ReminderMoment,
    ReadState,
    UnitReturn,
    Case,
    DataKey,
)
"""Tables that name their campaign; those others refer to come last."""
_STEPS: tuple[tuple[Any, str, Any], ...] = (
    (RiskStep, "risk_id", Risk),
    (FindingStep, "finding_id", Finding),
    (Drawn, "draw_id", Draw),
    (ReturnStep, "return_id", UnitReturn),
    (StoredFile, "return_id", UnitReturn),
)
_TRACES: tuple[Any, ...] = (Errand, PageUpload, Bell, CallbackProof, AccountCode)
"""What passes through, whatever campaign it was for."""
_ROSTER: tuple[Any, ...] = (
    *(DataRequest, LeakCount, PageSession, NoticeCall, NoticeCount, Inbound, GroupRobot, ChatGroup, Account, Applicant),
    *(Appointment, Membership, ReportingTerm, Person, Unit),
)
KEPT: tuple[type[SQLModel], ...] = (AuditLine, Entry, DayRoot, PledgeText, Setting, Counter, QuotaUse)
"""Records of processing and texts that name nobody; the audit log only once its people are made nameless."""


def of_campaign(campaign: str, others: list[str]) -> list[Doomed]:
    """The rows of a campaign, those that refer to others first, and the traces of the talk: answers to messages tell no
    campaign and go as well, letters of the `others` stay."""

    def mine(table: Any) -> Any:
        return select(table.id).where(table.campaign == campaign)

    doomed = [Doomed(table, col(table.case_id).in_(mine(Case))) for table in _OF_CASES]
    doomed += [Doomed(table, getattr(table, field).in_(mine(above))) for table, field, above in _STEPS]
    doomed += [Doomed(table, col(table.campaign) == campaign) for table in _NAMED]
    numbers = or_(col(Counter.name).startswith(f"receipt/{campaign}/"), col(Counter.name) == f"draws/{campaign}")
    letters = ~_keyed(others)
    gone = col(PageLine.letter_id).in_(select(col(Outgoing.id)).where(or_(letters, told_elsewhere(others))))
    return [
        *doomed,
        Doomed(Counter, numbers),
        Doomed(PageLine, gone),
        Doomed(Outgoing, letters),
        *(Doomed(table) for table in _TRACES),
        Doomed(Broadcast, col(Broadcast.campaign) == campaign),
        # last: erasing the others counts, by triggers
        Doomed(HeadCount, col(HeadCount.campaign) == campaign),
    ]


def told_elsewhere(others: list[str]) -> ColumnElement[bool]:
    """Letters of the `others` that are done with: their keys stay, for nobody is to be told twice; their words go."""
    return and_(_keyed(others), col(Outgoing.state) != outbox.State.WAITING)


def _keyed(others: list[str]) -> ColumnElement[bool]:
    """Letters whose key names one of the `others`, or that concern no campaign."""
    return or_(*(col(Outgoing.key).startswith(key) for key in [outbox.ASIDE, *(f"{other}/" for other in others)]))


def of_roster() -> list[Doomed]:
    """Everybody and every unit, those who refer to others first; and the keys of what belongs to no campaign, but for
    one the marks of the evidence are checked with."""
    keys = Doomed(DataKey, and_(col(DataKey.campaign) == "", col(DataKey.kind) != "print"))
    files = Doomed(StoredFile, col(StoredFile.return_id).is_(None))
    return [keys, files, *(Doomed(table) for table in _ROSTER), Doomed(HeadCount)]


def classified() -> set[str]:
    """The tables that have a place here."""
    doomed = [*of_campaign("", []), *of_roster()]
    return {one.name for one in doomed} | {str(table.__tablename__) for table in KEPT}
