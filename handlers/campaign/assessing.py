"""From counted facts to points, as the campaign file says. Pure; the same numbers always give the same points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from handlers.campaign.checks import Assessment, AssessmentItem
from handlers.campaign.definition import Campaign

COUNTS = ("findings_open", "findings", "incidents")
"""The measures that are a number of records rather than a part of a whole."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A fact: `part` of `whole`; of a number of records only `part`."""

    part: int = 0
    whole: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(self.part + other.part, self.whole + other.whole)


@dataclass(frozen=True, slots=True)
class Score:
    """The points of one item; None where the file leaves it out because there was nothing to count."""

    item: AssessmentItem
    counted: Counted
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Result:
    scores: tuple[Score, ...]

    @property
    def points(self) -> Decimal:
        return sum((score.points for score in self.scores if score.points is not None), Decimal(0))

    @property
    def most(self) -> Decimal:
        """All points that could be had."""
        return sum((score.item.points for score in self.scores if score.points is not None), Decimal(0))


def assess(items: Sequence[AssessmentItem], facts: Mapping[str, Counted]) -> Result:
    return Result(tuple(_score(item, facts.get(item.measure, Counted())) for item in items))


def _score(item: AssessmentItem, counted: Counted) -> Score:
    if item.how == "deduct":
        points = max(item.points - item.each * counted.part, Decimal(0))
    elif counted.whole:
        points = _rounded(Fraction(item.points) * counted.part / counted.whole)
    elif item.when_none == "full":
        points = item.points
    else:
        return Score(item, counted, None)
    return Score(item, counted, points)


def _rounded(points: Fraction) -> Decimal:
    """To one decimal, half up, from the exact value."""
    return Decimal(floor(points * 10 + Fraction(1, 2))) / 10


def problems(campaign: Campaign) -> list[str]:
    """What the shape of the chapter alone cannot show."""
    chapter: Assessment | None = campaign.assessment
    if chapter is None:
        return []
    found = []
    for item in chapter.items:
        owner = f"[assessment.items.{item.id}]"
        if item.how == "share" and item.measure in COUNTS:
            found.append(f'{owner} {item.measure} is a number, not a share; use how = "deduct"')
        if item.how == "deduct" and item.measure not in COUNTS:
            found.append(f'{owner} {item.measure} is a share; use how = "share"')
        if item.how == "deduct" and not item.each:
            found.append(f"{owner} deducts nothing; give each = …")
    ids = [item.id for item in chapter.items]
    found += [f"[assessment.items] id «{n}» stands twice; make it unique" for n in {*ids} if ids.count(n) > 1]
    return found
