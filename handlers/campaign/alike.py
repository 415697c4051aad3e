"""A row like the one above, but for what is said: «与上一条相同，只改名称：次密接人员清单».

Pure: from a sentence to words by column. Must not know what becomes of them.
"""

import re
from collections.abc import Iterator

from handlers.campaign.definition import Campaign, Group
from handlers.campaign.matching import clean
from handlers.campaign.rows import heading

_SAME = re.compile(
    r"^(?:(?:与|和|跟|同)?(?:上|前)(?:面)?(?:一)?(?:条|份|行|个|一个)?(?:数据)?(?:的)?(?:内容)?(?:相同|一样|差不多)|同上|其他同上|其余同上)"
    r"\s*[，,。；;、：:]?\s*(?P<rest>.*)$",
    re.DOTALL,
)
_BUT = re.compile(r"^(?:只|仅|就|但)?(?:要)?(?:改|换|是|把)?\s*(?:一下)?\s*")
_SAYS = re.compile(r"\s*(?:[：:=]|改成|改为|换成|是|为)\s*")
_GAP = re.compile(r"\s+")
_LONGEST = 24
"""So far behind the beginning of a piece a heading and its sign may end."""
_QUOTED = re.compile(r"^[“\"「『‘'《](?P<words>[^“”\"「」『』‘’']*)[”\"」』’'》]$")


def same_but(campaign: Campaign, group: Group, said: str) -> dict[str, str] | None:
    """What differs, by column; empty for «同上». None for anything else."""
    found = _SAME.match(clean(said))
    if found is None:
        return None
    changed: dict[str, str] = {}
    at = ""
    for piece in _pieces(campaign, found["rest"]):
        words = _BUT.sub("", piece, count=1)
        name, value = _named(campaign, words)
        if name and name not in changed:
            at, changed[name] = name, value
        elif at and words:
            changed[at] = f"{changed[at]}；{piece}"
        elif words:
            return None if not piece.startswith(("只", "仅", "改", "换")) else {group.columns[0].id: words}
    known = {column.id for column in group.columns}
    return {field: _bare(text) for field, text in changed.items() if field in known and _bare(text)}


def _pieces(campaign: Campaign, rest: str) -> Iterator[str]:
    """Apart at semicolons, and at a comma where another column is named behind it: «名称改成甲，用途改成乙»."""
    for whole in re.split(r"[；;\n]", rest):
        piece = ""
        for part in re.split(r"([，,])", whole):
            words = _BUT.sub("", part.strip(), count=1)
            if piece and _SAYS.search(words) and _named(campaign, words)[0]:
                yield piece.strip("，, ")
                piece = ""
            piece += part
        yield piece.strip("，, ")


def _named(campaign: Campaign, words: str) -> tuple[str, str]:
    """A column named at the beginning of a piece, and what follows it."""
    for is_ in (*_SAYS.finditer(words), *reversed(list(_GAP.finditer(words)))):
        if is_.end() <= _LONGEST and (field := heading(campaign, words[: is_.start()])):
            return field, words[is_.end() :].strip()
    return "", ""


def _bare(text: str) -> str:
    """Without the quotation marks around the whole of it."""
    found = _QUOTED.match(text)
    return found["words"].strip() if found else text
