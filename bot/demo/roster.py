"""The demo's roster: three counties of 丽水 with their real townships and villages, and invented people.

Must not know the database nor the gateway; the same seed gives the same people every time.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from random import Random

from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow

STAMPED = "stamped.png"
"""A picture of a stamped table, for the scans of the past and for visitors who have none at hand."""
_CITY = "3311"
_LIANDU, _YUNHE, _QINGTIAN = "331102", "331125", "331121"
_ZIJIN, _CHONGTOU, _WENXI = "331102001", "331125105", "331121101"
_DONGSHENG = "331102001007"
# 工号 begin with the letters of the county, those of the city with ls.
_LETTERS = {_LIANDU: "ld", _YUNHE: "yh", _QINGTIAN: "qt"}
_CITY_BODIES = ("市卫生健康委员会", "市公安局", "市教育局")
_HEALTH_CENTRE = "社区卫生服务中心"
_AFFILIATES = {
    _LIANDU: f"紫金街道{_HEALTH_CENTRE}",
    _YUNHE: f"浮云街道{_HEALTH_CENTRE}",
    _QINGTIAN: f"鹤城街道{_HEALTH_CENTRE}",
}
_KIND_BY_LENGTH = {4: UnitKind.CITY, 6: UnitKind.COUNTY, 9: UnitKind.TOWNSHIP, 12: UnitKind.VILLAGE}
# How many people a unit of each kind has, from and to.
_HEADCOUNT = {
    UnitKind.CITY: (2, 2),
    UnitKind.CITY_BODY: (7, 8),
    UnitKind.COUNTY: (1, 1),
    UnitKind.WORKING_GROUP: (7, 8),
    UnitKind.AGENCY: (9, 11),
    UnitKind.AFFILIATE: (6, 7),
    UnitKind.TOWNSHIP: (4, 6),
    UnitKind.VILLAGE: (2, 3),
}
# The role of the first person of a unit; villages have a coordinator only here and there.
_FIRST_ROLE = {UnitKind.CITY: Role.CITY, UnitKind.COUNTY: Role.COUNTY, UnitKind.VILLAGE: Role.STAFF}
_VILLAGES_PER_COORDINATOR = 3

# Surnames of the region. The given names are chosen so that no well-known person comes out by chance.
_SURNAMES = "陈叶吴王周李林张徐刘朱蓝雷钟潘季夏麻郑胡项何卢杨赵柳蒋留"
_WOMEN = ("晓丽海春秀慧雅佳美思雪", "芳敏芬娟霞英珍洁莲青云红静")
_MEN = ("晓文建志海俊永佳春", "勇强涛鑫明祥宇青")


def demo_roster(seed: int = 69) -> Roster:
    """The whole demo roster, parents before children."""
    units = tuple(_units())
    return Roster(units=units, people=tuple(_people(units, Random(seed))))


def _units() -> Iterator[UnitRow]:
    text = files(__package__).joinpath("divisions.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        code, kind = line["code"], _KIND_BY_LENGTH[len(line["code"])]
        yield _unit(code, short(line["name"]), line["parent_code"], kind, code)
        if kind is UnitKind.CITY:
            for number, name in enumerate(_CITY_BODIES, start=1):
                yield _unit(f"{code}B{number}", name, code, UnitKind.CITY_BODY, code)
        if kind is UnitKind.COUNTY:
            yield from _county_bodies(code, line["name"])


def _county_bodies(county: str, name: str) -> Iterator[UnitRow]:
    yield _unit(f"{county}G1", f"{name}疫情防控办流调溯源组", county, UnitKind.WORKING_GROUP, county)
    yield _unit(f"{county}A1", f"{name}疾控中心", county, UnitKind.AGENCY, county)
    yield _unit(f"{county}A2", _AFFILIATES[county], f"{county}A1", UnitKind.AFFILIATE, county)


def _unit(code: str, name: str, parent: str, kind: UnitKind, division: str) -> UnitRow:
    return UnitRow(code=code, name=name, parent_code=parent, kind=kind, division=division)


def short(name: str) -> str:
    """The place as people call it: 永晖社区 for 永晖社区居委会, 水东村 for 水东村委会."""
    name = name.replace("居民委员会", "").replace("居委会", "")
    return name.removesuffix("委会") if not name.endswith("村村委会") else name.removesuffix("村委会")


def _people(units: Sequence[UnitRow], random: Random) -> Iterator[PersonRow]:
    counters = dict.fromkeys(("ls", *_LETTERS.values()), 0)
    total, villages = 0, 0
    for unit in units:
        villages += unit.kind is UnitKind.VILLAGE
        first = _FIRST_ROLE.get(unit.kind, Role.UNIT)
        if unit.kind is UnitKind.VILLAGE and villages % _VILLAGES_PER_COORDINATOR == 0:
            first = Role.UNIT
        letters = _LETTERS.get(unit.code[:6], "ls")
        for place, name in enumerate(names(random.randint(*_HEADCOUNT[unit.kind]), random)):
            total += 1
            counters[letters] += 1
            special = first if place == 0 or first is Role.CITY else Role.STAFF
            yield PersonRow(
                staff_id=f"{letters}{counters[letters]:04}",
                name=name,
                unit_code=unit.code,
                roles=frozenset({Role.STAFF, special}),
                # Visibly invented: one stem and a running number. Nothing in the demo dials it.
                phone=f"1990000{total:04}",
            )


def names(count: int, random: Random) -> list[str]:
    """Different full names for the people of one unit."""
    found: dict[str, None] = {}
    while len(found) < count:
        first, second = random.choice((_WOMEN, _MEN))
        found[random.choice(_SURNAMES) + random.choice(first) + random.choice(second)] = None
    return list(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody a visitor of the demo can be. The two who stand in no roster bring their name and title."""

    staff_id: str
    note: str
    name: str = ""
    title: str = ""
    external: bool = False

    @property
    def outside(self) -> bool:
        return bool(self.name)


# The two who stand in no roster. The gateway needs a key for everybody, but sends none for external people.
_OUTSIDERS = (
    Persona(
        staff_id="new001",
        name="周新来",
        title="紫金街道 · 新入职",
        note="刚入职，名册里还没有。发“你好”，看机器人怎么帮他找到单位",
    ),
    Persona(
        staff_id="guest001",
        name="外来访客",
        title="外部联系人",
        note="不是本单位的人，钉钉不给工号。发“你好”看机器人怎么回",
        external=True,
    ),
)
# Whom to feature: kind of unit, division, role, and what a visitor may try as this person.
_FEATURED = (
    (UnitKind.VILLAGE, _DONGSHENG, Role.STAFF, "社区里只差您还没自查。发“你好”，两分钟填完，社区就能上报了"),
    (UnitKind.VILLAGE, _DONGSHENG, Role.UNIT, "社区的联络员。网格员填完后发“核对”，再确认、发盖章扫描件、上报"),
    (UnitKind.TOWNSHIP, _ZIJIN, Role.UNIT, "街道的联络员。发“待办”看谁要接收，“进度”“名单”看数字，齐了再往区里报"),
    (UnitKind.COUNTY, _LIANDU, Role.COUNTY, "区里汇总的人。别的单位都收齐了，只差紫金街道。发“待办”“进度”“催办”"),
    (UnitKind.CITY, _CITY, Role.CITY, "看全市的人。发“进度”看各县，“待办”接收上报，还可以发“抽查”“考核”"),
    (UnitKind.VILLAGE, _CHONGTOU, Role.STAFF, "云和全面自查，没接触数据也要看一遍手机电脑。发“开始”试试"),
    (UnitKind.TOWNSHIP, _WENXI, Role.STAFF, "一般县的工作人员，没接触数据几句话就答完。发“开始”试试"),
)


def personas(roster: Roster) -> tuple[Persona, ...]:
    """The featured people: one for each thing the bot does, and the two outsiders."""
    featured = (
        Persona(staff_id=_first(roster, kind, within, role).staff_id, note=note)
        for kind, within, role, note in _FEATURED
    )
    return (*featured, *_OUTSIDERS)


def _first(roster: Roster, kind: UnitKind, within: str, role: Role) -> PersonRow:
    """The first person with just this role in a unit of this kind under the division `within`."""
    units = {unit.code for unit in roster.units if unit.kind is kind and unit.division.startswith(within)}
    wanted = frozenset({Role.STAFF, role})
    return next(one for one in roster.people if one.unit_code in units and one.roles == wanted)


def demo_world(roster: Roster) -> dict[str, object]:
    """The gateway's world file: the organisation as the platform knows it, before anybody spoke."""
    featured = personas(roster)
    notes = {persona.staff_id: persona.note for persona in featured}
    people = [_entry(one.staff_id, one.name, title, notes) for one, title in _titled(roster)]
    outsiders = [one for one in featured if one.outside]
    people += [_entry(one.staff_id, one.name, one.title, notes, one.external) for one in outsiders]
    order = {persona.staff_id: place for place, persona in enumerate(featured)}
    people.sort(key=lambda one: order.get(str(one["staffId"]), len(order)))  # the page shows them in this order
    return {
        "corpId": "dingdemo3311lishui",
        "robot": {"name": "自查助手", "avatar": "自"},
        "people": people,
        "groups": _groups(roster, [one.staff_id for one in outsiders]),
        "samples": {"盖章的反馈表（样张）.png": str(files(__package__) / STAMPED)},
    }


def _entry(staff_id: str, name: str, title: str, notes: dict[str, str], external: bool = False) -> dict[str, object]:
    return {
        "staffId": staff_id,
        "name": name,
        "title": title,
        "featured": staff_id in notes,
        "note": notes.get(staff_id, ""),
        "external": external,
    }


def _titled(roster: Roster) -> Iterator[tuple[PersonRow, str]]:
    """Everybody with a title like 莲都区 紫金街道 永晖社区 · 网格员."""
    units = {unit.code: unit for unit in roster.units}
    for person in roster.people:
        unit = units[person.unit_code]
        yield person, f"{_where(unit, units)} · {_job(person, unit)}"


def _where(unit: UnitRow, units: dict[str, UnitRow]) -> str:
    """The names from the county down; a body named after its county stands alone."""
    parent = units.get(unit.parent_code)
    if parent is None or parent.kind is UnitKind.CITY or unit.name.startswith(parent.name):
        return unit.name
    if unit.kind is UnitKind.AFFILIATE:
        return f"{units[parent.parent_code].name} {unit.name}"
    return f"{_where(parent, units)} {unit.name}"


def _job(person: PersonRow, unit: UnitRow) -> str:
    if Role.CITY in person.roles:
        return "市大数据局"
    if Role.COUNTY in person.roles:
        return "区大数据中心" if unit.name.endswith("区") else "县大数据中心"
    if Role.UNIT in person.roles:
        return "联络员"
    return "网格员" if unit.kind is UnitKind.VILLAGE else "工作人员"


def _groups(roster: Roster, outsiders: Sequence[str]) -> list[dict[str, object]]:
    def members(within: str, role: Role = Role.STAFF) -> list[str]:
        inside = (one for one in roster.people if one.unit_code.startswith(within))
        return [one.staff_id for one in inside if role in one.roles]

    liaison = [*members(_LIANDU, Role.COUNTY), *members(_LIANDU, Role.UNIT)]
    city = [*members(_CITY, Role.CITY), *members(_CITY, Role.COUNTY), *members(f"{_CITY}B", Role.UNIT)]
    # People who are in no roster turn up in groups, and so they do here.
    zijin = [*members(_ZIJIN), *outsiders]
    return [
        {"conversationId": "cidDemoZijin==", "title": "紫金街道疫情防控工作群", "members": zijin},
        {"conversationId": "cidDemoLiandu==", "title": "莲都区涉疫数据自查联络群", "members": liaison},
        {"conversationId": "cidDemoChongtou==", "title": "云和县崇头镇工作群", "members": members(_CHONGTOU)},
        {"conversationId": "cidDemoLishui==", "title": "丽水市自查工作群", "members": city},
    ]
