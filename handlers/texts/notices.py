"""What a work notice and a to-do of 浙政钉 say beside the letter itself."""

from datetime import datetime

OPEN = "打开自查"
"""The button: the page, where everything else is."""
MORE = "……（全文请点开看）"
"""Behind what was too long."""
CUT = "……"
NEWS = "您有新消息，请点开查看。"
"""Several letters at once: they stand on the page."""
ANSWER_THERE = "请打开和机器人的单聊，发“继续”接着办。"
"""In the conversation of work notices nobody is listened to."""
PAPER = "您要的材料好了，请点开下载。"


def when(at: datetime) -> str:
    """The platform gives nobody the same text twice a day: what is said again says when."""
    return f"（{at.month}月{at.day}日{at:%H:%M}）"


def todo(campaign: str) -> str:
    return f"{campaign}：请完成自查"


def todo_return(campaign: str, unit: str) -> str:
    return f"{campaign}：请确认并上报{unit}的反馈表"
