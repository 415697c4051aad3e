"""拦截: how often the guard turned something away in the units somebody looks after. Figures only, for groups as well.

Counts what `leak_guard` saw; knows neither what was said nor by whom.
"""

from collections import Counter
from datetime import timedelta

from handlers.asked import Asked
from handlers.desk import Desk
from handlers.leak_guard import Leak
from handlers.messages import Letter
from handlers.texts import guards
from storage import leaks, roster
from storage.models import Unit

_LATELY = timedelta(days=6)
"""Today and the six days before."""


def turned_away(desk: Desk, seen: Leak, *, place: str = "") -> None:
    """Counts an event and enters it in the audit log: kinds and numbers, not a word of it."""
    where = place or (leaks.GROUP if desk.in_group else leaks.DIRECT)
    leaks.count(desk.session, day=desk.today, unit_id=_whose(desk), kinds=seen.kinds, place=where)
    desk.record("leak", detail=seen.told)


def _whose(desk: Desk) -> int:
    if desk.person is not None:
        return desk.person.unit_id
    bound = roster.group(desk.session, desk.inbound.chat.id) if desk.in_group else None
    return bound.unit_id if bound else leaks.NOBODYS


def figures(asked: Asked) -> list[Letter]:
    """«拦截», «拦截 紫金街道»: by kind, and the units directly below."""
    desk, top = asked.desk, asked.unit
    counted = leaks.below(desk.session, top.path)
    lately = leaks.below(desk.session, top.path, desk.today - _LATELY)
    parts = _parts(desk, top, counted)
    desk.record("leaks", subject=top.code)
    told = guards.turned_away(asked.name, _sum(counted), sum(_sum(lately).values()), parts)
    return [desk.tell(told)]


def _sum(counted: dict[int, Counter[str]]) -> Counter[str]:
    return sum(counted.values(), Counter())


def _parts(desk: Desk, top: Unit, counted: dict[int, Counter[str]]) -> list[tuple[str, int]]:
    """The units directly below with all they hold, the most events first; those without any are left out."""
    units = {unit.id or 0: unit for unit in roster.below(desk.session, top.path)}
    parts: Counter[int] = Counter()
    for unit_id, kinds in counted.items():
        child = units[unit_id].path.removeprefix(top.path).partition("/")[0]
        parts[int(child) if child else top.id or 0] += sum(kinds.values())
    return [(guards.ITSELF if unit_id == top.id else units[unit_id].name, n) for unit_id, n in parts.most_common()]
