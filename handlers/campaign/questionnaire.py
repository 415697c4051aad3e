"""The pure engine: what a message changes. `take` is the heart of the product, a function of values alone.

Knows nothing of persons, tables and texts of the bot; a `Turn` says what was understood and the talk finds the words.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from handlers.campaign import id_number, matching
from handlers.campaign.answers import Answers, Change, Given
from handlers.campaign.definition import Campaign, Group, Option
from handlers.campaign.id_number import IdNumber
from handlers.campaign.walk import DELETE, Setting, Step, Walk, walk

MAX_NAME = 20


class Problem(StrEnum):
    """Why an answer was not taken. Nothing was changed."""

    UNCLEAR = "unclear"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    WRITE = "write"
    BAD_DATE = "bad_date"
    PAST_DATE = "past_date"
    BAD_ID_NUMBER = "bad_id_number"
    NO_ID_NUMBER = "no_id_number"
    EDIT_WHICH = "edit_which"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a message came to: changes to the log, or a problem. `signer`: the name and number to be sealed at once."""

    changes: tuple[Change, ...] = ()
    problem: Problem | None = None
    signer: tuple[str, IdNumber] | None = None


def take(campaign: Campaign, answers: Answers, setting: Setting, said: str, *, tapped: bool = False) -> Turn:
    """Understands `said` as the answer to the question the person is at. `tapped` says that it came from a button:
    in a multiple choice a tap adds one, a typed answer is the whole answer."""
    path = walk(campaign, answers, setting)
    step = path.place
    if step is None:
        return Turn(problem=Problem.UNCLEAR)
    text = matching.clean(said)
    if not text:
        return Turn(problem=Problem.EMPTY)
    if len(text) > step.question.max_length:
        return Turn(problem=Problem.TOO_LONG)
    return _KINDS[step.question.kind](path, step, text, tapped)


# ---------------------------------------------------------------- one function per kind of question


def _one(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    options = path.choices(step.question, step.row)
    exact = matching.pick_one(options, text) if not step.question.free else _offered(options, text)
    if exact is None:
        if step.question.free == "sentence" and matching.number(text) is None and any(map(str.isalpha, text)):
            return _give(path, step, (f"={text}",))
        return Turn(problem=Problem.UNCLEAR)
    option = next(o for o in options if o.id == exact.values[0])
    if option.write:
        return Turn(problem=Problem.WRITE)
    note = _pledge_date(path, step, option, exact.note)
    changes = [Change(step.key, Given(values=exact.values, at=path.setting.today, note=note))]
    return Turn(changes=tuple(changes))


def _offered(options: list[Option], text: str) -> matching.Picked | None:
    """For questions open to own words: an offered answer only where it was clearly meant, else the words count."""
    picked = matching.pick_one(options, text)
    return picked if picked and not picked.note else None


def _pledge_date(path: Walk, step: Step, option: Option, note: str) -> str:
    """«签过 3月15日»: the day is kept as the note of the answer."""
    if option.id not in path.campaign.pledge.earlier or not note:
        return note
    when = _day_past(note, path.setting.today)
    return when.isoformat() if when else note


_LAST_YEARS = timedelta(days=60)
"""A day without a year that is farther ahead than this was meant to be past; a nearer one may be a slip."""


def _day_past(text: str, today: date) -> date | None:
    """A day that has been: «12月1日» said in May is last year's. None for a day to come."""
    when = matching.day(text, today)
    if when and when - today > _LAST_YEARS and str(when.year) not in text:
        when = when.replace(year=when.year - 1)
    return when if when and when <= today else None


def _pledge(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    """The pledge's question also takes a bare «签过 3月15日» and finds out which of the two it was."""
    turn = _one(path, step, text, tapped)
    when = _day_past(text, path.setting.today)
    signed_before = "签" in text and not any(word in text for word in ("没", "未", "不", "现在"))
    if turn.problem is not Problem.UNCLEAR or when is None or not signed_before:
        return turn
    this_year, before = path.campaign.pledge.earlier[0], path.campaign.pledge.earlier[-1]
    value = this_year if when.year == path.setting.today.year else before
    return Turn(changes=(Change(step.key, Given(values=(value,), at=path.setting.today, note=when.isoformat())),))


def _choice(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    return (_pledge if step.question.id in path.campaign.pledge.question else _one)(path, step, text, tapped)


DONE_WORDS = frozenset(matching.plain(word) for word in ("选好了", "就这些", "没有了", "完了"))


def _multi(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    options = path.choices(step.question, step.row)
    before = step.given.values if step.given and step.given.open and step.given.note == _PICKING else ()
    if matching.plain(text) in DONE_WORDS and before:
        return _give(path, step, before)
    picked = matching.pick_many(options, text, free=step.question.free == "words")
    if picked is None:
        return Turn(problem=Problem.UNCLEAR)
    alone = {o.id for o in options if o.exclusive}
    if len(picked.values) > 1 and alone & set(picked.values):
        return Turn(problem=Problem.UNCLEAR)
    if alone & set(picked.values):
        return _give(path, step, picked.values)
    together = tuple(dict.fromkeys((*before, *picked.values)))
    complete = len(together) == len([o for o in options if not o.exclusive])
    if tapped and not complete:
        given = Given(values=together, at=path.setting.today, note=_PICKING, open=True)
        return Turn(changes=(Change(step.key, given),))
    return _give(path, step, together)


_PICKING = "picking"
"""The note of a multiple choice that is being tapped together."""


def picking(step: Step) -> tuple[str, ...]:
    """What has been tapped so far in a multiple choice."""
    return step.given.values if step.given and step.given.open and step.given.note == _PICKING else ()


def _text(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    if not matching.plain(text):
        return Turn(problem=Problem.EMPTY)
    return _give(path, step, (f"={text}",))


def _date(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    if picked := matching.pick_one(path.choices(step.question, step.row), text):
        return _give(path, step, picked.values)
    when = matching.day(text, path.setting.today)
    if when is None:
        return Turn(problem=Problem.BAD_DATE)
    if when < path.setting.today:
        return Turn(problem=Problem.PAST_DATE)
    return _give(path, step, (when.isoformat(),))


def _id_number(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    found = id_number.find(text)
    if found is None:
        meant = id_number.looks_like_one(text) or sum(c.isdigit() for c in text) >= 12
        return Turn(problem=Problem.BAD_ID_NUMBER if meant else Problem.NO_ID_NUMBER)
    name = _name(id_number.without(text)) or path.setting.person
    shown = f"={name}，身份证{found.masked}"
    return Turn(changes=(Change(step.key, Given(values=(shown,), at=path.setting.today)),), signer=(name, found))


def _name(text: str) -> str:
    for word in ("我叫", "姓名", "名字", "身份证号码", "身份证号", "身份证", "号码", "是"):
        text = text.replace(word, " ")
    kept = "".join(c if c.isalpha() or c == "·" else " " for c in text).split()
    return kept[0] if kept and 2 <= len(kept[0]) <= MAX_NAME else ""


def _review(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    picked = matching.pick_one(path.choices(step.question), text)
    if picked is None:
        return Turn(problem=Problem.UNCLEAR)
    return _give(path, step, picked.values)


def _fix(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    picked = matching.pick_one(path.choices(step.question, step.row), text)
    if picked is None:
        return Turn(problem=Problem.UNCLEAR)
    group, row = path.campaign.group_of[step.question.id], step.row
    if picked.values[0] == DELETE:
        return Turn(changes=_without_row(path, group, row))
    column = path.step(f"{group.id}.{row}.{picked.values[0]}")
    review = path.step(f"{group.id}.{row}.{group.review.id}")
    if column is None or column.given is None or review is None or review.given is None:
        return Turn(problem=Problem.UNCLEAR)
    again = (Change(column.key, column.given.reopened()), Change(review.key, review.given.reopened()))
    return Turn(changes=(*again, Change(step.key, None)))


def _without_row(path: Walk, group: Group, row: int) -> tuple[Change, ...]:
    """Takes a data set away; those behind it move up."""
    last = max(n for n, _ in path.rows())
    names = [question.id for question in (*group.columns, group.review, group.fix)]
    changes: list[Change] = []
    for n in range(row, last + 1):
        following = {name: path.answers.get(f"{group.id}.{n + 1}.{name}") for name in names} if n < last else {}
        changes += [Change(f"{group.id}.{n}.{name}", following.get(name)) for name in names]
    ends = f"{group.id}.{last - 1}.{group.review.id}"
    if last > 1:
        changes.append(Change(ends, Given(values=("right",), at=path.setting.today)))
    return tuple(changes)


def _submit(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    picked = matching.pick_one(path.choices(step.question), text)
    if picked is None:
        return Turn(problem=Problem.UNCLEAR)
    if "edit" in picked.values:
        return Turn(problem=Problem.EDIT_WHICH)
    return _give(path, step, picked.values)


def _give(path: Walk, step: Step, values: tuple[str, ...]) -> Turn:
    return Turn(changes=(Change(step.key, Given(values=values, at=path.setting.today)),))


_KINDS = {
    "choice": _choice,
    "multi": _multi,
    "text": _text,
    "date": _date,
    "id_number": _id_number,
    "review": _review,
    "fix": _fix,
    "submit": _submit,
}
