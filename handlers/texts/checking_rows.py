"""What is said while a coordinator reads the rows of the table and puts them into better words."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.texts.handing_up import STATES
from handlers.texts.plain import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it is read in the chat."""

    number: int
    whose: str
    """The unit and the person, or the unit below that reported it."""
    cells: Sequence[tuple[str, str, str]]
    """Heading, text, remark."""


def page(name: str, at: str, told: str, rows: Sequence[Row], *, number: int, pages: int) -> str:
    head = f"**{name}**反馈表（{STATES[at]}）：{told}。" + (f"第{number}页，共{pages}页。" if pages > 1 else "")
    return "\n\n".join([head, *(_row(row) for row in rows)])


def _row(row: Row) -> str:
    cells = [f"- {heading}：{quote(text, 400)}{remark}" for heading, text, remark in row.cells]
    return "\n".join([f"**第{row.number}行**　{row.whose}", *cells])


CORRECTED = "（已更正）"
DROPPED = "（本人后来改了这一栏，您的更正不再算数）"


def whose(unit: str, people: Sequence[str]) -> str:
    return f"{unit}　{'、'.join(quote(name, 20) for name in people)}"


def reported_by(unit: str, within: str) -> str:
    """A row of a unit below that reported itself."""
    return f"{unit}（{within}上报的）" if unit != within else f"{unit}（已上报）"


def equal_rows(groups: Sequence[Sequence[int]], joined: str) -> str:
    told = "；".join(f"第{'、'.join(str(n) for n in group)}行" for group in groups)
    return f"{told}除“{joined}”外都相同，确认时会合并成一行。现在就合并，发“合并”。"


NOTHING_EQUAL = "没有相同的行，不用合并。"


def merged(rows: int, joined: str) -> str:
    return f"已合并，现在共 {rows} 行。“{joined}”都保留，用顿号连起来。"


def how(heading: str) -> str:
    return f"要改写哪一栏，发“更正 行号 栏名：新的写法”，例如“更正 1 {heading}：……”。本人的原话会保留。"


NOTHING_YET = "还没有人提交需要列表的内容。"
NIL = "已提交的都是零报告，没有要列的行。"


def corrected(number: int, heading: str, text: str, before: str, people: Sequence[str]) -> str:
    who = "、".join(quote(name, 20) for name in people)
    return (
        f"第{number}行（{who}）的“{heading}”改成：\n{quote(text, 400)}\n\n原来是：\n{quote(before, 400)}\n\n"
        "本人的原话仍然保留。"
    )


def restored(number: int, heading: str, text: str) -> str:
    return f"第{number}行的“{heading}”恢复成本人的原话：\n{quote(text, 400)}"


def no_such_row(rows: int) -> str:
    return f"没有这一行，反馈表现在共 {rows} 行。发“核对”看行号。"


def which_column(headings: Sequence[str]) -> str:
    return f"没看懂是哪一栏。可以写：{'、'.join(headings)}。例如“更正 3 {headings[-2]}：……”。"


def too_long(limit: int) -> str:
    return f"太长了，一栏请写在 {limit} 字以内。"


def of_unit_below(unit: str, code: str) -> str:
    return f"这一行是**{unit}**上报的，不能直接改。要改请退回它，例如“退回 {code}：这一行要改的地方”。"


def standing_still(name: str, at: str) -> str:
    end = "先发“取消确认”再更正。" if at in ("confirmed", "stamped") else "要改请上级退回。"
    return f"**{name}**的反馈表{STATES[at]}，内容不能改了。{end}"


RESTORE = "恢复原话"
RESTORING = frozenset({RESTORE, "恢复", "还原", "恢复原文", "原话"})
"""What is written in place of a text to have the person's own words back."""
NEXT, MERGE = "下一页", "合并"
