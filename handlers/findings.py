"""发现: a checker records what was found, at a unit or with one that was drawn, and the unit is asked to put it right.

What becomes of it is the next room's: `rectification.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from handlers import draws
from handlers.asked import meant, outside
from handlers.campaign import matching
from handlers.commands import NOTHING_FOUND, UNTIL_DAY, Command
from handlers.desk import Desk
from handlers.messages import Letter, Reply
from handlers.texts import figures, plain, rectifying
from storage import findings, roster, spot_check
from storage.models import Draw, Drawn, Finding, FindingStep, Person, Unit
from storage.rows import Role

_SAID = re.compile(r"(?P<what>[^:：]{1,40}?)\s*[:：]\s*(?P<text>.+)", re.DOTALL)
_PLACE = re.compile(r"(?:(?P<draw>\d{1,5})\s*[-－]\s*)?(?P<place>\d{1,5})")
_DEFAULT_DAYS = 7


@dataclass(frozen=True, slots=True)
class Target:
    """What a finding is about: a unit, or one that was drawn."""

    unit: Unit
    person: Person | None = None
    draw: Draw | None = None
    row: Drawn | None = None


# ---------------------------------------------------------------- recording


def record(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«发现 紫金街道：…… 限6月5日»; «发现 1-3：未发现问题» for one that was checked and found in order."""
    return in_private(desk, _record(desk, person, command))


def _record(desk: Desk, person: Person, command: Command) -> list[Letter]:
    said = _SAID.fullmatch(verbatim(desk, command, "发现"))
    if said is None:
        return [desk.confide(rectifying.HOW_FINDING)]
    target = _target(desk, person, command, said["what"].strip())
    if not isinstance(target, Target):
        return target
    office = desk.reach(person).office_over(target.unit)
    if office is None:
        return [outside(desk, desk.reach(person))]
    text = said["text"].strip()
    if target.row and text.rstrip("。. ") in NOTHING_FOUND:
        _checked(desk, person, target.row)
        return [desk.confide(rectifying.nothing_found(plain.quote(said["what"].strip(), 40)))]
    text, due = _until(desk, text)
    if isinstance(due, str):
        return [desk.confide(due)]
    return _keep(desk, person, target, office, text, due)


def _keep(desk: Desk, person: Person, target: Target, office: Unit, text: str, due: date) -> list[Letter]:
    finding = Finding(
        campaign=desk.campaign.id,
        draw_id=target.draw.id if target.draw else None,
        office_id=office.id or 0,
        unit_id=target.unit.id or 0,
        person_id=target.person.id if target.person else None,
        text=text[:500],
        due=due,
        by=person.id or 0,
        at=desk.now,
    )
    step = findings.record(desk.session, finding)
    if target.row:
        _checked(desk, person, target.row)
    desk.record("finding", subject=target.unit.code, detail=f"{finding.id}")
    number, name = finding.id or 0, desk.unit_name(target.unit)
    role = next((role for role, top in desk.reach(person).appointments if top.id == office.id), Role.CITY)
    by, whom = figures.signature(person.name, role), target.person.name if target.person else ""
    told = rectifying.asked_to_rectify(number, by, name, whom, text, due)
    letters = to_unit(desk, target.unit, told, step)
    return [desk.confide(rectifying.recorded(number, name, due, told=len(letters))), *letters]


def _checked(desk: Desk, person: Person, row: Drawn) -> None:
    row.checked_at, row.checked_by = desk.now, person.id
    desk.session.add(row)


def _target(desk: Desk, person: Person, command: Command, named: str) -> Target | list[Letter]:
    place = _PLACE.fullmatch(named)
    if place and (place["draw"] or len(named) <= 3):
        return _drawn(desk, person, place)
    text = command.rest.partition(":")[2].replace("{", "{{").replace("}", "}}")
    unit = meant(desk, person, named, command, spoken=f"发现 {{unit}}：{text}")
    return Target(unit) if isinstance(unit, Unit) else unit


def _drawn(desk: Desk, person: Person, place: re.Match[str]) -> Target | list[Letter]:
    """One that was drawn, of a draw whose results the asker may see."""
    if place["draw"]:
        draw = draws.visible(desk, person, int(place["draw"]))
    else:
        mine = [d for d in spot_check.draws(desk.session, desk.campaign.id) if draws.sees(desk, desk.reach(person), d)]
        mine = [d for d in mine if d.seed]
        if len(mine) > 1:
            return [desk.confide(rectifying.WHICH_DRAW)]
        draw = mine[0] if mine else None
    rows = spot_check.drawn(desk.session, [draw.id or 0]) if draw else ()
    found = next((found for found in rows if found[0].place == int(place["place"])), None)
    if found is None:
        return [desk.confide(rectifying.NOT_DRAWN)]
    return Target(unit=found[1], person=found[2], draw=draw, row=found[0])


def _until(desk: Desk, text: str) -> tuple[str, date | str]:
    """The text and the day it has to be put right by; words instead of a day that cannot be."""
    found = UNTIL_DAY.search(text)
    day = matching.day(found["day"], desk.today) if found else None
    if found is None or (day is None and not any(map(str.isdigit, found["day"]))):
        return text, days_given(desk)  # «权限» and its like are no day
    if day is None:
        return text, rectifying.BAD_DAY
    return (text[: found.start()], day) if day >= desk.today else (text, rectifying.PAST_DAY)


def days_given(desk: Desk) -> date:
    """The day where the checker names none."""
    chapter = desk.campaign.spot_check
    return desk.today + timedelta(days=chapter.rectify_days if chapter else _DEFAULT_DAYS)


# ---------------------------------------------------------------- telling


def to_unit(desk: Desk, unit: Unit, told: str, step: FindingStep) -> list[Letter]:
    """A letter to those who look after the unit; not to the checker."""
    sender = desk.inbound.sender_id
    coordinators = (one for one in roster.coordinators(desk.session, unit, desk.now) if one.staff_id != sender)
    return [letter for one in coordinators for letter in write(desk, one, told, step)]


def write(desk: Desk, person: Person, told: str, step: FindingStep, options: Sequence[Reply] = ()) -> list[Letter]:
    return desk.write_to(person, told, options, key=f"finding/{step.finding_id}/{step.id}/{person.id}")


def verbatim(desk: Desk, command: Command, word: str) -> str:
    """What follows the word as the person wrote it: a command is parsed in one width, which spoils Chinese commas.
    A button says the command itself."""
    said = matching.clean(desk.inbound.text).lstrip("/ ")
    return (said.removeprefix(word) if said.startswith(word) else command.rest).strip()


def in_private(desk: Desk, letters: list[Letter]) -> list[Letter]:
    return [*letters, desk.tell(rectifying.PRIVATE)] if desk.in_group else letters
