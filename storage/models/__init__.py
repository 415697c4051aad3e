"""The tables. Rows stay inside `storage` and `handlers`; what they hold of persons is the least the job needs.

No text of a message is kept: the inbox knows that a message came, the answers know what it changed.
"""

from storage.models.broadcasts import Broadcast
from storage.models.checks import AnswerLine, Case, Exemption, Pledge, PledgeText, Submission
from storage.models.columns import Moment
from storage.models.control import Draw, Drawn, Finding, FindingStep, Incident, IssuedPaper, LeakCount, Risk, RiskStep
from storage.models.evidence import DayRoot, Entry
from storage.models.gateway import Bell, CallbackProof, NoticeCall, NoticeCount, Todo
from storage.models.keys import DataKey
from storage.models.outreach import GroupRobot, ReadState, ReminderMoment
from storage.models.pages import PageLine, PageSession, PageUpload
from storage.models.people import (
    Account,
    AccountCode,
    Applicant,
    Appointment,
    ChatGroup,
    HeadCount,
    Membership,
    Person,
    ReportingTerm,
    Unit,
)
from storage.models.requests import DataRequest
from storage.models.returns import Errand, ReturnStep, RowCorrection, StoredFile, UnitReturn
from storage.models.talk import AuditLine, Counter, Firing, Inbound, Outgoing, QuotaUse, Setting

__all__ = [
    "Account",
    "AccountCode",
    "AnswerLine",
    "Applicant",
    "Appointment",
    "AuditLine",
    "Bell",
    "Broadcast",
    "CallbackProof",
    "Case",
    "ChatGroup",
    "Counter",
    "DataKey",
    "DataRequest",
    "DayRoot",
    "Draw",
    "Drawn",
    "Entry",
    "Errand",
    "Exemption",
    "Finding",
    "FindingStep",
    "Firing",
    "GroupRobot",
    "HeadCount",
    "Inbound",
    "Incident",
    "IssuedPaper",
    "LeakCount",
    "Membership",
    "Moment",
    "NoticeCall",
    "NoticeCount",
    "Outgoing",
    "PageLine",
    "PageSession",
    "PageUpload",
    "Person",
    "Pledge",
    "PledgeText",
    "QuotaUse",
    "ReadState",
    "ReminderMoment",
    "ReportingTerm",
    "ReturnStep",
    "Risk",
    "RiskStep",
    "RowCorrection",
    "Setting",
    "StoredFile",
    "Submission",
    "Todo",
    "Unit",
    "UnitReturn",
]
