"""What is said when a campaign file has changed: what more is asked, and that nothing is lost."""

from handlers.campaign.definition import Campaign
from handlers.texts.plain import day

HERE = "前面的都在。"


CHANGED = "这一题有改动，请重新看一下再答，前面的都在。"


def more(number: int) -> str:
    return f"通知有补充，还要您多答{number}项，{HERE}"


def sign_again(name: str, version: int, others: int) -> str:
    """Somebody signed an older text; `others` are questions asked besides."""
    also = f"另外还要多答{others}项，" if others else ""
    return f"{name}的文本有了改动（第{version}版），请您看过以后重新签署。{also}{HERE}"


def letter(campaign: Campaign, told: str, *, in_time: bool) -> str:
    by = f"{day(campaign.deadline)}前" if in_time else ""
    return f"**{campaign.name}**：{told}{by}回复“继续”就可以。"
