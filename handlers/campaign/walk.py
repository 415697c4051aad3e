"""Where somebody is: the path through the questions, computed from the answers each time, never stored.

Pure. `walk` is the only place that decides what is asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from handlers.campaign.answers import Answers, Given
from handlers.campaign.definition import Campaign, Derived, Group, Option, Question
from handlers.campaign.reading import Reading
from handlers.campaign.setting import Setting as Setting

MORE = "more"
"""The option of a row's review that adds an empty row."""
DELETE = "delete"
"""The option of a row's «which column» that takes the whole row away."""


TYPICAL = "typical."
"""What the options that stand for a whole typical row begin with."""
_MOST_TYPICAL = 3


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
class Walk(Reading):
    """The path with all its steps, answered or not; the answers along it can be read."""

    answers: Answers
    """All answers, those that do not count at present among them."""
    steps: list[Step] = field(default_factory=list)
    live: dict[str, Given] = field(default_factory=dict)
    """The answers that count: those of questions on the path."""
    place: Step | None = None
    """The first question not answered; None when everything is."""
    _known: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was derived, until one more answer counts: one condition after the other asks for the same."""
    _was: Mapping[str, Step] = field(default_factory=dict, init=False, repr=False, compare=False)
    """While it is walked: the steps of another path of the same person, by key."""
    _had: Answers = field(default_factory=dict, init=False, repr=False, compare=False)
    """And the answers there."""
    _changed: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """The questions that are answered otherwise there, as far as this path has come."""

    def values(self, name: str, row: int = 0) -> tuple[str, ...]:
        given = self.live.get(name)  # outside of rows a question's key is its name: most of what is looked at
        return given.values if given else Reading.values(self, name, row)

    def _derived(self, derived: Derived, row: int) -> tuple[str, ...]:
        found = self._known.get((id(derived), row))
        if found is None:
            found = self._known[id(derived), row] = Reading._derived(self, derived, row)
        return found

    def follow(self, before: "Walk | None" = None) -> None:
        """Walks it, once."""
        if before:
            self._was, self._had = {step.key: step for step in before.steps}, before.answers
        entry = 0
        for question in self.campaign.questions:
            if isinstance(question, Group):
                if self._asks(question, f"{question.id}.1.{question.review.id}"):
                    entry = self._follow_rows(question, entry)
            elif self._asks(question, question.id):
                closing = question.kind == "submit"
                entry += not closing
                self._add(question, question.id, row=0, entry=0 if closing else entry)
        self.place = next((step for step in self.steps if not step.answered), None)
        self._was, self._had = {}, {}  # no path keeps another

    def _asks(self, asked: Question | Group, key: str, row: int = 0, *, anew: bool = False) -> bool:
        """Whether it is on the path: as it was, where nothing that bears on it has changed. `key` is that of a step it
        always has; `anew`: its row was not there."""
        if not asked.when:
            return True
        if not self._was:
            return self.holds(asked.when, row)
        as_it_was = not anew and self._changed.isdisjoint(self.campaign.bearing.asked[asked.id])
        holds = key in self._was if as_it_was else self.holds(asked.when, row)
        if not holds and key in self._was:
            self._changed.update(question.id for question in asked.singles)
        return holds

    def _add(self, question: Question, key: str, *, row: int, entry: int) -> Step:
        """The next step: that of the other path, where it is the same."""
        was = self._was.get(key)
        same = self.answers.get(key) is self._had.get(key)
        if was and same and self._changed.isdisjoint(self.campaign.bearing.given[question.id]):
            step = was if was.entry == entry else replace(was, entry=entry)
        else:
            given, asks = self._given(question, key, row)
            step = Step(key=key, question=question, row=row, entry=entry, given=given, asked=asks)
            if self._was and given != (was.given if was else None):
                self._changed.add(question.id)
        self.steps.append(step)
        if step.given is not None:
            self.live[key] = step.given
            self._known.clear()
        return step

    def _follow_rows(self, group: Group, entry: int) -> int:
        for row in range(1, group.max_rows + 1):
            entry += 1
            ahead = f"{group.id}.{row}."
            anew = ahead + group.review.id not in self._was
            for column in group.columns:
                if self._asks(column, ahead + column.id, row, anew=anew):
                    self._add(column, ahead + column.id, row=row, entry=entry)
            review = self._add(group.review, ahead + group.review.id, row=row, entry=entry)
            if review.given and "fix" in review.given.values and not review.given.open:
                self._add(group.fix, ahead + group.fix.id, row=row, entry=entry)
            more = review.given is not None and adds_row(group, review.given) and not review.given.open
            # a later row that was once reviewed stays, whatever happens to this one
            if not more and f"{group.id}.{row + 1}.{group.review.id}" not in self.answers:
                break
        return entry

    def _given(self, question: Question, key: str, row: int) -> tuple[Given | None, bool]:
        """The answer that counts there, and whether it is asked for at all."""
        given = self.answers.get(key)
        if given is None and question.suggest:
            text = "；".join(self.suggested(question.suggest, row))
            return Given(values=(f"={text}",), at=self.setting.today), False
        if question.options_from and not (given and (given.open or given.waived)):
            offered = self.choices(question, row)
            if given is not None:
                kept = tuple(v for v in given.values if v in {o.id for o in offered})
                given = Given(values=kept, at=given.at, note=given.note) if kept else None
            if given is None and len(offered) == 1:
                return Given(values=(offered[0].id,), at=self.setting.today), False
        return given, True

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

    def said(self, key: str) -> tuple[str, ...]:
        given = self.live.get(key)
        return given.values if given else ()

    def choices(self, question: Question, row: int = 0) -> list[Option]:
        """The options of a question for this person now."""
        if question.kind == "fix":
            group = self.campaign.group_of[question.id]
            there = [column for column in group.columns if self.step(self._key(column.id, row))]
            columns = [Option(id=column.id, label=column.name) for column in there]
            several = f"{group.id}.2.{group.review.id}" in self.answers
            return [*columns, Option(id=DELETE, label=group.remove)] if several else columns
        if question.options_from:
            source = self._question(question.options_from)
            return [
                Option(id=value, label=self._word(source, value, row), aliases=self._aliases(source, value))
                for value in self.values(question.options_from, row)
            ]
        left = (option for option in question.options if not 0 < option.gone <= self.campaign.revision)
        offered = [option for option in left if not option.when or self.holds(option.when, row)]
        return [*offered, *self._typical(question, row, {option.id for option in offered})]

    def at_first_column(self, step: Step) -> bool:
        """A row is about to be begun: none of its other columns has been answered."""
        group = self.campaign.group_of.get(step.question.id)
        if group is None or step.question is not group.columns[0]:
            return False
        return not any(f"{group.id}.{step.row}.{column.id}" in self.answers for column in group.columns[1:])

    def _typical(self, question: Question, row: int, offered: set[str]) -> list[Option]:
        """The typical rows that fit here, as options: not one there already is, and none this person may not pick."""
        step = self.step(self._key(question.id, row)) if self.setting.typical and row else None
        if step is None or not self.at_first_column(step):
            return []
        first, mine = question.id, {self.values(question.id, n) for n, _ in self.rows() if n != row}
        found = []
        for number, typical in enumerate(self.setting.typical):
            name = dict(typical.cells)[first]
            if name not in mine and all(value.startswith("=") or value in offered for value in name):
                found.append(Option(id=f"{TYPICAL}{number}", label=typical.label))
        return found[:_MOST_TYPICAL]

    def _aliases(self, question: Question | None, value: str) -> list[str]:
        return next((list(o.aliases) for o in question.options if o.id == value), []) if question else []


def walk(campaign: Campaign, answers: Answers, setting: Setting, before: Walk | None = None) -> Walk:
    """Follows the questions in order with what has been answered so far. Never fails on odd answers: an answer of a
    question that is not on the path any more is simply not looked at. `before` is the path of the same person before
    the last of the answers: a step depends on those ahead of it only, so up to that one it is the same."""
    path = Walk(campaign, setting, answers)
    path.follow(before)
    return path


def adds_row(group: Group, review: Given) -> bool:
    """Whether this word on a row asks for one more."""
    return any(option.id in review.values and (option.clones or option.id == MORE) for option in group.review.options)
