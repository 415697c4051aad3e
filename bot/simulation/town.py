"""Who lives there: a city of real divisions and invented people, as large or small as wanted.

Must not know what anybody will do. The same seed gives the same people.
"""

import csv
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import cycle, islice
from random import Random
from typing import Any

from bot.demo.roster import names, short
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow

CITY = "3311"
CORP = "dingsimulation3311"
UNITS, PEOPLE = 2_191, 50_000
"""The notice's city: its divisions and its people."""
_FEWEST_UNITS = 13
_TOWNSHIPS = 173
_KIND_BY_LENGTH = {4: UnitKind.CITY, 6: UnitKind.COUNTY, 9: UnitKind.TOWNSHIP, 12: UnitKind.VILLAGE}
_FIRST_ROLE = {UnitKind.CITY: Role.CITY, UnitKind.COUNTY: Role.COUNTY}


def town(people: int, seed: int) -> Roster:
    """So many people in as many units as a city of that size has; everywhere somebody is in office."""
    units = _units(max(_FEWEST_UNITS, min(UNITS, UNITS * people // PEOPLE)))
    if people < len(units):
        raise ValueError(f"{len(units)} units need as many people at least")
    return Roster(units=units, people=tuple(_people(units, people, Random(seed))))


def world(roster: Roster) -> dict[str, Any]:
    """The gateway's world file: everybody, and a group for each township."""
    offices = {one.unit_code: one.staff_id for one in roster.people if one.roles != {Role.STAFF}}
    townships = [unit for unit in roster.units if unit.kind is UnitKind.TOWNSHIP]
    return {
        "corpId": CORP,
        "robot": {"name": "自查助手", "avatar": "自"},
        "people": [{"staffId": one.staff_id, "name": one.name, "title": one.unit_code} for one in roster.people],
        "groups": [
            {"conversationId": group_of(unit), "title": f"{unit.name}工作群", "members": [offices[unit.code]]}
            for unit in townships
        ],
    }


def group_of(unit: UnitRow) -> str:
    return f"cidTown{unit.code}"


def _units(count: int) -> tuple[UnitRow, ...]:
    """City, counties, townships and villages in their proportions, evenly taken from all that there are."""
    text = files(__package__).joinpath("divisions.csv").read_text(encoding="utf-8")
    below: dict[str, list[UnitRow]] = {}
    for line in csv.DictReader(text.splitlines()):
        code = line["code"]
        unit = UnitRow(
            code=code,
            name=short(line["name"]),
            parent_code=line["parent_code"],
            kind=_KIND_BY_LENGTH[len(code)],
            division=code,
        )
        below.setdefault(unit.parent_code, []).append(unit)
    city = below[""][0]
    counties = below[city.code][: 9 if count > 9 * 9 else 3]
    townships = _evenly(counties, below, max(len(counties), _TOWNSHIPS * count // UNITS))
    villages = _evenly(townships, below, count - 1 - len(counties) - len(townships))
    return (city, *counties, *townships, *villages)


def _evenly(above: Sequence[UnitRow], below: dict[str, list[UnitRow]], count: int) -> list[UnitRow]:
    """The first of each, the second of each, … until there are so many; those of one parent stay together."""
    ranked = [(place, unit) for one in above for place, unit in enumerate(below.get(one.code, ()))]
    taken = {unit.code for _, unit in sorted(ranked, key=lambda pair: pair[0])[:count]}
    return [unit for _, unit in ranked if unit.code in taken]


def _people(units: Sequence[UnitRow], count: int, random: Random) -> Iterator[PersonRow]:
    """One in office for each unit, everybody else in townships and villages."""
    places = [unit for unit in units if unit.kind in (UnitKind.TOWNSHIP, UnitKind.VILLAGE)]
    sizes = dict.fromkeys((unit.code for unit in units), 1)
    for unit in islice(cycle(places), count - len(units)):
        sizes[unit.code] += 1
    number = 0
    for unit in units:
        for place, name in enumerate(names(sizes[unit.code], random)):
            number += 1
            first = _FIRST_ROLE.get(unit.kind, Role.UNIT)
            yield PersonRow(
                staff_id=f"s{number:06}",
                name=name,
                unit_code=unit.code,
                roles=frozenset({Role.STAFF, first} if place == 0 else {Role.STAFF}),
                phone="",
            )
