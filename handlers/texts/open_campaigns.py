"""What is said of the campaigns that are open side by side."""

from handlers.campaign.definition import Campaign
from handlers.texts.plain import day

OPEN = "现在有这些活动，选一个就转过去："
UNKNOWN = "没有找到这个活动。"
NOT_BEGUN = "还没有开始"
BEGUN = "填了一部分"
ASKED_AGAIN = "通知有补充，还要再答几项"


def done(receipt: str) -> str:
    return f"已提交，回执 {receipt}"


def line(campaign: Campaign, state: str, *, here: bool) -> str:
    now = "（现在的）" if here else ""
    return f"- **{campaign.name}**{now}：{day(campaign.deadline)}截止，{state}"


def turned(name: str) -> str:
    return f"现在是 **{name}**。"


def about(name: str) -> str:
    return f"**{name}**"


def another(campaign: Campaign) -> str:
    return f"您还有 **{campaign.name}** 没有填，{day(campaign.deadline)}截止。"
