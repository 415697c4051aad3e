"""Walks every path of a questionnaire before anybody else does: is each offered answer taken, does each path end?

Pure; used by `zicha check` and the tests. Paths of one shape are walked once, with each answer of their question.
"""

from dataclasses import dataclass, field
from datetime import date

from handlers.campaign.answers import Change, fold
from handlers.campaign.definition import Campaign
from handlers.campaign.progress import finished
from handlers.campaign.questionnaire import Problem, take
from handlers.campaign.walk import Setting, Step, Walk, walk

_SAMPLE_NUMBER = "332501199003070017"
"""Not a person's: written for its shape; its check digit is made right below."""
_ROWS = 2
_MOST_STEPS = 200


@dataclass(slots=True)
class Report:
    """What was found. `problems` are sentences for the author of the campaign file."""

    shapes: int = 0
    endings: int = 0
    shortest: int = _MOST_STEPS
    longest: int = 0
    problems: list[str] = field(default_factory=list)


def explore(campaign: Campaign) -> Report:
    """Every path, in every area of the campaign."""
    report = Report()
    for area in ("", *(area.id for area in campaign.areas)):
        setting = Setting(today=campaign.published, person="张三", unit="示例单位", area=area)
        _from_start(campaign, setting, report)
    if not report.endings:
        report.problems.append("no path ends in a submission")
    return report


def _from_start(campaign: Campaign, setting: Setting, report: Report) -> None:
    seen: set[tuple[str, ...]] = set()
    todo: list[tuple[Change, ...]] = [()]
    while todo:
        log = todo.pop()
        path = walk(campaign, fold(log), setting)
        place = path.place
        said = sum(change.given is not None for change in log)
        if place is None:
            _ended(path, said, report)
            continue
        shape = (place.key, *(step.key for step in path.steps))
        if shape in seen:
            continue
        seen.add(shape)
        report.shapes += 1
        if said >= _MOST_STEPS:
            report.problems.append(f"[questions.{place.question.id}] is reached again and again; a path never ends")
            return
        todo += _answers(campaign, setting, path, place, log, report)


def _ended(path: Walk, said: int, report: Report) -> None:
    if not finished(path):
        report.problems.append(f"a path of {said} answers ends without being submitted: {[s.key for s in path.steps]}")
        return
    report.endings += 1
    report.shortest, report.longest = min(report.shortest, said), max(report.longest, said)


def _answers(
    campaign: Campaign, setting: Setting, path: Walk, place: Step, log: tuple[Change, ...], report: Report
) -> list[tuple[Change, ...]]:
    """The logs after each answer the question offers."""
    following: list[tuple[Change, ...]] = []
    for said in _sayings(path, place):
        turn = take(campaign, fold(log), setting, said)
        if turn.problem in (Problem.EDIT_WHICH, Problem.WRITE):
            continue
        if turn.problem:
            report.problems.append(f"[questions.{place.question.id}] does not take its own answer «{said}»")
            continue
        following.append((*log, *turn.changes))
    return following


def _sayings(path: Walk, place: Step) -> list[str]:
    question = place.question
    options = path.choices(question, place.row)
    said = [option.label for option in options]
    if question.kind == "review" and place.row >= _ROWS:
        said = [option.label for option in options if option.id != "more"]
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
