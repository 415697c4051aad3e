"""Which answers bear on a question: on whether it is asked, and on what is suggested for it or offered.

Pure. Must not know anybody's answers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

from handlers.campaign.shapes import When

if TYPE_CHECKING:
    from handlers.campaign.definition import Campaign, Question


@dataclass(frozen=True, slots=True)
class Bearing:
    """The ids of the questions whose answers bear on one, by the id of that question or of a group."""

    asked: Mapping[str, frozenset[str]]
    given: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, campaign: "Campaign") -> "Bearing":
        entries = (*campaign.questions, *campaign.singles)
        return cls(
            asked={entry.id: frozenset(needs(campaign, entry.when)) for entry in entries},
            given={question.id: frozenset(_suggested_by(campaign, question)) for question in campaign.singles},
        )


def needed(campaign: "Campaign", questions: Sequence["Question"]) -> set[str]:
    """The questions that decide whether these are asked."""
    found: set[str] = set()
    for question in questions:
        group = campaign.group_of.get(question.id)
        for when in (question.when, group.when if group else When()):
            found |= needs(campaign, when)
    return found


def needs(campaign: "Campaign", when: When, seen: tuple[str, ...] = ()) -> set[str]:
    """The questions a condition looks at, through named conditions and derived lists."""
    found: set[str] = set()
    for alternative in when:
        for key, values in alternative.items():
            for name in values if key == "is" else (key,):
                found |= needs_name(campaign, name, seen, condition=key == "is")
    return found


def needs_name(campaign: "Campaign", name: str, seen: tuple[str, ...] = (), *, condition: bool = False) -> set[str]:
    """The questions an answer, a derived list or a named condition is made of."""
    if name in seen:
        return set()
    if condition:
        return needs(campaign, campaign.conditions.get(name, When()), (*seen, name))
    derived = campaign.derived.get(name)
    if derived is None:
        return {name} & set(campaign.by_id)
    inside = needs(campaign, derived.when, (*seen, name))
    return inside.union(*(needs_name(campaign, other, (*seen, name)) for other in (derived.of, *derived.minus)))


def blanks(text: str) -> list[str]:
    """The names in a sentence's blanks."""
    try:
        return [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        return []


def _suggested_by(campaign: "Campaign", question: "Question") -> set[str]:
    said = [name for rule in question.suggest for name in blanks(rule.text)]
    found = _worded(campaign, [*said, question.options_from])
    return found.union(*(needs(campaign, rule.when) for rule in question.suggest))


def _worded(campaign: "Campaign", names: Iterable[str]) -> set[str]:
    """What answers and lists in words are made of: the answers, and those that take the place of an option's words."""
    found: set[str] = set()
    ahead = set().union(*(needs_name(campaign, name) for name in names))
    while ahead:
        found |= ahead
        parts = [campaign.by_id[name] for name in ahead]
        named = {option.named_by for question in parts for option in question.options}
        of = set().union(*(needs_name(campaign, question.options_from) for question in parts))
        ahead = ((named & set(campaign.by_id)) | of) - found
    return found
