"""What is said about the assessment: points with the counts they come from. Units only, in the order of the roster."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from handlers.campaign.assessing import COUNTS, Result, Score
from handlers.campaign.checks import Assessment
from handlers.campaign.definition import Campaign
from handlers.texts.plain import moment

NO_CHAPTER = "这次活动没有设考核。要用的话，请管理员在活动配置里加上考核这一章。"
EXPORT = "导出 考核表"
SHOWN = 30
DASH = "—"


def assessed(
    campaign: Campaign, chapter: Assessment, unit: str, at: datetime, total: Result, parts: Sequence[tuple[str, Result]]
) -> str:
    lines = [
        f"**{unit}** 考核 截至 {moment(at, campaign)}：**{points(total.points)}** 分（满分 {points(total.most)}）",
        "",
        *(f"- {score.item.name} {scored(score)}（{counts(score)}）" for score in total.scores),
    ]
    if parts:
        lines += ["", "下级单位（得分/满分，按名册顺序）："]
        lines += [f"- {name} {points(one.points)}/{points(one.most)}" for name, one in parts[:SHOWN]]
    if len(parts) > SHOWN:
        lines.append(f"- 另有 {len(parts) - SHOWN} 个单位，发“考核 单位名”查看，或者导出考核表")
    return "\n".join([*lines, "", *chapter.notes[:1], "每一项的规则和依据在考核表里。"])


def points(value: Decimal) -> str:
    """«19.5», «20»."""
    return f"{value:.1f}".removesuffix(".0")


def scored(score: Score) -> str:
    """«19.5/20»; a dash where the item is left out."""
    return DASH if score.points is None else f"{points(score.points)}/{points(score.item.points)}"


def counts(score: Score) -> str:
    """What the points come from: «39/40», «2条»."""
    if score.item.measure in COUNTS:
        return f"{score.counted.part}条"
    return f"{score.counted.part}/{score.counted.whole}" if score.counted.whole else "没有统计对象"
