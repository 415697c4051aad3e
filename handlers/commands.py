"""The words that are commands rather than answers, and what they are called. Exact words only: a sentence that merely
contains one is an answer."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    GO_ON = "go_on"
    BACK = "back"
    EDIT = "edit"
    PAUSE = "pause"
    PROGRESS = "progress"
    HELP = "help"
    HELP_ALL = "help_all"
    EXPLAIN = "explain"
    RESTART = "restart"
    RESTART_SURE = "restart_sure"
    LEADING = "leading"
    TRAILING = "trailing"
    NAMES = "names"
    EXEMPT = "exempt"
    END_EXEMPTION = "end_exemption"
    RECORD_INCIDENT = "record_incident"
    INCIDENTS = "incidents"
    OVERDUE = "overdue"
    LEAKS = "leaks"
    NUDGE = "nudge"
    EXPORT = "export"
    BIND = "bind"
    ADMIT = "admit"
    TURN_AWAY = "turn_away"
    OTHER_UNIT = "other_unit"
    CAMPAIGNS = "campaigns"
    RISK = "risk"
    SPOT_CHECK = "spot_check"
    EXPORT_DRAW = "export_draw"
    FINDING = "finding"
    RECTIFY = "rectify"
    BACK_CHECK = "back_check"
    ASSESSMENT = "assessment"
    LATE_SIGNERS = "late_signers"
    TODO = "todo"
    TEMPLATE = "template"
    OWN_TABLE = "own_table"
    USE_ROWS = "use_rows"
    DROP_ROWS = "drop_rows"
    GIVE_UP = "give_up"
    FILL_IN_FOR = "fill_in_for"
    END_FILLING = "end_filling"
    COUNTERSIGNS = "countersigns"
    AGREE_FILLED = "agree_filled"
    RETURN_FILLED = "return_filled"
    PAPER_SIGNED = "paper_signed"
    CHECK_RETURN = "check_return"
    CORRECT = "correct"
    MERGE_ROWS = "merge_rows"
    CONFIRM_RETURN = "confirm_return"
    CONFIRM_WITH_GAPS = "confirm_with_gaps"
    CANCEL_CONFIRM = "cancel_confirm"
    SCANS = "scans"
    CLEAR_SCANS = "clear_scans"
    HAND_UP = "hand_up"
    LOOK_AT = "look_at"
    ACCEPT = "accept"
    SEND_BACK = "send_back"
    RETURN_STEPS = "return_steps"
    ROSTER = "roster"
    IMPORT_ROSTER = "import_roster"
    DROP_ROSTER = "drop_roster"
    DEPUTE = "depute"
    END_DEPUTY = "end_deputy"
    HAND_OVER = "hand_over"
    HAND_OVER_SURE = "hand_over_sure"
    URGE_RETURNS = "urge_returns"
    QUOTA = "quota"
    BROADCAST = "broadcast"
    BROADCAST_SURE = "broadcast_sure"
    BROADCAST_STOP = "broadcast_stop"
    BROADCAST_AGAIN = "broadcast_again"
    MY_DATA = "my_data"
    LINK = "link"
    DATA_WRONG = "data_wrong"
    DATA_MENDED = "data_mended"


@dataclass(frozen=True, slots=True)
class Command:
    word: Word
    rest: str = ""


_WORDS: dict[Word, tuple[str, ...]] = {
    Word.GO_ON: ("你好", "您好", "开始", "继续", "自查", "在吗", "hi", "hello", "接着答", "继续自查", "开始自查"),
    Word.BACK: ("上一步", "上一题", "返回", "回上一步"),
    Word.PAUSE: ("暂停", "退出", "没空", "不填了", "稍后", "稍后再填", "等会", "等一下", "先这样"),
    Word.HELP: ("帮助", "help", "菜单", "怎么用", "命令"),
    Word.HELP_ALL: ("全部命令", "帮助 全部", "更多命令"),
    Word.EXPLAIN: ("?", "说明"),
    Word.RESTART: ("重新开始", "从头再来", "重来"),
    Word.RESTART_SURE: ("确定重新开始",),
    Word.OTHER_UNIT: ("换单位", "重选单位"),
    Word.TEMPLATE: ("模板", "填表", "批量填写", "填写模板", "批量填"),
    Word.OWN_TABLE: ("导出 我的表", "导出我的表", "我的表", "导出 我的反馈表", "导出我的反馈表"),
    Word.USE_ROWS: ("用这些数据", "对,用这些", "用这些"),
    Word.DROP_ROWS: ("不用这些数据", "不用这些"),
    Word.GIVE_UP: ("放弃修改", "不改了", "取消修改"),
    Word.END_FILLING: ("结束代填", "停止代填", "退出代填", "不代填了"),
    Word.QUOTA: ("额度", "配额", "调用额度"),
    Word.LINK: ("绑定浙政钉", "绑定钉钉", "绑定账号"),
    Word.MY_DATA: ("我的数据", "我的信息", "我的资料", "有我哪些数据"),
    Word.TODO: ("待办", "我的待办", "待办事项", "有什么要办的"),
}
# Which paper is meant stands in papers/catalogue.py; these are understood without a blank behind «导出» as well.
_PAPERS = "反馈表|附件|表|空表|承诺书|空白承诺书|未完成名单|名册|汇总表|抽查|考核表|风险台账|督办清单"
_WITH_REST: dict[Word, re.Pattern[str]] = {
    Word.CAMPAIGNS: re.compile(r"(?:活动|换活动|切换活动)(?:[ :]+(.{1,64}))?"),
    Word.EDIT: re.compile(r"(?:修改|更改)(?:第)?\s*(\d{1,2})?\s*[项题条]?"),
    Word.BROADCAST: re.compile(
        r"(?s)(?:群发|(?:进展|进度)\s*群发|通知)"
        r"(?:[ :]+(.{1,2000})|((?:未|没|全|所有|联络员|工作群|群).{1,2000}|\d{1,9}))?"
    ),
    Word.BROADCAST_SURE: re.compile(r"确认群发\s*(\d{1,9}(?: 工作通知| 工作群| 部门通知)?)"),
    Word.BROADCAST_STOP: re.compile(r"(?:停止|取消)群发\s*(\d{1,9})"),
    Word.BROADCAST_AGAIN: re.compile(r"补发\s*(\d{1,9})"),
    Word.PROGRESS: re.compile(r"(?:进度|查进度|进展)(?:[ :]+(.{1,80})|(图.{0,80}|截[至止].{1,60}))?"),
    Word.LEADING: re.compile(r"领先(?:[ :]+(.{1,80}))?"),
    Word.TRAILING: re.compile(r"落后(?:[ :]+(.{1,80}))?"),
    Word.NAMES: re.compile(r"(?:名单|未完成名单|未完成|谁没填)(?:[ :]+(.{1,60}))?"),
    Word.EXEMPT: re.compile(r"(?s)免填(?:[ :]+(.{1,300}))?"),
    Word.END_EXEMPTION: re.compile(r"取消免填(?:[ :]+(.{1,80}))?"),
    Word.RECORD_INCIDENT: re.compile(r"(?s)登记事件(?:[ :]+(.{1,800}))?"),
    Word.INCIDENTS: re.compile(r"(?s)事件(?:[ :]+(.{1,400})|(\d{1,9}.{0,400}))?"),
    Word.OVERDUE: re.compile(r"督办(?:[ :]+(.{1,60}))?"),
    Word.LEAKS: re.compile(r"(?:拦截|拦截情况|泄露提醒)(?:[ :]+(.{1,40}))?"),
    Word.NUDGE: re.compile(r"(?:催办|催一下|提醒)(?:[ :]+(.{1,40}))?"),
    Word.EXPORT_DRAW: re.compile(r"导出\s*(抽查名册.{0,40}|抽查(?:名单|记录)\s*\d{1,5})"),
    Word.EXPORT: re.compile(rf"导出(?!\s*我)(?:[ :]+(.{{1,80}})|((?:{_PAPERS})(?:[ :]?.{{1,80}})?))?|(反馈表)"),
    Word.RISK: re.compile(r"(?:风险台账|风险)(?:[ :]+(.{1,240})|(\d{1,9}.{0,240}))?"),
    Word.LATE_SIGNERS: re.compile(r"补签名单(?:[ :]+(.{1,40}))?"),
    Word.SPOT_CHECK: re.compile(r"抽查(?:\s+(.{1,160})|(记录|\d{1,5}|(?:单位|人员)\s*\d[\d.]*\s*%?\s*[个名人]?))?"),
    Word.FINDING: re.compile(r"(?s)发现(?:\s+([^:]{1,40}:.{1,600})|((?:\d{1,5}-)?\d{1,5}\s*:.{1,600}))?"),
    Word.RECTIFY: re.compile(r"(?s)整改(?:\s*(\d{1,9}(?:[\s:,].{0,600}|(?:不通过|通过).{0,600})?))?"),
    Word.BACK_CHECK: re.compile(r"复核\s*(\d{1,5})?"),
    Word.ASSESSMENT: re.compile(r"考核表?(?:[ :]+(.{1,40}))?"),
    Word.CHECK_RETURN: re.compile(r"核对(?:反馈表)?(?:[ :]+(.{1,60}))?"),
    Word.CORRECT: re.compile(r"(?s)更正(?:[ :]+(.{1,2000})|(\d{1,4}\D.{0,2000}))?"),
    Word.MERGE_ROWS: re.compile(r"合并(?:相同行)?(?:[ :]+(.{1,40}))?"),
    Word.CONFIRM_RETURN: re.compile(r"确认(?:反馈表|报表|上报表)(?:[ :]+(.{1,60}))?"),
    Word.CONFIRM_WITH_GAPS: re.compile(r"(?s)带缺口确认(?:[ :,]*(.{1,400}))?"),
    Word.CANCEL_CONFIRM: re.compile(r"取消确认(?:[ :]+(.{1,40}))?"),
    Word.SCANS: re.compile(r"扫描件(?:[ :]+(.{1,60}))?"),
    Word.CLEAR_SCANS: re.compile(r"清空扫描件(?:[ :]+(.{1,40}))?"),
    Word.HAND_UP: re.compile(r"上报(?:反馈表)?(?:[ :]+(.{1,40}))?"),
    Word.LOOK_AT: re.compile(r"查看(?:[ :]+(.{1,60}))?"),
    Word.ACCEPT: re.compile(r"接收(?:[ :]+(.{1,60}))?"),
    Word.FILL_IN_FOR: re.compile(r"代填(?:[ :]+(.{1,40}))?"),
    Word.COUNTERSIGNS: re.compile(r"(?:会签|代填会签)(?:[ :]+(.{1,40}))?"),
    Word.AGREE_FILLED: re.compile(r"同意代填\s*(\d{1,9})"),
    Word.RETURN_FILLED: re.compile(r"(?s)退回\s*代填\s*(\d{1,9}.{0,300})"),
    Word.PAPER_SIGNED: re.compile(r"已签纸质(?:[ :]+(.{1,40}))?"),
    Word.SEND_BACK: re.compile(r"(?s)退回(?:[ :]+(.{1,400}))?"),
    Word.URGE_RETURNS: re.compile(r"(?:催报|催上报)(?:[ :]+(.{1,40}))?"),
    Word.RETURN_STEPS: re.compile(r"(?:经过|办理经过)(?:[ :]+(.{1,40}))?"),
    Word.ROSTER: re.compile(r"(?:名册|花名册|人员名册)(?:[ :]+(.{1,40}))?"),
    Word.IMPORT_ROSTER: re.compile(r"确认导入\s*(\d{1,9}(?:[ ,]+\d{1,6}人已离开)?)"),
    Word.DROP_ROSTER: re.compile(r"(?:不导入|取消导入)(?:\s*(\d{1,9}))?"),
    Word.DEPUTE: re.compile(r"委托(?:[ :]+(.{1,60})|([\u3400-\u9fff·]{2,8}\s*[到至]\s*.{1,20}))?"),
    Word.END_DEPUTY: re.compile(r"(?:取消委托|结束委托|收回委托)(?:[ :]+(.{1,40}))?"),
    Word.HAND_OVER: re.compile(r"移交(?:[ :]+(.{1,40}))?"),
    Word.HAND_OVER_SURE: re.compile(r"确认移交[ :]+(.{1,64})"),
    Word.DATA_WRONG: re.compile(r"(?s)资料有误(?:[ :,]+(.{1,400}))?"),
    Word.DATA_MENDED: re.compile(r"资料已改(?:\s*(\d{1,9}))?"),
    Word.BIND: re.compile(r"绑定(?:[ :]+(.{1,40}))?"),
    Word.ADMIT: re.compile(r"同意加入\s*(\d{1,9}(?: +\S{1,64})?)"),
    Word.TURN_AWAY: re.compile(r"不同意加入\s*(\d{1,9})"),
}
CORRECTION = re.compile(
    r"^更正\s*(?:(?P<unit>\S{2,30})\s+)??第?\s*(?P<row>\d{1,5})\s*行?\s*[的，,、：:]?\s*"
    r"(?P<column>[^：:\n]{1,40}?)\s*[：:]\s*(?P<text>.+)$",
    re.DOTALL,
)
"""A correction as it was written, before anything is parsed away: unit, row, column, text."""
_BY_TEXT = {text: word for word, texts in _WORDS.items() for text in texts}

SPOKEN = {
    Word.PROGRESS: "进度",
    Word.LEADING: "领先",
    Word.TRAILING: "落后",
    Word.NAMES: "名单",
    Word.INCIDENTS: "事件",
    Word.OVERDUE: "督办",
    Word.LEAKS: "拦截",
    Word.NUDGE: "催办",
    Word.EXPORT: "导出",
    Word.BIND: "绑定",
    Word.COUNTERSIGNS: "会签",
    Word.RISK: "风险",
    Word.ASSESSMENT: "考核",
    Word.LATE_SIGNERS: "补签名单",
    Word.CHECK_RETURN: "核对",
    Word.MERGE_ROWS: "合并",
    Word.CONFIRM_RETURN: "确认反馈表",
    Word.CANCEL_CONFIRM: "取消确认",
    Word.SCANS: "扫描件",
    Word.CLEAR_SCANS: "清空扫描件",
    Word.HAND_UP: "上报",
    Word.LOOK_AT: "查看",
    Word.ACCEPT: "接收",
    Word.SEND_BACK: "退回",
    Word.RETURN_STEPS: "经过",
    Word.URGE_RETURNS: "催报",
    Word.BROADCAST: "群发",
}
"""How a command is said with a unit behind it."""


def parse(said: str) -> Command | None:
    """The command somebody typed, None for anything else."""
    text = unicodedata.normalize("NFKC", said).strip().lstrip("/").rstrip("。.!~ ").strip()
    bare = text.casefold()
    if word := _BY_TEXT.get(bare):
        return Command(word)
    if bare.startswith("?"):
        return Command(Word.EXPLAIN)
    if text[:1].isascii():
        return None  # a number or a button: what takes a rest begins with a Chinese word
    for word, pattern in _WITH_REST.items():
        if found := pattern.fullmatch(text):
            rest = next((group for group in found.groups() if group), "")
            return Command(word, rest.strip())
    return None


# What stands behind 抽查, 发现 and 整改; where it is a sentence the person's own text is read, in any width.
NEW_DRAW = re.compile(r"(?:(?P<unit>.{1,40}?)\s+)?(?P<of>单位|人员|人)\s*(?P<size>\d[\d.]*\s*%?)\s*[个名人]?")
DRAW_MORE = re.compile(r"加\s*(?:抽)?\s*(?P<size>\d[\d.]*\s*%?)\s*[个名人]?")
UNTIL_DAY = re.compile(r"[,，;；。、\s]*请?限[期于]?\s*(?P<day>[^,，;；。限]{2,20}?)前?(?:整改|改好|完成)?[。.\s]*\Z")
NOTHING_FOUND = frozenset(("无", "没有", "没有问题", "未发现", "未发现问题", "没发现问题", "正常"))
PUT_OFF = re.compile(r"(?:延|改)期?[到至]\s*(?P<day>[^,，:：]{2,20})(?:[,，:：]\s*(?P<why>.+))?", re.DOTALL)
