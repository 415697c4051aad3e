"""催报: what is said to units whose return has not come up, and to the office that reminds them."""

from collections.abc import Sequence

from handlers.campaign.definition import Campaign
from handlers.texts.handing_up import STATES
from handlers.texts.plain import day, quote

TODO = "待办"
ALL_HERE = "下级单位的反馈表都上报了，没有要催的。发“待办”看有没有等着接收的。"


SURE = "确定催报"


def cost(units: int, people: int, calls: int, minutes: int, percent: float) -> str:
    """Before many are written to."""
    share = "不到 0.1%" if percent < 0.1 else f"{percent:.1f}%"
    return (
        f"要提醒 {units} 个单位的 {people} 位联络员：调用 {calls} 次，大约 {minutes} 分钟，占本月额度 {share}。"
        "确定就按下面的按钮，不发就不用管。"
    )


def nothing_from(unit: str) -> str:
    return f"**{unit}**没有还没上报、要由您催的反馈表。"


def urged(reached: Sequence[str], before: Sequence[str], silent: Sequence[str], when: str) -> str:
    lines = []
    if reached:
        lines.append(f"{when}提醒 {len(reached)} 个还没上报的单位的联络员：{_some(reached)}。")
    if before:
        lines.append(f"{_some(before)}今天已经催过了，每天最多一次。")
    if silent:
        lines.append(f"{_some(silent)}现在没有能收到消息的联络员，请电话联系。")
    return "\n".join(lines)


def letter(campaign: Campaign, unit: str, state: str, by: str) -> str:
    return (
        f"您好，{by}提醒您：**{unit}**的反馈表还没有上报（{STATES[state]}），{day(campaign.deadline)}截止。"
        f"发“{TODO}”看下一步。"
    )


def _some(names: Sequence[str]) -> str:
    told = "、".join(quote(name, 30) for name in names[:10])
    return told + (f"等{len(names)}个单位" if len(names) > 10 else "")
