"""The pure engine: what a message changes. `take` is the heart of the product, a function of values alone.

Knows nothing of persons, tables and texts of the bot; a `Turn` says what was understood and the talk finds the words.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from handlers.campaign import alike, id_number, matching, row_changes
from handlers.campaign.answers import Answers, Change, Given
from handlers.campaign.definition import Campaign, Group, Option, Question
from handlers.campaign.id_number import IdNumber
from handlers.campaign.walk import DELETE, MORE, TYPICAL, Setting, Step, Walk, walk

MAX_NAME = 20
_BUTTON = re.compile(r"\d{1,2} \S")


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
    ENOUGH_ROWS = "enough_rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a message came to: changes to the log, or a problem. `signer`: the name and number to be sealed at once."""

    changes: tuple[Change, ...] = ()
    problem: Problem | None = None
    signer: tuple[str, IdNumber] | None = None
    copied: tuple[str, ...] = ()
    """A row was begun as a copy of another but for these columns."""
    typical: bool = False
    """A whole row was filled with a typical one."""


def take(campaign: Campaign, answers: Answers, setting: Setting, said: str, *, tapped: bool = False) -> Turn:
    """Understands `said` as the answer to the question the person is at. `tapped` says that it came from a button:
    in a multiple choice a tap adds one, a typed answer is the whole answer."""
    return understood(walk(campaign, answers, setting), said, tapped=tapped)


def understood(path: Walk, said: str, *, tapped: bool = False) -> Turn:
    """The same for somebody whose path has been walked."""
    step = path.place
    if step is None:
        return Turn(problem=Problem.UNCLEAR)
    text = matching.clean(said)
    if not text:
        return Turn(problem=Problem.EMPTY)
    if at_once := _row_at_once(path, step, text):
        return at_once
    if len(text) > step.question.max_length:
        return Turn(problem=Problem.TOO_LONG)
    return _KINDS[step.question.kind](path, step, text, tapped)


# ---------------------------------------------------------------- one function per kind of question


def _one(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    options = path.choices(step.question, step.row)
    exact = matching.pick_one(options, text) if not step.question.free else _offered(options, text)
    if exact is None:
        if tapped and _BUTTON.match(text):
            return Turn(problem=Problem.UNCLEAR)  # of an option that is no longer offered: not somebody's own words
        if step.question.free == "sentence" and matching.number(text) is None and any(map(str.isalpha, text)):
            return _give(path, step, (f"={text}",))
        return Turn(problem=Problem.UNCLEAR)
    option = next(o for o in options if o.id == exact.values[0])
    if option.write:
        return Turn(problem=Problem.WRITE)
    note = _pledge_date(path, step, option, exact.note)
    return Turn(changes=(Change(step.key, Given(values=exact.values, at=path.setting.today, note=note)),))


def _offered(options: list[Option], text: str) -> matching.Picked | None:
    """For questions open to own words: an offered answer only where it was clearly meant, else the words count."""
    picked = matching.pick_one(options, text)
    return picked if picked and not picked.note else None


def _pledge_date(path: Walk, step: Step, option: Option, note: str) -> str:
    """«签过 3月15日»: the day is kept as the note of the answer."""
    if option.id not in path.campaign.pledge.earlier or not note:
        return note
    when = matching.day_past(note, path.setting.today)
    return when.isoformat() if when else note


def _pledge(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    """The pledge's question also takes a bare «签过 3月15日» and finds out which of the two it was."""
    turn = _one(path, step, text, tapped)
    when = matching.day_past(text, path.setting.today)
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
    group = path.campaign.group_of[step.question.id]
    if (changed := alike.same_but(path.campaign, group, text)) is not None:
        clones = next((option.id for option in group.review.options if option.clones), MORE)
        return _one_more(path, step, clones, changed)
    options = path.choices(step.question)
    picked = matching.pick_one(options, text)
    if picked is None:
        return Turn(problem=Problem.UNCLEAR)
    option = next(o for o in options if o.id == picked.values[0])
    if option.clones:
        return _one_more(path, step, option.id, {})
    if option.id == MORE:
        return _one_more(path, step, option.id, None)
    return _give(path, step, picked.values)


def _one_more(path: Walk, step: Step, word: str, changed: row_changes.Texts | None) -> Turn:
    """One more row, asked for at a review: empty, or like the one reviewed but for what is `changed`."""
    group, row = path.campaign.group_of[step.question.id], step.row
    target, changes = row_changes.more(path, group, row, word)
    if not target:
        return Turn(problem=Problem.ENOUGH_ROWS)
    if changed is None:
        return Turn(changes=changes)
    if _too_long(group.columns, changed):
        return Turn(problem=Problem.TOO_LONG)
    return Turn(changes=(*changes, *row_changes.copied(path, group, row, target, changed)), copied=_but(group, changed))


def _but(group: Group, changed: row_changes.Texts) -> tuple[str, ...]:
    return tuple(column.name for column in group.columns if column.id in changed) or (group.columns[0].name,)


def _too_long(columns: list[Question], texts: row_changes.Texts) -> bool:
    return any(len(texts.get(column.id, "")) > column.max_length for column in columns)


def _row_at_once(path: Walk, step: Step, text: str) -> Turn | None:
    """At the first column of a row: a typical row was picked, or the row above is meant but for a few words."""
    group = path.campaign.group_of.get(step.question.id)
    if group is None:
        return _one_more_behind(path, step, text)
    if not path.at_first_column(step):
        return None
    changed = alike.same_but(path.campaign, group, text) if step.row > 1 else None
    if changed is not None:
        if _too_long(group.columns, changed):
            return Turn(problem=Problem.TOO_LONG)
        copy = row_changes.copied(path, group, step.row - 1, step.row, changed)
        return Turn(changes=copy, copied=_but(group, changed))
    picked = matching.pick_one(path.choices(step.question, step.row), text)
    if picked is None or not picked.values[0].startswith(TYPICAL) or picked.note:
        return None
    typical = path.setting.typical[int(picked.values[0].removeprefix(TYPICAL))]
    return Turn(changes=row_changes.filled(path, group, step.row, typical.cells), typical=True)


def _one_more_behind(path: Walk, step: Step, text: str) -> Turn | None:
    """«与上一条相同，只改…» when the rows lie behind already: one more like the last."""
    group = row_changes.group_of(path.campaign)
    if group is None or step.question.kind == "text" or not (at := row_changes.begun(path, group)):
        return None
    review = path.step(f"{group.id}.{at[-1]}.{group.review.id}")
    changed = alike.same_but(path.campaign, group, text)
    return _review(path, review, text, False) if changed and review and review.given else None


def _fix(path: Walk, step: Step, text: str, tapped: bool) -> Turn:
    picked = matching.pick_one(path.choices(step.question, step.row), text)
    if picked is None:
        return Turn(problem=Problem.UNCLEAR)
    group, row = path.campaign.group_of[step.question.id], step.row
    if picked.values[0] == DELETE:
        return Turn(changes=row_changes.without(path, group, row))
    column = path.step(f"{group.id}.{row}.{picked.values[0]}")
    review = path.step(f"{group.id}.{row}.{group.review.id}")
    if column is None or column.given is None or review is None or review.given is None:
        return Turn(problem=Problem.UNCLEAR)
    again = (Change(column.key, column.given.reopened()), Change(review.key, review.given.reopened()))
    return Turn(changes=(*again, Change(step.key, None)))


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
