"""Walks every path of a questionnaire before anybody else does: is each offered answer taken, does each path end?

Pure; used by `zicha check` and the tests. Paths of one shape are walked once, with each answer of their question.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, product

from handlers.campaign.answers import Change, fold
from handlers.campaign.bearing import needed
from handlers.campaign.definition import Campaign
from handlers.campaign.progress import finished
from handlers.campaign.questionnaire import Problem, understood
from handlers.campaign.setting import Setting
from handlers.campaign.shapes import FILLED
from handlers.campaign.walk import MORE, Step, Walk, walk

_SAMPLE_NUMBER = "332501199003070017"
"""Not a person's: written for its shape; its check digit is made right below."""
_ROWS = 2
_MOST_STEPS = 200
_MOST_FORMS = 20_000
"""So many are looked through for a question that seems to be asked nowhere."""


@dataclass(slots=True)
class Report:
    """What was found. `problems` are sentences for the author of the campaign file."""

    shapes: int = 0
    endings: int = 0
    shortest: int = _MOST_STEPS
    longest: int = 0
    problems: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    """The questions that are on some path."""


def explore(campaign: Campaign) -> Report:
    """Every path, in every area of the campaign, answered by the person and by a colleague for them."""
    report = Report()
    for setting in _settings(campaign):
        for _ in _walked(campaign, setting, report, frozenset()):
            pass
    if not report.endings:
        report.problems.append("no path ends in a submission")
    report.problems += _never_asked(campaign, report)
    return report


def forms(campaign: Campaign, setting: Setting) -> Iterator[tuple[Change, ...]]:
    """What somebody has answered at every place of every path, a form of each shape; the finished ones as well."""
    return _walked(campaign, setting, Report(), frozenset())


def _never_asked(campaign: Campaign, report: Report) -> list[str]:
    """Questions on no path. Their conditions may hang on answers that change no path: those are told apart now."""
    missing = [question for question in campaign.singles if question.id not in report.reached]
    told_apart = frozenset(needed(campaign, missing))
    once_more = Report()
    for setting in _settings(campaign) if missing else ():
        for _ in islice(_walked(campaign, setting, once_more, told_apart), _MOST_FORMS):
            pass
    report.reached |= once_more.reached
    return [
        f"[questions.{question.id}] is asked on no path; check its when, or take the question away"
        for question in missing
        if question.id not in report.reached
    ]


def _settings(campaign: Campaign) -> Iterator[Setting]:
    for area, filled in product(("", *(area.id for area in campaign.areas)), FILLED):
        yield Setting(today=campaign.published, person="张三", unit="示例单位", area=area, filled=filled)


def _walked(
    campaign: Campaign, setting: Setting, report: Report, told_apart: frozenset[str]
) -> Iterator[tuple[Change, ...]]:
    """Every form of another shape; `told_apart` are questions whose different answers make different shapes."""
    seen: set[tuple[str, ...]] = set()
    todo: list[tuple[tuple[Change, ...], Walk | None]] = [((), None)]
    while todo:
        log, before = todo.pop()
        path = walk(campaign, fold(log), setting, before)
        report.reached |= {step.question.id for step in path.steps}
        place = path.place
        said = sum(change.given is not None for change in log)
        if place is None:
            _ended(path, said, report)
            yield log
            continue
        told = (f"{s.key}={s.given.values}" for s in path.steps if s.given and s.question.id in told_apart)
        shape = (place.key, *(step.key for step in path.steps), *told)
        if shape in seen:
            continue
        seen.add(shape)
        report.shapes += 1
        if said >= _MOST_STEPS:
            report.problems.append(f"[questions.{place.question.id}] is reached again and again; a path never ends")
            return
        yield log
        todo += [((*log, *changes), path) for changes in _answers(path, place, report)]


def _ended(path: Walk, said: int, report: Report) -> None:
    if not finished(path):
        report.problems.append(f"a path of {said} answers ends without being submitted: {[s.key for s in path.steps]}")
        return
    report.endings += 1
    report.shortest, report.longest = min(report.shortest, said), max(report.longest, said)


def _answers(path: Walk, place: Step, report: Report) -> Iterator[tuple[Change, ...]]:
    """What each answer the question offers changes."""
    for said in _sayings(path, place):
        turn = understood(path, said)
        if turn.problem in (Problem.EDIT_WHICH, Problem.WRITE):
            continue
        if turn.problem:
            report.problems.append(f"[questions.{place.question.id}] does not take its own answer «{said}»")
            continue
        yield turn.changes


def _sayings(path: Walk, place: Step) -> list[str]:
    question = place.question
    options = path.choices(question, place.row)
    said = [option.label for option in options]
    if question.kind == "review" and place.row >= _ROWS:
        said = [option.label for option in options if option.id != MORE and not option.clones]
    if question.kind == "multi":
        several = [str(n) for n, option in enumerate(options, 1) if not option.exclusive]
        said.append(" ".join(several))
    if question.kind == "text" or question.free == "sentence":
        said.append("自己写的一句话")
    if question.kind == "date":
        said.append(_day(path.setting.today))
    if question.kind == "id_number":
        said.append(f"张三 {_number()}")
    return said


def _day(day: date) -> str:
    return day.isoformat()


def _number() -> str:
    """A number with a right check digit and no person behind it."""
    body = _SAMPLE_NUMBER[:17]
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]
