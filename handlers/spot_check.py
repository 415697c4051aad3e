"""抽查: the population is frozen and published, then the seed is named, then the order is what it is.

Nobody can draw until they like it: a population is drawn once and only ever extended, and every draw stays on record.
Who was drawn and what came of it see the office that draws and those above it.
"""

import re
import unicodedata
from dataclasses import replace

from handlers import back_check, check_results, menus
from handlers.asked import meant, outside
from handlers.campaign import lottery
from handlers.campaign.checks import SpotCheck
from handlers.campaign.lottery import Member
from handlers.commands import DRAW_MORE, NEW_DRAW, Command
from handlers.desk import Desk
from handlers.draws import known, knows, visible
from handlers.messages import Choice, Letter
from handlers.texts import checking, figures
from handlers.texts.checking import Sample
from storage import reporting, roster, spot_check, subtree
from storage.models import Draw, Drawn, Person, Unit
from storage.rows import UnitKind
from storage.spot_check import PERSON, UNIT

_ABOUT_ONE = re.compile(r"(?P<number>\d{1,5})(?!\d)\s*(?P<what>.*)", re.DOTALL)
_SEED = re.compile(r"种子\s*:?\s*(?P<seed>.*)", re.DOTALL)
_PLAIN_SEED = re.compile(r"[^\W_](?:[^\W_]|[ .:/-]){0,99}")
_OF = {"单位": UNIT, "人员": PERSON, "人": PERSON}


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«抽查 …»: a new one, something about one, or the list of all."""
    chapter, reach = desk.campaign.spot_check, desk.reach(person)
    if chapter is None:
        return [desk.tell(checking.NO_CHAPTER)]
    said = command.rest.strip()
    if new := NEW_DRAW.fullmatch(said):
        letters = _publish(desk, person, command, chapter, new["unit"] or "", _OF[new["of"]], new["size"])
    elif about := _ABOUT_ONE.fullmatch(said):
        letters = _about_one(desk, person, chapter, int(about["number"]), about["what"].strip())
    elif said in ("", "记录"):
        known = [draw for draw in spot_check.draws(desk.session, desk.campaign.id) if knows(desk, reach, draw)]
        letters = [desk.confide(checking.records([_sample(desk, draw) for draw in known]))]
    else:
        letters = [desk.confide(checking.HOW)]
    return [*letters, desk.tell(checking.PRIVATE)] if desk.in_group else letters


# ---------------------------------------------------------------- the population


def _publish(
    desk: Desk, person: Person, command: Command, chapter: SpotCheck, named: str, of: str, wanted: str
) -> list[Letter]:
    reach = desk.reach(person)
    spoken = f"抽查 {{unit}} {checking.OF[of]} {wanted}"
    scope = meant(desk, person, named, command, spoken=spoken) if named else reach.widest_office[1]
    if not isinstance(scope, Unit):
        return scope
    office = reach.office_over(scope)
    if office is None:
        return [outside(desk, reach)]
    text = lottery.population(_members(desk, scope, of))
    spot_check.one_at_a_time(desk.session, desk.campaign.id)
    digest = lottery.digest(text)
    before = spot_check.same(desk.session, desk.campaign.id, unit_id=scope.id or 0, of=of, digest=digest)
    if before:
        return [desk.confide(checking.drawn_before(_sample(desk, before)))]
    whole = lottery.count(text)
    size = lottery.size_of(wanted.replace(" ", ""), whole)
    if not whole or not size:
        return [desk.confide(checking.BAD_SIZE if whole else checking.NOBODY)]
    draw = spot_check.publish(
        desk.session,
        Draw(
            campaign=desk.campaign.id,
            number=0,
            unit_id=scope.id or 0,
            office_id=office.id or 0,
            of=of,
            population=text,
            population_digest=digest,
            size=size,
            by=person.id or 0,
            at=desk.now,
        ),
    )
    desk.record("spot_check.publish", subject=scope.code, detail=f"{draw.number} {of} {size}/{whole} {digest}")
    public = _sample(desk, draw)
    told = checking.published_to_others(replace(public, by=_signature(desk, person)), chapter.seed)
    return [
        desk.confide(checking.published(public, chapter.seed)),
        *_to_offices(desk, person, draw, scope, told, "published"),
    ]


def _members(desk: Desk, scope: Unit, of: str) -> list[Member]:
    """Everything that could be drawn. A stratum is a county and a kind of unit; what stands outside of the counties is
    a county of its own, under the code of the root. A person is a number: the population names nobody."""
    units = {unit.id: unit for unit in roster.units(desk.session)}

    def stratum(unit: Unit) -> str:
        chain = [units[i] for i in subtree.ids(unit.path)]
        county = next((above for above in chain if above.kind == UnitKind.COUNTY), chain[0])
        return f"{county.code} {unit.kind}"

    if of == UNIT:
        chart = reporting.chart(desk.session, desk.campaign.id, scope, desk.now)
        below = (unit for unit in units.values() if unit.path.startswith(scope.path) and unit.id != scope.id)
        return [Member(stratum(unit), spot_check.called(unit)) for unit in below if chart.reports(unit)]
    people = spot_check.expected_people(desk.session, desk.campaign.id, scope.path)
    return [Member(stratum(unit), spot_check.called(unit, person_id)) for person_id, unit in people]


# ---------------------------------------------------------------- one draw


def _about_one(desk: Desk, person: Person, chapter: SpotCheck, number: int, what: str) -> list[Letter]:
    if what:
        spot_check.one_at_a_time(desk.session, desk.campaign.id)
    draw = visible(desk, person, number)
    if draw is None:
        public = known(desk, person, number)
        return [desk.confide(checking.summary(_sample(desk, public)) if public and not what else checking.UNKNOWN)]
    if what == "开始":
        return _seed(desk, person, draw, lottery.own_seed(draw.population_digest, draw.number))
    if seed := _SEED.fullmatch(what):
        said = " ".join(unicodedata.normalize("NFKC", seed["seed"]).split())
        return _seed(desk, person, draw, said) if _PLAIN_SEED.fullmatch(said) else [desk.confide(checking.BAD_SEED)]
    if more := DRAW_MORE.fullmatch(what):
        return _extend(desk, person, draw, more["size"].replace(" ", ""))
    if what in ("催办", "提醒"):
        return back_check.remind(desk, draw, _signature(desk, person))
    return [_result(desk, draw) if not what else desk.confide(checking.HOW)]


def _seed(desk: Desk, person: Person, draw: Draw, seed: str) -> list[Letter]:
    if draw.seed:
        return [desk.confide(checking.seeded_before(_sample(desk, draw)))]
    draw.seed, draw.drawn_at = seed, desk.now
    desk.session.add(draw)
    desk.record("spot_check.draw", subject=_scope(desk, draw).code, detail=f"{draw.number} {draw.size} {seed}")
    asked = _draw(desk, person, draw)
    told = checking.drawn_to_others(_sample(desk, draw))
    return [_result(desk, draw), *_to_offices(desk, person, draw, _scope(desk, draw), told, "drawn"), *asked]


def _extend(desk: Desk, person: Person, draw: Draw, wanted: str) -> list[Letter]:
    whole = lottery.count(draw.population)
    more = lottery.size_of(wanted, whole)
    if not more:
        return [desk.confide(checking.BAD_SIZE)]
    if draw.size >= whole:
        return [desk.confide(checking.all_drawn(_sample(desk, draw)))]
    draw.size = min(draw.size + more, whole)
    desk.session.add(draw)
    desk.record("spot_check.extend", subject=_scope(desk, draw).code, detail=f"{draw.number} {draw.size}")
    if not draw.seed:
        return [desk.confide(checking.enlarged(_sample(desk, draw)))]
    asked = _draw(desk, person, draw)
    told = checking.extended_to_others(_sample(desk, draw))
    others = _to_offices(desk, person, draw, _scope(desk, draw), told, f"extended{draw.size}")
    return [_result(desk, draw), *others, *asked]


def _draw(desk: Desk, person: Person, draw: Draw) -> list[Letter]:
    """Writes down those the order brings, behind those drawn before; people are asked once more."""
    there = len(spot_check.drawn(desk.session, [draw.id or 0]))
    order = lottery.order(draw.population, draw.seed)[: draw.size]
    found = list(enumerate(order, 1))[there:]
    if draw.of == UNIT:
        codes = {unit.code: unit.id or 0 for unit in roster.units(desk.session)}
        rows = [_row(draw, place, member, codes[member.id], None) for place, member in found]
    else:
        ids = [int(member.id[1:]) for _, member in found]
        homes = spot_check.homes(desk.session, ids)
        rows = [_row(draw, place, one, homes[id_], id_) for (place, one), id_ in zip(found, ids, strict=True)]
    spot_check.add_drawn(desk.session, rows)
    return back_check.invite(desk, draw, _signature(desk, person)) if draw.of == PERSON else []


def _row(draw: Draw, place: int, member: Member, unit_id: int, person_id: int | None) -> Drawn:
    return Drawn(draw_id=draw.id or 0, place=place, stratum=member.stratum, unit_id=unit_id, person_id=person_id)


# ---------------------------------------------------------------- inside


def _result(desk: Desk, draw: Draw) -> Letter:
    public = _sample(desk, draw)
    lines = check_results.lines(desk.session, desk.campaign, draw, desk.now)
    kinds, answered = check_results.kinds(desk.session, desk.campaign, draw)
    told = checking.result(public, lines, kinds, answered)
    if not draw.seed:
        return desk.confide(told)
    options = menus.numbered(*checking.next_steps(draw.number, people=draw.of == PERSON))
    return desk.whisper(Choice(desk.title, told, options))


def _sample(desk: Desk, draw: Draw) -> Sample:
    return check_results.sample(desk.session, desk.campaign, draw)


def _scope(desk: Desk, draw: Draw) -> Unit:
    return roster.unit(desk.session, draw.unit_id)


def _signature(desk: Desk, person: Person) -> str:
    role, _ = desk.reach(person).widest_office
    return figures.signature(person.name, role)


def _to_offices(desk: Desk, person: Person, draw: Draw, scope: Unit, told: str, what: str) -> list[Letter]:
    """A letter to the other offices a draw concerns."""
    others = (other for other in spot_check.offices(desk.session, scope, desk.now) if other.id != person.id)
    return [
        letter
        for other in others
        for letter in desk.write_to(other, told, key=f"spot_check/{draw.number}/{what}/{other.id}")
    ]
