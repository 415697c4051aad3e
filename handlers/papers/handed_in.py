"""What somebody handed in, read again as it was on the day. Must not know which paper it goes into."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count, takewhile
from typing import Any, Protocol

from pydantic_core import from_json

from handlers.campaign.answers import Given
from handlers.campaign.definition import Campaign
from handlers.campaign.reading import Reading
from handlers.campaign.walk import Setting, Walk, walk
from storage.vault import Vault, answer_purpose

Cells = Mapping[str, str]
"""The texts of a row of the table by the field of their column, without the unit's name."""


class Handed(Protocol):
    """As it is kept: a whole submission, or what a paper reads of one."""

    @property
    def case_id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def answers(self) -> str: ...


def as_handed_in(campaign: Campaign, name: str, submission: Handed, unmask: Vault | None = None) -> Walk:
    """The path as it was when it was handed in: the words of suggested answers stay what they were."""
    answers = {key: Given.from_data(given) for key, given in from_json(submission.answers).items()}
    if unmask:
        open_ = _opener(submission, unmask)
        answers = {
            key: replace(given, values=open_(given.sealed)) if given.sealed else given for key, given in answers.items()
        }
    return walk(campaign, answers, Setting(today=_day(campaign, submission), person=name, unit=""))


def rows_handed_in(
    campaign: Campaign, name: str, submission: Handed, unmask: Vault | None = None
) -> Mapping[int, Cells]:
    """The rows of the table in what was handed in, by number."""
    group, fields = campaign.table_group, campaign.feedback_table.fields
    if group is None:
        return {}
    said: dict[str, Any] = from_json(submission.answers)  # a city is read much sooner than with `json`
    ahead, last = f"{group.id}.", f".{group.review.id}"
    rows = list(takewhile(lambda row: f"{ahead}{row}{last}" in said, count(1)))
    setting = Setting(today=_day(campaign, submission), person=name, unit="")
    path = _Kept(campaign, setting, said, _opener(submission, unmask) if unmask else None, ahead)
    for row in rows:
        if any(f"{ahead}{row}.{c.id}" not in said and path.holds(c.when, row) for c in group.suggested):
            # a column that came into the file since has what it suggests
            walked = as_handed_in(campaign, name, submission, unmask)
            return {row: {field: walked.cell(field, row) for field in fields} for row in rows}
    return {row: path.cells(fields, row) for row in rows}


@dataclass(slots=True)
class _Kept(Reading):
    """Read without walking through the questions: what was kept is exactly what counted on the day."""

    kept: Mapping[str, Any]
    """Each answer as `Given.to_json` wrote it."""
    open_: Callable[[str], tuple[str, ...]] | None
    ahead: str
    """How the keys of the table's answers begin."""

    def cells(self, names: Sequence[str], row: int) -> Cells:
        """Each `cell` of a row, quicker for the most frequent one: somebody's own words, in which nothing is sealed."""
        found: dict[str, str] = {}
        kept, ahead = {} if self.open_ else self.kept, f"{self.ahead}{row}."
        for name in names:
            given = kept.get(ahead + name)
            if given and len(values := given["values"]) == 1 and values[0].startswith("="):
                found[name] = values[0][1:]
            else:
                found[name] = self.cell(name, row)
        return found

    def said(self, key: str) -> tuple[str, ...]:
        given = self.kept.get(key)
        if given is None:
            return ()
        if self.open_ and (sealed := given.get("sealed")):
            return self.open_(sealed)
        return tuple(given["values"])


def _opener(submission: Handed, keys: Vault) -> Callable[[str], tuple[str, ...]]:
    purpose = answer_purpose(submission.case_id)
    return lambda sealed: tuple(keys.open(sealed, purpose).split("\n"))


def _day(campaign: Campaign, submission: Handed) -> date:
    return submission.at.astimezone(campaign.zone).date()
