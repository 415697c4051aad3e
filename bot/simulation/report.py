"""What came of it, written down: `report.md` for people, `books.json` for programs, the pictures."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.simulation import cost, plots
from bot.simulation.campaign import Outcome
from bot.simulation.cost import Cost
from bot.simulation.temper import Matter

REPORT, BOOKS = "report.md", "books.json"
_MOST = 50
"""So many lines of a page are written out; the JSON has all of them."""
_NAMES = {Matter.NIL: "零报告", Matter.ROW: "一份数据", Matter.ROWS: "几份数据"}


def write(outcome: Outcome, folder: Path) -> None:
    (folder / BOOKS).write_text(json.dumps(as_json(outcome), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / REPORT).write_text("\n".join(_lines(outcome)) + "\n", encoding="utf-8")
    plots.draw(folder, outcome.played.beliefs.people.values(), outcome.played.replies, outcome.played.acks)


def as_json(outcome: Outcome) -> dict[str, Any]:
    people = outcome.played.beliefs.people.values()
    return {
        "plan": asdict(outcome.plan),
        "begins": outcome.begins.isoformat(),
        "ends": outcome.ends.isoformat(),
        "units": outcome.units,
        "good": outcome.good,
        "finished": len(outcome.kept.receipts),
        "pages": [asdict(page) for page in outcome.pages],
        "cost": {kind.value: asdict(one) for kind, one in cost.by_matter(people).items()},
        "cost of an office": asdict(cost.of_offices(people)),
        "platform": asdict(outcome.played.platform),
        "calls": outcome.played.calls,
        "faults": outcome.played.weather,
        "killed": outcome.played.platform.kills,
        "stopped": outcome.played.stopped,
        "machine": asdict(outcome.played.machine) | {"database bytes": outcome.kept.bytes},
        "busiest hour": busiest(outcome),
        "reply seconds": _shares(seconds for _, seconds in outcome.played.replies),
        "ack seconds": _shares(seconds for _, seconds in outcome.played.acks),
    }


def busiest(outcome: Outcome) -> dict[str, Any]:
    """The hour of the campaign in which most was said: when, how much, and its share of all."""
    hours = Counter(at.replace(minute=0, second=0, microsecond=0) for at, _ in outcome.played.replies)
    ((hour, count),) = hours.most_common(1)
    return {"hour": hour.isoformat(), "messages": count, "share": count / hours.total()}


def cost_lines(outcome: Outcome) -> Iterator[str]:
    """The table of the three typical persons, in Markdown."""
    people = outcome.played.beliefs.people.values()
    yield "| 每完成一人 | 人数 | 收到的消息（中位） | 收到的消息（平均） | webhook 回复 | API 调用 |"
    yield "|---|---|---|---|---|---|"
    for kind, one in cost.by_matter(people).items():
        yield _cost_line(_NAMES[kind], one)
    yield _cost_line("联络员和汇总人（含本人自查）", cost.of_offices(people))
    finished, platform = len(outcome.kept.receipts) or 1, outcome.played.platform
    parts = (platform.pushed, platform.webhook, platform.api)
    shares = " | ".join(f"{part / finished:.2f}" for part in parts)
    yield f"| 全部用量 ÷ 完成人数 | {finished} | — | {shares} |"


def _cost_line(name: str, one: Cost) -> str:
    return f"| {name} | {one.people} | {one.typical:g} | {one.inbound:.2f} | {one.webhook:.2f} | {one.api:.2f} |"


def _lines(outcome: Outcome) -> Iterator[str]:
    plan, machine = outcome.plan, outcome.played.machine
    yield f"# 全市演练：{plan.people} 人，{plan.days} 天，种子 {plan.seed}"
    yield ""
    yield f"{outcome.begins:%Y-%m-%d %H:%M} 到 {outcome.ends:%Y-%m-%d %H:%M}，{outcome.units} 个单位。"
    faults = "，".join(f"{name} {count}" for name, count in sorted(outcome.played.weather.items())) or "没有"
    yield f"平台故障：{faults}。"
    yield f"机器人被强行结束 {outcome.played.platform.kills} 次，正常重启 {outcome.played.stopped} 次。"
    yield ""
    yield f"**账{'都对得上' if outcome.good else '对不上'}。**"
    yield ""
    yield "| 账 | 结果 | 不一致 | 有原因的 |"
    yield "|---|---|---|---|"
    for page in outcome.pages:
        yield f"| {page.title} | {page.told} | {len(page.differences)} | {len(page.explained)} |"
    for page in outcome.pages:
        yield from _listed(f"{page.title}：不一致", page.differences)
    for page in outcome.pages:
        yield from _listed(f"{page.title}：有原因的", page.explained)
    yield ""
    yield "## 平台用量"
    yield ""
    yield from cost_lines(outcome)
    yield ""
    yield "“收到的消息”和“webhook 回复”记在 Webhook & Stream 上；一次 API 调用最多写给 20 人，按收到的人平分。"
    yield ""
    yield "## 机器"
    yield ""
    messages = outcome.played.platform.pushed or 1
    yield f"- 用时 {machine.seconds:.0f} 秒，{messages} 条消息"
    per_message = machine.bot_cpu / messages * 1e3
    yield f"- 机器人 CPU {machine.bot_cpu:.0f} 秒（每条消息 {per_message:.1f} 毫秒）"
    yield f"- 机器人内存最多 {machine.bot_memory:.0f} MB"
    yield f"- 平台替身 CPU {machine.gateway_cpu:.0f} 秒"
    most = busiest(outcome)
    yield f"- 最忙的一小时（活动时间 {most['hour'][5:16]}）{most['messages']} 条，占全部的 {most['share']:.1%}"
    yield f"- 启动 {len(machine.starts)} 次，最慢 {max(machine.starts):.1f} 秒"
    yield f"- 数据库 {outcome.kept.bytes / 1e6:.0f} MB，每人 {outcome.kept.bytes / plan.people / 1e3:.1f} KB"
    for name, moments in (("回答", outcome.played.replies), ("确认", outcome.played.acks)):
        shares = _shares(seconds for _, seconds in moments)
        yield f"- {name}：p50 {shares['p50']:.3f} 秒，p99 {shares['p99']:.3f} 秒，最慢 {shares['most']:.3f} 秒"
    yield ""
    for name in plots.FILES:
        yield f"![{name}]({name})"


def _listed(title: str, lines: tuple[str, ...]) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"## {title}", "")
    yield from (f"- {line}" for line in lines[:_MOST])
    if (more := len(lines) - _MOST) > 0:
        yield f"- 另有 {more} 处，见 {BOOKS}"


def _shares(seconds: Iterable[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    last = len(ordered) - 1
    return {"p50": ordered[last // 2], "p99": ordered[min(int(len(ordered) * 0.99), last)], "most": ordered[last]}
