"""A campaign file that changed under people's answers: who is asked what, and what they are spared. Pure.

Somebody in the middle is asked just what is new, at its place. Somebody who has handed in is asked only what is marked
material; all else that is new is waived for them, until they change their form themselves. The log only grows: an
answer that does not count any more is asked again with its old words shown, and the one handed in stays as it was.
"""

from dataclasses import dataclass
from datetime import date

from handlers.campaign.answers import WAIVED, Answers, Change, Given, fold
from handlers.campaign.definition import Campaign, Question
from handlers.campaign.progress import reopen
from handlers.campaign.setting import Setting
from handlers.campaign.shapes import Dated
from handlers.campaign.walk import Step, Walk, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far somebody's answers were brought, and which text of the pledge counts for them."""

    revision: int
    handed_in: bool
    asked_again: bool = False
    """An earlier change asks for more, and they have not handed in since."""
    signed: int = 0
    """The version they signed; 0 where they did not sign here."""
    drafted: int = 0
    """The version they gave their number for and have not confirmed."""
    resign_since: int = 1
    """The revision that brought the first version which has to be signed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a changed file comes to for one person."""

    changes: tuple[Change, ...] = ()
    """For the log."""
    asked: tuple[Step, ...] = ()
    """What they are asked because of it, as far as their answers tell."""
    signs_again: bool = False
    asked_again: bool = False
    """They had handed in and count as unfinished until they have answered."""


def news(campaign: Campaign, answers: Answers, setting: Setting, standing: Standing) -> News:
    """What the file of now means to somebody whose answers were brought to `standing.revision`."""
    path = walk(campaign, answers, setting)
    spared = standing.handed_in and (standing.asked_again or _closed(path))
    again = [
        Change(key, kept.reopened())
        for key, given in answers.items()
        if (kept := _outdated(campaign, key, given, standing.revision, spared=spared)) is not None
    ]
    signing = _signing(path, standing)
    changes = [*again, *(change for change in signing if change.key not in {c.key for c in again})]
    after = walk(campaign, _with(answers, changes), setting)
    called = {change.key for change in changes}
    asked, waived = [], []
    for step in after.steps:
        if step.answered:
            continue
        new = step.question.new_to(standing.revision)
        closing = bool(signing) and step.question.kind in ("id_number", "submit")
        if not spared:
            # one that changed before they came to it is asked of them as it is: it is not more than they had before
            asked += [step] if step.question.since > standing.revision or step.key in called or closing else []
        elif step.key in called or closing or (new and step.question.material) or _pending(step, standing):
            asked.append(step)
        else:
            waived.append(Change(step.key, waiver(setting.today)))
    material = spared or any(step.question.material for step in asked) or bool(signing)
    return News(
        changes=(*changes, *waived),
        asked=tuple(step for step in asked if step.question.kind not in ("review", "fix", "submit")) or tuple(asked),
        signs_again=bool(signing),
        asked_again=standing.handed_in and bool(asked) and material,
    )


def waiver(today: date) -> Given:
    """Stands for the answer to a question that came after the person had handed in."""
    return Given(values=(), at=today, note=WAIVED)


def lifted(path: Walk) -> tuple[Change, ...]:
    """Whoever changes a complete form themselves answers as well what was waived: what they hand in then is the form
    of now. Nothing where they were being asked anyway."""
    if path.place is not None:
        return ()
    return tuple(Change(step.key, None) for step in path.steps if step.given and step.given.waived)


def as_before(campaign: Campaign, answers: Answers, setting: Setting, revision: int) -> Answers:
    """The answers with what is new set aside: the place on their path is the one the person has before them."""
    seen = dict(answers)
    while True:
        place = walk(campaign, seen, setting).place
        if place is None or place.given is not None or place.question.since <= revision:
            return seen
        seen[place.key] = waiver(setting.today)


# ---------------------------------------------------------------- inside


def _with(answers: Answers, changes: list[Change]) -> Answers:
    return {**answers, **fold(changes)}


def _closed(path: Walk) -> bool:
    """Confirmed, and nothing of it is being changed. Whether the questions of now are answered does not matter."""
    known = {key: given for key, given in path.answers.items() if _question(path.campaign, key) is not None}
    if any(given.open for given in known.values()):
        return False
    if len(known) < len(path.answers):
        return True  # what closed it may be among the questions that are gone
    return any(_closes(path.campaign.by_id[key], given) for key, given in known.items() if key in path.campaign.by_id)


def _closes(question: Question, given: Given) -> bool:
    return question.kind == "submit" or any(o.submits and o.id in given.values for o in question.options)


def _question(campaign: Campaign, key: str) -> Question | None:
    """The question of an answer; None where the file has it no longer, or has it elsewhere."""
    question = campaign.by_id.get(key.rsplit(".", 1)[-1])
    group = campaign.group_of.get(question.id) if question else None
    return question if key.partition(".")[0] == (group.id if group else key) else None


def _outdated(campaign: Campaign, key: str, given: Given, revision: int, *, spared: bool) -> Given | None:
    """The answer as it is asked again, with what is left of it; None where it still counts."""
    question = _question(campaign, key)
    if question is None or given.open:
        return None
    parts: list[Dated] = [question] if question.changed > revision else []
    parts += [o for o in question.options if o.changed > revision and o.id in given.values]
    parts += [o for o in question.options if o.since > revision and o.material]
    if parts and (not spared or any(part.material for part in parts)):
        return given
    left = tuple(value for value in given.values if _fits(question, value))
    return Given(values=left, at=given.at) if not spared and given.values and left != given.values else None


def _fits(question: Question, value: str) -> bool:
    """Whether the question could be answered so today. What one's options come from elsewhere is left to the walk."""
    if question.options_from or question.kind in ("text", "id_number", "fix", "review", "submit"):
        return True
    if any(option.id == value for option in question.options):
        return True
    if value.startswith("="):
        return bool(question.free)
    return question.kind == "date" and _is_day(value)


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _pending(step: Step, standing: Standing) -> bool:
    """Asked because of an earlier change, and not answered yet."""
    return standing.asked_again and (step.given is not None or step.question.since <= standing.revision)


def _signing(path: Walk, standing: Standing) -> list[Change]:
    """What has to be asked so that somebody signs the text of now; empty where what they signed stands."""
    text = path.campaign.pledge
    changes: list[Change] = []
    for name in text.question:
        given = path.live.get(name)
        if given is None or given.open:
            continue
        if text.signs in given.values:
            outdated = 0 < standing.drafted != text.version
            if outdated or (not standing.drafted and 0 < standing.signed < text.resign_from):
                numbers = [step for step in path.steps if step.question.kind == "id_number" and step.given]
                changes += reopen(path, numbers)
        elif any(value in text.earlier for value in given.values):
            if text.resign_earlier and text.resign_from and standing.resign_since > standing.revision:
                changes += _from_earlier(path, name, given)
        elif 0 < standing.signed < text.resign_from:
            changes += reopen(path, [step for step in path.steps if step.key == name])  # on paper, of an older text
    return changes


def _from_earlier(path: Walk, name: str, given: Given) -> list[Change]:
    """Whoever must sign goes straight to the text; whoever may do without chooses anew."""
    text, question = path.campaign.pledge, path.campaign.by_id[name]
    offered = {option.id for option in path.choices(question)}
    if text.signs in offered and offered <= {text.signs, *text.earlier}:
        return [Change(name, Given(values=(text.signs,), at=path.setting.today))]
    return [Change(name, given.reopened())]
