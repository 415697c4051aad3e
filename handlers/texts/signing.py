"""What offices are told of the pledge's register: who touched data, who signed, who has yet to (notice 二.2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handlers.texts.plain import quote

SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The figures of a unit with all below it."""

    touched: int
    here: int
    earlier: int
    on_paper: int

    @property
    def missing(self) -> int:
        return self.touched - self.here - self.earlier - self.on_paper


def register(unit: str, figures: Register, missing: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Who has yet to sign, by unit, in the order of the roster."""
    head = (
        f"**{unit}** 接触过数据的 {figures.touched} 人：这里签的 {figures.here} 人，以前签过的 {figures.earlier} 人，"
        f"纸质签的 {figures.on_paper} 人，还要补签 **{figures.missing}** 人"
    )
    if not figures.missing:
        return f"{head}。"
    lines, shown = [f"{head}："], 0
    for name, people in missing:
        taken = people[: SHOWN - shown]
        shown += len(taken)
        if taken:
            lines.append(f"- {name}：{'、'.join(quote(person, 30) for person in taken)}")
    if shown < figures.missing:
        lines.append(f"\n先列出 {shown} 人。其余请发“补签名单 单位名”分单位看，或者导出承诺书台账。")
    return "\n".join([*lines, "\n没填完的发“催办”；签纸质的，收到后发“已签纸质 姓名”。"])


def awaiting_paper(name: str) -> str:
    return f"{name}（待签纸质）"


def again(name: str) -> str:
    return f"{name}（文本有更新，要重签）"


NAMES_ARE_DIRECT = "补签名单只在单聊里看，已经私聊发给您。"
EXPORT = "导出 承诺书台账"
