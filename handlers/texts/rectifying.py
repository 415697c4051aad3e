"""What is said about findings: to checkers, and to the coordinators who have them put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers.texts.plain import day, quote

SHOWN = 20

HOW_FINDING = (
    "记录问题这样写：“发现 紫金街道：微信群里的名单没有删除 限6月5日”，"
    "抽查里的用序号：“发现 1-3：……”。没有问题：“发现 1-3：未发现问题”。"
)
PRIVATE = "检查和整改的内容只在单聊里看，已经私聊发给您。"
WHICH_DRAW = "有几次抽查，请写全序号，例如“发现 1-3：……”。"
NOT_DRAWN = "没有找到这个序号。发“抽查 记录”看有哪些抽查。"
BAD_DAY = "没看懂期限。请写成例如“限6月5日”。"
PAST_DAY = "期限已经过去了，请写今天以后的日期，例如“限6月5日”。"
UNKNOWN = "没有找到这条整改。发“整改”看还没完成的。"
WHY = "不通过请写明原因，例如“整改 3 不通过：手机里的还没删”。"
NONE_OPEN = "没有还没完成的整改。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A finding as it is listed. `whom` is empty where the asker may not see persons."""

    number: int
    unit: str
    whom: str
    text: str
    due: date | None
    answered: bool
    overdue: bool
    closed: bool = False


def recorded(number: int, unit: str, due: date, *, told: int) -> str:
    sent = "已通知单位联络员" if told else "这个单位没有可以通知的联络员，请当面告知"
    return f"记下了，整改 {number}（{unit}），期限{day(due)}。{sent}。"


def nothing_found(label: str) -> str:
    return f"记下了：{label} 检查过，未发现问题。"


def asked_to_rectify(number: int, by: str, unit: str, whom: str, text: str, due: date) -> str:
    about = f"，涉及{quote(whom, 20)}" if whom else ""
    return (
        f"您好，{by}检查 **{unit}** 发现一个问题{about}：\n\n> {quote(text, 300)}\n\n"
        f"请在**{day(due)}**前整改。整改好了回复“整改 {number}：已……”，写明怎么改的。"
    )


def answered(number: int) -> str:
    return f"记下了，整改 {number} 已报给检查人复核。"


def how_to_answer(number: int) -> str:
    return f"请写明怎么整改的，例如“整改 {number}：已删除群文件，已教育当事人”。"


def to_check(number: int, unit: str, answer: str) -> str:
    return (
        f"**{unit}** 报告整改 {number} 已完成：\n\n> {quote(answer, 300)}\n\n"
        f"同意请回复“整改 {number} 通过”；不同意回复“整改 {number} 不通过：原因”。"
    )


def closed(number: int) -> str:
    return f"整改 {number} 已通过，这条关闭了。"


def closed_to_unit(number: int, unit: str) -> str:
    return f"**{unit}** 的整改 {number} 已通过复核，这条关闭了，谢谢。"


def closed_before(number: int) -> str:
    return f"整改 {number} 之前已经通过并关闭了。"


def sent_back(number: int, due: date) -> str:
    return f"记下了，整改 {number} 退回单位继续整改，期限{day(due)}。"


def sent_back_to_unit(number: int, unit: str, why: str, due: date) -> str:
    return (
        f"**{unit}** 的整改 {number} 没有通过复核：\n\n> {quote(why, 300)}\n\n"
        f"请继续整改，期限{day(due)}。改好了回复“整改 {number}：已……”。"
    )


def put_off(number: int, due: date) -> str:
    return f"整改 {number} 的期限改到{day(due)}，已通知单位。"


def put_off_to_unit(number: int, unit: str, due: date) -> str:
    return f"**{unit}** 的整改 {number}，期限改到{day(due)}。"


def not_answered(number: int) -> str:
    return f"整改 {number} 单位还没有报告整改情况。确实改好了，请单位先回复“整改 {number}：已……”。"


def only_checkers(number: int) -> str:
    return f"整改 {number} 由检查的部门复核。您单位整改好了，请回复“整改 {number}：已……”。"


def reminder(number: int, unit: str, text: str, due: date) -> str:
    return (
        f"您好，**{unit}** 的整改 {number} 期限是{day(due)}：\n\n> {quote(text, 200)}\n\n"
        f"整改好了回复“整改 {number}：已……”。"
    )


def overdue(count: int, numbers: Sequence[int]) -> str:
    shown = "、".join(str(number) for number in numbers[:SHOWN])
    return f"有 {count} 条整改过了期限还没有报告完成：{shown}。发“整改”看详情。"


def listed(unit: str, lines: Sequence[Line]) -> str:
    late = sum(line.overdue for line in lines)
    head = f"**{unit}** 还没完成的整改 {len(lines)} 条" + (f"，其中 {late} 条过了期限：" if late else "：")
    shown = [
        f"- 整改 {line.number}　{line.unit}{_whom(line)}：{quote(line.text, 80)}（{_state(line)}）"
        for line in lines[:SHOWN]
    ]
    if len(lines) > SHOWN:
        shown.append(f"- 另有 {len(lines) - SHOWN} 条，发“导出 抽查记录”看全部")
    return "\n".join([head, *shown, "", "看一条发“整改 3”；整改好了回复“整改 3：已……”。"])


def _whom(line: Line) -> str:
    return f"　{quote(line.whom, 20)}" if line.whom else ""


def _state(line: Line) -> str:
    until = f"期限{day(line.due)}" if line.due else ""
    state = "已过期" if line.overdue else "待整改"
    if line.closed or line.answered:
        state = "已关闭" if line.closed else "等待复核"
    return "，".join(filter(None, [until, state]))


ACTIONS = {
    "recorded": "发现",
    "answered": "报告整改",
    "sent_back": "不通过",
    "put_off": "改期限",
    "closed": "通过，关闭",
}


def history(line: Line, steps: Sequence[tuple[str, str, str, str]]) -> str:
    """A finding with everything that happened to it: when, who, what, in which words."""
    head = f"**整改 {line.number}**　{line.unit}{_whom(line)}（{_state(line)}）"
    done = [
        f"- {at}　{who}　{ACTIONS[action]}{f'：{quote(text, 120)}' if text else ''}" for at, who, action, text in steps
    ]
    return "\n".join([head, "", f"> {quote(line.text, 300)}", "", *done])


APPROVE, REFUSE = "通过", "不通过"
