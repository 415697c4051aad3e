"""Files people send: which are wanted, to be fetched after the commit, and which room reads them once they are here.

Nothing is fetched that no room has asked for (DESIGN §2.9). Must not know the platform nor what is in a file.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from handlers import fill_in, leak_guard, leaks, roster_desk
from handlers.campaign.definition import Campaign
from handlers.desk import Desk
from handlers.file_kinds import PDF, PICTURES, XLSX, expected, kind_of
from handlers.messages import Content, FileRef, Letter, ReceivedFile, Text
from handlers.papers.foreign_columns import Foreign, foreign
from handlers.returns import scans, whose
from handlers.texts import arriving, guards
from handlers.texts import scans as scan_texts
from handlers.whose import signed
from storage import errands, outbox
from storage.leaks import FILE
from storage.models import Person

FETCHING = "fetching"
"""The topic of «收到，正在看。»: withdrawn where the answer itself is quicker."""
_SILENCE = timedelta(seconds=3)
"""So long nothing is said: most files are read by then, and one message is better than two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A room that reads files: of which kinds, from whom now, which of them it knows as its own, what it answers."""

    name: str
    takes: frozenset[str]
    keeps: bool = False
    """Whether the file itself is kept, if only until a word: then nothing in it may be out of place."""
    wanted: Callable[[Desk, Person], bool]
    knows: Callable[[bytes], bool] = lambda content: True
    look: Callable[[bytes, Campaign], object] = lambda content, campaign: None
    """What takes time, before the transaction and outside its thread; the result is `found` in the file."""
    read: Callable[[Desk, Person, ReceivedFile], list[Letter]]


_SCANS = PICTURES | {PDF}
_CELLS_TOLD = 10
_READERS = (
    Reader(name="scan", takes=_SCANS, wanted=scans.wanted, read=scans.read),
    Reader(
        name="roster",
        takes=frozenset({XLSX}),
        keeps=True,
        wanted=roster_desk.wanted,
        knows=roster_desk.knows,
        look=roster_desk.look,
        read=roster_desk.read,
    ),
    # the last that reads tables: it also says what is wrong with one that nobody knows
    Reader(name="table", takes=frozenset({XLSX}), wanted=fill_in.wanted, look=fill_in.look, read=fill_in.read),
)


# ---------------------------------------------------------------- a message with files


def offered(desk: Desk, person: Person) -> list[Letter]:
    """A picture or file has come. Empty where nobody asked for one: then it is not fetched."""
    inbound = desk.inbound
    if desk.in_group or not inbound.files:
        return []
    takes = _taken_now(desk, person)
    kept = [ref for ref in inbound.files if _may_be(ref) & takes]
    if not kept:
        return [] if inbound.content is Content.TEXT else _turned_away(desk, person, inbound.files[0], takes)
    for ref in kept:
        if seen := leak_guard.look(ref.name):
            leaks.turned_away(desk, seen, place=FILE)
        errands.send(
            desk.session,
            desk.vault,
            robot=inbound.robot,
            msg_id=inbound.msg_id,
            channel=inbound.chat.channel,
            person_id=person.id or 0,
            chat=str(inbound.chat),
            code=ref.code,
            name=leak_guard.harmless_name(ref.name),
            kind=ref.kind.value,
            at=desk.now,
        )
    if inbound.content is Content.TEXT:
        return [desk.tell(arriving.TAKEN_WITHOUT_WORDS)]
    told = Text(arriving.TAKEN, desk.title)
    return [Letter(to=inbound.chat, body=told, topic=FETCHING, not_before=desk.now + _SILENCE)]


def _taken_now(desk: Desk, person: Person) -> frozenset[str]:
    """The kinds of files that are wanted from somebody at this moment."""
    return frozenset[str]().union(*(reader.takes for reader in readers(desk, person)))


def _may_be(ref: FileRef) -> frozenset[str]:
    if ref.kind is Content.PICTURE:
        return PICTURES
    return frozenset({said}) if (said := expected(ref.name)) else _SCANS | {XLSX}


def _turned_away(desk: Desk, person: Person, ref: FileRef, takes: frozenset[str]) -> list[Letter]:
    """What is not fetched, and why; empty where it goes without saying."""
    meant = _may_be(ref)
    if meant & _SCANS:
        return [desk.tell(scan_texts.NOTHING_WAITS_FOR_IT)] if _hands_up(desk, person) else []
    return [_unreadable(desk, next(iter(meant)), takes)]


def _hands_up(desk: Desk, person: Person) -> bool:
    return desk.campaign.returns.stamp and bool(whose.mine(desk, person))


def _unreadable(desk: Desk, kind: str, takes: frozenset[str]) -> Letter:
    return desk.tell(arriving.unreadable(kind, tables=XLSX in takes, scans=PDF in takes))


# ---------------------------------------------------------------- a file that is here


def readers(desk: Desk, person: Person) -> tuple[Reader, ...]:
    """The rooms that want files from somebody now."""
    reach = desk.reach(person)
    return tuple(one for one in _READERS if reach.may_send(one.name) and one.wanted(desk, person))


def looked_into(wanting: Sequence[Reader], name: str, content: bytes, campaign: Campaign) -> ReceivedFile:
    """A file with what its room has to know of it. Pure and perhaps slow; raises what a broken file makes it raise."""
    kind = kind_of(content)
    reader = next((one for one in wanting if kind in one.takes and one.knows(content)), None)
    if reader is None:
        return ReceivedFile(name=name, kind=kind, content=content)
    strange = foreign(content) if kind == XLSX else None
    if strange and (strange.columns or reader.keeps):
        return ReceivedFile(name=name, kind=kind, content=b"", strange=strange)
    found = reader.look(content, campaign)
    return ReceivedFile(name=name, kind=kind, content=content, reader=reader.name, found=found, strange=strange)


def arrived(desk: Desk, person: Person, file: ReceivedFile) -> list[Letter]:
    """The answer of the room it is for. What was said about fetching it and is not out yet is taken back."""
    outbox.withdraw(desk.session, [str(desk.inbound.chat)], [FETCHING], at=desk.now)
    return [signed(desk.campaign, letter) for letter in _answered(desk, person, file)]


def _answered(desk: Desk, person: Person, file: ReceivedFile) -> list[Letter]:
    if isinstance(file.strange, Foreign):
        leaks.turned_away(desk, file.strange.seen, place=FILE)
        if not file.reader:
            shown = [f"{one.sheet}!{one.cell}：{one.problem}" for one in file.strange.cells[:_CELLS_TOLD]]
            return [desk.tell(guards.table(shown, len(file.strange.cells) - len(shown)))]
    reader = next((one for one in _READERS if one.name == file.reader), None)
    if reader and reader.wanted(desk, person):
        return reader.read(desk, person, file)
    if file.kind in _SCANS and _hands_up(desk, person):
        return [desk.tell(scan_texts.NOTHING_WAITS_FOR_IT)]
    return [_unreadable(desk, file.kind, _taken_now(desk, person))]


def broken(desk: Desk, reference: str) -> list[Letter]:
    """It is here, but reading it failed on our side."""
    outbox.withdraw(desk.session, [str(desk.inbound.chat)], [FETCHING], at=desk.now)
    return [desk.tell(arriving.broken(reference))]


def lost(desk: Desk) -> list[Letter]:
    """It could not be fetched."""
    outbox.withdraw(desk.session, [str(desk.inbound.chat)], [FETCHING], at=desk.now)
    return [desk.tell(arriving.LOST)]


def too_large(desk: Desk, limit_mb: int) -> list[Letter]:
    outbox.withdraw(desk.session, [str(desk.inbound.chat)], [FETCHING], at=desk.now)
    return [desk.tell(arriving.too_large(limit_mb))]
