"""Spot checks: who could be drawn, what was drawn, who was asked again. Must not know how a draw is made.

A draw is never deleted: its population, seed and order stay as they were.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, exists, select, update

from storage import subtree
from storage.models import Appointment, Case, Counter, Draw, Drawn, Exemption, Person, Submission, Unit
from storage.roster import in_term
from storage.rows import Role
from storage.statements import insert_new

UNIT, PERSON = "unit", "person"


# ---------------------------------------------------------------- who could be drawn


def expected_people(session: Session, campaign: str, path: str) -> Sequence[tuple[int, Unit]]:
    """Everybody below `path` who has to check themselves: the person's id and their unit."""
    exempt = exists().where(
        col(Exemption.person_id) == col(Person.id),
        col(Exemption.campaign) == campaign,
        col(Exemption.ended_at).is_(None),
    )
    rows = session.exec(
        select(Person.id, Unit)
        .join(Unit, col(Unit.id) == Person.unit_id)
        .where(col(Unit.path).startswith(path), col(Person.active).is_(True), ~exempt)
        .order_by(col(Person.id))
    ).all()
    return [(person_id or 0, unit) for person_id, unit in rows]


def homes(session: Session, person_ids: Sequence[int]) -> dict[int, int]:
    """The unit of each of these people."""
    found: dict[int, int] = {}
    for start in range(0, len(person_ids), 500):
        chunk = person_ids[start : start + 500]
        rows = session.exec(select(Person.id, Person.unit_id).where(col(Person.id).in_(chunk))).all()
        found |= {person_id or 0: unit_id for person_id, unit_id in rows}
    return found


def offices(session: Session, scope: Unit, now: datetime) -> Sequence[Person]:
    """The people of the county and city offices that a spot check of `scope` concerns: above it and inside."""
    return session.exec(
        select(Person)
        .join(Appointment, col(Appointment.person_id) == Person.id)
        .join(Unit, col(Unit.id) == Appointment.unit_id)
        .where(
            col(Appointment.role).in_([Role.COUNTY.value, Role.CITY.value]),
            or_(col(Unit.id).in_(subtree.ids(scope.path)), col(Unit.path).startswith(scope.path)),
            col(Person.active).is_(True),
            in_term(now),
        )
        .order_by(col(Person.id))
        .distinct()
    ).all()


# ---------------------------------------------------------------- draws


def called(unit: Unit, person_id: int | None = None) -> str:
    """How a unit, or a person of it, is called in a population: a code or a number, never a name."""
    return f"p{person_id}" if person_id else unit.code


def one_at_a_time(session: Session, campaign: str) -> None:
    """Holds the campaign's draws until the end of the transaction: two offices do not take the same number."""
    name = f"draws/{campaign}"
    insert_new(session, Counter, {"name": name, "value": 0})
    session.exec(update(Counter).where(col(Counter.name) == name).values(value=Counter.value + 1))


def publish(session: Session, draw: Draw) -> Draw:
    """Records a draw under the next number of its campaign."""
    newest = session.exec(select(func.max(Draw.number)).where(Draw.campaign == draw.campaign)).one()
    draw.number = (newest or 0) + 1
    session.add(draw)
    session.flush()
    return draw


def draws(session: Session, campaign: str, as_of: datetime | None = None) -> Sequence[Draw]:
    """All of a campaign, abandoned ones among them, oldest first."""
    wanted = select(Draw).where(Draw.campaign == campaign).order_by(col(Draw.number))
    return session.exec(wanted.where(Draw.at <= as_of) if as_of else wanted).all()


def draw(session: Session, campaign: str, number: int) -> Draw | None:
    return session.exec(select(Draw).where(Draw.campaign == campaign, Draw.number == number)).one_or_none()


def drawer(session: Session, draw: Draw) -> Person:
    """Who published it."""
    return session.exec(select(Person).where(Person.id == draw.by)).one()


def same(session: Session, campaign: str, *, unit_id: int, of: str, digest: str) -> Draw | None:
    """The draw of exactly this population, whoever made it."""
    return session.exec(
        select(Draw).where(
            Draw.campaign == campaign, Draw.unit_id == unit_id, Draw.of == of, Draw.population_digest == digest
        )
    ).first()


def add_drawn(session: Session, rows: Iterable[Drawn]) -> None:
    session.add_all(rows)
    session.flush()


def drawn(session: Session, draw_ids: Sequence[int]) -> Sequence[tuple[Drawn, Unit, Person | None]]:
    """Those drawn, in the order of the draw, with the unit they were in and the person."""
    rows = session.exec(
        select(Drawn, Unit, Person)
        .join(Unit, col(Unit.id) == Drawn.unit_id)
        .outerjoin(Person, col(Person.id) == Drawn.person_id)
        .where(col(Drawn.draw_id).in_(draw_ids))
        .order_by(col(Drawn.draw_id), col(Drawn.place))
    ).all()
    return [(row, unit, person) for row, unit, person in rows]


def people_drawn(session: Session, draw_id: int) -> Sequence[tuple[Drawn, Person, bool]]:
    """Everybody drawn, and whether they have handed in."""
    campaign = select(Draw.campaign).where(Draw.id == draw_id).scalar_subquery()
    rows = session.exec(
        select(Drawn, Person, Case.submitted_at)
        .join(Person, col(Person.id) == Drawn.person_id)
        .outerjoin(Case, and_(col(Case.person_id) == Person.id, col(Case.campaign) == campaign))
        .where(Drawn.draw_id == draw_id)
        .order_by(col(Drawn.place))
    ).all()
    return [(row, person, submitted is not None) for row, person, submitted in rows]


# ---------------------------------------------------------------- asking again


def asked(session: Session, campaign: str, person_id: int) -> Sequence[tuple[Draw, Drawn]]:
    """The draws in which somebody is or was asked again, oldest first."""
    rows = session.exec(
        select(Draw, Drawn)
        .join(Drawn, col(Drawn.draw_id) == Draw.id)
        .where(Draw.campaign == campaign, Drawn.person_id == person_id, col(Drawn.asked_at).is_not(None))
        .order_by(col(Draw.number))
        .options(defer(Draw.population))  # type: ignore[arg-type]  # long, and of no use here
    ).all()
    return [(found, row) for found, row in rows]


def all_answered(session: Session, draw_id: int) -> bool:
    waiting = exists().where(col(Drawn.draw_id) == draw_id, col(Drawn.answered_at).is_(None))
    return not session.exec(select(waiting)).one()


def handed_in_by(session: Session, case: Case, at: datetime) -> Submission | None:
    """What somebody had handed in at a moment."""
    found = select(Submission).where(Submission.case_id == case.id, Submission.at <= at)
    return session.exec(found.order_by(col(Submission.id).desc()).limit(1)).first()
