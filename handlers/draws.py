"""Draws as others find them: which ones somebody may see or know of, and their papers.

The office that draws and those above it see who was drawn; the other offices a draw concerns know its figures.
"""

import re

from handlers.access import Reach
from handlers.asked import Asked
from handlers.commands import Command
from handlers.desk import Desk
from handlers.issuing import issue
from handlers.messages import Letter
from handlers.texts import checking
from storage import roster, spot_check
from storage.models import Draw, Person

_EXPORT = re.compile(r"(?P<what>抽查..)\D*(?P<number>\d{1,3}(?!\d))?.*")


def sees(desk: Desk, reach: Reach, draw: Draw) -> bool:
    """The office that draws and those above it."""
    return reach.above(roster.unit(desk.session, draw.office_id))


def knows(desk: Desk, reach: Reach, draw: Draw) -> bool:
    """Offices a draw concerns know that it was made, of what and with which seed."""
    scope = roster.unit(desk.session, draw.unit_id)
    return sees(desk, reach, draw) or reach.touches(scope)


def visible(desk: Desk, person: Person, number: int) -> Draw | None:
    """A draw the asker may see the results of."""
    draw = spot_check.draw(desk.session, desk.campaign.id, number)
    return draw if draw and sees(desk, desk.reach(person), draw) else None


def known(desk: Desk, person: Person, number: int) -> Draw | None:
    """A draw the asker may know of and check."""
    draw = spot_check.draw(desk.session, desk.campaign.id, number)
    return draw if draw and knows(desk, desk.reach(person), draw) else None


# ---------------------------------------------------------------- papers


def export(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«导出 抽查名单 1», «导出 抽查名册 1»: a file for the asker alone; without a number of the newest draw."""
    named = _EXPORT.fullmatch(command.rest)
    of_population = named is not None and named["what"] == checking.POPULATION
    look = known if of_population else visible
    numbers = [draw.number for draw in spot_check.draws(desk.session, desk.campaign.id)]
    if named and named["number"]:
        numbers = [int(named["number"])]
    draw = next(filter(None, (look(desk, person, number) for number in reversed(numbers))), None)
    if draw is None:
        desk.denied(command.word)
        return [desk.confide(checking.UNKNOWN)]
    office = roster.unit(desk.session, draw.office_id)
    paper = "spot_check_population" if of_population else "spot_check_record"
    packed = {"packed": "yes"} if of_population else {}  # the platform takes no .txt
    return issue(Asked(desk, person, command, office), paper, as_of=None, draw=str(draw.number), **packed)
