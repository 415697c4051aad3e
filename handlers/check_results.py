"""How a spot check stands, as values: its public figures, and each one drawn with what came of it.

For the chat and the paper alike; must not know who asks.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel import Session

from handlers.campaign import lottery, rechecking
from handlers.campaign.definition import Campaign
from handlers.desk import full_name
from handlers.manners import days_ahead
from handlers.texts import checking, plain
from handlers.texts.checking import Line, Sample
from storage import findings, roster, spot_check, subtree
from storage.models import Draw, Drawn, Person


def sample(session: Session, campaign: Campaign, draw: Draw) -> Sample:
    """What is public of a draw."""
    return Sample(
        number=draw.number,
        scope=full_name(roster.chain(session, roster.unit(session, draw.unit_id))),
        of=draw.of,
        whole=lottery.count(draw.population),
        size=draw.size,
        digest=draw.population_digest,
        seed=draw.seed,
        at=plain.moment(draw.at, campaign),
        by=plain.quote(spot_check.drawer(session, draw).name, 20),
    )


def unit_names(session: Session) -> dict[int, str]:
    """Every unit's name with those above it."""
    units = {unit.id or 0: unit for unit in roster.units(session)}
    return {id_: full_name([units[i] for i in subtree.ids(unit.path)]) for id_, unit in units.items()}


def until(campaign: Campaign, asked_at: datetime) -> date:
    """The last day somebody asked once more can answer."""
    chapter = campaign.spot_check
    days = chapter.days if chapter else 1
    return days_ahead(campaign, asked_at.astimezone(campaign.zone).date(), days)


def lines(session: Session, campaign: Campaign, draw: Draw, at: datetime) -> list[Line]:
    """Everybody or every unit drawn, in the order of the draw, as it stood at a moment."""
    if not _by(draw.drawn_at, at):
        return []
    handed_in = {row.place: there for row, _, there in spot_check.people_drawn(session, draw.id or 0)}
    counted = Counter(
        (found.unit_id, found.person_id) for found in findings.of_draw(session, draw.id or 0) if found.at <= at
    )
    names, told = unit_names(session), []
    for row, unit, person in spot_check.drawn(session, [draw.id or 0]):
        name = names[unit.id or 0]
        state = _answered(campaign, row, person, handed_in[row.place], at) if person else ""
        found = counted[(row.unit_id, row.person_id)]
        checked = checking.found(found) if found else checking.NOTHING_FOUND if _by(row.checked_at, at) else ""
        states = "；".join(filter(None, [state, checked])) or checking.TO_CHECK
        told.append(Line(place=row.place, name=f"{name} {person.name}" if person else name, state=states))
    return told


def kinds(session: Session, campaign: Campaign, draw: Draw) -> tuple[list[tuple[str, int]], int]:
    """How many answers fit and how many do not, by the kind of mismatch; and how many have answered."""
    answered = [row for row, *_ in spot_check.drawn(session, [draw.id or 0]) if row.answered_at]
    counts = Counter(one for row in answered for one in mismatches(row))
    known = [rule.id for rule in campaign.spot_check.mismatch] if campaign.spot_check else []
    ids = [one for one in (*known, *sorted(set(counts) - set(known))) if counts[one]]
    fit = sum(not row.mismatches for row in answered)
    return [(checking.FITS, fit), *((label(campaign, [one]), counts[one]) for one in ids)], len(answered)


def mismatches(row: Drawn) -> list[str]:
    return [one for one in row.mismatches.split(",") if one]


def label(campaign: Campaign, ids: Sequence[str]) -> str:
    chapter = campaign.spot_check
    return "、".join(rechecking.label_of(chapter, ids) if chapter else ids)


def _by(moment: datetime | None, at: datetime) -> bool:
    return moment is not None and moment <= at


def _answered(campaign: Campaign, row: Drawn, person: Person, handed_in: bool, at: datetime) -> str:
    if _by(row.answered_at, at):
        return checking.differs([label(campaign, mismatches(row))]) if row.mismatches else checking.FITS
    if not person.active:
        return checking.GONE
    if row.asked_at:
        last = until(campaign, row.asked_at)
        open_ = at.astimezone(campaign.zone).date() <= last
        return checking.WAITING_ANSWER if open_ else checking.NO_ANSWER
    if not person.account:
        return checking.NO_ACCOUNT
    return checking.NOT_ASKED if handed_in else checking.NOT_HANDED_IN
