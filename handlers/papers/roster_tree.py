"""Whether the units of a file form one tree, and their order with parents before children.

Must not know the workbook: units come with the cell their parent is written in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from storage.rows import UnitRow

DEEPEST = 30


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with the place of the unit `code`."""

    code: str
    problem: str


def faults(parents: Mapping[str, str], known: frozenset[str]) -> Iterable[Fault]:
    """What is wrong with a tree given as code → parent code; `known` are units there already."""
    roots: list[str] = []
    for code, parent in parents.items():
        if not parent:
            roots.append(code)
            yield from _root_faults(code, roots, known)
        elif parent not in parents and parent not in known:
            yield Fault(code, f"上级编码“{parent[:20]}”不在“单位”表里，请先填上级单位或改正编码")
    for ring in _rings(parents):
        yield Fault(ring[0], f"上级编码绕成了一圈，请改正：{_shown(ring)}")


def _root_faults(code: str, roots: list[str], known: frozenset[str]) -> Iterable[Fault]:
    if len(roots) > 1:
        yield Fault(code, f"只能有一个单位不填上级编码（已有“{roots[0][:20]}”），请填写上级编码")
    elif known and code not in known:
        yield Fault(code, "名册里已有最上级单位，请填写上级编码")


def misplaced(there: Mapping[str, str], new: Mapping[str, str]) -> Iterable[Fault]:
    """What goes wrong only together with the units that are there already: rings over both, and too deep a tree."""
    parents = {**there, **new}
    for ring in _rings(parents):
        if code := next((code for code in ring if code in new), ""):
            yield Fault(code, f"上级编码和名册里已有的单位绕成了一圈，请改正：{_shown(ring)}")
    depths: dict[str, int] = {"": 0}
    for code in new:
        way = []
        while code not in depths and code in parents and code not in way:
            way.append(code)
            code = parents[code]
        depth = depths.get(code, 0)
        for step in reversed(way):
            depth += 1
            depths[step] = depth
        if way and depth == DEEPEST + 1:
            yield Fault(way[0], f"单位超过 {DEEPEST} 级，请减少层级")


def _rings(parents: Mapping[str, str]) -> Iterable[list[str]]:
    """Every ring of parents, once, beginning with its first unit in the file."""
    done: set[str] = set()
    for start in parents:
        way: dict[str, None] = {}
        code = start
        while code in parents and code not in done and code not in way:
            way[code] = None
            code = parents[code]
        if code in way:
            steps = list(way)
            yield steps[steps.index(code) :]
        done.update(way)


def _shown(ring: list[str]) -> str:
    steps = [code[:20] for code in [*ring[:4], *(["…"] if len(ring) > 4 else []), ring[0]]]
    return " → ".join(steps)


def parents_first(units: Iterable[UnitRow]) -> tuple[UnitRow, ...]:
    """The units with every parent before its children, else in the order given; the tree has no ring."""
    by_code = {unit.code: unit for unit in units}
    if _in_order(by_code):
        return tuple(by_code.values())
    graph = {code: {unit.parent_code} & by_code.keys() for code, unit in by_code.items()}
    return tuple(by_code[code] for code in TopologicalSorter(graph).static_order())


def _in_order(by_code: Mapping[str, UnitRow]) -> bool:
    seen: set[str] = set()
    for code, unit in by_code.items():
        if unit.parent_code in by_code and unit.parent_code not in seen:
            return False
        seen.add(code)
    return True
