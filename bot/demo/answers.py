"""What the people of the demo answered in the days before: by question, in their own words. Invented, like the people.

Must not know who they are nor how the talk goes on: whatever question is open finds its answer here.
"""

from collections.abc import Mapping

Answers = Mapping[str, str]

_ANYBODY: Answers = {
    "training": "看过了",
    "review": "对",
    "risk": "1",
    "rectification": "1",
    "contact_person": "1",
    "submit": "提交",
    "sign_submit": "确认签署并提交",
    "pledge": "今年签的",
    "pledge_nil": "不需要",
}

NIL: Answers = {**_ANYBODY, "contact": "都没有", "traces": "都看过，没有"}
NIL_SIGNED_BEFORE: Answers = {**NIL, "pledge_nil": "以前签过"}

_CLOSE: Answers = {
    **_ANYBODY,
    "contact": "只有个人信息",
    "places": "手机 微信",
    "cleaned": "都清理了",
    "data_name": "密接人员清单",
    "ways": "上级下发",
    "usage": "密接排查",
}
_SWAB: Answers = {
    **_ANYBODY,
    "contact": "只有个人信息",
    "places": "纸质 手机",
    "cleaned": "都清理了",
    "data_name": "核酸采样名单，约200人",
    "ways": "排查汇总",
    "usage": "核酸采样",
}
_ARRIVALS: Answers = {
    **_ANYBODY,
    "contact": "只有个人信息",
    "places": "浙政钉 电脑",
    "cleaned": "都清理了",
    "data_name": "风险人员排查清单",
    "ways": "省系统导出",
    "usage": "电话排摸，3个网格员用",
    "pledge": "以前签过",
}
_QUARANTINE: Answers = {
    **_ANYBODY,
    "contact": "只有个人信息",
    "places": "微信 纸质",
    "cleaned": "有的还没有",
    "pending_where": "纸质",
    "pending_until": "5月26日",
    "data_name": "隔离人员名单",
    "ways": "上级下发",
    "usage": "包保",
}
VILLAGE = (_CLOSE, _SWAB, _ARRIVALS, _QUARANTINE)

_FIGURES: Answers = {
    **_ANYBODY,
    "contact": "只有工作信息",
    "places": "电脑 浙政钉",
    "cleaned": "都清理了",
    "data_name": "疫情数据统计表",
    "ways": "其他单位共享",
    "usage": "统计报送",
}
_MEETINGS: Answers = {**_FIGURES, "places": "电脑 纸质", "data_name": "会议记录", "ways": "上级下发"}
_SURVEY: Answers = {
    **_ANYBODY,
    "contact": "两类都有",
    "places": "电脑 浙政钉 微信",
    "cleaned": "有的工作还要用",
    "needed_where": "电脑",
    "needed_reason": "流调录入还在用，由专人保管",
    "data_name": "密接次密接人员清单",
    "ways": "流调排查",
    "usage": "流调录入",
}
OFFICE = (_FIGURES, _MEETINGS, _ARRIVALS, _SURVEY)

SIGNS = "现在签"
"""Said where the pledge is asked for by those who sign it in the chat."""

SENT_BACK = "第1行的使用范围没写清楚给谁用，请补上人数"
