"""额度: the month's quota in words, for the chat, the command line and the alarm."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handlers.quota import Account, Month

API = "接口调用"
STREAM = "Webhook 和 Stream"


def told(month: "Month") -> str:
    lines = [f"{month.month} 本程序用掉的额度：", *(f"- {_line(one)}" for one in (month.api, month.stream))]
    lines.append(f"其中收到消息 {month.inbound:,} 条，用 webhook 回复 {month.webhook:,} 条。")
    if month.withheld:
        lines.append(f"有 {month.withheld:,} 条消息因为额度用完没有带内容，对方要重发。")
    for brake in month.held:
        until = f"到 {brake.until:%Y-%m-%d}" if brake.until else "直到 zicha outbox go-on"
        lines.append(f"群发和提醒已停，{until}：{brake.why}")
    lines.append("同一组织的其他应用也用这份额度，总数看开发者后台的“资源管理”。")
    return "\n".join(lines)


def _line(account: "Account") -> str:
    return f"{account.name} {account.used:,} / {account.limit:,}（{account.percent}%）"


def low(account: "Account") -> str:
    if account.used >= account.limit:
        told = f"本月{account.name}额度已用完：{_line(account)}。请到开发者后台“资源管理”增购"
        return f"{told}；有额度而数字不对，就改 {_setting(account)}。"
    return f"本月{account.name}额度快用完了：{_line(account)}。先停掉不急的群发（zicha outbox pause），或者增购。"


def _setting(account: "Account") -> str:
    return "ZICHA_QUOTA_API" if account.name == API else "ZICHA_QUOTA_STREAM"


WITHHELD = (
    "平台推来的消息没有带内容（20001）：本月 Webhook 和 Stream 额度已用完，大家的回答收不到。"
    "请到开发者后台“资源管理”增购；增购后请大家重发。"
)


def gone(channel: str, why: str, until: str) -> str:
    return f"{channel} 说本月调用额度已用完（{why}）。群发和提醒停到 {until}；增购后运行 zicha outbox go-on 接着发。"
