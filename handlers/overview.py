"""Figures as a conversation: 进度 with people and returns of a unit and the level below, now or at a past moment; 领先
and 落后 by unit; the picture. The same in a group, for all this names nobody.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers import issuing, menus, self_check, spoken
from handlers.asked import Asked, meant
from handlers.commands import Command
from handlers.desk import Desk
from handlers.messages import Letter
from handlers.moments import as_of
from handlers.papers import fonts
from handlers.papers.chart_picture import usable
from handlers.texts import overview as texts
from handlers.texts import plain
from handlers.texts.overview import Part
from storage import oversight, read_states, return_counts
from storage.models import Person, Unit
from storage.oversight import Tally
from storage.return_counts import ReturnTally


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about: a unit, and as of when; `past` is None for now."""

    asked: Asked
    past: datetime | None

    @property
    def at(self) -> datetime:
        return self.past or self.asked.desk.now


def progress(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """The figures of a unit and of the level below. Asked of one's own unit in 1:1, a sentence about one's own
    self-check follows; «图» asks for them as a picture."""
    rest, wanted = spoken.AS_PICTURE.subn("", command.rest, count=1)
    question = _understood(desk, person, Command(command.word, rest.strip()), "进度 图" if wanted else "进度")
    if not isinstance(question, Question):
        return question
    if wanted:
        return _picture(question) if usable(fonts.found()) else _told(question, texts.NO_FONT)
    return _told(question)


def _picture(question: Question) -> list[Letter]:
    """Into the chat it was asked in: there are no names in it."""
    return [issuing.handed_over(question.asked, "progress_picture", texts.PICTURE_NAME, question.at)]


def _told(question: Question, ahead: str = "") -> list[Letter]:
    asked, desk = question.asked, question.asked.desk
    total, parts = gathered(question)
    past = question.past is not None
    told = texts.progress(desk.campaign, question.at, asked.name, total, parts, past=past)
    told = "\n\n".join(filter(None, [ahead, told]))
    if desk.in_group:
        return [desk.tell(told)]
    own = "" if asked.command.rest or past else self_check.status(desk, asked.person)
    if total.people.missing and not past:
        readers = read_states.of_unit(desk.session, desk.campaign.id, asked.unit.path, total.people.missing)
        told += f"\n{texts.readers(readers)}" if readers.known else ""
    offered = ["名单", "催办"] if total.people.missing and not past else []
    papers = ["导出 反馈表", "导出 承诺书"] if desk.campaign.has_pledge else ["导出 反馈表"]
    options = menus.numbered(*((name, asked.spoken(name)) for name in (*offered, *papers)))
    return [desk.offer("\n\n".join(filter(None, [told, own])), options)]


def gathered(question: Question) -> tuple[Part, list[Part]]:
    """The whole and its parts, which add up to it: the unit itself first, then the units directly below by code."""
    desk, unit = question.asked.desk, question.asked.unit
    people, parts = oversight.rolled_up(desk.session, desk.campaign.id, unit, question.past)
    up, below = return_counts.rolled_up(desk.session, desk.campaign.id, unit, question.past, desk.now)
    none = ReturnTally()
    named = [
        Part(texts.OWN_PEOPLE if part.id == unit.id else part.name, tally, below.get(part.id or 0, none))
        for part, tally in parts
    ]
    return Part(question.asked.name, people, up), named


# ---------------------------------------------------------------- by unit, never by person


def leading(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«领先»: the units of the level below that are furthest."""
    return _compared(desk, person, command, ahead=True)


def trailing(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«落后»: those that have most left to do; who has finished is not among them."""
    return _compared(desk, person, command, ahead=False)


def _compared(desk: Desk, person: Person, command: Command, *, ahead: bool) -> list[Letter]:
    question = _understood(desk, person, command, "领先" if ahead else "落后")
    if not isinstance(question, Question):
        return question
    asked = question.asked
    _, parts = oversight.rolled_up(desk.session, desk.campaign.id, asked.unit, question.past)
    below = [(unit, tally) for unit, tally in parts if unit.id != asked.unit.id]
    large = [(unit, tally) for unit, tally in below if tally.expected >= texts.SMALLEST]
    if len(large) < 2:
        return [desk.tell(texts.nothing_to_compare(asked.name))]
    shares = {_share(tally) for _, tally in large}
    if len(shares) == 1:
        return [desk.tell(texts.all_equal(asked.name, large[0][1].percent))]
    order = sorted(large, key=lambda part: (-_share(part[1]) if ahead else _share(part[1]), part[0].code))
    ends = [(unit.name, tally) for unit, tally in order if ahead or tally.missing]
    most = min(texts.COMPARED, len(large) - 1)
    at = plain.moment(question.at, desk.campaign)
    return [desk.tell(texts.leading(asked.name, ahead, at, ends[:most], len(below) - len(large)))]


def _share(tally: Tally) -> float:
    return tally.finished / tally.expected


# ---------------------------------------------------------------- what is meant


def _understood(desk: Desk, person: Person, command: Command, word: str) -> Question | list[Letter]:
    """The unit and the moment said behind a word; letters instead, where one of them cannot be."""
    said = command.rest
    if "截" not in said and (bare := spoken.BARE_MOMENT.match(said)):
        said = f"{bare['unit']} 截至{bare['moment']}"
    when = as_of(said, desk.now, desk.campaign.zone)
    if when.wrong:
        last_of_year = desk.now.astimezone(desk.campaign.zone).replace(month=12, day=31, hour=23, minute=59)
        later = as_of(said, last_of_year, desk.campaign.zone)
        return [desk.tell(texts.UNCLEAR_MOMENT if later.wrong else texts.FUTURE)]
    if when.at and when.at.astimezone(desk.campaign.zone).date() < desk.campaign.published:
        return [desk.tell(texts.before_published(desk.campaign))]
    leads_on = f"{word} {{unit}}"
    if when.at:
        leads_on += f" 截至{when.at.astimezone(desk.campaign.zone):%Y-%m-%d %H:%M}"
    unit = meant(desk, person, when.rest, command, spoken=leads_on)
    if not isinstance(unit, Unit):
        return unit
    return Question(Asked(desk, person, Command(command.word, when.rest), unit), when.at)
