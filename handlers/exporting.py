"""«导出 反馈表 莲都区 截至 5月22日18:00»: which paper, of which unit, as of when. What papers there are stands in
`papers/catalogue.py`, who may have them in `access.py`.
"""

from collections.abc import Sequence

from handlers import menus, spoken
from handlers.asked import Asked, meant, outside
from handlers.commands import Command, Word
from handlers.desk import Desk
from handlers.issuing import issue
from handlers.messages import Letter
from handlers.moments import AsOf, as_of
from handlers.papers.catalogue import PAPERS, offered
from handlers.papers.request import Paper
from handlers.texts import papers as texts
from storage.models import Person, Unit


def export(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """The paper named; where none is, those the asker may have, as buttons that lead on."""
    when = as_of(command.rest, desk.now, desk.campaign.zone)
    if when.wrong:
        return [desk.tell(texts.WRONG_MOMENT)]
    paper, rest = _named(tuple(offered(desk.campaign)), when.rest)
    if paper is None:
        return _which(desk, person, command, rest)
    rest, params = _options(paper, rest)
    if not desk.reach(person).may_have(paper.id):
        desk.denied(f"{command.word} {paper.id}")
        return [desk.tell(texts.not_yours(paper.name, _names(desk, person)))]
    spoken = " ".join([texts.EXPORT, paper.name, "{unit}", *_said(paper, params), *_moment(when)])
    unit = meant(desk, person, rest, command, spoken=spoken)
    if not isinstance(unit, Unit):
        return unit
    if not desk.reach(person).may_have(paper.id, unit):
        desk.denied(f"{command.word} {paper.id}")
        return [outside(desk, desk.reach(person))]
    return issue(Asked(desk, person, command, unit), paper.id, as_of=when.at, **params)


_LISTS = {
    Word.NAMES: "missing_list",
    Word.LATE_SIGNERS: "pledge_ledger",
    Word.RISK: "risk_ledger",
    Word.OVERDUE: "overdue",
    Word.INCIDENTS: "overdue",
}
"""The words that list what is so now, and the paper that says it of any moment."""


def of_the_past(desk: Desk, person: Person, command: Command) -> list[Letter]:
    """«名单 紫金街道 截至 5月22日18:00»: a list of a past moment is a paper. Empty where the list of now is meant."""
    paper = PAPERS.get(_LISTS.get(command.word, ""))
    if paper is None or not spoken.OF_THE_PAST.fullmatch(command.rest):
        return []
    rest = spoken.KIND_OF_LIST.sub(" ", command.rest).strip()
    return export(desk, person, Command(Word.EXPORT, f"{paper.name} {rest}"))


def _named(papers: Sequence[Paper], said: str) -> tuple[Paper | None, str]:
    """The paper said begins with, the longest name first, and what is said behind it."""
    names = [(name, paper) for paper in papers for name in paper.names]
    for name, paper in sorted(names, key=lambda named: -len(named[0])):
        rest = said.removeprefix(name)
        if rest != said and (not rest or not rest[0].isalnum() or len(name) > 2):
            return paper, rest.strip(" :")
    return None, said


def _options(paper: Paper, said: str) -> tuple[str, dict[str, str]]:
    """What is left when the words for how the paper shall be are taken out, and what they set."""
    words, params = said.split(), {}
    for word in paper.options:
        if word in words:
            words.remove(word)
            name, value = paper.options[word]
            params[name] = value
    return " ".join(words), params


def _said(paper: Paper, params: dict[str, str]) -> list[str]:
    return [word for word, (name, value) in paper.options.items() if params.get(name) == value]


def _moment(when: AsOf) -> list[str]:
    return [f"截至{when.at:%Y-%m-%d %H:%M}"] if when.at else []


def _which(desk: Desk, person: Person, command: Command, said: str) -> list[Letter]:
    """The papers of a unit to choose from; the unit may have been named already."""
    mine = _theirs(desk, person)
    unit = meant(desk, person, said, command, spoken=f"{texts.EXPORT} {{unit}}")
    if not isinstance(unit, Unit):
        return unit
    asked = Asked(desk, person, command, unit)
    fitting = [paper for paper in mine if asked.reach.may_have(paper.id, unit)]
    buttons = menus.numbered(*((paper.name, asked.spoken(f"{texts.EXPORT} {paper.name}")) for paper in fitting))
    return [desk.offer(texts.which(asked.name), buttons)]


def _theirs(desk: Desk, person: Person) -> list[Paper]:
    reach = desk.reach(person)
    return [paper for paper in offered(desk.campaign) if reach.may_have(paper.id)]


def _names(desk: Desk, person: Person) -> list[str]:
    return [paper.name for paper in _theirs(desk, person)]
