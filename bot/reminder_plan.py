"""The operator's view of the reminders: the calendar as lines, with figures where there is a database."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from bot.config import Config
from handlers.campaign.definition import Campaign
from handlers.campaign.reminding import Audience
from handlers.reaching import WORK_NOTICE
from handlers.reminders import calendar, plan
from handlers.reminders.calendar import Dropped, Moment, Moved
from handlers.reminders.plan import Count, Line, Outlook, State

_WEEKDAYS = "一二三四五六日"
_WHO: dict[Audience, str] = {
    "digest": "联络员和大数据中心，一人一条汇总",
    "units": "反馈表没上报的单位",
    "groups": "群，只报单位数字",
    "unfinished": "没完成的人",
    "unsigned": "没签承诺书的人",
}
_DROPPED = {
    Dropped.BEFORE_PUBLISHED: "不发：早于发文日期",
    Dropped.LAST_DAY_OFF: "不发：截止日是休息日，“最后一天”的话不提前说",
    Dropped.TWICE: "不发：顺延以后和同一条规则的另一次在同一天",
    Dropped.NEARER: "不发：同一时刻有离截止日更近的规则，合成一条",
}
_STATES = {
    State.MISSED: "没有发：到点时程序没有运行，过时不补",
    State.ADDED_LATE: "跳过：写进活动文件时已经过了",
    State.UNDER_WAY: "正在发",
}


def heading(campaign: Campaign, outlook: Outlook, *, counted: bool) -> list[str]:
    manners = campaign.manners
    days = "工作日" if manners.working_days_only else "每天"
    lines = [
        f"{campaign.name}（{campaign.id}），{_day(campaign.closes_at, campaign, deadline=True)}截止。"
        f"{days} {manners.from_:%H:%M}–{manners.until:%H:%M} 之间发，每人最多 {manners.most} 条。"
    ]
    if counted:
        at = outlook.at.astimezone(campaign.zone)
        lines.append(f"人数、条数和调用次数按 {at:%Y-%m-%d %H:%M} 的情况算，办完的人到时候不会收到。")
    return lines


def lines_of(campaign: Campaign, found: list[Line], outlook: Outlook, *, counted: bool) -> Iterator[str]:
    """The whole calendar, moment by moment; then what is still to come, all together."""
    yield from heading(campaign, outlook, counted=counted)
    yield from guessed_years(campaign)
    rules = [rule.id for rule in campaign.reminders]
    order = sorted(found, key=lambda line: (line.moment.at, rules.index(line.moment.rule.id)))
    for (at, rule, moved), group in groupby(order, key=lambda line: _headed(line.moment)):
        yield f"{_day(at, campaign)} {at:%H:%M}  {rule}{moved}"
        for line in group:
            yield f"    {_WHO[line.moment.audience]}：{_told(line, outlook, counted=counted)}"
    coming = [line.count for line in found if line.state in (State.COMING, State.UNDER_WAY)]
    if counted:
        letters, calls = sum(count.letters for count in coming), sum(count.calls for count in coming)
        yield f"还要发的合计：{letters} 条，{calls} 次调用。一次单聊调用最多 20 人，内容相同的合在一起。"


def moments_in_one_line(campaign: Campaign) -> str:
    """For `zicha check`: each moment once, with where it was moved from."""
    told = dict.fromkeys(
        f"{moment.at:%m-%d %H:%M}（{moment.rule.id}{_moved(moment)}）" for moment in calendar.calendar(campaign)
    )
    return "、".join(told)


def guessed_years(campaign: Campaign) -> list[str]:
    """Years of the calendar whose holidays this program does not know, each with the mend."""
    return [
        f"{year}年的节假日和调休程序还不知道，这一年先按周一到周五算工作日；"
        "国务院公布安排以后升级 chinesecalendar（pip install -U chinesecalendar），再看一遍这个日历。"
        for year in calendar.unknown_years(campaign)
    ]


def together(config: Config, channel: str) -> int:
    """People in one call of a channel (DingTalk: A/0714, its work notices: A/0769)."""
    return {"dingtalk": 20, WORK_NOTICE: 100}.get(channel, config.zzd_limits.people)


# ---------------------------------------------------------------- words


def _headed(moment: Moment) -> tuple[datetime, str, str]:
    moved = _moved(moment)
    return moment.at, moment.rule.id, f"  {moved[1:]}" if moved else ""


def _moved(moment: Moment) -> str:
    if not moment.moved:
        return ""
    way = "提前" if moment.at < moment.wanted else "顺延"
    why = "休息日" if moment.moved is Moved.DAY_OFF else "不是打扰人的时间"
    wanted = moment.wanted
    return f"，原定{wanted.month}月{wanted.day}日 周{_WEEKDAYS[wanted.weekday()]} {wanted:%H:%M}，{why}，{way}"


def _day(at: datetime, campaign: Campaign, *, deadline: bool = False) -> str:
    day = campaign.deadline if deadline else at.date()
    year = f"{day.year}年" if deadline or day.year != campaign.deadline.year else ""
    return f"{year}{day.month}月{day.day}日 周{_WEEKDAYS[day.weekday()]}"


def _told(line: Line, outlook: Outlook, *, counted: bool) -> str:
    moment, count = line.moment, line.count
    if line.state is State.DROPPED:
        return _DROPPED[moment.dropped]
    if line.state is State.SENT:
        return f"已发 {count.letters} 条"
    if line.state in (State.MISSED, State.ADDED_LATE):
        return _STATES[line.state] if counted else "已经过了"
    parts = [_STATES.get(line.state, "待发"), f"{moment.until:%H:%M} 以后不再发"]
    if counted:
        parts.insert(0, _figures(moment, count))
    return "；".join([*parts, *_way(moment, count, outlook, counted=counted)])


def _figures(moment: Moment, count: Count) -> str:
    if moment.audience == "groups":
        able = f"（{count.calling} 个能@联络员，其余只写单位名）" if count.letters else ""
        return f"{count.letters} 个群{able}，{count.calls} 次调用"
    told = f"{count.letters} 人，{count.letters} 条，{count.calls} 次调用"
    return told + (f"（另有 {count.enough} 人已收满，不再发）" if count.enough else "")


def _way(moment: Moment, count: Count, outlook: Outlook, *, counted: bool) -> list[str]:
    if not moment.noticed:
        return []
    if not outlook.notices:
        return ["规则要发工作通知，但没有接入，改发单聊"]
    if not counted or count.noticed == count.letters:
        return ["工作通知"]
    return [f"工作通知 {count.noticed} 人，其余没有账号，发单聊"]


def made(campaign: Campaign, outlook: Outlook) -> list[str]:
    """The calendar without figures: no database yet, or nobody in it."""
    return list(lines_of(campaign, plan.without_people(campaign, outlook.at), outlook, counted=False))
