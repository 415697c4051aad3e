"""Finding a unit by a half-remembered name, its pinyin or its initials. The only importer of rapidfuzz and pypinyin."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from handlers.campaign.matching import plain
from storage import subtree
from storage.models import Unit

MOST = 6
"""So many units are offered: more do not fit a phone."""
_CLOSE = 75
_FILLERS = ("丽水市", "丽水", "我在", "我是", "单位", "办事处", "人民政府", "的")


@dataclass(frozen=True, slots=True)
class Found:
    unit_id: int
    name: str


@lru_cache(maxsize=20_000)
def _sounds(name: str) -> tuple[str, str]:
    # its dictionary takes 50 MB and a good part of the start; most processes are never asked for a sound
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name, style=Style.NORMAL)
    return "".join(syllables), "".join(s[0] for s in syllables)


def search(units: Sequence[Unit], said: str, most: int = MOST) -> list[Found]:
    """The units meant by `said`, the likeliest first; the whole chain of names counts («云和 崇头»)."""
    wanted = plain(said)
    for filler in _FILLERS:
        wanted = wanted.replace(filler, "") or wanted
    if len(wanted) < 2:
        return []
    by_id = {unit.id: unit for unit in units}
    scored: list[tuple[float, int, Found]] = []
    for unit in units:
        if unit.parent_id is None:
            continue
        chain = [by_id[i].name for i in subtree.ids(unit.path)[1:]]
        score = _score(wanted, chain)
        if score >= _CLOSE:
            scored.append((-score, len(chain), Found(unit.id or 0, " ".join(chain))))
    scored.sort(key=lambda hit: (hit[0], hit[1], hit[2].name))
    best = [hit for hit in scored if hit[0] == scored[0][0]] if scored and scored[0][0] <= -100 else scored
    return [found for _, _, found in best[:most]]


def _score(wanted: str, chain: list[str]) -> float:
    name, whole = plain(chain[-1]), plain("".join(chain))
    if wanted in (name, whole):
        return 120.0
    if wanted in name:
        return 110.0
    if wanted in whole and name.startswith(wanted[-2:]):
        return 105.0
    if wanted.isascii():
        sound, initials = _sounds(name)
        if sound.startswith(wanted) or wanted == initials:
            return 110.0
        if wanted in sound:
            return 100.0
        return fuzz.ratio(wanted, sound[: len(wanted) + 2]) if len(wanted) > 3 else 0.0
    # «紫金街到»: one wrong character; «云和崇头»: county and township together
    return max(float(fuzz.ratio(wanted, name)), float(fuzz.ratio(wanted, whole))) if len(wanted) > 2 else 0.0
