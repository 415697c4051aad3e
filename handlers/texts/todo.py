"""待办: what waits for somebody, a line each, the number first."""

from collections.abc import Sequence
from datetime import date

from handlers.texts.plain import day, quote

NOTHING = "现在没有等您办的事。自己的自查发“进度”看。"
NOTHING_OFFICE = "现在没有等您办的事。要看数字发“进度”。"


def listed(lines: Sequence[str], more: int) -> str:
    told = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    rest = f"\n\n另有 {more} 项，办完这些再发“待办”。" if more else ""
    return f"等您办的有 {len(lines) + more} 项：\n{told}{rest}"


def own_unfinished(deadline: date, *, begun: bool, late: bool) -> str:
    when = f"{day(deadline)}已截止，请尽快补上" if late else f"{day(deadline)}前"
    return f"自己的自查还没有{'答完' if begun else '开始'}，{when}"


ASKED_AGAIN = "活动内容有变，自己的自查还要补答几题"


def spot_checks(count: int) -> str:
    return f"{count} 次抽查请您再答几题"


def risks(count: int, overdue: int) -> str:
    return f"{count} 条风险还没处理完" + (f"，其中 {overdue} 条到期限了" if overdue else "")


def own_findings(count: int) -> str:
    return f"{count} 项抽查发现和您有关，请按联络员说的整改"


def sent_back(unit: str, reason: str) -> str:
    return f"**{unit}**的反馈表被退回：{quote(reason, 60)}"


def to_receive(count: int, names: Sequence[str]) -> str:
    return f"{count} 个单位的反馈表等您接收：{_some(names)}"


def findings_to_answer(count: int) -> str:
    return f"{count} 项抽查发现要答复"


def findings_to_close(count: int) -> str:
    return f"{count} 项整改已答复，等您看是否通过"


def applicant(name: str, unit: str, number: int) -> str:
    return f"{quote(name, 20)}申请加入**{unit}**（不是的话回复“不同意加入 {number}”）"


def admit(name: str) -> str:
    return f"同意{quote(name, 8)}加入"


def more_applicants(count: int) -> str:
    return f"另有 {count} 人申请加入，办完前面的再看"


def countersigns(count: int) -> str:
    return f"{count} 份代填等您会签"


def people_missing(unit: str, count: int) -> str:
    return f"**{unit}**还有 {count} 人没完成"


def units_missing(unit: str, count: int, names: Sequence[str]) -> str:
    return f"**{unit}**下级还有 {count} 个单位没上报：{_some(names)}"


def to_confirm(unit: str) -> str:
    return f"**{unit}**的人都完成了，可以核对、确认反馈表"


def to_stamp(unit: str) -> str:
    return f"**{unit}**的反馈表已确认，打印盖章后把照片或扫描件发给我"


def to_hand_up(unit: str) -> str:
    return f"**{unit}**的反馈表可以上报了"


def came_after(unit: str, count: int) -> str:
    return f"**{unit}**的反馈表确认之后又有 {count} 人提交，不在表里"


def incidents(count: int) -> str:
    return f"{count} 起数据安全事件还没有办结"


def _some(names: Sequence[str]) -> str:
    return "、".join(quote(name, 30) for name in names[:3]) + ("等" if len(names) > 3 else "")


GO_ON, RECEIVE, SEE, URGE = "继续", "接收", "查看", "催报"
"""Buttons; the others are called as the word they say."""
