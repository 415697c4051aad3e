"""Looking at a return from above, and at its past: what was submitted, with the scan of the stamped table."""

from handlers import menus
from handlers.asked import Asked
from handlers.commands import Command, Word
from handlers.desk import Desk
from handlers.issuing import issue
from handlers.messages import Document, Letter
from handlers.returns import buttons, whose
from handlers.returns.standing import Standing, standing
from handlers.returns.steps import told_of, version, wanting
from handlers.texts import handing_up, scans
from handlers.texts import receiving as receiving_texts
from storage import files, returns
from storage.models import Person, StoredFile, Unit
from storage.reporting import ACCEPTED, FROZEN, SUBMITTED

_EXTENSIONS = {"jpeg": "jpg"}


def look(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«查看 紫金街道»: where it stands; once it is handed up, the table as submitted and its stamped page."""
    named, _ = version(command.rest)
    if not named:
        return [desk.tell(receiving_texts.HOW_TO_RECEIVE)]
    unit = whose.seen(desk, person, named, command)
    if not isinstance(unit, Unit):
        return unit
    desk.record("return.look", subject=unit.code)
    return shown(standing(desk, unit), person)


def shown(here: Standing, person: Person) -> list[Letter]:
    """What the office above sees of a return."""
    desk, unit, there = here.desk, here.unit, here.there
    name = desk.unit_name(unit)
    if there is None or here.state not in FROZEN:
        lines = [handing_up.state(name, here.state)]
        if there and (reason := returns.why_back(desk.session, there)):
            lines.append(handing_up.sent_back_with(reason))
        if lacks := wanting(here):
            lines.append(receiving_texts.still_wanting(len(lacks.people) + len(lacks.countersigns), len(lacks.units)))
        options = menus.numbered((handing_up.NAMES, f"名单 {unit.code}"), (handing_up.NUDGE, f"催办 {unit.code}"))
        return [desk.offer("\n\n".join(lines), options)]
    lines = [receiving_texts.looked_at(name, here.state, told_of(here), there.digest[: buttons.CODE])]
    lines += [handing_up.gaps(there.gaps)] if there.gaps else []
    lines += [receiving_texts.LATE] if there.late else []
    if after := here.came_after():
        lines.append(handing_up.came_after(after))
    tables = files.of_return(desk.session, there.id or 0, files.TABLE)
    mixed = len(files.of_return(desk.session, there.id or 0, files.BOTH))
    pledges = len(files.of_return(desk.session, there.id or 0, files.PLEDGES))
    lines += [told] if (told := receiving_texts.scans(len(tables), mixed, pledges)) else []
    answer = desk.offer("\n\n".join(lines), _options(here, person))
    papers = issue(Asked(desk, person, Command(Word.EXPORT), unit), "feedback_table")
    return [answer, *papers, *(desk.whisper(_scan(desk, unit, file)) for file in tables)]


def _options(here: Standing, person: Person) -> buttons.Buttons:
    office = any(here.receiver.id == unit.id for _, unit in here.desk.reach(person).appointments)
    if office and here.there and here.state == SUBMITTED:
        code = here.there.digest[: buttons.CODE]
        return menus.numbered(
            (handing_up.RECEIVE, f"接收 {here.unit.code} 版本{code}"),
            (handing_up.BACK, f"退回 {here.unit.code}"),
            (handing_up.PAST, f"经过 {here.unit.code}"),
        )
    back = [(handing_up.BACK, f"退回 {here.unit.code}")] if office and here.state == ACCEPTED else []
    return menus.numbered(*back, (handing_up.PAST, f"经过 {here.unit.code}"))


def _scan(desk: Desk, unit: Unit, file: StoredFile) -> Document:
    about = {"campaign": desk.campaign.id, "unit": str(unit.id), "as_of": desk.now.isoformat(), "file": str(file.id)}
    name = f"{scans.CHOICES[files.TABLE]}-{unit.name}-{file.id}.{_EXTENSIONS.get(file.kind, file.kind)}"
    return Document(name, "scan", about)


def history(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«经过 [单位]»: every step with who, when, which content, why."""
    unit = whose.seen(desk, person, command.rest, command)
    if not isinstance(unit, Unit):
        return unit
    here = standing(desk, unit)
    desk.record("return.history", subject=unit.code)
    taken = returns.steps(desk.session, here.there) if here.there else []
    lines = [
        receiving_texts.taken(desk.campaign, step.at, who.name, step.action, step.digest[: buttons.CODE], step.reason)
        for step, who in taken
    ]
    told = receiving_texts.history(desk.unit_name(unit), lines)
    return [desk.tell(told)]
