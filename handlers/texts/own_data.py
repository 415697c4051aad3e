"""What is said of the data held about somebody, and of putting it right."""

from collections.abc import Sequence
from datetime import date, datetime

from handlers.campaign.definition import Campaign
from handlers.texts.plain import quote, stamp

EDIT, WRONG, MENDED = "修改", "资料有误", "资料已改"
UNREADABLE = "（加密保存，现在读不出来）"
HOW_TO_ASK = (
    "哪里不对？请写在后面，例如“资料有误 单位应为岩泉街道”。不要写完整的身份证号。回答写错了不用找人，发“修改”自己改。"
)
ENOUGH = "您说的几处还在等联络员处理，处理完再说新的。急的话请直接找联络员。"
MENDED_FOR_YOU = "您说的资料有误，联络员已经改好。发“我的数据”看，还不对就再说一次。"
NONE_OPEN = "现在没有人说资料有误。"


def in_roster(name: str, unit: str, phone: str) -> str:
    return f"**名册**：{quote(name)}，{quote(unit)}" + (f"，电话 {phone}" if phone else "")


def checked(campaign: Campaign, submitted: datetime | None, receipt: str, answers: int, submissions: int) -> str:
    state = f"{stamp(submitted, campaign)} 提交，回执 {receipt}" if submitted else "还没有提交"
    again = f"，一共提交过 {submissions} 次" if submissions > 1 else ""
    return f"**自查**：{state}{again}；回答记录 {answers} 条，发“修改”看内容"


def pledged(campaign: Campaign, at: datetime, version: int, mask: str) -> str:
    number = f"，证件号 {mask}（加密保存，聊天里谁也看不到全号）" if mask else ""
    text = f"，文本第{version}版" if version else ""
    return f"**{campaign.pledge.name}**：{stamp(at, campaign)}{text}{number}"


_READ = {"read": "已读", "unread": "未读"}


def held(
    campaign: Campaign,
    *,
    roster: str,
    case: str,
    pledge: str,
    risks: int,
    exemptions: int,
    drawn: int,
    read: str,
    actions: int,
    until: date,
) -> str:
    counts = (("风险", risks), ("免填", exemptions), ("抽查", drawn))
    lines = [roster, case, pledge, *(f"**{what}**：{n} 条" for what, n in counts if n)]
    lines += [f"**提醒**：最近一次{_READ[read]}（钉钉告诉的，只记这一个词）"] if read else []
    lines += [f"**操作记录**：您自己做过的 {actions} 条，只记做了什么，不记内容"] if actions else []
    told = "\n".join(f"- {line}" for line in lines if line)
    return (
        f"{campaign.name}里有您的这些数据：\n{told}\n\n"
        f"**为什么**：{quote(campaign.issuer)}{quote(campaign.document)}要求自查。"
        f"**到什么时候**：最迟 {until.year}年{until.month}月{until.day}日销毁；{campaign.retention.why}。"
        "**谁能看到**：本单位联络员、上级大数据中心和市大数据局，只看各自负责的单位；号码都遮住。\n\n"
        "聊天里说过的话不保存原文。回答要改发“修改”；名册写错了发“资料有误”，后面写明哪里不对。"
    )


def asked(names: Sequence[str]) -> str:
    who = "、".join(quote(name, 20) for name in names[:3])
    return f"已转给联络员{who}，改好了告诉您。" if names else "已记下。您的单位还没有联络员，请把这件事告诉上级单位。"


def asked_above(name: str, unit: str, text: str, number: int) -> str:
    return (
        f"**{quote(unit)}**的{quote(name)}说自己的资料有误：{quote(text)}\n\n"
        f"核实后发“名册”下载、改好发回来，再发“资料已改 {number}”。"
    )


def waiting_line(name: str, unit: str, text: str, number: int) -> str:
    return f"- {quote(unit)} {quote(name)}：{quote(text, 60)}（改好发“资料已改 {number}”）"


def no_such(number: str) -> str:
    return f"没有等您处理的第 {quote(number, 9)} 号。发“资料已改”看有哪些。"


def closed(name: str) -> str:
    return f"记下了，已告诉{quote(name)}。"


def requests(count: int) -> str:
    return f"{count} 人说自己的资料有误，等您核实"
