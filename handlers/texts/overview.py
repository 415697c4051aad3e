"""What is said of figures: 进度, 领先 and 落后, moments of the past. By unit only, never a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.campaign.definition import Campaign
from handlers.texts.plain import day, moment, stamp
from storage.oversight import Tally
from storage.read_states import Readers
from storage.return_counts import ReturnTally

OWN_PEOPLE = "本级"
PARTS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the level below: its name, its people, its returns."""

    name: str
    people: Tally
    returns: ReturnTally


def progress(campaign: Campaign, at: datetime, unit: str, total: Part, parts: Sequence[Part], *, past: bool) -> str:
    """Figures of a unit and of what is below it; the same words in 1:1 and in a group, for they name no person. The
    share in time is told once the deadline has passed."""
    people, over = total.people, at >= campaign.closes_at
    lines = [
        f"**{unit}** 截至 {_at(campaign, at, past)}（{day(campaign.deadline)}截止，{_left(campaign, at)}）",
        "",
        f"- 应填 **{people.expected}** 人，已完成 **{people.finished}** 人（{people.percent}%），"
        f"未完成 **{people.missing}** 人",
        f"- 未完成中：已开始 {people.started} 人，未开始 {people.missing - people.started} 人",
        f"- 已完成中：零报告 {people.nil} 人，{campaign.words.touched} {people.touched} 人"
        + (f"，其中已签{campaign.pledge.name} {people.pledged} 人" if campaign.has_pledge else ""),
    ]
    if people.exempt:
        lines.append(f"- 另有免填 {people.exempt} 人，不计入应填")
    if people.late or over:
        lines.append(f"- 逾期提交 {people.late} 人" + (f"，按时率 {people.on_time_percent}%" if over else ""))
    if total.returns.expected:
        lines.append(_returns(total.returns, over))
    if parts:
        lines += ["", "本级和下级单位（已完成/应填" + ("，已上报/应报" if total.returns.expected else "") + "）："]
        lines += [_part(part, returns=bool(total.returns.expected)) for part in parts[:PARTS_SHOWN]]
    if len(parts) > PARTS_SHOWN:
        lines.append(f"- 另有 {len(parts) - PARTS_SHOWN} 个单位，发“进度 单位名”查看")
    return "\n".join(lines)


def readers(found: Readers) -> str:
    """Of the unfinished: who has opened the last reminder. No names."""
    return (
        f"\n未完成的人里，最近一次提醒：已读 {found.read} 人，未读 {found.unread} 人，还不知道 {found.unknown} 人"
        "（读过不等于填过）。"
    )


def _at(campaign: Campaign, at: datetime, past: bool) -> str:
    """The year is said where it is not that of the deadline."""
    year = at.astimezone(campaign.zone).year
    return (f"{year}年" if past and year != campaign.deadline.year else "") + moment(at, campaign)


def _left(campaign: Campaign, at: datetime) -> str:
    left = (campaign.deadline - at.astimezone(campaign.zone).date()).days
    return f"还有{left}天" if left > 0 else ("今天截止" if left == 0 else f"已过{-left}天")


def _returns(tally: ReturnTally, over: bool) -> str:
    line = f"- 反馈表：应报 **{tally.expected}** 个单位，已上报 **{tally.handed_up}** 个"
    parts = (("已接收", tally.accepted), ("零报告", tally.nil), ("逾期", tally.late))
    told = [f"{name} {number}" for name, number in parts if number]
    line += f"（其中{'，'.join(told)}）" if told else ""
    waiting = (("已确认待盖章", tally.confirmed), ("已盖章待上报", tally.stamped), ("退回修改", tally.sent_back))
    line += "".join(f"，{name} {number} 个" for name, number in waiting if number)
    return line + (f"，按时率 {tally.on_time_percent}%" if over else "")


def _part(part: Part, *, returns: bool) -> str:
    people, up = part.people, part.returns
    told = f"- {part.name} {people.finished}/{people.expected}（{people.percent}%）"
    return told + (f"，{up.handed_up}/{up.expected}" if returns and up.expected else "")


# ---------------------------------------------------------------- 领先, 落后

SMALLEST = 3
"""Units with fewer people than this are not compared: one person would be half of their figure."""
COMPARED = 5


def leading(unit: str, ahead: bool, at: str, named: Sequence[tuple[str, Tally]], small: int) -> str:
    head = f"**{unit}** 下级单位中，完成率{'领先' if ahead else '落后'}的（截至 {at}）："
    lines = [head, *(f"- {name} {t.percent}%（{t.finished}/{t.expected}）" for name, t in named)]
    if small:
        lines.append(f"\n应填不足{SMALLEST}人的 {small} 个单位不比较。")
    return "\n".join(lines)


def nothing_to_compare(unit: str) -> str:
    return f"**{unit}** 没有两个以上可以比较的下级单位。发“进度”看数字。"


def all_equal(unit: str, percent: int) -> str:
    return f"**{unit}** 各下级单位的完成率都是 {percent}%，不分先后。发“进度”看数字。"


# ---------------------------------------------------------------- moments

FUTURE = "这个时间还没到，没有数字。发“进度”看现在的。"
UNCLEAR_MOMENT = "没看懂截至哪个时间。请这样写：“进度 截至 5月22日18:00”或“进度 截至 昨天18点”。"


def before_published(campaign: Campaign) -> str:
    return f"{campaign.name}的通知{day(campaign.published)}才发布，在那之前没有数字。发“进度”看现在的。"


# ---------------------------------------------------------------- the picture

NO_FONT = "服务器上没有中文字体，暂时画不了图，先看数字："
PICTURE_NAME = "进度图-{unit}-{at}.png"
PICTURE_LEGEND = "已完成/应填"
NOBODY_EXPECTED = "—"


def picture_title(unit: str) -> str:
    return f"{unit} 自查进度"


def picture_lines(campaign: Campaign, at: datetime, total: Tally) -> list[str]:
    return [
        f"截至 {stamp(at, campaign)}",
        f"应填 {total.expected} 人，已完成 {total.finished} 人（{total.percent}%），未完成 {total.missing} 人",
    ]


def others(number: int) -> str:
    return f"其余{number}个单位"
