"""What is said about rows given in one go: typical ones, the template, the workbook; and about changing what was
handed in."""

from collections.abc import Sequence

from handlers.campaign.definition import Group
from handlers.campaign.rows import Fault, Wrong
from handlers.texts.plain import quote

_NAME, _WAY = 12, 8


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[:most]}…"


def typical(name: str, way: str) -> str:
    """The button of a row colleagues have handed in."""
    return f"同事填过：{_cut(name, _NAME)}" + (f"（{_cut(way, _WAY)}）" if way else "")


def copied(but: Sequence[str]) -> str:
    return f"与上一份相同，只改{'、'.join(f'“{name}”' for name in but)}。"


# ---------------------------------------------------------------- the template

OWN_TABLE = "导出 我的表"
USE, DROP = "用这些数据", "不用这些数据"
_USE_LABEL, _DROP_LABEL = "对，用这些", "不用"


def confirm_options() -> tuple[tuple[str, str], ...]:
    return ((_USE_LABEL, USE), (_DROP_LABEL, DROP))


def template(group: Group) -> str:
    """The headings to copy, a line each; what may be left out is said."""
    optional = [f"“{column.name}”" for column in group.columns if column.suggest]
    blank = f"{'、'.join(optional)}可以空着，我按您的回答补上。" if optional else ""
    lines = "\n".join(f"{column.name}：" for column in group.columns)
    return (
        f"复制下面几行，在冒号后面填好，发回给我。有几份就写几段，中间用 --- 隔开。{blank}"
        f"只写名称和数量，不要写名单里的人。\n\n{lines}\n---\n\n想在表格里填，发“{OWN_TABLE}”，填好把文件发回来。"
    )


NO_ROWS = "这次自查没有要逐份填的表，直接回复“继续”答题就行。"
NOTHING_FILLED = "模板里还没有内容。请在每个冒号后面填好，再发回来。"
WORKBOOK_COMING = "正在生成您的表，马上发给您。填好以后在这里把文件发回来就行，一份数据一行。"


def read(cells: Sequence[tuple[str, Sequence[tuple[str, str]]]], row: str, problems: Sequence[str], after: str) -> str:
    """The rows as they were read, the first few in full; `cells` are name of the row and its columns."""
    parts = [f"读到{len(cells)}{row}，请核对，您确认了才算："]
    for name, columns in cells[:_SHOWN]:
        lines = (f"- {column}：{quote(text) or _BLANK}" for column, text in columns)
        parts.append("\n".join([f"**{name}**", *lines]))
    if len(cells) > _SHOWN:
        parts.append("\n".join(f"- {name}：{quote(columns[0][1], 40)}" for name, columns in cells[_SHOWN:]))
    if problems:
        parts.append("\n".join(["还差一点：", *(f"- {problem}" for problem in problems)]))
        parts.append("可以改好重新发一遍；也可以先用这些，差的我接着问。")
    if after:
        parts.append(after)
    return "\n\n".join(parts)


_SHOWN = 5
_BLANK = "（空）"
SUGGESTED_LATER = "（按您后面的回答补上）"


def wrong(what: Wrong, row: str, length: int) -> str:
    return f"第{what.row}{row}：{problem(what, length)}"


def problem(what: Wrong, length: int) -> str:
    if what.fault is Fault.MISSING:
        return f"没有填“{what.column.name}”"
    return f"“{what.column.name}”有{length}字，请缩短到{what.column.max_length}字以内"


def replaces(before: int, row: str) -> str:
    return f"确认后会换掉您原来填的{before}{row}。" if before else ""


def too_many(found: int, most: int, row: str) -> str:
    return f"读到{found}{row}，最多{most}{row}。请把相近的合并一下再发。"


def used(number: int, row: str) -> str:
    return f"好的，用这{number}{row}。"


ROWS_NEED_ANSWER = "您前面的回答是没有这些数据，请改一下这一题："
DROPPED = "好的，没有用。前面填的内容都还在。"
NOTHING_WAITS = "现在没有等您确认的内容。"


def cells_wrong(name: str, problems: Sequence[str], more: int) -> str:
    lines = [f"**{quote(name, 60)}** 里有几处要改，这次没有用：", *(f"- {problem}" for problem in problems)]
    if more:
        lines.append(f"- 还有 {more} 处，先改这些")
    return "\n".join([*lines, "", "改好以后把文件再发一次就行，不会重复。"])


def unreadable(why: str) -> str:
    return f"这个文件我没有用：{why}。"


# ---------------------------------------------------------------- changing what was handed in


def locked(names: Sequence[str]) -> str:
    who = f"（{'、'.join(quote(name, 20) for name in names)}）" if names else ""
    return f"本单位的反馈表已经确认，要改请联系联络员{who}退回。您提交过的内容不变，仍然有效。"


def changing(receipt: str) -> str:
    return f"您提交过（回执 **{receipt}**），改完再提交一次才换成新的。不想改了，发“放弃修改”。"


GIVEN_UP = "好的，改动不要了，还是按您提交过的算。"
NOTHING_CHANGED = "没有正在改的内容。"
NOT_HANDED_IN = "您还没有提交过，没有可以退回去的内容。要重填发“重新开始”。"
