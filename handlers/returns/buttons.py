"""The buttons below what is said about a return: what can be done next, as a word of the person who presses them."""

from handlers import menus
from handlers.messages import Reply
from handlers.returns import whose
from handlers.returns.standing import Standing
from handlers.texts import handing_up, scans
from handlers.texts.handing_up import Wanting
from storage.models import Person, Unit, UnitReturn
from storage.reporting import ACCEPTED, CONFIRMED, STAMPED, SUBMITTED

CODE = 8
"""So many digits of a content's digest are shown."""
Buttons = tuple[Reply, ...]


def about(here: Standing, person: Person, *words: str) -> Buttons:
    """These words, each about this unit."""
    naming = whose.naming(here.desk, person, here.unit)
    return menus.numbered(*((word, word + naming) for word in words))


def next_steps(here: Standing, person: Person) -> Buttons:
    """What the coordinator can do with their own return now."""
    stamp = here.desk.campaign.returns.stamp
    match here.state:
        case at if at == CONFIRMED:
            up = () if stamp else (handing_up.HAND_UP,)
            return about(here, person, *up, handing_up.EXPORT, handing_up.CANCEL)
        case at if at == STAMPED:
            return about(here, person, handing_up.HAND_UP, handing_up.EXPORT, handing_up.CANCEL)
        case at if at in (SUBMITTED, ACCEPTED):
            return about(here, person, handing_up.PAST, handing_up.EXPORT)
    return about(here, person, handing_up.CHECK)


def to_complete(here: Standing, person: Person, lacks: Wanting) -> Buttons:
    """What helps where something is wanting."""
    words = [handing_up.NUDGE, handing_up.NAMES] if lacks.people else []
    if lacks.countersigns:
        words.append(handing_up.COUNTERSIGN)
    return about(here, person, *words, handing_up.CHECK)


def confirm(here: Standing, person: Person, digest: str) -> Reply:
    """Confirms exactly what was shown."""
    said = whose.spoken(here.desk, person, here.unit, handing_up.CONFIRM)
    return Reply(handing_up.CONFIRM, f"{said} 版本{digest[:CODE]}")


def receiving(unit: Unit, there: UnitReturn) -> Buttons:
    """What the office above can do; the version makes a button of an earlier time recognised."""
    return menus.numbered(
        (handing_up.LOOK, f"查看 {unit.code}"),
        (handing_up.RECEIVE, f"接收 {unit.code} 版本{there.digest[:CODE]}"),
        (handing_up.BACK, f"退回 {unit.code}"),
    )


def which_scan(newest: int) -> Buttons:
    """What everything up to this scan is that nobody has said it of."""
    said = {what: short for short, what in reversed(scans.SHORT.items())}
    return menus.numbered(*((label, f"扫描件 {newest} {said[what]}") for what, label in scans.CHOICES.items()))
