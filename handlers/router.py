"""Who gets the message. The one door into the talk: `answer` turns an inbound message into letters and writes what it
changed in the open transaction; it sends nothing and remembers nothing of its own."""

from collections.abc import Callable
from dataclasses import replace

from handlers import (
    appointments,
    assessment,
    back_check,
    campaigns,
    changing,
    commands,
    countersigning,
    draws,
    enrol,
    exemptions,
    exporting,
    files,
    fill_in,
    findings,
    incidents,
    late_signing,
    leak_guard,
    leaks,
    linking,
    menus,
    my_data,
    oversight,
    overview,
    proxy,
    quota,
    rectification,
    risk_talk,
    roster_desk,
    self_check,
    spot_check,
    todo,
)
from handlers.access import OFFICES
from handlers.asked import Talk, about_unit
from handlers.broadcasts import talk as broadcasts
from handlers.commands import Command, Word
from handlers.desk import Desk
from handlers.messages import Content, Letter, Stranger
from handlers.returns import talks as returns
from handlers.returns.whose import privately
from handlers.texts import asks, figures, guards, guide, newcomers
from handlers.whose import signed
from storage.models import Person
from storage.rows import Role

MAX_TEXT = 2_000
"""Characters of one message; the longest answer asked for is far shorter."""


def answer(desk: Desk, max_text: int = MAX_TEXT) -> list[Letter]:
    """The letters an inbound message deserves. Empty only where it was meant for another robot."""
    there = campaigns.heard(desk)
    letters = _answer(there, max_text)
    if there.campaign.id != desk.campaign.id:
        letters = campaigns.announced(there, letters)
    if there.person is not None and not there.in_group:
        letters += campaigns.next_one(there, there.person)
    return [signed(there.campaign, letter) for letter in letters]


def _answer(desk: Desk, max_text: int) -> list[Letter]:
    inbound = desk.inbound
    if inbound.stranger is Stranger.ROBOT:
        desk.denied("robot")
        return []
    if not inbound.sender_id:
        desk.denied(inbound.stranger or "sender")
        return [desk.tell(newcomers.NO_STAFF_ID)]
    if refused := _at_the_door(desk, max_text):
        return refused
    person = desk.person
    if person is None or not person.active:
        if person is not None:
            desk.denied("left")
        if desk.in_group:
            return [desk.tell(guide.SELF_CHECK_IS_DIRECT), *_privately(desk)]
        return enrol.meet(desk, menus.meant(menus.last_seen(desk), inbound.text))
    if taken := files.offered(desk, person):
        return taken
    if inbound.content in (Content.PICTURE, Content.FILE):
        return _in_private(desk, person, guards.FILE_NOT_WANTED)
    if inbound.content is Content.OTHER:
        return _in_private(desk, person, guards.CANNOT_READ)
    if desk.in_group:
        command = commands.parse(inbound.text)
        return _obey(desk, person, command) if command else _in_private(desk, person)
    return _talk(desk, person)


def _talk(desk: Desk, person: Person) -> list[Letter]:
    """A message in 1:1: a command, a button of the menu above it, or an answer to the question above it."""
    if desk.overtaken:
        return self_check.go_on(desk, person, asks.CAME_LATE)
    seen, said = menus.last_seen(desk), desk.inbound.text
    command = commands.parse(said)
    if command is None and (meant := fill_in.meant(seen, menus.meant(seen, said))) != said:
        said, command = meant, commands.parse(meant)
    if again := back_check.answer(desk, person, seen, said):
        return again
    if command and not _own_words(desk, person, command):
        return _obey(desk, person, command)
    if fill_in.is_filled(desk, said, MAX_TEXT):
        return fill_in.take(desk, person, said)
    if not seen.arrived and not self_check.is_tapped(desk, said):
        return self_check.go_on(desk, person, asks.NOT_SEEN)
    return self_check.answer(desk, person, said)


_SENTENCE = 10
"""So many characters behind an office's word are more than the name of a unit."""


def _own_words(desk: Desk, person: Person, command: Command) -> bool:
    """«发现 手机里有一份，已经删了» from somebody without an office, asked to answer in own words, is the answer."""
    sentence = len(command.rest) > _SENTENCE or ":" in command.rest
    if command.word not in OFFICES or not sentence or desk.reach(person).oversees:
        return False
    return self_check.takes_own_words(desk, person)


def _at_the_door(desk: Desk, max_text: int) -> list[Letter]:
    """What is turned away before anything is looked at, stored or logged."""
    inbound = desk.inbound
    if inbound.content is Content.WITHHELD:
        return [desk.tell(guards.WITHHELD)]
    seen = leak_guard.look(inbound.text)
    if seen is None or (seen.one_id_number and _own_number_wanted(desk)):
        if len(inbound.text) > max_text and not fill_in.is_filled(desk, inbound.text, max_text):
            return [desk.tell(guards.too_long_message(max_text))]
        return []
    leaks.turned_away(desk, seen)
    example, recallable = desk.campaign.words.example, desk.inbound.recallable
    return [desk.tell(guards.leak(seen, example, in_group=desk.in_group, recallable=recallable))]


def _own_number_wanted(desk: Desk) -> bool:
    return desk.person is not None and not desk.in_group and self_check.wants_id_number(desk, desk.person)


# ---------------------------------------------------------------- commands


def _obey(desk: Desk, person: Person, command: Command) -> list[Letter]:
    reach = desk.reach(person)
    if command.word in (Word.HELP, Word.HELP_ALL):
        return [_help(desk, reach.highest if reach.oversees else None, all_=command.word is Word.HELP_ALL)]
    if command.word is Word.TODO:
        return todo.show(desk, person, command)
    desk, command = _without_phones(desk, command)
    if not reach.may(command.word):
        desk.denied(command.word)
        return [desk.tell(guide.FOR_OFFICES_ABOVE)] if reach.oversees else _not_theirs(desk, person)
    if reach.oversees and (paper := exporting.of_the_past(desk, person, command)):
        return campaigns.headed(desk, paper)
    if command.word in OFFICES or (command.word is Word.PROGRESS and reach.oversees):
        return campaigns.headed(desk, _OFFICE[command.word](desk, person, command))
    if desk.in_group:
        return _not_theirs(desk, person) if command.word is Word.PROGRESS else _in_private(desk, person)
    return _STAFF[command.word](desk, person, command)


def _without_phones(desk: Desk, command: Command) -> tuple[Desk, Command]:
    """Sentences behind a command are kept as they are said, but for telephone numbers."""
    masked = leak_guard.mask_phones(desk.inbound.text) if command.word in _KEPT else desk.inbound.text
    if masked == desk.inbound.text:
        return desk, command
    desk = replace(desk, inbound=replace(desk.inbound, text=masked))
    return desk, commands.parse(masked) or command


_KEPT = frozenset(
    {
        Word.EXEMPT,
        Word.RECORD_INCIDENT,
        Word.INCIDENTS,
        Word.FINDING,
        Word.RECTIFY,
        Word.RISK,
        Word.SEND_BACK,
        Word.RETURN_FILLED,
        Word.CONFIRM_WITH_GAPS,
        Word.DATA_WRONG,
    }
)
"""The commands behind which a reason, a finding or a fact is told, that is kept. A correction seals what it masks."""


def _help(desk: Desk, role: Role | None, *, all_: bool) -> Letter:
    """What is needed every day, and a button to all the rest; in a group only the first."""
    if all_ and not desk.in_group:
        return desk.tell(guide.everything_for(role))
    told = guide.help_for(role, in_group=desk.in_group)
    more = menus.numbered((guide.EVERYTHING, guide.EVERYTHING))
    return desk.tell(told) if desk.in_group else desk.offer(told, more)


def _alone(talk: Callable[[Desk, Person], list[Letter]]) -> Talk:
    """A talk that needs no more than its word."""
    return lambda desk, person, command: talk(desk, person)


def _status(desk: Desk, person: Person) -> list[Letter]:
    return [desk.tell(self_check.status(desk, person))]


_STAFF: dict[Word, Talk] = {
    Word.CAMPAIGNS: campaigns.talk,
    Word.GO_ON: _alone(self_check.greet),
    Word.OTHER_UNIT: _alone(self_check.go_on),
    Word.TEMPLATE: _alone(fill_in.template),
    Word.OWN_TABLE: _alone(fill_in.own_table),
    Word.USE_ROWS: _alone(fill_in.use),
    Word.DROP_ROWS: _alone(fill_in.drop),
    Word.GIVE_UP: _alone(changing.give_up),
    Word.FILL_IN_FOR: proxy.begin,
    Word.END_FILLING: _alone(proxy.end),
    Word.BACK: _alone(changing.back),
    Word.EDIT: changing.edit,
    Word.PAUSE: _alone(self_check.pause),
    Word.PROGRESS: _alone(_status),
    Word.EXPLAIN: _alone(self_check.explain),
    Word.RESTART: _alone(changing.start_over),
    Word.RESTART_SURE: _alone(changing.start_over_for_sure),
    Word.BACK_CHECK: back_check.begin,
    Word.RISK: risk_talk.talk,
    Word.MY_DATA: _alone(my_data.show),
    Word.LINK: _alone(linking.give),
    Word.DATA_WRONG: my_data.ask,
}
"""What everybody can say, in 1:1 and about themselves."""

_OFFICE: dict[Word, Talk] = {
    Word.PROGRESS: overview.progress,
    Word.LEADING: overview.leading,
    Word.TRAILING: overview.trailing,
    Word.NAMES: oversight.names,
    Word.EXEMPT: exemptions.grant,
    Word.END_EXEMPTION: exemptions.end,
    Word.RECORD_INCIDENT: incidents.record,
    Word.INCIDENTS: incidents.talk,
    Word.OVERDUE: incidents.overdue,
    Word.LEAKS: about_unit(leaks.figures),
    Word.NUDGE: about_unit(oversight.nudge),
    Word.EXPORT: exporting.export,
    Word.BIND: about_unit(oversight.bind, own=True),
    Word.ADMIT: enrol.admit,
    Word.COUNTERSIGNS: privately(countersigning.waiting),
    Word.AGREE_FILLED: privately(countersigning.agree),
    Word.RETURN_FILLED: privately(countersigning.send_back),
    Word.PAPER_SIGNED: privately(countersigning.signed_by_hand),
    Word.TURN_AWAY: enrol.turn_away,
    Word.SPOT_CHECK: spot_check.talk,
    Word.EXPORT_DRAW: draws.export,
    Word.FINDING: findings.record,
    Word.RECTIFY: rectification.talk,
    Word.ASSESSMENT: assessment.talk,
    Word.LATE_SIGNERS: about_unit(late_signing.register),
    Word.ROSTER: roster_desk.download,
    Word.IMPORT_ROSTER: roster_desk.confirm,
    Word.DROP_ROSTER: roster_desk.drop,
    Word.DEPUTE: appointments.depute,
    Word.END_DEPUTY: appointments.end_deputy,
    Word.HAND_OVER: appointments.hand_over,
    Word.HAND_OVER_SURE: appointments.hand_over_for_sure,
    Word.QUOTA: quota.talk,
    Word.BROADCAST: broadcasts.talk,
    Word.BROADCAST_SURE: broadcasts.sure,
    Word.BROADCAST_STOP: broadcasts.stop,
    Word.BROADCAST_AGAIN: broadcasts.again,
    Word.DATA_MENDED: privately(my_data.mended),
    **returns.TALKS,
}
"""What offices can say; whose each word is stands in `access.OFFICES`."""


def _not_theirs(desk: Desk, person: Person) -> list[Letter]:
    """A friendly no; what it says of the person's own self-check is said to them alone."""
    own = "" if desk.in_group else self_check.status(desk, person)
    return [desk.tell(figures.not_for_staff(own))]


def _in_private(desk: Desk, person: Person, ahead: str = "") -> list[Letter]:
    """In 1:1 the present question again; from a group the person is written to in 1:1."""
    private = self_check.go_on(desk.in_place_of(person), person, ahead)
    if not desk.in_group:
        return private
    return [desk.tell(guide.SELF_CHECK_IS_DIRECT), *private]


def _privately(desk: Desk) -> list[Letter]:
    """Somebody in no roster who speaks up in a group is met in 1:1."""
    return [desk.whisper(letter.body) for letter in enrol.meet(desk, "")]
