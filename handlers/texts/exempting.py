"""What is said about 免填: to the coordinator who decides and to the person it is about."""

from collections.abc import Iterable

from handlers.campaign.definition import Campaign
from handlers.texts.plain import quote

HOW = "请写上姓名和原因，例如“免填 张三：长期病假”。取消用“取消免填 张三”，看名单用“名单 免填”。"
HOW_TO_END = "请写上姓名，例如“取消免填 张三”。"
PRIVATE = "免填涉及个人，请私聊我办理。"
WHICH = "有几位同名，请选一位："
OWN = "自己的免填请上级单位办理。"
GO_ON = "继续"


def no_reason(name: str) -> str:
    return f"免填要写明原因，例如“免填 {quote(name, 20)}：长期病假”。"


def not_found(name: str) -> str:
    return f"您负责的单位里没有找到“{quote(name, 20)}”。请核对姓名，或者写工号。"


def everybody_must(name: str, county: str) -> str:
    """Where the area is to be checked as a whole."""
    return f"{county}按通知要求全面自查，每个人都要完成。{name}确实不能填的，请{county}大数据中心办理免填。"


def finished(name: str) -> str:
    return f"{name}已经提交了，不用免填。"


def already(name: str, reason: str) -> str:
    return f"{name}已经免填（{quote(reason, 60)}）。要取消，发“取消免填 {name}”。"


def granted(name: str, unit: str, reason: str) -> str:
    return f"记下了：{unit} {name}免填，原因：{quote(reason)}。不再提醒，也不计入应填。要取消，发“取消免填 {name}”。"


def ended(name: str) -> str:
    return f"已取消{name}的免填，重新计入应填。"


def was_not(name: str) -> str:
    return f"{name}没有免填，不用取消。"


def told(campaign: Campaign, by: str, reason: str) -> str:
    return f"{by}已为您登记免填{campaign.name}，原因：{quote(reason)}。不会再提醒您；想填也可以，发“继续”就行。"


def own(reason: str) -> str:
    return f"您这次免填，原因：{quote(reason, 60)}。想填也可以，发“继续”就行。"


def told_ended(campaign: Campaign, by: str) -> str:
    return f"{by}取消了您的免填，请完成{campaign.name}，大约2分钟。"


def listed(unit: str, groups: Iterable[tuple[str, list[tuple[str, str]]]], total: int, shown: int) -> str:
    """Who is exempt and why, by unit in the order of the roster."""
    lines, left = [f"**{unit}** 免填 {total} 人："], shown
    for name, people in groups:
        for person, reason in people[:left]:
            lines.append(f"- {name} {person}：{quote(reason, 60)}")
        left -= min(left, len(people))
    if total > shown:
        lines.append(f"\n先列出 {shown} 人。其余请发“名单 免填 单位名”分单位看。")
    return "\n".join(lines)


def nobody(unit: str) -> str:
    return f"**{unit}** 没有免填的人。"
