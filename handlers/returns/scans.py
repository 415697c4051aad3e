"""Scans of what was stamped and signed: taken in while a return waits for them, told apart by a button, kept sealed.

A scan of pledges may show ID numbers: it never goes out by chat.
"""

import re

from handlers import file_kinds
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter, ReceivedFile
from handlers.returns import buttons, whose
from handlers.returns.scan_pages import pages_of
from handlers.returns.standing import Standing, standing
from handlers.texts import handing_up
from handlers.texts import scans as texts
from storage import files, reporting, returns
from storage.models import Person, StoredFile, Unit, UnitReturn
from storage.reporting import CONFIRMED, STAMPED

KINDS = frozenset({"jpeg", "png", "pdf"})
MOST = 60
"""Scans of one return."""
_WHICH = re.compile(r"(?P<number>\d{1,9})\s*(?P<what>\S{2,4})|(?P<all>\S{2,4})")


def wanted(desk: Desk, person: Person) -> bool:
    """True only while a return of theirs is confirmed or stamped and not handed up."""
    return desk.campaign.returns.stamp and bool(_waiting(desk, person))


def _waiting(desk: Desk, person: Person) -> list[Unit]:
    """Their units whose return waits for scans, the one confirmed last first."""
    found = [(unit, returns.find(desk.session, desk.campaign.id, unit.id or 0)) for unit in whose.mine(desk, person)]
    open_ = [(unit, there) for unit, there in found if there and there.state in (CONFIRMED, STAMPED)]
    return [unit for unit, there in sorted(open_, key=lambda pair: -_confirmed(desk, pair[1]))]


def _confirmed(desk: Desk, there: UnitReturn) -> int:
    step = returns.last(desk.session, there, returns.CONFIRM)
    return (step.id or 0) if step else 0


def read(desk: Desk, person: Person, file: ReceivedFile) -> list[Letter]:
    """Keeps a scan, sealed, and asks what it is."""
    units = _waiting(desk, person)
    if not units:
        return [desk.tell(texts.NOTHING_WAITS_FOR_IT)]
    if file.kind not in KINDS:
        return [desk.tell(texts.UNWANTED_KIND)]
    if wrong := file_kinds.trouble(file.content):
        return [desk.tell(texts.TROUBLE[wrong])]
    here = standing(desk, units[0], locked=True)
    if here.there is None or here.state not in (CONFIRMED, STAMPED):
        return [desk.tell(texts.NOTHING_WAITS_FOR_IT)]
    return_id = here.there.id or 0
    if known := files.known(desk.session, return_id, files.digest_of(file.content)):
        return [desk.offer(texts.known(texts.CHOICES.get(known.purpose, "")), buttons.which_scan(known.id or 0))]
    if files.count(desk.session, return_id) >= MOST:
        return [desk.tell(texts.too_many(MOST))]
    kept = files.keep(
        desk.session,
        desk.vault,
        file.content,
        campaign=desk.campaign.id,
        return_id=return_id,
        person_id=person.id or 0,
        name=file.name,
        kind=file.kind,
        pages=pages_of(file.kind, file.content),
        at=desk.now,
    )
    desk.record("return.scan", subject=here.unit.code, detail=f"{kept.id} {kept.digest[: buttons.CODE]}")
    unsorted = len(files.of_return(desk.session, return_id, files.UNSORTED))
    told = texts.received(desk.unit_name(here.unit), kept.pages, unsorted)
    return [desk.offer(told, buttons.which_scan(kept.id or 0))]


# ---------------------------------------------------------------- what it is


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«扫描件»: what there is; «扫描件 17 反馈表»: what that one shows, with those before it nobody has said it of."""
    found = _WHICH.fullmatch(command.rest)
    what = texts.SHORT.get((found["what"] or found["all"]) if found else "")
    if found and what:
        return _sort(desk, person, int(found["number"] or 0), what)
    unit = whose.own(desk, person, command.rest, command)
    return _listed(standing(desk, unit), person) if isinstance(unit, Unit) else unit


def _listed(here: Standing, person: Person) -> list[Letter]:
    desk, name = here.desk, here.desk.unit_name(here.unit)
    kept = files.of_return(desk.session, here.there.id or 0) if here.there else []
    count = {what: sum(file.purpose == what for file in kept) for what in files.SCANS}
    told = texts.listed(
        name,
        count[files.TABLE],
        count[files.PLEDGES],
        count[files.BOTH],
        count[files.UNSORTED],
        sum(file.pages for file in kept),
    )
    if here.state not in (CONFIRMED, STAMPED):
        return [desk.offer(f"{told}\n\n{handing_up.state(name, here.state)}", buttons.next_steps(here, person))]
    if count[files.UNSORTED]:
        newest = max(file.id or 0 for file in kept if file.purpose == files.UNSORTED)
        return [desk.offer(told, buttons.which_scan(newest))]
    words = [handing_up.HAND_UP] if here.state == STAMPED else []
    words += [texts.CLEAR] if kept else []
    options = buttons.about(here, person, *words, handing_up.CANCEL)
    return [desk.offer(f"{told}\n\n{texts.SEND_THEM}", options)]


def _sort(desk: Desk, person: Person, number: int, what: str) -> list[Letter]:
    file = files.one(desk.session, number) if number else None
    units = {unit.id: unit for unit in whose.mine(desk, person)}
    unit = _unit_of(desk, file, units) if number else next(iter(_waiting(desk, person)), None)
    if unit is None:
        return [desk.tell(texts.GONE)]
    here = standing(desk, unit, locked=True)
    name = desk.unit_name(unit)
    if here.there is None or here.state not in (CONFIRMED, STAMPED):
        told = texts.no_more(name, handing_up.STATES[here.state])
        return [desk.offer(told, buttons.next_steps(here, person))]
    unsorted = files.of_return(desk.session, here.there.id or 0, files.UNSORTED)
    meant = [other for other in unsorted if not number or (other.id or 0) <= number]
    if file and file.purpose != files.UNSORTED:
        meant = [file]  # second thoughts
    if not meant:
        return _listed(here, person)
    for other in meant:
        other.purpose = what
        desk.session.add(other)
    desk.session.flush()
    desk.record("return.sort", subject=unit.code, detail=f"{len(meant)} {what}")
    return _sorted(here, person, what, len(meant))


def _unit_of(desk: Desk, file: StoredFile | None, units: dict[int | None, Unit]) -> Unit | None:
    """Whose return a scan is for, if it is one of theirs and counts."""
    if file is None or file.ended_at is not None or file.purpose not in files.SCANS:
        return None
    there = returns.by_number(desk.session, file.return_id or 0)
    return units.get(there.unit_id) if there and there.campaign == desk.campaign.id else None


def _sorted(here: Standing, person: Person, what: str, count: int) -> list[Letter]:
    desk, there, name = here.desk, here.there, here.desk.unit_name(here.unit)
    if there is None:
        raise LookupError("a scan without its return")
    lines = [texts.sorted_as(name, what, count)]
    if what == files.BOTH:
        lines.append(texts.MIXED)
    stamped = bool(files.of_return(desk.session, there.id or 0, files.TABLE, files.BOTH))
    if stamped and here.state == CONFIRMED:
        returns.step(desk.session, there, returns.STAMP, STAMPED, by=person.id or 0, at=desk.now)
        lines.append(texts.STAMPED)
    elif not stamped:
        _no_longer_stamped(here, person, there)
        lines.append(texts.TABLE_MISSING)
    left = files.of_return(desk.session, there.id or 0, files.UNSORTED)
    if left:
        lines.append(texts.what_is_it(name, len(left)))
        return [desk.offer("\n\n".join(lines), buttons.which_scan(left[-1].id or 0))]
    return [desk.offer("\n\n".join(lines), buttons.next_steps(here, person))]


def _no_longer_stamped(here: Standing, person: Person, there: UnitReturn) -> None:
    if there.state == STAMPED:
        returns.step(here.desk.session, there, returns.CLEAR, CONFIRMED, by=person.id or 0, at=here.desk.now)


def clear(here: Standing, person: Person, command: Command) -> list[Letter]:
    """«清空扫描件»: all of them, to start over."""
    desk, there, name = here.desk, here.there, here.desk.unit_name(here.unit)
    if there is None or here.state not in (CONFIRMED, STAMPED):
        if here.state in reporting.FROZEN:
            told = texts.no_more(name, handing_up.STATES[here.state])
        else:
            told = handing_up.confirm_first(name)
        return [desk.offer(told, buttons.next_steps(here, person))]
    kept = files.of_return(desk.session, there.id or 0)
    files.end(desk.session, kept, desk.now)
    if kept:
        desk.record("return.clear_scans", subject=here.unit.code, detail=f"{len(kept)}")
    _no_longer_stamped(here, person, there)
    return [desk.offer(texts.cleared(name, len(kept)), buttons.next_steps(here, person))]
