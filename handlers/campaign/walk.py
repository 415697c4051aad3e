"""Where somebody is: the path through the questions, computed from the answers each time, never stored.

Pure. `walk` is the only place that decides what is asked; everything said about answers (labels, the sentences of a
row) comes from here too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from handlers.campaign.answers import Answers, Given
from handlers.campaign.definition import Campaign, Group, Option, Question, Suggestion, When

DELETE = "delete"
"""The option of a row's «which column» that takes the whole row away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Who answers, where and when: all the engine may know of the world."""

    today: date
    person: str
    unit: str
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A question on somebody's path. `row` counts data sets from 1, 0 outside of a group; `entry` is the number
    shown and used in «修改 3»: one per question, one per data set, 0 for the closing questions."""

    key: str
    question: Question
    row: int
    entry: int
    given: Given | None
    asked: bool
    """False where the answer is suggested and need not be asked."""

    @property
    def answered(self) -> bool:
        return not self.asked or (self.given is not None and not self.given.open)

    @property
    def mark(self) -> str:
        """What its buttons carry, so that a button of another question is recognised as stale."""
        return f"{self.question.mark}{self.row if self.row > 1 else ''}"


@dataclass(slots=True)
class Walk:
    """The path with all its steps, answered or not, and the way to read the answers along it."""

    campaign: Campaign
    setting: Setting
    answers: Answers
    """All answers, those that do not count at present among them."""
    steps: list[Step] = field(default_factory=list)
    live: dict[str, Given] = field(default_factory=dict)
    """The answers that count: those of questions on the path."""

    @property
    def place(self) -> Step | None:
        """The first question not answered; None when everything is."""
        return next((step for step in self.steps if not step.answered), None)

    @property
    def entries(self) -> int:
        return max((step.entry for step in self.steps), default=0)

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def entry(self, number: int) -> list[Step]:
        return [step for step in self.steps if step.entry == number and number > 0]

    def rows(self) -> Iterator[tuple[int, list[Step]]]:
        """Every data set on the path: its number and its columns."""
        for row in sorted({step.row for step in self.steps if step.row}):
            yield row, [s for s in self.steps if s.row == row and s.question.kind not in ("review", "fix")]

    # ---- reading

    def values(self, name: str, row: int = 0) -> tuple[str, ...]:
        """The values of an answer or derived list as seen from a row; empty where there is none."""
        if name == "area":
            return (self.setting.area,) if self.setting.area else ()
        if derived := self.campaign.derived.get(name):
            if derived.when and not self.holds(derived.when, row):
                return ()
            out = {value for other in derived.minus for value in self.values(other, row)}
            kept = [v for v in self.values(derived.of, row) if v not in out]
            return tuple(v for v in kept if not derived.only or v in derived.only)
        given = self.live.get(self._key(name, row))
        return given.values if given else ()

    def holds(self, when: When, row: int = 0) -> bool:
        return not when or any(self._all(alternative, row) for alternative in when)

    def _all(self, alternative: Mapping[str, list[str]], row: int) -> bool:
        for name, wanted in alternative.items():
            if name == "is":
                if not all(self.holds(self.campaign.conditions[condition], row) for condition in wanted):
                    return False
                continue
            values = self.values(name, row)
            refused = [w[1:] for w in wanted if w.startswith("!")]
            accepted = [w for w in wanted if not w.startswith("!")]
            if refused and (not values or any(v in refused for v in values)):
                return False
            if accepted and not any(v in accepted for v in values):
                return False
        return True

    def label(self, name: str, row: int = 0) -> str:
        """An answer in words: «手机、微信»."""
        question = self._question(name)
        texts = [self._word(question, value, row) for value in self.values(name, row)]
        return "、".join(texts)

    def cell(self, name: str, row: int) -> str:
        """An answer as it stands in the paper: the words and what belongs to them («…；通过微信传输»)."""
        text = self.label(name, row)
        question = self.campaign.by_id[name]
        own_words = any(value.startswith("=") for value in self.values(name, row))
        return text if own_words or not text else "；".join([text, *self.suggested(question.suffix, row)])

    def suggested(self, rules: Sequence[Suggestion], row: int) -> list[str]:
        """The sentences that apply; those without a condition only where no other does."""
        bound = [rule for rule in rules if rule.when and self.holds(rule.when, row)]
        chosen = bound or [rule for rule in rules if not rule.when]
        return [self.fill(rule.text, row) for rule in chosen]

    def fill(self, template: str, row: int = 0, quote: Callable[[str], str] = str) -> str:
        """A sentence of the campaign with its blanks filled from the answers; `quote` makes somebody's words safe
        where they are shown."""
        return template.format_map(_Blanks(self, row, quote))

    def choices(self, question: Question, row: int = 0) -> list[Option]:
        """The options of a question for this person now."""
        if question.kind == "fix":
            group = self.campaign.group_of[question.id]
            columns = [Option(id=column.id, label=column.name) for column in group.columns]
            several = f"{group.id}.2.{group.review.id}" in self.answers
            return [*columns, Option(id=DELETE, label=group.remove)] if several else columns
        if question.options_from:
            source = self._question(question.options_from)
            return [
                Option(id=value, label=self._word(source, value, row), aliases=self._aliases(source, value))
                for value in self.values(question.options_from, row)
            ]
        return [option for option in question.options if self.holds(option.when, row)]

    def _word(self, question: Question | None, value: str, row: int) -> str:
        if value.startswith("="):
            return value[1:]
        if question and question.options_from:
            question = self._question(question.options_from)
        for option in question.options if question else ():
            if option.id == value:
                named = self.live.get(option.named_by)
                return named.values[0].removeprefix("=") if named and named.values else option.label
        if question and question.kind == "date":
            when = date.fromisoformat(value)
            return f"{when.month}月{when.day}日"
        return value

    def _aliases(self, question: Question | None, value: str) -> list[str]:
        return next((list(o.aliases) for o in question.options if o.id == value), []) if question else []

    def _question(self, name: str) -> Question | None:
        if derived := self.campaign.derived.get(name):
            return self._question(derived.of)
        return self.campaign.by_id.get(name)

    def _key(self, name: str, row: int) -> str:
        group = self.campaign.group_of.get(name) if row else None
        return f"{group.id}.{row}.{name}" if group else name


class _Blanks(dict[str, str]):
    """`{places}`, `{person}`, `{today}` … of a sentence, looked up when needed."""

    def __init__(self, walk: Walk, row: int, quote: Callable[[str], str]) -> None:
        super().__init__()
        self.walk, self.row, self.quote = walk, row, quote

    def __missing__(self, name: str) -> str:
        setting, deadline = self.walk.setting, self.walk.campaign.deadline
        soon = setting.today + timedelta(days=3)  # the day of an example
        known = {
            "person": setting.person,
            "unit": setting.unit,
            "today": f"{setting.today.month}月{setting.today.day}日",
            "deadline": f"{deadline.month}月{deadline.day}日",
            "soon": f"{soon.month}月{soon.day}日",
        }
        return self.quote(known[name] if name in known else self.walk.label(name, self.row))


def walk(campaign: Campaign, answers: Answers, setting: Setting) -> Walk:
    """Follows the questions in order with what has been answered so far. Never fails on odd answers: an answer of a
    question that is not on the path any more is simply not looked at."""
    path = Walk(campaign, setting, answers)
    entry = 0
    for question in campaign.questions:
        if not path.holds(question.when):
            continue
        if isinstance(question, Group):
            entry = _rows(path, question, answers, entry)
        else:
            closing = question.kind == "submit"
            entry += not closing
            _add(path, question, question.id, answers, row=0, entry=0 if closing else entry)
    return path


def _rows(path: Walk, group: Group, answers: Answers, entry: int) -> int:
    for row in range(1, group.max_rows + 1):
        entry += 1
        for column in group.columns:
            if path.holds(column.when, row):
                _add(path, column, f"{group.id}.{row}.{column.id}", answers, row=row, entry=entry)
        review = _add(path, group.review, f"{group.id}.{row}.{group.review.id}", answers, row=row, entry=entry)
        if review.given and "fix" in review.given.values and not review.given.open:
            _add(path, group.fix, f"{group.id}.{row}.{group.fix.id}", answers, row=row, entry=entry)
        more = review.given is not None and "more" in review.given.values and not review.given.open
        if not more and f"{group.id}.{row + 1}.{group.review.id}" not in answers:
            break  # a later row that was once reviewed stays, whatever happens to this one
    return entry


def _add(path: Walk, question: Question, key: str, answers: Answers, *, row: int, entry: int) -> Step:
    given = answers.get(key)
    asked = True
    if given is None and question.suggest:
        text = "；".join(path.suggested(question.suggest, row))
        given, asked = Given(values=(f"={text}",), at=path.setting.today), False
    elif question.options_from and not (given and given.open):
        offered = path.choices(question, row)
        if given is not None:
            kept = tuple(v for v in given.values if v in {o.id for o in offered})
            given = Given(values=kept, at=given.at, note=given.note) if kept else None
        if given is None and len(offered) == 1:
            given, asked = Given(values=(offered[0].id,), at=path.setting.today), False
    step = Step(key=key, question=question, row=row, entry=entry, given=given, asked=asked)
    path.steps.append(step)
    if given is not None:
        path.live[key] = given
    return step
