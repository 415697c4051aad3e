"""催报: an office reminds the coordinators of units below whose return has not come up, each at most once a day."""

from datetime import datetime

from handlers import asked, menus
from handlers.broadcasts.plan import calls_of
from handlers.commands import Command
from handlers.desk import Desk
from handlers.manners import next_polite
from handlers.messages import Choice, Letter
from handlers.reminders.bearing import bearable
from handlers.spoken import FOR_SURE
from handlers.texts import figures, urging
from storage import reporting
from storage.models import Person, Unit
from storage.outbox import known_keys
from storage.reporting import ACCEPTED, SUBMITTED

TOPIC = "urge"


def urge(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«催报 [单位]»: all units that report to this office and have not, or the one named. Where many would be written
    to, what it costs is shown first."""
    late, rest = _not_here(desk, person), FOR_SURE.sub("", command.rest)
    if rest:
        named = asked.meant(desk, person, rest, command)
        if not isinstance(named, Unit):
            return named
        late = [(unit, state) for unit, state in late if unit.path.startswith(named.path)]
        if not late:
            return [desk.tell(urging.nothing_from(desk.unit_name(named)))]
    if not late:
        return [desk.tell(urging.ALL_HERE)]
    at = next_polite(desk.campaign, desk.now)
    letters = {unit.name: _letters(desk, person, unit, state, at) for unit, state in late}
    again = known_keys(desk.session, [letter.key for mine in letters.values() for letter in mine])
    new = [letter for mine in letters.values() for letter in mine if letter.key not in again]
    fresh, enough = bearable(desk.session, desk.campaign, new)
    if len(fresh) >= desk.means.ask_above and rest == command.rest:
        return [_cost(desk, rest, len(late), fresh)]
    reached = [name for name, mine in letters.items() if any(letter in fresh for letter in mine)]
    before = [name for name, mine in letters.items() if any(letter.key in again for letter in mine)]
    before = [name for name in before if name not in reached]
    silent = [name for name, mine in letters.items() if not mine]
    desk.record("return.urge", subject=desk.reach(person).home.code, detail=f"{len(reached)}")
    when = figures.MOMENT_NOW if at <= desk.now else figures.moment_later(at, desk.campaign)
    told = urging.urged(reached, before, silent, when)
    if enough:
        told = "\n".join(filter(None, [told, figures.had_enough(enough, desk.campaign.manners.most)]))
    return [desk.tell(told), *fresh]


def _cost(desk: Desk, rest: str, units: int, letters: list[Letter]) -> Letter:
    calls = calls_of(letters)
    told = urging.cost(units, len(letters), calls, desk.means.minutes(calls), calls * 100 / desk.means.api_a_month)
    return desk.offer(told, menus.numbered((urging.SURE, f"催报 {rest} 确定".replace("  ", " "))))


def _not_here(desk: Desk, person: Person) -> list[tuple[Unit, str]]:
    """The units whose return should come to one of this person's offices, and where it stands."""
    found: dict[int, tuple[Unit, str]] = {}
    for _, office in desk.reach(person).appointments:
        chart = reporting.chart(desk.session, desk.campaign.id, office, desk.now)
        for unit in chart.reporting_to(office):
            if chart.state(unit) not in (SUBMITTED, ACCEPTED):
                found.setdefault(unit.id or 0, (unit, chart.state(unit)))
    return list(found.values())


def _letters(desk: Desk, person: Person, unit: Unit, state: str, at: datetime) -> list[Letter]:
    """To everybody in office at the unit, except whoever asks."""
    campaign, local = desk.campaign, at.astimezone(desk.campaign.zone)
    by = figures.signature(person.name, desk.reach(person).highest)
    words = urging.letter(campaign, desk.unit_name(unit), state, by)
    return [
        Letter(
            to=desk.direct(officer),
            body=Choice(campaign.name, words, menus.numbered((urging.TODO, urging.TODO))),
            topic=TOPIC,
            key=f"{campaign.id}/urge/{local:%Y-%m-%d}/{unit.id}/{officer.id}",
            not_before=at,
            expires_at=local.replace(hour=23, minute=59),
            bulk=True,
        )
        for officer in reporting.in_office(desk.session, unit, desk.now)
        if officer.account and officer.id != person.id
    ]
