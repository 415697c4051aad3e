"""What is said to and by the office above: a return has come, it is looked at, accepted, sent back; its past."""

from collections.abc import Sequence
from datetime import datetime

from handlers.campaign.definition import Campaign
from handlers.texts.handing_up import STATES, some, state
from handlers.texts.plain import moment, quote


def arrived(name: str, told: str, by: str, gaps: str, *, late: bool) -> str:
    """To the office above."""
    lines = [f"**{name}**上报了反馈表：{told}。由{quote(by, 20)}上报{'，已逾期' if late else ''}。"]
    if gaps:
        lines.append(f"有缺口：{quote(gaps, 300)}")
    return "\n".join(lines)


def accepted(name: str, left: int, *, outside: str = "") -> str:
    lines = [f"**{name}**的反馈表已接收。"]
    if outside:
        lines.append(f"**{outside}**的反馈表在这之前就确认了，这一份不在里面；要写进去，请先取消确认或请上级退回。")
    lines.append(f"还有 {left} 个单位等着接收。" if left else "没有别的等着接收了。")
    return "\n".join(lines)


def accepted_above(name: str, receiver: str, campaign: Campaign, at: datetime) -> str:
    return f"**{name}**的反馈表已由**{receiver}**接收（{moment(at, campaign)}）。"


def sent_back(name: str, told: int) -> str:
    people = "，也告诉了填这一行的人" if told else ""
    return f"**{name}**的反馈表已退回，原因已告诉联络员{people}。"


def sent_back_below(name: str, receiver: str, reason: str, row: str) -> str:
    """To the coordinators of the unit."""
    about = f"（{row}）" if row else ""
    return (
        f"**{name}**的反馈表被**{receiver}**退回{about}：{quote(reason, 300)}\n\n"
        "内容可以改了：发“核对”更正，或者请本人“修改”。改好后重新确认、盖章、上报。"
    )


def sent_back_to_person(receiver: str, data: str, reason: str) -> str:
    """To the person whose row it is about."""
    about = f"反馈表被**{receiver}**退回，和您填的“{quote(data, 40)}”有关：{quote(reason, 300)}"
    return f"{about}\n\n请发“修改”改好，再提交一次。"


def why(code: str) -> tuple[tuple[str, str], ...]:
    """Common reasons: the button's words and what it says."""
    reasons = ("盖章看不清或没有盖章", "内容不完整，请补充后再报", "数据名称或用途写得不清楚")
    return tuple((reason, f"退回 {code}：{reason}") for reason in reasons)


def ask_why(name: str, code: str) -> str:
    return f"请写明退回**{name}**的原因，例如“退回 {code}：第3行没有写清传输方式”。也可以选："


def no_such_row(name: str, rows: int) -> str:
    return f"**{name}**的反馈表只有 {rows} 行。发“查看 {name}”看行号。"


def included_above(name: str, above: str, at: str, still: str) -> str:
    """A return below that another one has taken up already."""
    if at in ("confirmed", "stamped"):
        return f"**{name}**已经写进**{above}**{STATES[at]}的反馈表。请先取消**{above}**的确认，再退回它。"
    return f"**{name}**已经写进**{above}**{STATES[at]}的反馈表。要退回它，先请**{still}**退回**{above}**。"


def received_by(name: str, receiver: str) -> str:
    return f"**{name}**的反馈表由**{receiver}**接收和退回。"


def moved_on(name: str, at: str) -> str:
    """A step that does not fit where the return stands now."""
    return f"{state(name, at)}" + ("等它上报后再接收或退回。" if at not in ("submitted", "accepted") else "")


def old_letter(name: str) -> str:
    return f"这是之前那一次的按钮。**{name}**后来重新上报过，请看新的内容："


def waiting(names: Sequence[str]) -> str:
    return f"等着接收的有 {len(names)} 个：{some(names)}。点一个看看："


NOTHING_WAITS = "现在没有等着接收的反馈表。"


HOW_TO_RECEIVE = "请加上单位名，例如“接收 紫金街道”“退回 紫金街道：原因”。发“待办”看有哪些等着。"


def looked_at(name: str, at: str, told: str, code: str) -> str:
    return f"{state(name, at)}{told}。" + (f"内容码 **{code}**。" if code else "")


def still_wanting(people: int, units: int) -> str:
    told = [f"还有 {people} 人没有完成"] if people else []
    told += [f"下级还有 {units} 个单位没有接收"] if units else []
    return "，".join(told) + "。"


def row_named(number: int, unit: str, people: Sequence[str], data: str) -> str:
    who = "、".join(quote(name, 20) for name in people)
    return f"第{number}行，{unit}{who}的“{quote(data, 40)}”"


LATE = "首次上报已过截止时间。"


def scans(tables: int, mixed: int, pledges: int) -> str:
    told = []
    if tables:
        told.append(f"盖章的反馈表 {tables} 份，一起发给您")
    if mixed:
        told.append(f"反馈表和承诺书在一起的 {mixed} 份，含身份证号，不在聊天里发")
    if pledges:
        told.append(f"签字的承诺书 {pledges} 份，加密保存，不在聊天里发")
    return "扫描件：" + "；".join(told) + "。" if told else ""


def history(name: str, lines: Sequence[str]) -> str:
    if not lines:
        return f"**{name}**的反馈表还没有办过手续，填报中。"
    return "\n".join([f"**{name}**反馈表的经过：", *lines])


ACTIONS = {
    "merge": "合并相同行",
    "confirm": "确认",
    "cancel": "取消确认",
    "stamp": "收到盖章的反馈表",
    "clear": "清空扫描件",
    "submit": "上报",
    "accept": "接收",
    "send_back": "退回",
}


def taken(campaign: Campaign, at: datetime, who: str, action: str, code: str, reason: str) -> str:
    line = f"- {moment(at, campaign)}　{quote(who, 20)}　{ACTIONS[action]}{f'（{code}）' if code else ''}"
    return f"{line}：{quote(reason, 300)}" if reason else line
