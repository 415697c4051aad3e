"""A campaign is erased: counted first, then keys and rows in one transaction, and the fact is entered in the evidence.

The chain stays whole: links lose what they tell of a row, not their digests. Once the roster goes, the audit log keeps
what was done and when, its people become nameless. Must not know what a campaign asks.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, SQLModel, col, delete, select

from storage import append_only, audit
from storage.destruction import scope
from storage.destruction.fading import FADED
from storage.destruction.scope import Doomed
from storage.evidence import chaining, entering
from storage.evidence.kinds import DESTROYED
from storage.models import (
    AuditLine,
    Case,
    Draw,
    Entry,
    Exemption,
    Incident,
    IssuedPaper,
    Outgoing,
    Person,
    PledgeText,
    UnitReturn,
)
from storage.vault import Vault

OPERATOR = "operator"
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_PERSON = re.compile(r"person/\d+")
_STEAD = re.compile(r"\s*in stead of .*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """How many papers of a kind were given out, and when the last."""

    paper: str
    count: int
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be erased. `doomed` and `there` count rows by table."""

    campaign: str
    roster: bool
    doomed: Mapping[str, int]
    there: Mapping[str, int]
    issued: tuple[Issued, ...]
    others: tuple[str, ...]
    """Campaigns that have records here and stay."""

    @property
    def rows(self) -> int:
        return sum(self.doomed.values())


def campaigns(session: Session) -> set[str]:
    """Every campaign that has records."""
    found: set[str] = set()
    for table in (Case, UnitReturn, Incident, Exemption, Draw, IssuedPaper):
        found |= set(session.exec(select(table.campaign).distinct()).all())
    return found


def planned(session: Session, campaign: str, open_ones: Iterable[str], *, roster: bool) -> Plan:
    """`open_ones`: campaigns that are open now; the roster goes with the last one, or where `roster` says so."""
    others = tuple(sorted((campaigns(session) | set(open_ones)) - {campaign}))
    roster = roster or not others
    doomed: dict[str, int] = {}
    for one in _all(campaign, others, roster=roster):
        doomed[one.name] = doomed.get(one.name, 0) + _count(session, one)
    papers = session.exec(
        select(IssuedPaper.paper, func.count(), func.max(IssuedPaper.at))
        .where(IssuedPaper.campaign == campaign)
        .group_by(col(IssuedPaper.paper))
        .order_by(col(IssuedPaper.paper))
    ).all()
    return Plan(
        campaign=campaign,
        roster=roster,
        doomed=doomed,
        there=census(session),
        issued=tuple(Issued(paper=paper, count=count, last=last) for paper, count, last in papers),
        others=others,
    )


def census(session: Session) -> dict[str, int]:
    """The rows of every table."""
    tables = SQLModel.metadata.tables
    return {name: session.connection().scalar(select(func.count()).select_from(tables[name])) or 0 for name in tables}


def erase(session: Session, vault: Vault, plan: Plan, *, number: str, why: str, at: datetime, today: date) -> None:
    """Everything of the plan, in the open transaction. `number` is that of the certificate."""
    connection = session.connection()
    while chaining.chain(session, vault, today):
        pass
    with append_only.opened(connection):
        mine = [col(Entry.campaign) == plan.campaign] + ([col(Entry.campaign) == ""] if plan.roster else [])
        for part in mine:
            session.exec(update(Entry).where(part, col(Entry.kind) != DESTROYED).values(about="", salt=""))
        for one in _all(plan.campaign, plan.others, roster=plan.roster):
            session.exec(delete(one.table) if one.where is None else delete(one.table).where(one.where))
        if plan.roster:
            _nameless(session)
        else:
            session.exec(update(Outgoing).where(scope.told_elsewhere(list(plan.others))).values(body=FADED))
            session.exec(update(Person).where(col(Person.attending) == plan.campaign).values(attending=""))
    session.expire_all()
    told = {"at": at.isoformat(), "certificate": number, "erased": {t: n for t, n in plan.doomed.items() if n}}
    entering.announce(session, vault, DESTROYED, number, plan.campaign, told)
    if plan.roster:
        entering.announce(session, vault, DESTROYED, f"{number}/roster", "", told)
    while chaining.chain(session, vault, today):
        pass
    for text in session.exec(select(PledgeText).where(PledgeText.campaign == plan.campaign)).all():
        entering.enter(session, text)
    if plan.roster:
        for line in session.exec(select(AuditLine).order_by(col(AuditLine.id))).all():
            entering.enter(session, line)
    detail = f"{plan.rows} rows; certificate {number}" + ("; before its end" if why else "")
    audit.record(session, at=at, actor=OPERATOR, action="destroy", subject=plan.campaign, detail=detail)
    session.flush()
    while chaining.chain(session, vault, today):
        pass


def _all(campaign: str, others: Sequence[str], *, roster: bool) -> list[Doomed]:
    return [*scope.of_campaign(campaign, list(others)), *(scope.of_roster() if roster else [])]


def _count(session: Session, one: Doomed) -> int:
    found = select(func.count()).select_from(one.table)
    return session.exec(found.where(one.where) if one.where is not None else found).one()


def _nameless(session: Session) -> None:
    """Who did something keeps a sign of their own in the log; which sign is whose nobody can tell any more."""
    secret = secrets.token_bytes(32)

    def sign(name: str) -> str:
        return f"P-{hashlib.sha256(secret + name.encode()).hexdigest()[:10]}"

    lines = session.exec(select(AuditLine.id, AuditLine.actor, AuditLine.subject, AuditLine.detail)).all()
    for its, actor, subject, detail in lines:
        bare = _STEAD.sub("", detail)
        values: dict[str, Any] = {
            "actor": actor if actor == OPERATOR else sign(actor),
            "subject": _PERSON.sub(lambda found: sign(found[0]), subject),
            "detail": "" if _CHINESE.search(bare) else _PERSON.sub(lambda found: sign(found[0]), bare),
        }
        session.exec(update(AuditLine).where(col(AuditLine.id) == its).values(**values))
