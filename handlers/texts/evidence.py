"""What is said of the evidence: the digest of a day, in the city's group."""

from datetime import date

from handlers.campaign.definition import Campaign
from handlers.texts import plain

CUT_OFF = "存证比以前短了：后面的记录被删掉，或换回了旧备份。请运行 zicha verify"


def day_root(campaign: Campaign, day: date, count: int, total: int, digest: str) -> str:
    name = campaign.pledge.name
    return (
        f"**{name}存证 {plain.day(day)}**\n\n当天登记 {count} 份，累计 {total} 份。当天的校验码：\n\n"
        f"{grouped(digest)}\n\n"
        "不用回复，请留着这条消息：以后核对时用它证明记录没有改过。"
    )


def grouped(digest: str) -> str:
    """64 digits in eights, as people compare them."""
    return " ".join(digest[n : n + 8] for n in range(0, len(digest), 8))
