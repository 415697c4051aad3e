"""Who gets the message. The one door into the talk: `answer` turns an inbound message into letters and writes what it
changed in the open transaction; it sends nothing and remembers nothing of its own."""

from handlers import access, commands, enrol, leak_guard, menus, oversight, self_check, texts
from handlers.commands import FOR_COORDINATORS, Command, Word
from handlers.desk import Desk
from handlers.messages import Content, Letter, Text
from storage.models import Person

MAX_TEXT = 2_000
"""Characters of one message; the longest answer asked for is far shorter."""


def answer(desk: Desk, max_text: int = MAX_TEXT) -> list[Letter]:
    """The letters an inbound message deserves. Never empty: nobody is left without an answer."""
    inbound = desk.inbound
    if not inbound.sender_id:
        return [desk.reply(Text(texts.NO_STAFF_ID, texts.TITLE))]
    if refused := _at_the_door(desk, max_text):
        return refused
    person = desk.person
    if person is None or not person.active:
        if desk.in_group:
            return [desk.reply(Text(texts.SELF_CHECK_IS_DIRECT, texts.TITLE)), *_privately(desk)]
        return enrol.meet(desk, menus.meant(menus.last_seen(desk), inbound.text))
    if inbound.content in (Content.PICTURE, Content.FILE, Content.OTHER):
        told = texts.CANNOT_READ if inbound.content is Content.OTHER else texts.FILE_NOT_WANTED
        return _in_private(desk, person, told)
    if desk.in_group:
        command = commands.parse(inbound.text)
        return _obey(desk, person, command) if command else _in_private(desk, person)
    return _talk(desk, person)


def _talk(desk: Desk, person: Person) -> list[Letter]:
    """A message in 1:1: a command, a button of the menu above it, or an answer to the question above it."""
    if desk.overtaken:
        return self_check.go_on(desk, person, texts.CAME_LATE)
    seen, said = menus.last_seen(desk), desk.inbound.text
    if commands.parse(said) is None:
        said = menus.meant(seen, said)
    if command := commands.parse(said):
        return _obey(desk, person, command)
    if not seen.arrived and not self_check.is_tapped(desk, said):
        return self_check.go_on(desk, person, texts.NOT_SEEN)
    return self_check.answer(desk, person, said)


def _at_the_door(desk: Desk, max_text: int) -> list[Letter]:
    """What is turned away before anything is looked at, stored or logged."""
    inbound = desk.inbound
    if inbound.content is Content.WITHHELD:
        return [desk.reply(Text(texts.WITHHELD, texts.TITLE))]
    seen = leak_guard.look(inbound.text)
    if seen is None or (_own_number_wanted(desk) and seen.id_numbers <= 1 and not seen.phones):
        if len(inbound.text) > max_text:
            return [desk.reply(Text(texts.too_long_message(max_text), texts.TITLE))]
        return []
    desk.record("leak", detail=f"{seen}")
    return [desk.reply(Text(texts.leak(seen, in_group=desk.in_group), texts.TITLE))]


def _own_number_wanted(desk: Desk) -> bool:
    return desk.person is not None and not desk.in_group and self_check.wants_id_number(desk, desk.person)


def _obey(desk: Desk, person: Person, command: Command) -> list[Letter]:
    reach = access.reach(desk.session, person)
    if command.word is Word.HELP:
        told = texts.help_for(reach.highest if reach.oversees else None, in_group=desk.in_group)
        return [desk.reply(Text(told, texts.TITLE))]
    if command.word in FOR_COORDINATORS or (command.word is Word.PROGRESS and reach.oversees):
        if not reach.oversees:
            return _not_for_staff(desk, person)
        return _for_coordinator(desk, person, command)
    if desk.in_group:
        if command.word is Word.PROGRESS:
            return _not_for_staff(desk, person)
        return _in_private(desk, person)
    return _for_staff(desk, person, command)


def _for_staff(desk: Desk, person: Person, command: Command) -> list[Letter]:
    match command.word:
        case Word.GO_ON:
            return self_check.go_on(desk, person)
        case Word.BACK:
            return self_check.back(desk, person)
        case Word.EDIT:
            return self_check.edit(desk, person, command.rest)
        case Word.PAUSE:
            return self_check.pause(desk, person)
        case Word.PROGRESS:
            return [desk.reply(Text(self_check.status(desk, person), texts.TITLE))]
        case Word.EXPLAIN:
            return self_check.explain(desk, person)
        case Word.RESTART:
            return self_check.start_over(desk, person, sure=False)
        case Word.RESTART_SURE:
            return self_check.start_over(desk, person, sure=True)
        case _:
            return self_check.go_on(desk, person)


def _for_coordinator(desk: Desk, person: Person, command: Command) -> list[Letter]:
    if command.word in (Word.ADMIT, Word.TURN_AWAY):
        return enrol.decide(desk, person, command.rest, admit=command.word is Word.ADMIT)
    if command.word is Word.BIND and desk.in_group and not command.rest:
        asked: oversight.Asked | list[Letter] = oversight.own(desk, person)
    else:
        asked = oversight.ask(desk, person, command)
    if not isinstance(asked, oversight.Asked):
        return asked
    match command.word:
        case Word.NAMES:
            return oversight.names(asked)
        case Word.NUDGE:
            return oversight.nudge(asked)
        case Word.EXPORT:
            return oversight.export(asked)
        case Word.EXPORT_PLEDGES:
            return oversight.export_pledges(asked)
        case Word.BIND:
            return oversight.bind(asked)
        case _:
            own = "" if desk.in_group or command.rest else self_check.status(desk, person)
            return oversight.progress(asked, own)


def _not_for_staff(desk: Desk, person: Person) -> list[Letter]:
    """A friendly no; what it says of the person's own self-check is said to them alone."""
    told = texts.not_for_staff("" if desk.in_group else self_check.status(desk, person))
    return [desk.reply(Text(told, texts.TITLE))]


def _in_private(desk: Desk, person: Person, ahead: str = "") -> list[Letter]:
    """In 1:1 the present question again; from a group the person is written to in 1:1."""
    private = self_check.go_on(desk.in_place_of(person), person, ahead)
    if not desk.in_group:
        return private
    return [desk.reply(Text(texts.SELF_CHECK_IS_DIRECT, texts.TITLE)), *private]


def _privately(desk: Desk) -> list[Letter]:
    """Somebody in no roster who speaks up in a group is met in 1:1."""
    return [desk.whisper(letter.body) for letter in enrol.meet(desk, "")]
