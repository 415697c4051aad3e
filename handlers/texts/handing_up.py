"""What is said about the return of a unit: where it stands, what is wanting, each step. Checking its rows and the scans
have rooms of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.campaign.definition import Campaign
from handlers.texts.plain import moment, quote
from storage.oversight import Tally
from storage.rows import UnitKind

STATES = {
    "open": "填报中",
    "confirmed": "已确认",
    "stamped": "已盖章",
    "submitted": "已上报",
    "accepted": "已接收",
    "sent_back": "被退回",
}
IN_PRIVATE = "反馈表在单聊里核对和上报，已经私聊发给您。"
NO_RETURN = "您这里只接收下级的反馈表，自己没有要上报的。发“待办”看有没有等着接收的。"


def office(name: str, kind: str) -> str:
    """How the office that receives is called."""
    if kind == UnitKind.COUNTY:
        return f"{name}大数据中心"
    return "市大数据局" if kind == UnitKind.CITY else name


def not_yours(unit: str, names: Sequence[str]) -> str:
    who = "、".join(quote(name, 20) for name in names[:3])
    return f"这一步由**{unit}**自己的联络员来做{f'（{who}）' if who else ''}。您可以发“查看”或“退回”。"


def covered_by(unit: str, reporter: str) -> str:
    return f"**{unit}**没有单独上报，它的内容在**{reporter}**的反馈表里。"


def state(name: str, at: str) -> str:
    return f"**{name}**的反馈表现在是**{STATES[at]}**。"


def sent_back_with(reason: str) -> str:
    return f"上级退回的原因：{quote(reason, 300)}"


# ---------------------------------------------------------------- what is wanting


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanting:
    """What a return still lacks before it can be confirmed."""

    people: Sequence[str]
    countersigns: Sequence[str]
    units: Sequence[tuple[str, str]]
    """Units below whose return is not here, with its state."""

    def __bool__(self) -> bool:
        return bool(self.people or self.countersigns or self.units)


NAMED = 10


def wanting(name: str, lacks: Wanting) -> str:
    lines = [f"**{name}**的反馈表还不能确认："]
    if lacks.people:
        lines.append(f"- 还有 {len(lacks.people)} 人没有完成：{some(lacks.people)}")
    if lacks.countersigns:
        lines.append(f"- 代填的 {len(lacks.countersigns)} 人等您会签：{some(lacks.countersigns)}")
    if lacks.units:
        told = some([f"{unit}（{STATES[at]}）" for unit, at in lacks.units])
        lines.append(f"- 下级还有 {len(lacks.units)} 个单位的反馈表没有接收：{told}")
    lines.append("\n确实等不到的，可以写明原因先确认，例如“带缺口确认 2人休产假”。缺口会一起报上去。")
    return "\n".join(lines)


def some(names: Sequence[str]) -> str:
    more = f"等{len(names)}个" if len(names) > NAMED else ""
    return "、".join(quote(name, 30) for name in names[:NAMED]) + more


def gap_reason_wanted(name: str) -> str:
    return f"请写明**{name}**为什么等不到，例如“带缺口确认 2人休产假，返岗后补报”。"


# ---------------------------------------------------------------- steps


def _rows(rows: int, *, nil: bool) -> str:
    return "**零报告**" if nil else f"{rows} 行"


def summary(figures: Tally, rows: int, touched: str, *, nil: bool) -> str:
    """`touched`: what the campaign says of those who reported something."""
    return (
        f"{_rows(rows, nil=nil)}；应填 {figures.expected} 人，已完成 {figures.finished} 人，"
        f"其中零报告 {figures.nil} 人，{touched} {figures.touched} 人"
    )


def without(units: Sequence[str]) -> str:
    """The units below that are not in it."""
    return f"；不含没有接收的 {len(units)} 个单位：{some(units)}"


def confirmed(name: str, told: str, code: str, gaps: str, *, stamp: bool) -> str:
    lines = [f"**{name}**的反馈表已确认：{told}。内容码 **{code}**。"]
    if gaps:
        lines.append(f"缺口：{quote(gaps, 300)}")
    if stamp:
        lines.append("\n下一步：导出反馈表，打印、盖章，然后把盖章的反馈表和签字的承诺书拍照或扫描，在这里发给我。")
    else:
        lines.append("\n下一步：上报。")
    lines.append("要改内容先发“取消确认”。")
    return "\n".join(lines)


def already(name: str, at: str, told: str) -> str:
    """A repeated step, and how it was taken before."""
    return f"**{name}**的反馈表之前{STATES[at]}{f'（{told}）' if told else ''}，不用再来一次。"


def changed_since(name: str) -> str:
    return f"您看过之后，**{name}**的反馈表又有变化。请先再核对一遍，再确认。"


def cancelled(name: str) -> str:
    return f"**{name}**的确认已取消，可以更正了，本人也可以修改。原来盖章的扫描件不再算数，改好后请重新确认、盖章。"


NOTHING_CONFIRMED = "还没有确认，没有可以取消的。先发“核对”看一遍。"


def too_late_to_cancel(name: str, receiver: str) -> str:
    return f"**{name}**的反馈表已经报上去了，要改请**{receiver}**退回。"


def confirm_first(name: str) -> str:
    return f"**{name}**的反馈表还没有确认。先核对一遍，再确认。"


def stamp_first(name: str) -> str:
    return f"**{name}**还差盖章的反馈表：导出、打印、盖章，拍照或扫描后在这里发给我，再上报。"


def sort_first(count: int) -> str:
    return f"收到的扫描件里还有 {count} 份没说是什么。请先告诉我："


def handed_up(name: str, receiver: str, *, late: bool, unsigned: int, someone: bool) -> str:
    lines = [f"**{name}**的反馈表已上报给**{receiver}**{'（已过截止时间，按逾期记录）' if late else ''}。"]
    if unsigned:
        lines.append(f"有 {unsigned} 人在这里签了承诺书，还没有收到签字件的扫描件，纸质的请按要求送交。")
    if not someone:
        lines.append("对方还没有人在这里办理，报表会等在那里。")
    lines.append("接收或退回都会告诉您。")
    return "\n".join(lines)


def gaps(reason: str) -> str:
    return f"缺口：{quote(reason, 300)}"


def came_after(count: int) -> str:
    return f"确认之后又有 {count} 人提交，不在这份反馈表里。要写进去，请先取消确认；已上报的请上级退回。"


def by(who: str, at: datetime, campaign: Campaign) -> str:
    return f"{quote(who, 20)}，{moment(at, campaign)}"


# ---------------------------------------------------------------- buttons

WITH_GAPS = "带缺口确认"

CHECK, CONFIRM, CANCEL, HAND_UP, LOOK, RECEIVE, BACK, PAST = (
    "核对",
    "确认反馈表",
    "取消确认",
    "上报",
    "查看",
    "接收",
    "退回",
    "经过",
)
EXPORT, NAMES, NUDGE, COUNTERSIGN, EDIT = "导出 反馈表", "名单", "催办", "会签", "修改"
