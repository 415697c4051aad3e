"""The draw: from a frozen population and a public seed to an order that anybody can derive again. Pure.

Everything is SHA-256 and whole numbers, so that any machine and any language comes to the same order. Within a stratum
the order is that of `number(seed, id)`. The strata are laid over each other: the k-th of a stratum of s stands at
(k + u) / s, where u, between 0 and 1, is the stratum's own number. So any first n of the order hold every stratum's
share to within one, small strata have their fair chance, and a larger sample begins with the smaller one.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

BITS = 256


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """One that can be drawn. `stratum` and `id` hold no tab and no line break."""

    stratum: str
    id: str


def population(members: Iterable[Member]) -> str:
    """The text that is frozen and hashed: a line per member, sorted, each ended by a line feed."""
    return "".join(sorted(f"{member.stratum}\t{member.id}\n" for member in members))


def digest(text: str) -> str:
    """SHA-256 of the population's UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def members(text: str) -> list[Member]:
    return [Member(*line.split("\t")) for line in text.split("\n")[:-1]]


def count(text: str) -> int:
    """How many can be drawn."""
    return text.count("\n")


def number(seed: str, name: str) -> int:
    return int(hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest(), 16)


def order(text: str, seed: str) -> list[Member]:
    """The whole population in the order of the draw; a sample of n is its first n."""
    strata: dict[str, list[Member]] = defaultdict(list)
    for member in members(text):
        strata[member.stratum].append(member)
    placed: list[tuple[int, str, Member]] = []
    for stratum, inside in strata.items():
        inside.sort(key=lambda member: (number(seed, member.id), member.id))
        start, size = number(seed, stratum), len(inside)
        placed += [(((k << BITS) + start) // size, stratum, member) for k, member in enumerate(inside)]
    return [member for _, _, member in sorted(placed)]


def own_seed(population_digest: str, draw: int) -> str:
    """The seed where none from outside is named: fixed by the population and the number of the draw."""
    return f"{population_digest}/{draw}"


def size_of(said: str, whole: int) -> int:
    """«20» or «5%» of a population, rounded up and never more than there is; 0 for what is no size."""
    found = re.fullmatch(r"(\d{1,6})(?:\.(\d{1,2}))?\s*(%?)", said)
    if found is None or (found[2] and not found[3]):
        return 0
    if not found[3]:
        return min(int(found[1]), whole)
    parts = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))  # hundredths of a percent
    return min(-(-whole * parts // 10_000), whole)
