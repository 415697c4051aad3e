"""What is said about risks: to the person who has to put one right, and to the offices that follow them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers.texts.plain import day, quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An open risk as it is listed."""

    number: int
    unit: str
    person: str
    text: str
    due: date | None
    overdue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Who has finished on the three levels of the notice (三.2: 组、相关单位和个人)."""

    groups: int
    groups_done: int
    units: int
    units_done: int
    people: int
    people_done: int


SHOWN = 20


def own(lines: Sequence[Line]) -> str:
    told = [f"- 风险 {line.number}：{quote(line.text)}{_until(line)}" for line in lines]
    return "\n".join(
        ["您还有这些没有处理完：", *told, "", "处理好了点下面的按钮；要晚几天，回复例如“风险 3 延到 6月3日”。"]
    )


NONE_OWN = "您没有还没处理的风险。看自己的自查发“进度”。"


def below(unit: str, lines: Sequence[Line], levels: Levels | None) -> str:
    """The open risks of a unit and all below it; the three levels where the whole area has to finish."""
    head = [f"**{unit}** 还没有关闭的风险 {len(lines)} 条" + (_overdue(lines) if lines else "。")]
    if levels:
        head += ["", three_levels(levels)]
    shown = [
        f"- {line.number}　{line.unit}　{line.person}：{quote(line.text, 80)}{_until(line)}" for line in lines[:SHOWN]
    ]
    if len(lines) > SHOWN:
        shown.append(f"- 另有 {len(lines) - SHOWN} 条，发“风险 单位名”分单位看，或者导出风险台账")
    tail = ["", "跟进发“风险 3 跟进：……”，处理完发“风险 3 关闭：……”。"] if lines else []
    return "\n".join([*head, *([""] if shown else []), *shown, *tail])


def three_levels(levels: Levels) -> str:
    return (
        f"全面自查完成情况：工作组（专班）{levels.groups_done}/{levels.groups}，"
        f"单位 {levels.units_done}/{levels.units}，个人 {levels.people_done}/{levels.people}"
    )


def _overdue(lines: Sequence[Line]) -> str:
    late = sum(line.overdue for line in lines)
    return f"，其中 {late} 条已到期限：" if late else "："


def _until(line: Line) -> str:
    if line.due is None:
        return ""
    return f"（期限{day(line.due)}，已过）" if line.overdue else f"（{day(line.due)}前）"


def closed(number: int) -> str:
    return f"记下了：风险 {number} 已处理好。"


def closed_before(number: int) -> str:
    return f"风险 {number} 之前已经关闭了。"


def put_off(number: int, due: date) -> str:
    return f"记下了：风险 {number} 的期限改到{day(due)}，到时再提醒您。"


def noted(number: int) -> str:
    return f"记下了风险 {number} 的跟进情况。"


def reopened(number: int) -> str:
    return f"风险 {number} 重新打开了，会继续跟进。"


UNKNOWN = "没有找到这条风险。发“风险”看还没处理的。"
HOW = (
    "没看懂要做什么。可以回复“风险 3 处理好了”“风险 3 延到 6月3日：原因”；"
    "联络员还可以回复“风险 3 跟进：……”“风险 3 关闭：……”“风险 3 重新打开：原因”。"
)
ONLY_OFFICES = "重新打开由联络员决定。您自己的请回复“风险 3 处理好了”或“风险 3 延到 6月3日”。"
PAST_DAY = "这个日期已经过去了，请写今天以后的日期。"


def reminder(text: str, ask: str) -> str:
    return f"{quote(text)}。{ask}处理好了点下面的按钮；要晚几天，点“晚几天”。"


def how_late(number: int, example: date) -> str:
    return f"晚到哪天？请回复“风险 {number} 延到 {day(example)}”，日期换成您的。"


def digest(unit: str, count: int) -> str:
    """To the coordinator the working day after: one letter, whatever the number."""
    return f"**{unit}** 有 {count} 条风险过了期限还没有处理完。发“风险”看是哪些。"


LATER = "晚几天"
DONE = "处理好了"
CLOSING = frozenset({DONE, "清理好了", "已处理", "已清理", "好了", "关闭", "已关闭", "完成", "已完成"})
NOTING = frozenset({"跟进", "进展", "情况"})
REOPENING = frozenset({"重新打开", "没处理", "没有处理", "没清理", "没有清理"})
"""What people write behind the number of a risk."""
EXPORT = "导出 风险台账"
