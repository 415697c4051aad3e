"""What a changed campaign file will do to the people in a database, said beforehand. Changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from handlers.campaign.answers import Given, fold, written
from handlers.campaign.definition import Campaign
from handlers.revisions import foreseen, refused, setting_of
from storage import answer_log, revisions, roster
from storage.models import Case, PledgeText

_BATCH = 500


@dataclass(slots=True)
class Counts:
    """People: those in the middle, and those who have handed in."""

    half: int = 0
    finished: int = 0

    def add(self, *, finished: bool) -> None:
        self.half += not finished
        self.finished += finished


@dataclass(slots=True)
class Foresight:
    """Who will be asked what when the bot starts with a file."""

    known: int | None
    """The revision the database was last run with; None where it never was."""
    behind: Counts = field(default_factory=Counts)
    """Everybody whose answers were brought to an earlier revision."""
    asked: dict[str, Counts] = field(default_factory=dict)
    """By the name of the question."""
    again: Counter[str] = field(default_factory=Counter)
    """Finished people who are asked again, by county."""
    asked_again: int = 0
    spared: int = 0
    signs_again: Counts = field(default_factory=Counts)
    history: dict[str, int] = field(default_factory=dict)
    """Questions that are no longer in the file, and how many people answered each: that stays in the log."""
    outdated: dict[str, int] = field(default_factory=dict)
    """Options that are no longer in the file, as «question: option», and how many people chose each."""
    refused: list[str] = field(default_factory=list)
    """Why the file cannot be used with this database at all."""


def foresee(session: Session, campaign: Campaign, now: datetime, watch: Callable[[int, int], None]) -> Foresight:
    """Looks at everybody who is behind the file; `watch` hears how many of how many are done."""
    found = Foresight(revisions.recorded(session, campaign.id), refused=refused(session, campaign))
    since = found.known or 0
    found.asked = {question.name: Counts() for question in campaign.singles if since > 0 and question.new_to(since)}
    texts, counties = revisions.texts(session, campaign.id), _counties(session)
    total = revisions.count_behind(session, campaign.id, campaign.revision)
    for done, case in enumerate(_behind(session, campaign), 1):
        _one(session, campaign, case, texts, found, counties, now)
        watch(done, total)
    return found


def _behind(session: Session, campaign: Campaign) -> Iterator[Case]:
    last = 0
    while some := revisions.everybody_behind(session, campaign.id, campaign.revision, after=last, most=_BATCH):
        yield from some
        last = some[-1].id or 0
        session.expunge_all()


def _one(
    session: Session,
    campaign: Campaign,
    case: Case,
    texts: Mapping[int, PledgeText],
    found: Foresight,
    counties: Mapping[int, str],
    now: datetime,
) -> None:
    person = roster.person_numbered(session, case.person_id)
    if person is None:
        return
    finished = case.submitted_at is not None
    found.behind.add(finished=finished)
    lines = answer_log.lines(session, case)
    answers = fold(written(key, given) for key, given in lines)
    setting = setting_of(session, campaign, case, person, now)
    news = foreseen(session, campaign, case, answers, setting, texts)
    for name in {step.question.name for step in news.asked}:
        found.asked.setdefault(name, Counts()).add(finished=finished)
    if news.signs_again:
        found.signs_again.add(finished=finished)
    if news.asked_again:
        found.asked_again += 1
        found.again[counties.get(case.unit_id, "")] += 1
    elif finished:
        found.spared += 1
    _gone(campaign, answers, found)


def _gone(campaign: Campaign, answers: Mapping[str, Given], found: Foresight) -> None:
    """What the file has no place for any more."""
    old, options = set(), set()
    for key, given in answers.items():
        question = campaign.by_id.get(key.rsplit(".", 1)[-1])
        if question is None:
            old.add(key.rsplit(".", 1)[-1])
        elif question.options and not question.options_from:
            known = {option.id for option in question.options}
            options |= {
                f"{question.name}: {v}" for v in given.values if v not in known and _is_option(question.kind, v)
            }
    for name in old:
        found.history[name] = found.history.get(name, 0) + 1
    for name in options:
        found.outdated[name] = found.outdated.get(name, 0) + 1


def _is_option(kind: str, value: str) -> bool:
    return kind in ("choice", "multi") and not value.startswith("=")


def _counties(session: Session) -> dict[int, str]:
    """By unit: the name of the county, or of the city's body, it stands under."""
    units = roster.units(session)
    names = {unit.id: unit.name for unit in units}
    found = {}
    for unit in units:
        chain = unit.path.strip("/").split("/")
        found[unit.id or 0] = names.get(int(chain[min(1, len(chain) - 1)]), unit.name)
    return found
