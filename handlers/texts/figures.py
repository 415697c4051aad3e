"""What coordinators are told: figures, names, nudges, papers on their way."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from handlers.campaign.definition import Campaign
from handlers.texts.guide import _OFFICES
from handlers.texts.plain import day, moment, quote
from storage.rows import Role


def not_for_staff(own: str) -> str:
    return f"名单、进度和导出由单位联络员负责。{own or '您自己的进度，私聊我发“进度”就能看。'}"


NAMES_SHOWN = 60


def names(unit: str, groups: Iterable[tuple[str, Sequence[str]]], total: int, *, over: bool, marked: bool) -> str:
    """Who is missing, by unit, in the order of the roster: no ranking of persons. `over`: the deadline has passed;
    `marked`: of some it is known whether they have read the last reminder."""
    lines, shown = [f"**{unit}** {'逾期' if over else '还有'} {total} 人没有完成："], 0
    for name, people in groups:
        if shown >= NAMES_SHOWN:
            break
        taken = people[: NAMES_SHOWN - shown]
        shown += len(taken)
        lines.append(f"- {name}：{'、'.join(taken)}")
    if shown < total:
        lines.append(f"\n先列出 {shown} 人。其余请发“名单 单位名”分单位看。")
    lines.append("\n发“催办”可以提醒他们，每人每天最多一次。")
    if marked:
        lines.append(_MARKS)
    return "\n".join(lines)


_MARKS = "已读、未读：最近一次提醒在钉钉里点开过没有。读过不等于填过；没标的还不知道。"


def marked(name: str, *, read: bool) -> str:
    return f"{name}（{'已读' if read else '未读'}）"


def by_others(name: str) -> str:
    """Somebody without an account."""
    return f"{name}（代填）"


def late(unit: str, groups: Iterable[tuple[str, Sequence[str]]], total: int) -> str:
    lines = [f"**{unit}** 逾期才提交的 {total} 人："]
    left = NAMES_SHOWN
    for name, people in groups:
        if left > 0:
            lines.append(f"- {name}：{'、'.join(people[:left])}")
        left -= len(people)
    if total > NAMES_SHOWN:
        lines.append(f"\n先列出 {NAMES_SHOWN} 人。其余请发“名单 逾期 单位名”分单位看。")
    return "\n".join(lines)


def handed_in_on(name: str, at: datetime, campaign: Campaign) -> str:
    return f"{name} {day(at.astimezone(campaign.zone).date())}"


def none_late(unit: str) -> str:
    return f"**{unit}** 没有逾期的人。"


def not_over_yet(campaign: Campaign) -> str:
    return f"{day(campaign.deadline)}才截止，还没有逾期的人。看谁没完成，发“名单”。"


def nobody_missing(unit: str) -> str:
    return f"**{unit}** 全部完成了，没有要催的人。"


MOMENT_NOW = "马上"


def moment_later(at: datetime, campaign: Campaign) -> str:
    return f"现在不是工作时间，{moment(at, campaign)} 会"


def only_you_missing(unit: str) -> str:
    return f"**{unit}** 只剩您自己还没完成，不用催别人。回复“继续”就可以填。"


def only_others_fill_in(unit: str, number: int) -> str:
    return f"**{unit}** 没完成的 {number} 人没有账号，提醒不到，请安排同事代填。发“名单”看是哪几位。"


def nudged(unit: str, sent: int, again: int, when: str, without_account: int) -> str:
    if not sent:
        return f"**{unit}** 没完成的 {again} 人今天已经催过了。每人每天最多催一次。" if again else f"**{unit}**："
    more = f"另有 {again} 人今天催过了，不再打扰。" if again else ""
    more += f"另有 {without_account} 人没有账号，请安排同事代填。" if without_account else ""
    return f"**{unit}**：{when}提醒 {sent} 位没完成的同事，已完成的不会收到。{more}"


def had_enough(number: int, most: int) -> str:
    """Of those who were written to as often as the campaign allows."""
    return f"另有 {number} 人这次活动里已经提醒满 {most} 次，不再打扰，请当面或电话说。"


NAMES_ARE_DIRECT = "名单只在单聊里看，已经私聊发给您。"


def no_pledges(unit: str) -> str:
    return f"**{unit}** 还没有人在这里签署承诺书。以前签过纸质的不用再打印；要催没填的人，发“催办”。"


def outside_reach(home: str, county: str, *, whole: bool) -> str:
    """`whole` for somebody who already looks after everything: then the name is wrong."""
    if whole:
        return "没有找到这个单位，请核对名称。"
    above = f"{county}大数据中心" if county else _OFFICES[Role.CITY]
    return f"您负责的是{home}，看不到其他单位。需要跨单位的数据，请联系{above}。"


WHICH_UNIT = "有几个单位名称相近，请选一个："


def bound(unit: str) -> str:
    return f"这个群已绑定 **{unit}**。@我 发“进度”看数字；截止前后我会在工作时间发几次单位数字，不点名。"


BOUND_BY_OTHERS = "这个群已经绑定了别的单位。要改，请那个单位的联络员或上级在群里 @我 发“绑定”。"
BIND_IN_GROUP = "请在要绑定的工作群里 @我 发“绑定”。"


def signature(name: str, role: Role) -> str:
    return f"{quote(name, 20)}（{_OFFICES[role]}）"


def nudge(campaign: Campaign, state: str, by: str) -> str:
    return f"您好，{by}提醒您：{campaign.name}{day(campaign.deadline)}截止。{state}回复“继续”就可以。"


def state_of(*, begun: bool) -> str:
    return "您已经答了一部分，接着答就行，" if begun else "您还没有开始，大约2分钟，"
