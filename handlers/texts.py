"""The bot's own sentences. What the notice asks stands in the campaign file; everything else said to people is here.

Short, exact, no exclamation marks; every dead end says what to do next. Pure functions from values to words.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from handlers.campaign.definition import Campaign, Question
from handlers.campaign.matching import clean
from handlers.campaign.questionnaire import Problem
from handlers.leak_guard import Leak
from storage.oversight import Tally
from storage.rows import Role

TITLE = "涉疫数据自查"
_MARKUP = str.maketrans(
    {"[": "［", "]": "］", "*": "＊", "`": "｀", "<": "＜", ">": "＞", "#": "＃", "_": "＿", "!": "！", "\n": " "}
)


def title(question: str) -> str:
    """What the list of chats and the phone's notification show of a question."""
    return f"自查：{question}"


def quote(said: str, limit: int = 200) -> str:
    """Somebody's words inside ours: no markup of theirs comes through, and no more than `limit` of them."""
    text = said.translate(_MARKUP).strip()
    return text if len(text) <= limit else f"{text[:limit]}……"


ECHOED = 12
"""So many characters of something not understood are repeated."""


def echo(said: str) -> str:
    """What somebody said and was not understood: a few words of it. More is not repeated, it may be about others."""
    words = quote(unicodedata.normalize("NFKC", clean(said)), ECHOED)
    return f"“{words}”" if len(clean(said)) <= ECHOED and not re.search(r"\d{6}", words) else "这句话"


def day(value: date) -> str:
    return f"{value.month}月{value.day}日"


def moment(value: datetime, campaign: Campaign) -> str:
    local = value.astimezone(campaign.zone)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def stamp(value: datetime, campaign: Campaign) -> str:
    return f"{value.astimezone(campaign.zone):%Y-%m-%d %H:%M}"


# ---------------------------------------------------------------- the self-check


def header(number: int, total: int, row: int) -> str:
    """«（2/6）»; from the second data set on it says which one."""
    if not number or total < 2:
        return ""
    return f"（{number}/{total} · 第{row}份数据）" if row > 1 else f"（{number}/{total}）"


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


CAME_LATE = "刚才那条消息到得晚了，我没有按它记。现在是："
NOT_SEEN = "上一条消息可能没有送到您手上，请先看这一题："


def stale_now() -> str:
    return "现在是："


def number_received(mask: str) -> str:
    return f"已收到，**{mask}**。请把上一条消息撤回（长按 → 撤回），聊天里就不留号码了。"


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


def nil_done(receipt: str, pledge: str, *, late: bool) -> str:
    return (
        f"已提交，回执 **{receipt}**{_late(late)}。\n\n"
        f"**零报告**：未接触涉疫数据，载体和渠道已检查。\n\n{pledge}\n\n{_CHANGES}"
    )


def done(receipt: str, pledge: str, rows: int, *, late: bool) -> str:
    return f"自查已提交，共{rows}份数据，回执 **{receipt}**{_late(late)}。\n\n{pledge}\n\n{_CHANGES}"


_CHANGES = "有变化随时发“修改”。谢谢。"


def _late(late: bool) -> str:
    return "（已过截止日，按逾期记录）" if late else ""


def pledge_signed(when: str, version: int, digest: str) -> str:
    return f"承诺书已签署（{when}，文本第{version}版）。纸质一式两份由联络员打印，您签字即可。\n\n> 文本校验码 {digest}"


def pledge_earlier(when: str) -> str:
    return f"承诺书：{when}。"


PLEDGE_UNNEEDED = "承诺书：未接触数据，不需要签。"


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
    campaign: Campaign, *, receipt: str, submitted: datetime | None, at: int, total: int, changed: bool
) -> str:
    """What a person is told about themselves."""
    if submitted and changed:
        return f"您的自查提交过（回执 **{receipt}**），正在修改，改完还要再提交一次。回复“继续”接着改。"
    if submitted:
        return f"您的自查已提交（{moment(submitted, campaign)}），回执 **{receipt}**。要改发“修改”。"
    if at:
        return f"您的自查答到第{at}项，共{total}项。回复“继续”接着答，{day(campaign.deadline)}截止。"
    return f"您还没有开始自查，大约2分钟。回复“继续”就可以，{day(campaign.deadline)}截止。"


# ---------------------------------------------------------------- help


_OFFICES = {Role.UNIT: "联络员", Role.COUNTY: "大数据中心", Role.CITY: "市大数据局"}


def help_for(role: Role | None, *, in_group: bool) -> str:
    """The commands of somebody's own role; `None` for staff without one."""
    staff = (
        "我能做这些：\n"
        "- **继续**：接着答题\n- **上一步**：改上一题\n- **修改 3**：改第3项\n- **暂停**：先放着，内容都保存\n"
        "- **进度**：看自己的进度\n- **重新开始**：从头再来\n- **？**：看这一题怎么填"
    )
    if in_group:
        staff = "自查请私聊我，发“你好”就行，大约2分钟。"
    if role is None:
        return staff
    return f"{staff}\n\n{_OFFICES[role]}还可以：\n{_SCOPES[role]}{_OVERSIGHT}"


_SCOPES = {
    Role.UNIT: "- **进度**：本单位和下级的数字\n",
    Role.COUNTY: "- **进度**：全县（市、区）和各单位的数字；**进度 紫金街道**：看一个单位\n",
    Role.CITY: "- **进度**：全市和各县（市、区）的数字；**进度 莲都区**、**进度 紫金街道**：看一处\n",
}
_OVERSIGHT = (
    "- **名单**：还有谁没填\n"
    "- **催办**：提醒没填的人，只提醒他们\n- **导出 反馈表**：附件2，可以直接打印盖章\n"
    "- **导出 承诺书**：附件1，每人两份，打印后签字\n"
    "- 后面都可以加单位名，例如“名单 紫金街道”\n"
    "- 在群里 @我 发 **绑定**：把群绑到本单位，临近截止时提醒群里"
)


SELF_CHECK_IS_DIRECT = "自查请在和我的单聊里做，我已经给您发了消息。群里不收集个人填报内容。"


# ---------------------------------------------------------------- for coordinators


def not_for_staff(own: str) -> str:
    return f"名单、进度和导出由单位联络员负责。{own or '您自己的进度，私聊我发“进度”就能看。'}"


def progress(campaign: Campaign, now: datetime, unit: str, total: Tally, parts: Sequence[tuple[str, Tally]]) -> str:
    """Figures of a unit and of what is below it; the same words in 1:1 and in a group, for they name no person."""
    left = (campaign.deadline - now.astimezone(campaign.zone).date()).days
    when = f"还有{left}天" if left > 0 else ("今天截止" if left == 0 else f"已过{-left}天")
    lines = [
        f"**{unit}** 截至 {moment(now, campaign)}（{day(campaign.deadline)}截止，{when}）",
        "",
        f"- 应填 **{total.expected}** 人，已完成 **{total.finished}** 人（{total.percent}%），"
        f"未完成 **{total.missing}** 人",
        f"- 未完成中：已开始 {total.started} 人，未开始 {total.missing - total.started} 人",
        f"- 已完成中：零报告 {total.nil} 人，接触过数据 {total.touched} 人，其中已签承诺书 {total.pledged} 人",
    ]
    if total.late:
        lines.append(f"- 逾期提交 {total.late} 人")
    if parts:
        lines += ["", "本级和下级单位（已完成/应填）："]
        lines += [f"- {name} {t.finished}/{t.expected}（{t.percent}%）" for name, t in parts[:PARTS_SHOWN]]
    if len(parts) > PARTS_SHOWN:
        lines.append(f"- 另有 {len(parts) - PARTS_SHOWN} 个单位，发“进度 单位名”查看")
    return "\n".join(lines)


PARTS_SHOWN = 30
OWN_PEOPLE = "本级"
NAMES_SHOWN = 60


def names(unit: str, groups: Iterable[tuple[str, Sequence[str]]], total: int) -> str:
    """Who is missing, by unit, in the order of the roster: no ranking of persons."""
    lines, shown = [f"**{unit}** 还有 {total} 人没有完成："], 0
    for name, people in groups:
        if shown >= NAMES_SHOWN:
            break
        taken = people[: NAMES_SHOWN - shown]
        shown += len(taken)
        lines.append(f"- {name}：{'、'.join(taken)}")
    if shown < total:
        lines.append(f"\n先列出 {shown} 人。其余请发“名单 单位名”分单位看。")
    lines.append("\n发“催办”可以提醒他们，每人每天最多一次。")
    return "\n".join(lines)


def nobody_missing(unit: str) -> str:
    return f"**{unit}** 全部完成了，没有要催的人。"


MOMENT_NOW = "马上"


def moment_later(at: datetime, campaign: Campaign) -> str:
    return f"现在不是工作时间，{moment(at, campaign)} 会"


def only_you_missing(unit: str) -> str:
    return f"**{unit}** 只剩您自己还没完成，不用催别人。回复“继续”就可以填。"


def nudged(unit: str, sent: int, again: int, when: str) -> str:
    if not sent:
        return f"**{unit}** 没完成的 {again} 人今天都已经催过了。每人每天最多催一次。"
    more = f"另有 {again} 人今天催过了，不再打扰。" if again else ""
    return f"**{unit}**：{when}提醒 {sent} 位没完成的同事，已完成的不会收到。{more}"


NAMES_ARE_DIRECT = "名单只在单聊里看，已经私聊发给您。"
PAPER_IS_DIRECT = "文件已经私聊发给您。"
_PAPERS = {
    "feedback_table": "反馈表，马上发给您。可以直接打印，左上角盖章",
    "pledges": "承诺书，马上发给您。每人两份，打印后由本人填身份证号、签字",
}


def exporting(unit: str, paper: str) -> str:
    return f"正在生成 **{unit}** 的{_PAPERS[paper]}。"


def no_pledges(unit: str) -> str:
    return f"**{unit}** 还没有人在这里签署承诺书。以前签过纸质的不用再打印；要催没填的人，发“催办”。"


def outside_reach(home: str, county: str, *, whole: bool) -> str:
    """`whole` for somebody who already looks after everything: then the name is wrong."""
    if whole:
        return "没有找到这个单位，请核对名称。"
    above = f"{county}大数据中心" if county else _OFFICES[Role.CITY]
    return f"您负责的是{home}，看不到其他单位。需要跨单位的数据，请联系{above}。"


WHICH_UNIT = "有几个单位名称相近，请选一个："


def bound(unit: str) -> str:
    return f"这个群已绑定 **{unit}**。@我 发“进度”看数字；临近截止时我会在工作时间提醒一次，只报单位数字，不点名。"


BOUND_BY_OTHERS = "这个群已经绑定了别的单位。要改，请那个单位的联络员或上级在群里 @我 发“绑定”。"
BIND_IN_GROUP = "请在要绑定的工作群里 @我 发“绑定”。"


def signature(name: str, role: Role) -> str:
    return f"{quote(name, 20)}（{_OFFICES[role]}）"


def nudge(campaign: Campaign, state: str, by: str) -> str:
    return f"您好，{by}提醒您：{campaign.name}{day(campaign.deadline)}截止。{state}回复“继续”就可以。"


def state_of(*, begun: bool) -> str:
    return "您已经答了一部分，接着答就行，" if begun else "您还没有开始，大约2分钟，"


# ---------------------------------------------------------------- who is this


NO_STAFF_ID = "您好，我只为本单位组织内的工作人员服务，没能认出您的账号。请用单位的钉钉账号联系我，或者找本单位联络员。"
FIND_UNIT = "请回复您所在单位名称的一部分，也可以用拼音，例如“紫金街道”“zijin”。"


def not_in_roster(campaign: Campaign) -> str:
    return f"您好，我是{campaign.purpose}。名册里还没有您，先找一下您的单位。{FIND_UNIT}"


def no_unit_found(said: str) -> str:
    return f"没有找到和“{echo(said)}”相近的单位。{FIND_UNIT}"


CHOOSE_UNIT = "是下面哪个单位？都不是的话，换个写法再发一次。"


def ask_name(unit: str) -> str:
    return f"您在 **{unit}**。请回复您的姓名。"


BAD_NAME = "请回复您的姓名，2到20个字。"


def waiting_for(names: Sequence[str], unit: str) -> str:
    who = f"联络员{'、'.join(quote(n, 20) for n in names)}" if names else "管理员"
    return f"已请{who}确认您在 **{unit}**。确认后我马上联系您，请稍等。选错了单位，发“换单位”。"


def confirm_applicant(name: str, unit: str) -> str:
    return f"{quote(name, 20)} 想加入 **{unit}** 参加自查，名册里没有这个人。是你们单位的吗？"


def admitted(name: str, unit: str) -> str:
    return f"已把{quote(name, 20)}加入 **{unit}**，我已经通知本人开始自查。"


def turned_away(name: str) -> str:
    return f"好的，没有加入{quote(name, 20)}，我已经请本人重新选单位。"


ALREADY_DECIDED = "这个申请已经处理过了。"
TURNED_AWAY = f"联络员说您不在这个单位。{FIND_UNIT}"


# ---------------------------------------------------------------- guards and troubles


def leak(seen: Leak, *, in_group: bool) -> str:
    what = []
    if seen.id_numbers:
        what.append(f"约 {seen.id_numbers} 个身份证号" if seen.id_numbers > 1 else "身份证号")
    if seen.phones:
        what.append(f"约 {seen.phones} 个手机号")
    where = "群里请不要发个人信息。" if in_group else "自查只需要写数据的名称和数量，例如“密接人员清单，约12人”。"
    return f"这条消息里有{'、'.join(what)}，我没有保存。请现在撤回它（长按 → 撤回）。{where}"


FILE_NOT_WANTED = "这里不用发文件和图片，我没有下载。回答文字就行。"
CANNOT_READ = "这种消息我读不了，请发文字。"
WITHHELD = "平台没有把这条消息的内容给我，请稍后再发一次，或者联系单位联络员。"


def broken(reference: str) -> str:
    return f"刚才这一步我没处理好，您前面的内容都在。请再发一次；还是不行就把这个编号告诉联络员：{reference}。"


def too_long_message(limit: int) -> str:
    return f"这条消息太长了，我没有保存。请分开说，每条不超过{limit}字。"
