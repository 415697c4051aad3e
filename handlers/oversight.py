"""What coordinators ask and order: 进度, 名单, 催办, 导出, 绑定. In a group only totals, never a person.

Every answer is limited to the asker's own subtree (`access.py`); what lies outside is not even said to exist.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from handlers import access, menus, texts
from handlers.access import Reach
from handlers.commands import SPOKEN, Command
from handlers.desk import Desk, full_name
from handlers.find_unit import MOST, search
from handlers.manners import next_polite
from handlers.messages import Choice, Document, Letter, Text
from storage import oversight, roster
from storage.models import Person, Unit
from storage.outbox import known_keys
from storage.rows import UnitKind


@dataclass(frozen=True, slots=True)
class Asked:
    """A coordinator, and the unit they mean."""

    desk: Desk
    person: Person
    unit: Unit

    @property
    def name(self) -> str:
        return _name(self.desk, self.unit)


def ask(desk: Desk, person: Person, command: Command) -> Asked | list[Letter]:
    """The unit meant: the one named, the group's, or the asker's own. Letters instead, where it is none of theirs."""
    reach = access.reach(desk.session, person)
    if command.rest:
        return _named(desk, person, reach, command)
    bound = roster.group(desk.session, desk.inbound.chat.id) if desk.in_group else None
    unit = roster.unit(desk.session, bound.unit_id) if bound else reach.home
    if not reach.covers(unit):
        return [_outside(desk, reach)]
    return Asked(desk, person, unit)


def own(desk: Desk, person: Person) -> Asked:
    """The asker's own unit, whatever the group is bound to."""
    return Asked(desk, person, access.reach(desk.session, person).home)


def _named(desk: Desk, person: Person, reach: Reach, command: Command) -> Asked | list[Letter]:
    """Among the asker's own units only; several that fit are offered, each leading on to what was asked."""
    named, mine = command.rest, [unit for unit in roster.units(desk.session) if reach.covers(unit)]
    exact = [unit for unit in mine if named in (unit.name, unit.code)]
    if not exact:
        inside = {unit.id: unit for unit in mine}
        hits = search(roster.units(desk.session), named, most=len(inside) + MOST)
        exact = [inside[hit.unit_id] for hit in hits if hit.unit_id in inside][:MOST]
    if not exact:
        return [_outside(desk, reach)]
    if len(exact) == 1:
        return Asked(desk, person, exact[0])
    options = ((_name(desk, unit), f"{SPOKEN[command.word]} {unit.code}") for unit in exact[:MOST])
    return [desk.reply(Choice(texts.TITLE, texts.WHICH_UNIT, menus.numbered(*options)))]


def _name(desk: Desk, unit: Unit) -> str:
    return full_name(roster.chain(desk.session, unit))


def _outside(desk: Desk, reach: Reach) -> Letter:
    """A no that does not even say whether such a unit exists, and who could help."""
    chain = roster.chain(desk.session, reach.home)
    county = chain[1].name if len(chain) > 2 and chain[1].kind == UnitKind.COUNTY else ""
    told = texts.outside_reach(full_name(chain), county, whole=len(chain) == 1)
    return desk.reply(Text(told, texts.TITLE))


def progress(asked: Asked, own: str = "") -> list[Letter]:
    """The figures of a unit and of the level below; the same in a group, for they name nobody. `own` is a sentence
    about the asker's own self-check."""
    desk = asked.desk
    total, parts = oversight.rolled_up(desk.session, desk.campaign.id, asked.unit)
    named = [(texts.OWN_PEOPLE if unit.id == asked.unit.id else unit.name, tally) for unit, tally in parts]
    told = texts.progress(desk.campaign, desk.now, asked.name, total, named)
    if desk.in_group:
        return [desk.reply(Text(told, texts.TITLE))]
    offered = ["名单", "催办"] if total.missing else []
    options = menus.numbered(*((name, _with_unit(name, asked)) for name in (*offered, "导出 反馈表", "导出 承诺书")))
    return [desk.reply(Choice(texts.TITLE, "\n\n".join(filter(None, [told, own])), options))]


def _with_unit(command: str, asked: Asked) -> str:
    home = access.reach(asked.desk.session, asked.person).home
    return command if asked.unit.id == home.id else f"{command} {asked.unit.code}"


def names(asked: Asked) -> list[Letter]:
    """Who is missing. Asked in a group, the list goes to the asker alone."""
    desk = asked.desk
    rows = oversight.unfinished(desk.session, desk.campaign.id, asked.unit.path)
    desk.record("names", subject=asked.unit.code, detail=f"{len(rows)}")
    if rows:
        by_unit = [(unit.name, [p.name for p, _, _ in group]) for unit, group in groupby(rows, key=lambda row: row[1])]
        told = texts.names(asked.name, by_unit, len(rows))
        body = Choice(texts.TITLE, told, menus.numbered(("催办", _with_unit("催办", asked))))
        letters = [desk.whisper(body)]
    else:
        letters = [desk.whisper(Text(texts.nobody_missing(asked.name), texts.TITLE))]
    return [*letters, desk.reply(Text(texts.NAMES_ARE_DIRECT, texts.TITLE))] if desk.in_group else letters


def nudge(asked: Asked) -> list[Letter]:
    """Reminds exactly those who are missing, each at most once a day, at a decent hour, and not the asker."""
    desk, campaign = asked.desk, asked.desk.campaign
    missing = oversight.unfinished(desk.session, campaign.id, asked.unit.path)
    rows = [row for row in missing if row[0].id != asked.person.id]
    if not rows:
        told = texts.only_you_missing(asked.name) if missing else texts.nobody_missing(asked.name)
        return [desk.reply(Text(told, texts.TITLE))]
    at = next_polite(campaign, desk.now)
    letters = [_nudge(asked, person, begun, at) for person, _, begun in rows]
    again = known_keys(desk.session, [letter.key for letter in letters])
    fresh = [letter for letter in letters if letter.key not in again]
    desk.record("nudge", subject=asked.unit.code, detail=f"{len(fresh)}")
    when = texts.MOMENT_NOW if at <= desk.now else texts.moment_later(at, campaign)
    told = texts.nudged(asked.name, len(fresh), len(again), when)
    return [desk.reply(Text(told, texts.TITLE)), *fresh]


def _nudge(asked: Asked, person: Person, begun: bool, at: datetime) -> Letter:
    campaign = asked.desk.campaign
    by = texts.signature(asked.person.name, access.reach(asked.desk.session, asked.person).highest)
    words = texts.nudge(campaign, texts.state_of(begun=begun), by)
    local = at.astimezone(campaign.zone)
    return Letter(
        to=asked.desk.direct(person.staff_id),
        body=Choice(texts.TITLE, words, menus.numbered(("继续", "继续"))),
        topic="nudge",
        key=f"{campaign.id}/nudge/{local:%Y-%m-%d}/{person.id}",
        not_before=at,
        expires_at=local.replace(hour=23, minute=59),
        bulk=True,
    )


def export(asked: Asked) -> list[Letter]:
    """附件2 of a unit with all below it, as a file."""
    return _paper(asked, "feedback_table", f"{asked.desk.campaign.feedback_table.title}-{{unit}}-{{at}}.xlsx")


def export_pledges(asked: Asked) -> list[Letter]:
    """附件1 of everybody below a unit who signed here, two copies each, in one file to print."""
    desk = asked.desk
    if not oversight.signed(desk.session, desk.campaign.id, asked.unit.path):
        return [desk.reply(Text(texts.no_pledges(asked.name), texts.TITLE))]
    return _paper(asked, "pledges", f"{desk.campaign.pledge.title}-{{unit}}-{{at}}.docx")


def _paper(asked: Asked, paper: str, name: str) -> list[Letter]:
    """A file for the asker alone, in whatever chat it was asked for."""
    desk = asked.desk
    desk.record("export", subject=asked.unit.code, detail=paper)
    local = desk.now.astimezone(desk.campaign.zone)
    params = {"unit": str(asked.unit.id), "as_of": desk.now.isoformat()}
    document = Document(name.format(unit=asked.unit.name, at=f"{local:%m%d%H%M}"), paper, params)
    letters = [desk.whisper(Text(texts.exporting(asked.name, paper), texts.TITLE)), desk.whisper(document)]
    return [*letters, desk.reply(Text(texts.PAPER_IS_DIRECT, texts.TITLE))] if desk.in_group else letters


def bind(asked: Asked) -> list[Letter]:
    """@bot 绑定 in a group: the group gets the unit's totals before the deadline."""
    desk = asked.desk
    if not desk.in_group:
        return [desk.reply(Text(texts.BIND_IN_GROUP, texts.TITLE))]
    chat = desk.inbound.chat
    bound = roster.group(desk.session, chat.id)
    if bound and not access.reach(desk.session, asked.person).covers(roster.unit(desk.session, bound.unit_id)):
        return [desk.reply(Text(texts.BOUND_BY_OTHERS, texts.TITLE))]
    roster.bind_group(
        desk.session,
        conversation_id=chat.id,
        channel=chat.channel,
        title=desk.inbound.chat_title[:128],
        unit_id=asked.unit.id or 0,
        by=asked.person.id or 0,
        at=desk.now,
    )
    desk.record("bind", subject=asked.unit.code)
    return [desk.reply(Text(texts.bound(asked.name), texts.TITLE))]
