"""What is said to a person during their own self-check: problems, summaries, the receipt."""

from datetime import date, datetime

from handlers.campaign.definition import Campaign, Question
from handlers.campaign.questionnaire import Problem
from handlers.texts.plain import day, echo, moment, quote


def header(number: int, total: int, row: int, measure: str) -> str:
    """«（2/6）»; from the second data set on it says which one."""
    if not number or total < 2:
        return ""
    return f"（{number}/{total} · 第{row}{measure}）" if row > 1 else f"（{number}/{total}）"


def noted(label: str) -> str:
    return f"记下了：{quote(label, 80)}。"


def picked_so_far(label: str) -> str:
    return f"已选：**{quote(label)}**。还有就接着点，没有了点“选好了”。"


def given_before(label: str) -> str:
    return f"（原来的回答：{quote(label)}）"


def problem(what: Problem, question: Question, said: str, today: date) -> str:
    """Why an answer was not taken, and how to give it. What was entered before is never touched."""
    match what:
        case Problem.TOO_LONG:
            return f"写得有点长（{len(said)}字），请缩短到{question.max_length}字以内再发一次。"
        case Problem.WRITE:
            return "好的，请直接把内容写给我，一句话就行。"
        case Problem.BAD_DATE:
            return f"没看懂日期。请回复例如“{day(today)}”“明天”，或者点下面的按钮。"
        case Problem.PAST_DATE:
            return f"这个日期已经过去了。请回复今天（{day(today)}）或以后的日期。"
        case Problem.BAD_ID_NUMBER:
            return "这个号码的校验位对不上，可能输错或少了一位。请再发一次；不方便的话回复“稍后”，其他内容都已保存。"
        case Problem.NO_ID_NUMBER:
            return "没有看到身份证号。请回复姓名和身份证号；不方便的话回复“稍后”，其他内容都已保存。"
        case Problem.EDIT_WHICH:
            return "哪一项要改？回复“修改”加序号，例如“修改 3”，或者点下面的按钮。"
        case Problem.ENOUGH_ROWS:
            return "已经到最多的份数了。没有别的要改，就选“对”。"
        case Problem.EMPTY:
            return "没有看到文字。请再发一次。"
        case Problem.UNCLEAR:
            kind = (
                "可以回复几个数字或名称，例如“1 2”。" if question.kind == "multi" else "请回复前面的数字，或者点按钮。"
            )
            return f"{echo(said)}没有对上选项。{kind}"


def stale(label: str) -> str:
    """An old button of a question that has been answered."""
    return f"这个问题您已经答过（{quote(label, 60)}）。要改请发“修改”。" if label else "这个按钮已经过时了。"


ASKED_AGAIN = "您的自查提交过，通知后来有补充，请看这一题："
CAME_LATE = "刚才那条消息到得晚了，我没有按它记。现在是："
NOT_SEEN = "上一条消息可能没有送到您手上，请先看这一题："


def stale_now() -> str:
    return "现在是："


def number_received(mask: str, *, recallable: bool) -> str:
    then = "请把上一条消息撤回（长按 → 撤回），聊天里就不留号码了。" if recallable else "页面上不留号码。"
    return f"已收到，**{mask}**。{then}"


def other_name(name: str, known: str) -> str:
    """Somebody signs with another name than the roster has: one of the two is wrong, and they can tell which."""
    named = f"名册上您是**{quote(known, 20)}**，这里会按**{quote(name, 20)}**签"
    return f"承诺书要本人签。{named}；写错了请改“姓名和身份证号”那一项。"


def summary_line(number: int, name: str, label: str) -> str:
    return f"{number}. **{name}**：{quote(label)}"


def review_line(name: str, cell: str) -> str:
    return f"- **{name}**：{quote(cell)}"


def pledge_piece(title: str, piece: str, number: int, total: int) -> str:
    return f"**《{title}》**（{number}/{total}）\n\n{piece}"


def nil_done(receipt: str, pledge: str, nil: str, *, late: bool, closing: str = "") -> str:
    told = [f"已提交，回执 **{receipt}**{_late(late)}。", f"**零报告**：{nil}。", pledge, closing or _CHANGES]
    return "\n\n".join(filter(None, told))


def done(receipt: str, pledge: str, rows: str, *, late: bool, closing: str = "") -> str:
    """`rows` with their measure: «2份数据»."""
    told = [f"自查已提交，共{rows}，回执 **{receipt}**{_late(late)}。", pledge, closing or _CHANGES]
    return "\n\n".join(filter(None, told))


_CHANGES = "有变化随时发“修改”。谢谢。"


def _late(late: bool) -> str:
    return "（已过截止日，按逾期记录）" if late else ""


def pledge_signed(name: str, when: str, version: int, digest: str) -> str:
    return f"{name}已签署（{when}，文本第{version}版）。纸质一式两份由联络员打印，您签字即可。\n\n> 文本校验码 {digest}"


def pledge_earlier(name: str, when: str) -> str:
    return f"{name}：{when}。"


def pledge_unneeded(name: str, why: str) -> str:
    return f"{name}：{why}"


def already_done(receipt: str) -> str:
    return f"您的自查已提交，回执 **{receipt}**。要改发“修改”，看状态发“进度”。"


def paused(deadline: date) -> str:
    return f"好的，前面的内容都已保存。{day(deadline)}前随时发“继续”，从这一题接着答。"


RESTART_ASK = "确定从头再来吗？前面的回答会清空重填，已经提交过的记录保留到您再次提交为止。"
RESTART_OPTIONS = (("确定重新开始", "确定重新开始"), ("不了，继续", "继续"))
FIRST_QUESTION = "这已经是第一题了。"
NOTHING_YET = "还没有可以修改的内容，先从这一题开始："
EDIT_WHICH = "哪一项要改？"


def no_such_entry(number: str) -> str:
    return f"没有第{number}项，或者还没答到。请看下面的序号："


def own_progress(
    campaign: Campaign,
    *,
    receipt: str,
    submitted: datetime | None,
    at: int,
    total: int,
    changed: bool,
    asked_again: bool,
) -> str:
    """What a person is told about themselves."""
    if asked_again:
        return f"您的自查提交过（回执 **{receipt}**），通知后来有补充，还要再答几项。回复“继续”就可以，前面的都在。"
    if submitted and changed:
        return f"您的自查提交过（回执 **{receipt}**），正在修改，改完还要再提交一次。回复“继续”接着改。"
    if submitted:
        return f"您的自查已提交（{moment(submitted, campaign)}），回执 **{receipt}**。要改发“修改”。"
    if at:
        return f"您的自查答到第{at}项，共{total}项。回复“继续”接着答，{day(campaign.deadline)}截止。"
    return f"您还没有开始自查，大约2分钟。回复“继续”就可以，{day(campaign.deadline)}截止。"
