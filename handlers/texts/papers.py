"""What is said about papers: which there are, that one is on its way, why there is none."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from handlers.campaign.definition import Campaign
from handlers.texts.plain import moment, quote

PAPER_IS_DIRECT = "文件已经私聊发给您。"


def exporting(unit: str, paper: str, told: str, as_of: str = "") -> str:
    """`as_of` is said where it is not the present moment."""
    when = f"截至{as_of}" if as_of else ""
    return f"正在生成 **{unit}** {when}的{paper}，马上发给您。{told}"


def too_large(unit: str, paper: str, size: int, most: int) -> str:
    """In bytes both."""
    return (
        f"**{unit}** 的{paper}有{ceil(size / 1_000_000)} MB，超过钉钉一个文件{most // 1_000_000} MB的上限，发不过来。"
    )


IN_PARTS = "请按下一级单位分开要，点一个就发一份："
BY_OPERATOR = "请联系运维人员，用命令行导出整份。"


def at(value: datetime, campaign: Campaign) -> str:
    return moment(value, campaign)


def which(unit: str) -> str:
    return (
        f"**{unit}** 要导出哪一种？回复序号就行。\n\n"
        "后面可以加单位名，例如“导出 反馈表 紫金街道”；要过去某个时间的，再加“截至 5月22日18:00”。"
    )


def unknown(said: str, names: Sequence[str]) -> str:
    return f"没有看懂“{quote(said, 20)}”：不是材料的名称，也不是您负责的单位。可以导出：{'、'.join(names)}。"


def not_yours(paper: str, names: Sequence[str]) -> str:
    return f"{paper}不由您导出。您可以导出：{'、'.join(names)}。"


WRONG_MOMENT = "没看懂截至哪个时间，或者这个时间还没到。请这样写：“截至 5月22日18:00”。"
EXPORT = "导出"
