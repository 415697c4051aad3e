"""群发 in the chat: it is planned and shown, agreed to by whoever asked, watched, stopped, sent again where it failed.

What is said to whom is limited to the asker's own subtree. In a group everything goes to the asker alone.
"""

from datetime import timedelta

from handlers import menus
from handlers.asked import meant as meant_unit
from handlers.broadcasts import letters, report
from handlers.broadcasts.plan import Audience, Kind, Plan, Route, Way, plan
from handlers.commands import Command
from handlers.desk import Desk
from handlers.findings import verbatim
from handlers.messages import Body, Choice, Letter
from handlers.spoken import BROADCAST, BROADCAST_TO, BROADCAST_WAY
from handlers.texts import broadcasts as texts
from handlers.texts import figures
from storage import broadcasts, roster
from storage.models import Broadcast, Person, Unit

_BY_WORD = {word: Audience(audience) for audience, words in BROADCAST_TO.items() for word in words}
_VALID = timedelta(minutes=30)
"""How long a plan may be agreed to."""


def talk(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«群发 未完成 紫金街道：……», «群发 12», «群发»."""
    if command.rest.isdecimal():
        return _show(desk, person, int(command.rest))
    said = BROADCAST.fullmatch(verbatim(desk, command, "通知" if desk.inbound.text.startswith("通知") else "群发"))
    if said is None:
        return _private(desk, _latest(desk, person))
    audience, unit = _BY_WORD[said["who"]], said["unit"] or ""
    spoken = f"群发 {said['who']} {{unit}}：" + said["text"].replace("{", "{{").replace("}", "}}")
    found = meant_unit(desk, person, unit.strip(), command, spoken=spoken)
    if not isinstance(found, Unit):
        return found
    reach = desk.reach(person)
    words = texts.signed(figures.signature(person.name, reach.highest), said["text"].strip())
    return _private(desk, propose(desk, person, found, audience, Kind.WORDS, words))


def propose(desk: Desk, person: Person, unit: Unit, audience: Audience, kind: Kind, text: str) -> Body:
    """Keeps a broadcast to be agreed to, and shows what it takes."""
    planned = Broadcast(
        campaign=desk.campaign.id,
        unit_id=unit.id or 0,
        audience=audience,
        kind=kind,
        text=text,
        asker=desk.inbound.sender_id,
        by=person.id,
        report_to=str(desk.direct(person)),
        asked_at=desk.now,
    )
    found, name = plan(desk.session, desk.campaign, planned, unit, desk.means, desk.now), desk.unit_name(unit)
    if not (found.people or found.groups):
        return desk.words(texts.nobody(audience, name, found.no_account))
    planned.people, planned.calls = found.people or found.groups, found.calls
    number = broadcasts.keep(desk.session, planned)
    desk.record("broadcast.plan", subject=unit.code, detail=f"{number} {audience} {planned.people}")
    shown = "" if kind is Kind.NUDGE else text
    told = texts.planned(number, audience, name, shown, found, desk.campaign, desk.now)
    return Choice(desk.title, told, menus.numbered(*_options(number, found)))


def _options(number: int, found: Plan) -> list[tuple[str, str]]:
    ways = [(texts.way(way), f"确认群发 {number} {_word(way)}") for way in found.cheaper]
    return [(texts.SURE, f"确认群发 {number}"), *ways, (texts.CANCEL, f"停止群发 {number}")]


def _word(way: Way) -> str:
    meant = way.audience if way.audience is Audience.GROUPS else way.route
    return next(word for word, named in BROADCAST_WAY.items() if named == meant)


def sure(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«确认群发 12»; «确认群发 12 工作通知» for another way. Only whoever asked, within half an hour, once."""
    number, _, way = command.rest.partition(" ")
    planned = broadcasts.numbered(desk.session, int(number))
    if planned is None or planned.asker != desk.inbound.sender_id:
        return _private(desk, desk.words(texts.NONE_SUCH))
    if not desk.reach(person).covers(broadcasts.unit_of(desk.session, planned)):
        return _private(desk, desk.words(texts.NONE_SUCH))
    if desk.now > planned.asked_at + _VALID:
        return _private(desk, desk.words(texts.TOO_OLD))
    meant = BROADCAST_WAY[way.strip()]
    route = Route.CHAT if meant == Audience.GROUPS else Route(meant)
    if route is not Route.CHAT and not desk.means.work_notices:
        return _private(desk, desk.words(texts.NONE_SUCH))
    if not broadcasts.agree(desk.session, int(number), route=route, at=desk.now):
        return _private(desk, desk.words(texts.NO_LONGER))
    if meant == Audience.GROUPS:
        planned.audience = Audience.GROUPS
        desk.session.add(planned)
    desk.record("broadcast.agree", detail=f"{number} {meant} {planned.people}")
    options = menus.numbered((texts.WATCH, f"群发 {number}"), (texts.STOP, f"停止群发 {number}"))
    return _private(desk, Choice(desk.title, texts.begun(int(number)), options))


def stop(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«停止群发 12»: what waits is withdrawn. The asker, or an office above."""
    number = int(command.rest)
    found = _visible(desk, person, number)
    if found is None:
        return _private(desk, desk.words(texts.NONE_SUCH))
    withdrawn = broadcasts.stop(desk.session, number, at=desk.now)
    desk.record("broadcast.stop", detail=f"{number} {withdrawn}")
    if found.agreed_at is None:
        return _private(desk, desk.words(texts.CANCELLED))
    told = texts.stopped(number, withdrawn, broadcasts.fates(desk.session, number))
    return _private(desk, desk.words(told))


def again(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«补发 12»: what was refused, or never went. Nobody who got it gets it twice."""
    number = int(command.rest)
    found = _visible(desk, person, number)
    if found is None or found.agreed_at is None:
        return _private(desk, desk.words(texts.NONE_SUCH))
    if not broadcasts.fates(desk.session, number).missed and found.stopped_at is None:
        return _private(desk, desk.words(texts.NOTHING_MISSED))
    until = letters.expires(desk.campaign, desk.now)
    count = broadcasts.send_again(desk.session, number, at=desk.now, expires_at=until)
    desk.record("broadcast.again", detail=f"{number} {count}")
    options = menus.numbered((texts.WATCH, f"群发 {number}"), (texts.STOP, f"停止群发 {number}"))
    return _private(desk, Choice(desk.title, texts.again(number, count), options))


def _visible(desk: Desk, person: Person, number: int) -> Broadcast | None:
    """One of the asker's own, or of a unit they look after."""
    found = broadcasts.numbered(desk.session, number)
    if found is None or found.campaign != desk.campaign.id:
        return None
    mine = found.asker == desk.inbound.sender_id
    return found if mine or desk.reach(person).covers(broadcasts.unit_of(desk.session, found)) else None


def _show(desk: Desk, person: Person, number: int) -> list[Letter]:
    found = _visible(desk, person, number)
    if found is None or found.agreed_at is None:
        return _private(desk, desk.words(texts.NONE_SUCH))
    fates = broadcasts.fates(desk.session, number)
    over = found.posted_at is not None or found.stopped_at is not None
    if over and not fates.waiting:
        return _private(desk, report.body(desk.session, desk.campaign, found))
    name = desk.unit_name(broadcasts.unit_of(desk.session, found))
    posting = found.posted_at is None and found.stopped_at is None
    told = texts.progress(number, found.audience, name, fates, stopped=found.stopped_at is not None, posting=posting)
    options = menus.numbered((texts.WATCH, f"群发 {number}"), (texts.STOP, f"停止群发 {number}"))
    return _private(desk, Choice(desk.title, told, options))


def _latest(desk: Desk, person: Person) -> Body:
    lines = []
    for one in broadcasts.newest(desk.session, asker=desk.inbound.sender_id):
        name, number = desk.unit_name(roster.unit(desk.session, one.unit_id)), one.id or 0
        fates = broadcasts.fates(desk.session, number)
        lines.append(texts.line(number, one.audience, name, one.agreed_at or one.asked_at, fates, desk.campaign))
    return desk.words("\n".join([texts.HOW, "", texts.LATEST, *lines] if lines else [texts.HOW]))


def _private(desk: Desk, body: Body) -> list[Letter]:
    """To the asker alone, whatever chat they wrote in."""
    return [desk.whisper(body), desk.tell(texts.PRIVATE)] if desk.in_group else [desk.reply(body)]
