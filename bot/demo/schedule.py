"""Who did what in the days before the demo: which units are done, which are half-way, where their returns stand.

Drawn from a seed, so that every demo begins alike. Must not know how anything is done.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from random import Random

from bot.demo import answers
from bot.demo.past import SHANGHAI, Past
from bot.demo.roster import STAMPED, personas
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow

_LIANDU, _YUNHE, _QINGTIAN, _CITY = "331102", "331125", "331121", "3311"
_VISITORS_WAY = ("331102001007", "331102001", "331102")
"""东升社区, 紫金街道, 莲都区: their returns are left for the visitor to bring to the city."""
_DONE = ("331102", "331125001", "331125G1", "331125A1", "331125A2", "331121A1", "331121A2", "3311B1", "3311B2")
"""Whoever is in a unit whose code begins so has finished, but for the visitor's grid worker."""
_LUCKY_ELSEWHERE = 0.3
_BEGUN = 0.1
_DATA = {UnitKind.VILLAGE: 0.25, UnitKind.TOWNSHIP: 0.3}
_ACCEPTED = (_LIANDU, "331125001", "331125A2", "331121A2", "3311B1")
_SUBMITTED = ("331125G1", "331125A1", "3311B2")
_CONFIRMED = ("331121A1",)
_SENT_BACK = "331125G1"
_SIGNERS = 6
BEGAN = datetime(2022, 5, 18, 8, 30, tzinfo=SHANGHAI)
"""The morning of the notice: the roster is there."""
_FIRST_DAY, _SECOND_DAY, _THIRD_DAY = (datetime(2022, 5, day, 9, tzinfo=SHANGHAI) for day in (18, 19, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    at: datetime
    do: Callable[[Past], object]


Told = Callable[[int, int], None]


def play(past: Past, roster: Roster, until: datetime, told: Told = lambda done, total: None, seed: int = 69) -> None:
    """All of it, in the order of time; `told` hears how far it is."""
    turns = sorted(_turns(roster, Random(seed)), key=lambda turn: turn.at)
    for done, turn in enumerate(turns):
        told(done, len(turns))
        past.comes(turn.at)
        turn.do(past)
        past.forget()
    past.end(until)


def _turns(roster: Roster, random: Random) -> Iterator[Turn]:
    units = {unit.code: unit for unit in roster.units}
    yield from _self_checks(roster.people, units, random)
    yield from _returns(roster, units)


# ---------------------------------------------------------------- people


def visitors(roster: Roster) -> frozenset[str]:
    """Those whose self-check is left to the visitor: the featured who are staff and nothing else."""
    plain = {one.staff_id for one in roster.people if one.roles == frozenset({Role.STAFF})}
    return frozenset(one.staff_id for one in personas(roster) if one.staff_id in plain)


def _self_checks(people: Sequence[PersonRow], units: dict[str, UnitRow], random: Random) -> Iterator[Turn]:
    left = visitors(Roster(units=tuple(units.values()), people=tuple(people)))
    signers = 0
    for one in people:
        kind = units[one.unit_code].kind
        sure = one.unit_code == _CITY or one.unit_code.startswith(_DONE)
        drawn, data = random.random(), random.random() < _DATA.get(kind, 0.2)
        at = _moment(random)
        script = random.choice(answers.VILLAGE if kind is UnitKind.VILLAGE else answers.OFFICE)
        if one.staff_id in left:
            continue
        if not data:
            script = answers.NIL if drawn < 0.2 else answers.NIL_SIGNED_BEFORE
        number = ""
        if data and kind is UnitKind.VILLAGE and signers < _SIGNERS:
            signers += 1
            number = id_number(signers)
        if sure or drawn < _LUCKY_ELSEWHERE:
            yield Turn(at=at, do=partial(Past.answers, who=one.staff_id, answers=script, at=at, id_number=number))
        elif drawn < _LUCKY_ELSEWHERE + _BEGUN:
            yield Turn(at=at, do=partial(Past.answers, who=one.staff_id, answers=script, at=at, most=1))


def _moment(random: Random) -> datetime:
    """In the working hours of the first two days."""
    day = random.choice((_FIRST_DAY, _SECOND_DAY))
    return day + timedelta(minutes=random.randrange(20, 8 * 60), seconds=random.randrange(60))


def id_number(serial: int) -> str:
    """An invented number with the right check digit (GB 11643)."""
    body = f"33250119700101{serial:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]


# ---------------------------------------------------------------- what is handed up


def _returns(roster: Roster, units: dict[str, UnitRow]) -> Iterator[Turn]:
    """From below upwards on the third day: hand up, then be accepted."""
    scan = files(__package__).joinpath(STAMPED).read_bytes()
    office = {one.unit_code: one.staff_id for one in reversed(roster.people) if one.roles & {Role.UNIT, Role.COUNTY}}
    receivers = {**office, _CITY: next(one.staff_id for one in roster.people if Role.CITY in one.roles)}
    codes = [code for code in office if code not in _VISITORS_WAY]
    for place, code in enumerate(sorted(codes, key=lambda code: (-_depth(code, units), code))):
        at = _THIRD_DAY + timedelta(minutes=20 + 5 * place)
        who, above = office[code], receivers[_receiver(code, units, office)]
        if code.startswith((*_ACCEPTED, *_SUBMITTED)):
            yield Turn(at=at, do=partial(Past.hands_up, who=who, scan=scan))
        elif code.startswith(_CONFIRMED):
            yield Turn(at=at, do=partial(Past.confirms, who=who))
        if code.startswith(_ACCEPTED):
            yield Turn(at=at + timedelta(minutes=3), do=_says(above, f"接收 {code}"))
        elif code == _SENT_BACK:
            yield Turn(at=at + timedelta(minutes=30), do=_says(above, f"退回 {code}：{answers.SENT_BACK}"))


def _says(who: str, words: str) -> Callable[[Past], object]:
    return lambda past: past.says(who, words)


def _depth(code: str, units: dict[str, UnitRow]) -> int:
    above = units[code].parent_code
    return 1 + _depth(above, units) if above else 0


def _receiver(code: str, units: dict[str, UnitRow], office: dict[str, str]) -> str:
    """The nearest unit above with somebody in office; at last the city."""
    above = units[code].parent_code
    return above if above in office or not units[above].parent_code else _receiver(above, units, office)
