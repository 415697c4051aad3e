"""The coordinators' digest and what groups are told: figures, never a person's name."""

from collections.abc import Sequence

from handlers.texts.plain import quote

TODO, NAMES, NUDGE, URGE, GO_ON, EDIT = "待办", "名单", "催办", "催报", "继续", "修改"
"""Buttons, called as the word they say."""
MOST_LINES = 30
"""So many units of the level below are told one by one; a message of some 2,000 characters is still read."""


def digest(opening: str, lines: Sequence[str]) -> str:
    return opening + "\n" + "\n".join(f"- {line}" for line in lines)


def of_unit(name: str, lines: Sequence[str]) -> list[str]:
    """Lines of one of several offices."""
    return [f"**{name}**：{line}" for line in lines]


def people(missing: int, expected: int, finished: int) -> str:
    return f"{missing} 人还没完成（应填 {expected} 人，已完成 {finished} 人）"


def own_return(state: str) -> str:
    """Of the unit's own return, where it stands."""
    return _OWN[state]


_OWN = {
    "open": "反馈表还没有上报",
    "confirmed": "反馈表已确认，还没有上报",
    "stamped": "反馈表已盖章，还没有上报",
    "sent_back": "反馈表被退回，改好后要再上报",
}


OWN_UNIT = "本单位"


def several(names: Sequence[str]) -> str:
    told = "、".join(quote(name, 30) for name in names[:5])
    return told + (f"等{len(names)}个单位" if len(names) > 5 else "")


def absent(count: int) -> str:
    return f"{count} 个下级单位的反馈表还没有上报"


def to_receive(count: int) -> str:
    return f"{count} 个单位的反馈表等您接收"


def applicants(count: int) -> str:
    return f"{count} 人申请加入，等您确认"


def countersigns(count: int) -> str:
    return f"{count} 份代填等您会签"


def findings_to_answer(count: int) -> str:
    return f"{count} 项抽查发现要答复"


def findings_to_close(count: int) -> str:
    return f"{count} 项整改已答复，等您看是否通过"


def own_unfinished(*, begun: bool) -> str:
    return f"您自己的自查还没有{'答完' if begun else '开始'}"


# ---------------------------------------------------------------- groups


def people_done(unit: str, returns: int) -> str:
    return f"**{unit}**的人都完成了，还有 {returns} 份反馈表没有上报。"


def trying(campaign: str) -> str:
    """What a robot says when it is tried."""
    return f"{campaign}：这个群已经接好，截止前后在这里报单位数字，不点名。"


def below(lines: Sequence[str], done: Sequence[str], more: int) -> str:
    """The level below, in the order of the roster: no ranking."""
    told = [f"- {line}" for line in lines]
    told += [f"- 其余 {more} 个单位也还没完成，@我 发“进度”看"] if more else []
    if done:
        names = "、".join(quote(name, 30) for name in done[:MOST_LINES])
        told.append(f"- 已完成：{names}" + (f"等 {len(done)} 个单位" if len(done) > MOST_LINES else ""))
    return "\n".join(told)


def unit_line(name: str, missing: int, expected: int, returns: int, called: Sequence[str]) -> str:
    """A unit with something missing; `called` are those who are to hear of it."""
    parts = [f"未完成 {missing} 人（应填 {expected} 人）"] if missing else []
    parts += [f"反馈表 {returns} 份没上报"] if returns else []
    at = "".join(f" @{staff_id}" for staff_id in called)
    return f"{quote(name, 30)}：{'，'.join(parts)}{at}"
