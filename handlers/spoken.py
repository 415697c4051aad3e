"""How people write what stands behind a command's word: a unit and a day, a kind of list, what was done.

Patterns of what is typed, in a place of their own; what they lead to is decided in the talks.
"""

import re

_DAY = r"(?:\d{4}\s*[年\-./]\s*)?\d{1,2}\s*[月\-./]\s*\d{1,2}"

NEW_INCIDENT = re.compile(
    rf"(?P<unit>[^:：]{{1,40}}?)\s*(?P<day>(?:今|昨|前)[天日]|{_DAY}\s*[日号]?)\s*[:：,，]\s*(?P<text>.+)", re.DOTALL
)
"""«紫金街道 5月20日：……»."""
INCIDENT_CLOSED = re.compile(r"(?:处理|办结|已处理|结案)(?:结果|情况)?\s*[:：,，\s]\s*(?P<closing>.+)", re.DOTALL)

KIND_OF_LIST = re.compile(r"(?:^|\s)(免填|逾期)(?:\s|$)")

AS_PICTURE = re.compile(r"^(?:图|图表|图片)(?:\s+|$)|\s+(?:图|图表|图片)$")
BARE_MOMENT = re.compile(
    rf"^(?P<unit>.*?)(?:^|[\s,，])(?P<moment>(?:今[天日]|昨[天日]|前天|{_DAY}|\d{{1,2}}(?::\d{{2}}|点)).*)$"
)
"""A moment without 截至 before it: «紫金街道 5月22日18:00»."""

OF_THE_PAST = re.compile(r"(?:[^:：]{1,60}\s+)?截[至止].{1,40}")
"""«紫金街道 截至 5月22日18:00», and nothing that is told: «3 跟进：截至周五没有回音» is none."""

PUT_OFF = re.compile(r"延(?:期)?(?:到|至)?\s*(?P<day>[^：:，,]{2,20})(?:[：:，,]\s*(?P<why>.+))?", re.DOTALL)

FOR_SURE = re.compile(r"(?:^|\s+)确定$")
"""Behind a command that has shown what it costs."""
BROADCAST_TO = {
    "unfinished": ("未完成的", "未完成", "没完成的", "没完成", "没填的"),
    "everyone": ("全员", "全部", "全体", "所有人"),
    "coordinators": ("联络员",),
    "groups": ("工作群", "群"),
}
"""How the readers of a broadcast are called."""
BROADCAST = re.compile(
    rf"(?P<who>{'|'.join(word for words in BROADCAST_TO.values() for word in words)})"
    r"(?:\s+(?P<unit>[^:：\n]{1,40}?))?\s*[:：]\s*(?P<text>.+)",
    re.DOTALL,
)
"""«未完成 紫金街道：请今天填完»."""
BROADCAST_WAY = {"": "chat", "工作通知": "work_notice", "工作群": "groups", "部门通知": "departments"}
"""How else it may go, said behind the number."""
