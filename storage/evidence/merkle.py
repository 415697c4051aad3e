"""The Merkle tree of a day, as in RFC 6962 (Certificate Transparency): an inner node is never taken for a leaf.

SHA-256 throughout; digests are hexadecimal. Pure; must not know what is in a leaf.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """The neighbour on the way up to the root, and on which side it stands: `left` or `right`."""

    side: str
    digest: str


def root(leaves: Sequence[str]) -> str:
    """The root over leaves in their order; that of nothing is SHA-256 of nothing."""
    return _up([_leaf(leaf) for leaf in leaves])[-1][0] if leaves else EMPTY


def path(leaves: Sequence[str], place: int) -> list[Step]:
    """The neighbours from a leaf up to the root."""
    steps = []
    for level in _up([_leaf(leaf) for leaf in leaves])[:-1]:
        other = place ^ 1
        if other < len(level):
            steps.append(Step("left" if other < place else "right", level[other]))
        place //= 2
    return steps


def climbed(leaf: str, steps: Sequence[Step]) -> str:
    """The root a leaf leads to by these neighbours."""
    node = _leaf(leaf)
    for step in steps:
        node = _node(step.digest, node) if step.side == "left" else _node(node, step.digest)
    return node


def _up(level: list[str]) -> list[list[str]]:
    """Every level, from the leaves to the root; one left over goes up as it is, which is RFC 6962's tree."""
    levels = [level]
    while len(level) > 1:
        pairs = [_node(level[n], level[n + 1]) for n in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
        levels.append(level)
    return levels


def _leaf(digest: str) -> str:
    return hashlib.sha256(b"\x00" + bytes.fromhex(digest)).hexdigest()


def _node(left: str, right: str) -> str:
    return hashlib.sha256(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right)).hexdigest()
