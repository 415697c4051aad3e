"""群发: what it costs, how it goes, how it went; and how to write one."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from handlers.campaign.definition import Campaign
from handlers.texts.figures import moment_later
from handlers.texts.plain import moment, quote

if TYPE_CHECKING:
    from handlers.broadcasts.plan import Plan, Way
    from storage.broadcasts import Fates

TITLE = "通知"
HOW = (
    "群发这样写：**群发 对象：内容**，先给您看要发多少人、多少次调用，确认才发。\n"
    "- **群发 未完成：请今天填完**：还没完成的人\n"
    "- **群发 全员：明天上午开会**：所有人\n"
    "- **群发 联络员：请核对反馈表**：下级单位的联络员\n"
    "- **群发 群：……**：绑定的工作群\n"
    "对象后面可以加单位，例如“群发 全员 紫金街道：……”。内容里不要写身份证号和成串的电话。"
)
LATEST = "最近的群发："
NONE_SUCH = "没有这一次群发，或者不是您发起的。发“群发”看最近的。"
TOO_OLD = "这次群发放了半小时没有确认，已经作废。要发请重新写一次。"
NO_LONGER = "这次群发已经确认过或者取消了。发“群发”看最近的。"
CANCELLED = "好的，不发了。"
NOTHING_MISSED = "没有要补发的：没有被拒绝或没发出去的消息。"
PRIVATE = "群发的情况只在单聊里说，已经私聊发给您。"
SURE, NOTICE, GROUPS, CANCEL = "确认发送", "改发工作通知", "改发工作群", "不发了"
DEPARTMENTS = "按部门发工作通知"
WATCH, STOP, AGAIN = "看进展", "停止", "补发没送到的"
_AUDIENCES = {"unfinished": "未完成的人", "everyone": "所有人", "coordinators": "联络员", "groups": "工作群"}
_REASONS = (
    ("invalidStaffIdList", "平台上找不到，可能已离职，或者不在应用可见范围"),
    ("staffId.notExisted", "平台上找不到，可能已离职，或者不在应用可见范围"),
    ("robot.oto.notExist", "还没有和机器人的会话，请本人先给机器人发一句话"),
    ("filteredStaffIdList", "被平台过滤"),
    ("flowControlled", "平台限制每人接收的次数"),
    ("group.disbanded", "群已解散"),
    ("robotCode.notExsit", "机器人不在群里"),
    ("contain.", "内容没有通过平台审核"),
    ("143106", "今天已收过一样内容的工作通知"),
    ("143105", "今天收到的工作通知已到上限"),
)


def whom(audience: str, unit: str) -> str:
    return f"**{unit}**的{_AUDIENCES[audience]}"


def signed(by: str, text: str) -> str:
    """The words as they are read: whose they are first."""
    return f"{by}通知：\n\n{text}"


def nobody(audience: str, unit: str, no_account: int) -> str:
    more = f"有 {no_account} 人没有账号，请电话或当面告诉。" if no_account else ""
    return f"{whom(audience, unit)}里没有能收到消息的。{more}"


def planned(number: int, audience: str, unit: str, text: str, plan: "Plan", campaign: Campaign, now: datetime) -> str:
    reached = f"{plan.groups} 个群" if plan.groups else f"{plan.people:,} 人"
    lines = [
        f"**群发 {number}**：发给{whom(audience, unit)}，{reached}。",
        f"要调用 {plan.calls:,} 次，大约 {plan.minutes} 分钟，占本月额度 {_percent(plan.percent)}"
        f"（还剩 {plan.left:,} 次）。",
    ]
    if plan.notices:
        lines.append(_by_notice(plan))
    if plan.calls > plan.left:
        lines.append("**本月额度不够，会发到一半停下。**先请市大数据局增购，或者缩小范围。")
    if plan.starts_at > now:
        lines.append(f"{moment_later(plan.starts_at, campaign)}开始发。")
    if plan.no_account:
        lines.append(f"收不到的：{plan.no_account:,} 人没有账号，请安排同事转告。")
    if plan.had_enough:
        lines.append(f"不再打扰的：{plan.had_enough:,} 人在这次活动里已经收够 {campaign.manners.most} 条。")
    if text:
        lines += ["内容：", text]
    return "\n\n".join(lines)


def _by_notice(plan: "Plan") -> str:
    """Work notices of 浙政钉 take no calls of the month, but time."""
    told = f"其中 {plan.notices:,} 人在浙政钉，发工作通知 {plan.notice_calls:,} 次，不占额度"
    if plan.notice_days > 1:
        return f"{told}，一天发不完，要 {plan.notice_days} 天。"
    return f"{told}，大约 {plan.notice_minutes} 分钟。" if plan.notice_minutes else f"{told}。"


def way(one: "Way") -> str:
    told = {"departments": DEPARTMENTS, "work_notice": NOTICE}.get(one.route, GROUPS)
    return f"{told}（{one.calls:,}次）"


def begun(number: int) -> str:
    return f"群发 {number} 开始了。发完我会告诉您结果；想看进展发“群发 {number}”，要停发“停止群发 {number}”。"


def progress(number: int, audience: str, unit: str, fates: "Fates", *, stopped: bool, posting: bool) -> str:
    done = fates.total - fates.waiting
    share = f"{done * 100 // fates.total}%" if fates.total else "0%"
    where = "已停止" if stopped else "准备中" if posting else "发送中" if fates.waiting else "已发完"
    lines = [f"**群发 {number}**（{whom(audience, unit)}）{where}：{done:,}/{fates.total:,}（{share}）"]
    lines.append(f"送出 {fates.sent:,}，等待 {fates.waiting:,}{_put_off(fates)}")
    return "\n".join([*lines, *_not_sent(fates)])


def _put_off(fates: "Fates") -> str:
    return f"（其中 {fates.put_off:,} 条平台要求稍后，会自己再发）" if fates.put_off else ""


def _not_sent(fates: "Fates") -> list[str]:
    told = (
        (fates.refused, "被平台拒绝 {}"),
        (fates.doubtful, "没有回音、不知道到没到 {}，为免收到两次不再发"),
        (fates.withdrawn, "没发就撤回 {}（停止，或者对方已经完成）"),
        (fates.expired, "过了时间没发 {}"),
    )
    return [f"- {words.format(f'{count:,}')}" for count, words in told if count]


def report(number: int, audience: str, unit: str, fates: "Fates", reasons: Sequence[tuple[str, Sequence[str]]]) -> str:
    over = f"**群发 {number}**（{whom(audience, unit)}）结束：送出 {fates.sent:,}/{fates.total:,}。"
    lines = [over, *_not_sent(fates)]
    for why, names in reasons:
        lines.append(f"{why}：{_some(names)}")
    return "\n".join(lines)


def _some(names: Sequence[str]) -> str:
    told = "、".join(quote(name, 20) for name in names[:10])
    return told + (f"等 {len(names)} 个" if len(names) > 10 else "")


def reason(trouble: str) -> str:
    """Why somebody was not reached, in words a coordinator can act on."""
    found = next((told for fragment, told in _REASONS if fragment.casefold() in trouble.casefold()), "")
    return found or f"平台拒绝（{trouble[:40]}）"


def stopped(number: int, withdrawn: int, fates: "Fates") -> str:
    return f"群发 {number} 停下了：撤回还没发的 {withdrawn:,} 条，已经送出的 {fates.sent:,} 条收不回。"


def again(number: int, count: int) -> str:
    return f"群发 {number}：补发 {count:,} 条，已经收到的人不会再收到。"


def line(number: int, audience: str, unit: str, at: datetime, fates: "Fates", campaign: Campaign) -> str:
    return f"- 群发 {number}（{moment(at, campaign)}，{whom(audience, unit)}）：送出 {fates.sent:,}/{fates.total:,}"


def _percent(value: float) -> str:
    return "不到 0.1%" if 0 < value < 0.1 else f"{value:.1f}%"
