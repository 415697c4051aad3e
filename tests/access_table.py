"""The table of rights in the READMEs, written from `handlers/access.py`: `python -m tests.access_table`."""

import re
from collections.abc import Iterable
from pathlib import Path

from handlers import access, commands
from handlers.commands import Word
from handlers.papers.catalogue import PAPERS as CATALOGUE
from storage.rows import Role

ROOT = Path(__file__).resolve().parent.parent
_MARKS = ("<!-- rights: python -m tests.access_table -->\n", "<!-- end of rights -->\n")
_ROLES = (Role.STAFF, Role.UNIT, Role.COUNTY, Role.CITY)
_TEXTS = {
    "README.md": ("What is asked for", ("staff", "联络员", "district", "city"), "yes", "own", "file: ", "paper: "),
    "README.zh-CN.md": ("要的是什么", ("工作人员", "联络员", "区县", "市"), "可以", "本人", "文件：", "材料："),
}
_READERS = {"scan": "扫描件", "roster": "名册", "table": "我的表"}


def table(readme: str) -> str:
    """Words, papers and files with who may have them; everybody's words are about themselves."""
    head, roles, yes, own, file, paper = _TEXTS[readme]
    lines = [f"| {head} | {' | '.join(roles)} |", "|---" * (len(roles) + 1) + "|"]
    for names, held in _grouped((_said(word), access.RIGHTS[word]) for word in Word):
        lines.append(_line("、".join(f"`{name}`" for name in names), held, own if Role.STAFF in held else yes))
    papers = {**access.PAPERS, **access.BESIDE}
    for names, held in _grouped((one.name, papers.get(one.id, frozenset())) for one in CATALOGUE.values()):
        lines.append(_line(f"{paper}{'、'.join(names)}", held, own if Role.STAFF in held else yes))
    for names, held in _grouped((_READERS[name], roles_) for name, roles_ in access.FILES.items()):
        lines.append(_line(f"{file}{'、'.join(names)}", held, own if Role.STAFF in held else yes))
    return "\n".join(lines) + "\n"


def _line(what: str, held: frozenset[Role], yes: str) -> str:
    cells = [yes if role in held else "—" for role in _ROLES]
    return f"| {what} | {' | '.join(cells)} |"


def _grouped(rights: Iterable[tuple[str, frozenset[Role]]]) -> list[tuple[list[str], frozenset[Role]]]:
    """What has the same right stands in one line, in the order of its first."""
    found: dict[frozenset[Role], list[str]] = {}
    for name, held in rights:
        found.setdefault(held, []).append(name)
    return [(names, held) for held, names in found.items()]


def _said(word: Word) -> str:
    """A word as the READMEs tell it: the first said that means it, without what stands behind."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = [said for row in re.findall(r"^\| (`[^|]+) \|", text, re.M) for said in re.findall(r"`([^`]+)`", row)]
    said = next(said for said in told if (found := commands.parse(said)) and found.word is word)
    bare = re.split(r"[ ：:]", said)[0]
    known = commands.parse(bare)
    return bare if known and known.word is word else said


def written(readme: str) -> str:
    """The README with the table as it should be."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    begin, end = (text.index(mark) for mark in _MARKS)
    return text[: begin + len(_MARKS[0])] + table(readme) + text[end:]


if __name__ == "__main__":
    for name in _TEXTS:
        (ROOT / name).write_text(written(name), encoding="utf-8")
