"""What is said about 督办: overdue units, units with people unfinished, incidents. Facts and dates only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers.campaign.definition import Campaign
from handlers.texts.plain import day, quote

HOW = (
    "登记事件请写单位、日期和事实，例如“登记事件 紫金街道 5月20日：工作群误发名单1份，当日已删除”。"
    "只写事实，不写患者和群众的姓名、号码。"
)
WRONG_DAY = "没看懂发生在哪天，或者那天还没到。请这样写：“登记事件 紫金街道 5月20日：……”；往年的日期请写上年份。"
PRIVATE = "督办和事件只在单聊里看，已经私聊发给您。"
UNKNOWN = "没有找到这件事。发“事件”看没有办结的。"
HOW_TO_CLOSE = "办结请写做了什么，例如“事件 3 处理：已约谈，名单已删除”。"
EXPORT = "导出 督办清单"
NOTHING_ABOVE = "这项由区县大数据中心和市大数据局办理。"


@dataclass(frozen=True, slots=True)
class Fact:
    """An incident as it is told."""

    number: int
    unit: str
    happened_on: date
    text: str
    closed_on: date | None = None
    closing: str = ""


@dataclass(frozen=True, slots=True)
class Behind:
    """A unit that is late: its name and what the fact is."""

    unit: str
    fact: str


SHOWN = 15


def recorded(fact: Fact) -> str:
    return (
        f"已登记，第{fact.number}号：{fact.unit}，{day(fact.happened_on)}，{quote(fact.text)}。"
        f"办结时发“事件 {fact.number} 处理：……”。"
    )


def listed(unit: str, facts: Sequence[Fact]) -> str:
    if not facts:
        return f"**{unit}** 没有未办结的事件。登记一件：“登记事件 单位 日期：事实”。"
    lines = [f"**{unit}** 未办结的事件 {len(facts)} 件：", *(_fact(fact) for fact in facts[:SHOWN])]
    if len(facts) > SHOWN:
        lines.append(f"- 另有 {len(facts) - SHOWN} 件，导出督办清单看全部")
    return "\n".join([*lines, "", HOW_TO_CLOSE])


def told(fact: Fact) -> str:
    if fact.closed_on is None:
        return f"{_fact(fact)}\n\n{HOW_TO_CLOSE.replace(' 3 ', f' {fact.number} ')}"
    return f"{_fact(fact)}\n\n{day(fact.closed_on)}已办结：{quote(fact.closing)}"


def closed(fact: Fact) -> str:
    return f"第{fact.number}号已办结：{quote(fact.closing)}。督办清单里会写明。"


def closed_before(fact: Fact) -> str:
    on = day(fact.closed_on) if fact.closed_on else ""
    return f"第{fact.number}号{on}已经办结：{quote(fact.closing)}。"


def _fact(fact: Fact) -> str:
    return f"- {fact.number}号 {fact.unit} {day(fact.happened_on)}：{quote(fact.text, 120)}"


# ---------------------------------------------------------------- 督办


def overdue(
    campaign: Campaign,
    unit: str,
    *,
    over: bool,
    returns: Sequence[Behind],
    people: Sequence[Behind],
    facts: Sequence[Fact],
    at: str,
) -> str:
    lines = [f"**{unit}** 督办事项（截至 {at}）"]
    if not over:
        lines += ["", f"{day(campaign.deadline)}才截止，还没有逾期的单位。"]
    elif not (returns or people):
        lines += ["", "没有逾期的单位，应填的人都完成了。"]
    lines += _section("逾期未上报", returns) + _section("逾期仍有人未完成", people)
    if facts:
        lines += ["", f"未办结的事件 {len(facts)} 件：", *(_fact(fact) for fact in facts[:SHOWN])]
        lines += [f"- 另有 {len(facts) - SHOWN} 件"] if len(facts) > SHOWN else []
    return "\n".join(lines)


def _section(name: str, behind: Sequence[Behind]) -> list[str]:
    if not behind:
        return []
    more = [f"- 另有 {len(behind) - SHOWN} 个单位，见督办清单"] if len(behind) > SHOWN else []
    return [
        "",
        f"{name} {len(behind)} 个单位：",
        *(f"- {one.unit}：{one.fact}" for one in behind[:SHOWN]),
        *more,
    ]


_STATES = {
    "": "还没有确认",
    "open": "还没有确认",
    "confirmed": "已确认，没有盖章上报",
    "stamped": "已盖章，没有上报",
    "sent_back": "退回后没有再上报",
}


def not_handed_up(state: str) -> str:
    return f"反馈表{_STATES.get(state, '没有上报')}"


def handed_up_late(on: date) -> str:
    return f"反馈表{day(on)}才上报"


def unfinished(missing: int, expected: int) -> str:
    return f"应填 {expected} 人，{missing} 人没有完成"
