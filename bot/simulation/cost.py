"""What the platform bills for a finished person, for each of the three typical ones and for all together."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from bot.simulation.believed import Belief
from bot.simulation.temper import Matter


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Means of so many people; calls of the API shared by those who heard something by them."""

    people: int
    inbound: float
    typical: float
    """Messages of the one in the middle."""
    webhook: float
    api: float


def by_matter(people: Iterable[Belief]) -> dict[Matter, Cost]:
    """Of those who finished and hold no office."""
    shares = _shares(everybody := list(people))
    found = {}
    for matter in Matter:
        of_it = [one for one in everybody if one.receipt and not one.officer and one.character.matter is matter]
        if of_it:
            found[matter] = _mean(of_it, shares)
    return found


def of_offices(people: Iterable[Belief]) -> Cost:
    """Of those in office, their own form included."""
    shares = _shares(everybody := list(people))
    return _mean([one for one in everybody if one.officer], shares)


def _shares(people: Sequence[Belief]) -> Counter[str]:
    """How many heard something by each call."""
    heard: Counter[str] = Counter()
    for one in people:
        heard.update(one.calls)
    return heard


def _mean(people: Sequence[Belief], shares: Counter[str]) -> Cost:
    count = len(people) or 1
    api = sum(times / shares[call] for one in people for call, times in one.calls.items())
    return Cost(
        people=len(people),
        inbound=sum(len(one.said) for one in people) / count,
        typical=median(len(one.said) for one in people) if people else 0.0,
        webhook=sum(one.by_webhook for one in people) / count,
        api=api / count,
    )
