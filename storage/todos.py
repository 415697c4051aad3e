"""To-dos on 浙政钉's phones: what is wanted follows from the self-checks and returns; what the platform has follows it.

Nobody says «make a to-do»: `settle` compares what is the case with what is written down, so that nothing that finishes,
leaves, is exempt or begins anew is forgotten, whatever ended in between. A finished to-do is not opened again by the
platform, so a new one is made, under a new serial. Must not know the platform's calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, literal, or_, select
from sqlmodel import Session, col, update

from storage.accounts import foreign
from storage.models import Account, Appointment, Case, Exemption, Person, Todo, Unit, UnitReturn
from storage.reporting import ACCEPTED, SUBMITTED
from storage.roster import in_term
from storage.rows import REPORTING
from storage.statements import insert_many_new

OPEN, DONE, GONE = "open", "done", "gone"
"""To be done; done by the person; not wanted any more."""
SELF_CHECK, RETURN = "self_check", "return"
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing to tell the platform."""

    id: int
    campaign: str
    about: str
    account: str
    unit: str
    """The name of the unit the return is of; empty for a self-check."""
    wanted: str
    known: str
    serial: int
    task: str
    tries: int

    @property
    def key(self) -> str:
        """The same for the same to-do, whoever asks however often."""
        return f"{self.campaign}/todo/{self.about}/{self.id}/{self.serial}"


def settle(session: Session, campaign: str, *, platform: str, now: datetime, staff_id: str = "") -> int:
    """Writes down what is wanted now; of everybody the platform knows, or of one. How many to-dos changed."""
    session.flush()
    only = [col(Person.staff_id) == staff_id] if staff_id else []
    return _settle(session, campaign, SELF_CHECK, _self_checks(campaign, platform, only), now) + _settle(
        session, campaign, RETURN, _returns(campaign, platform, now, only), now
    )


def _settle(session: Session, campaign: str, about: str, wanted: Select[Any], now: datetime) -> int:
    there = wanted.subquery()
    mine = and_(col(Todo.person_id) == there.c.person, col(Todo.campaign) == campaign, col(Todo.about) == about)
    rows = session.execute(
        select(there.c.person, there.c.account, there.c.wanted, col(Todo.id), col(Todo.serial), col(Todo.known))
        .select_from(there)
        .outerjoin(Todo, mine)
        .where(
            or_(
                and_(col(Todo.id).is_(None), there.c.wanted == OPEN),
                col(Todo.wanted) != there.c.wanted,
            )
        )
    ).all()
    fresh = [
        {
            "campaign": campaign,
            "person_id": person,
            "about": about,
            "account": account,
            "wanted": state,
            "not_before": now,
            "known": "",
            "serial": 1,
            "task": "",
            "tries": 0,
            "trouble": "",
        }
        for person, account, state, todo_id, _, _ in rows
        if todo_id is None
    ]
    insert_many_new(session, Todo, fresh)
    for _, account, state, todo_id, serial, known in rows:
        if todo_id is not None:
            again = state == OPEN and known in (DONE, GONE)
            changed = {"serial": serial + 1, "task": "", "known": "", "account": account} if again else {}
            session.exec(update(Todo).where(col(Todo.id) == todo_id).values(wanted=state, not_before=now, **changed))
    return len(rows)


def _self_checks(campaign: str, platform: str, only: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Everybody with an account: who is finished and changing nothing, who is not."""
    exempt = exists().where(
        col(Exemption.person_id) == col(Person.id),
        col(Exemption.campaign) == campaign,
        col(Exemption.ended_at).is_(None),
    )
    done = and_(col(Case.submitted_at).is_not(None), col(Case.asked_again).is_(False), col(Case.changing).is_(False))
    return (
        select(
            col(Person.id).label("person"),
            col(Account.id).label("account"),
            case(
                (done, literal(DONE)),
                (or_(~col(Person.active), exempt, ~_reached_on(platform)), literal(GONE)),
                else_=literal(OPEN),
            ).label("wanted"),
        )
        .join(Account, and_(col(Account.person_id) == col(Person.id), col(Account.platform) == platform))
        .outerjoin(Case, and_(col(Case.person_id) == col(Person.id), col(Case.campaign) == campaign))
        .where(*only)
    )


def _reached_on(platform: str) -> ColumnElement[bool]:
    """Somebody reached on another platform is told there; two would be one too many."""
    at_home = and_(col(Person.reached_at) == "", col(Person.staff_id).startswith(foreign(platform, "")))
    return or_(col(Person.reached_at).startswith(f"{platform}:"), at_home)


def _returns(campaign: str, platform: str, now: datetime, only: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Those who hand up for a unit below the root: done where all their units have handed up."""
    in_office = and_(
        col(Appointment.person_id) == col(Person.id),
        col(Appointment.role).in_(REPORTING),
        in_term(now),
    )
    handed_up = exists().where(
        col(UnitReturn.unit_id) == col(Appointment.unit_id),
        col(UnitReturn.campaign) == campaign,
        col(UnitReturn.state).in_([SUBMITTED, ACCEPTED]),
    )
    offices = exists().where(in_office, col(Appointment.unit_id) == col(Unit.id), col(Unit.parent_id).is_not(None))
    missing = exists().where(
        in_office, col(Appointment.unit_id) == col(Unit.id), col(Unit.parent_id).is_not(None), ~handed_up
    )
    held = exists().where(
        col(Todo.person_id) == col(Person.id), col(Todo.campaign) == campaign, col(Todo.about) == RETURN
    )
    return (
        select(
            col(Person.id).label("person"),
            col(Account.id).label("account"),
            case(
                (or_(~col(Person.active), ~offices, ~_reached_on(platform)), literal(GONE)),
                (missing, literal(OPEN)),
                else_=literal(DONE),
            ).label("wanted"),
        )
        .join(Account, and_(col(Account.person_id) == col(Person.id), col(Account.platform) == platform))
        .where(or_(offices, held), *only)
    )


# ---------------------------------------------------------------- told to the platform


def due(session: Session, *, now: datetime, limit: int, until: datetime) -> list[Errand]:
    """To-dos the platform has to hear of; nobody else asks for them before `until`."""
    rows = session.scalars(
        select(Todo)
        .where(col(Todo.wanted) != col(Todo.known), col(Todo.not_before) <= now)
        .where(or_(col(Todo.known) != "", col(Todo.wanted) == OPEN, col(Todo.tries) > 0))
        .order_by(col(Todo.not_before), col(Todo.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.not_before, row.tries = until, row.tries + 1
        session.add(row)
    session.flush()
    return [_errand(session, row) for row in rows]


def _errand(session: Session, row: Todo) -> Errand:
    unit = ""
    if row.about == RETURN:
        unit = (
            session.scalars(
                select(col(Unit.name))
                .join(Appointment, col(Appointment.unit_id) == Unit.id)
                .where(col(Appointment.person_id) == row.person_id, col(Unit.parent_id).is_not(None))
                .order_by(col(Unit.path))
            ).first()
            or ""
        )
    return Errand(
        id=row.id or 0,
        campaign=row.campaign,
        about=row.about,
        account=row.account,
        unit=unit,
        wanted=row.wanted,
        known=row.known,
        serial=row.serial,
        task=row.task,
        tries=row.tries,
    )


def told(session: Session, errand: Errand, *, known: str, task: str = "") -> None:
    """The platform has heard; `task` is what it calls the to-do. What is wanted may have changed meanwhile."""
    session.exec(
        update(Todo)
        .where(col(Todo.id) == errand.id, col(Todo.serial) == errand.serial)
        .values(known=known, task=task or errand.task, tries=0, trouble="")
    )
    session.exec(
        update(Todo)
        .where(col(Todo.id) == errand.id, col(Todo.serial) == errand.serial, col(Todo.wanted) == OPEN)
        .where(col(Todo.known).in_([DONE, GONE]))
        .values(serial=Todo.serial + 1, known="", task="")
    )


def put_off(session: Session, errand: Errand, *, now: datetime, delay: timedelta, trouble: str) -> None:
    """Asked again later, each time a little later."""
    wait = min(delay * 2 ** min(errand.tries - 1, 10), _LONGEST)
    session.exec(update(Todo).where(col(Todo.id) == errand.id).values(not_before=now + wait, trouble=trouble[:300]))


def troubled(session: Session, limit: int) -> Sequence[Todo]:
    """Those the platform would not take, newest first; for the operator."""
    return session.scalars(select(Todo).where(col(Todo.trouble) != "").order_by(col(Todo.id).desc()).limit(limit)).all()
