"""Answers in words: labels, the sentences of a row, the conditions between them. Everything said about answers comes
from here, whether somebody is on their way through the questions (`walk.py`) or handed in long ago.

Pure. Must not know where the answers are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from handlers.campaign.definition import Campaign, Derived, Question, Suggestion
from handlers.campaign.setting import Setting
from handlers.campaign.shapes import When


@dataclass(slots=True)
class Reading:
    """A set of answers that can be read."""

    campaign: Campaign
    setting: Setting

    def said(self, key: str) -> tuple[str, ...]:
        """The values of the answer with this key, if it counts; empty where there is none."""
        raise NotImplementedError

    def values(self, name: str, row: int = 0) -> tuple[str, ...]:
        """The values of an answer or derived list as seen from a row; empty where there is none."""
        if name == "area":
            return (self.setting.area,) if self.setting.area else ()
        if name == "filled":
            return (self.setting.filled,)
        derived = self.campaign.derived.get(name)
        return self.said(self._key(name, row)) if derived is None else self._derived(derived, row)

    def _derived(self, derived: Derived, row: int) -> tuple[str, ...]:
        if not self.holds(derived.when, row):
            return ()
        out = {value for other in derived.minus for value in self.values(other, row)}
        only = derived.only
        return tuple([v for v in self.values(derived.of, row) if v not in out and (not only or v in only)])

    def holds(self, when: When, row: int = 0) -> bool:
        for alternative in when.terms:
            for name, wanted, refused in alternative:
                if name == "is":
                    if not self._hold(wanted, row):
                        break
                    continue
                values = self.values(name, row)
                if refused and not (values and refused.isdisjoint(values)):
                    break
                if wanted and wanted.isdisjoint(values):
                    break
            else:
                return True
        return not when

    def _hold(self, conditions: frozenset[str], row: int) -> bool:
        for condition in conditions:  # noqa: SIM110 - asked at every step, where a generator costs as much again
            if not self.holds(self.campaign.conditions[condition], row):
                return False
        return True

    def label(self, name: str, row: int = 0) -> str:
        """An answer in words: «手机、微信»."""
        return self._words(name, self.values(name, row), row)

    def cell(self, name: str, row: int) -> str:
        """An answer as it stands in the paper: the words and what belongs to them («…；通过微信传输»)."""
        values = self.values(name, row)
        if len(values) == 1 and values[0].startswith("="):
            return values[0][1:]
        text = self._words(name, values, row)
        if not text or any(value.startswith("=") for value in values):
            return text  # own words say it all
        return "；".join([text, *self.suggested(self.campaign.by_id[name].suffix, row)])

    def _words(self, name: str, values: tuple[str, ...], row: int) -> str:
        if not values:
            return ""
        question = self._question(name)
        return "、".join(self._word(question, value, row) for value in values)

    def suggested(self, rules: Sequence[Suggestion], row: int) -> list[str]:
        """The sentences that apply; those without a condition only where no other does."""
        bound = [rule for rule in rules if rule.when and self.holds(rule.when, row)]
        chosen = bound or [rule for rule in rules if not rule.when]
        return [self.fill(rule.text, row) for rule in chosen]

    def fill(self, template: str, row: int = 0, quote: Callable[[str], str] = str) -> str:
        """A sentence of the campaign with its blanks filled from the answers; `quote` makes somebody's words safe
        where they are shown."""
        return template.format_map(_Blanks(self, row, quote)) if "{" in template or "}" in template else template

    def _word(self, question: Question | None, value: str, row: int) -> str:
        if value.startswith("="):
            return value[1:]
        if question and question.options_from:
            question = self._question(question.options_from)
        for option in question.options if question else ():
            if option.id == value:
                named = self.said(option.named_by)
                return named[0].removeprefix("=") if named else option.label
        if question and question.kind == "date":
            return _day(value)
        return value

    def _question(self, name: str) -> Question | None:
        if derived := self.campaign.derived.get(name):
            return self._question(derived.of)
        return self.campaign.by_id.get(name)

    def _key(self, name: str, row: int) -> str:
        group = self.campaign.group_of.get(name) if row else None
        return f"{group.id}.{row}.{name}" if group else name


def _day(value: str) -> str:
    """«5月18日»; an answer from a time when the question took no day stays as it is."""
    try:
        when = date.fromisoformat(value)
    except ValueError:
        return value
    return _month_and_day(when)


def _month_and_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


class _Blanks(dict[str, str]):
    """`{places}`, `{person}`, `{today}` … of a sentence, looked up when needed."""

    def __init__(self, reading: Reading, row: int, quote: Callable[[str], str]) -> None:
        super().__init__()
        self.reading, self.row, self.quote = reading, row, quote

    def __missing__(self, name: str) -> str:
        known = _KNOWN.get(name)
        return self.quote(known(self.reading) if known else self.reading.label(name, self.row))


_KNOWN: Mapping[str, Callable[[Reading], str]] = {
    "person": lambda reading: reading.setting.person,
    "unit": lambda reading: reading.setting.unit,
    "today": lambda reading: _month_and_day(reading.setting.today),
    "deadline": lambda reading: _month_and_day(reading.campaign.deadline),
    "soon": lambda reading: _month_and_day(reading.setting.today + timedelta(days=3)),  # the day of an example
}
