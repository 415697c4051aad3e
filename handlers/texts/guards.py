"""What is said at the door: withheld, too long, not to be kept; and when something broke."""

from collections.abc import Mapping, Sequence

from handlers.leak_guard import Leak

_KINDS = {
    "id_numbers": "身份证号",
    "phones": "成批的手机号",
    "passports": "护照、通行证号码",
    "cards": "银行卡号",
    "passwords": "密码",
    "markings": "涉密标志",
    "persons": "人员名单",
}
_COUNTED = {"id_numbers": "个身份证号", "phones": "个手机号", "persons": "人的名单"}
_ITSELF = {"passports": "护照或通行证号码", "cards": "银行卡号", "passwords": "密码", "markings": "涉密文件的标志"}
_CLASSIFIED = "涉密内容不能在这里说，也不能用手机传；已经发出去的，请马上报告本单位保密员。"
_CHANGE_IT = "密码已经发出来了，请尽快改掉。"
_MISTAKEN = "要是我看错了，换个写法再发一次。"


TOO_MANY = "您发得太快了，刚才几条我没有处理，前面的都保存着。请等一分钟，再发“继续”。"


def leak(seen: Leak, example: str, *, in_group: bool, recallable: bool) -> str:
    where = "群里请不要发个人信息。" if in_group else f"自查只需要写{example}。"
    if seen.markings:
        where = _CLASSIFIED
    elif seen.passwords:
        where = _CHANGE_IT
    mistaken = "" if seen.id_numbers or seen.phones else _MISTAKEN
    then = "请现在撤回它（长按 → 撤回）。" if recallable else "页面上也不留。"
    return f"这条消息里有{_seen(seen)}，我没有保存。{then}{where}{mistaken}"


def _seen(seen: Leak) -> str:
    what = []
    for kind in seen.kinds:
        number = getattr(seen, kind)
        if kind == "phones" or (kind in _COUNTED and number > 1):
            what.append(f"约 {number} {_COUNTED[kind]}")
        else:
            what.append("一个人的详细情况" if kind == "persons" else _ITSELF.get(kind, _KINDS[kind]))
    return "、".join(what)


def table(cells: Sequence[str], more: int) -> str:
    """A workbook that was not kept: what stands in which cell."""
    listed = "\n".join(f"- {cell}" for cell in cells)
    rest = f"\n- 还有 {more} 处" if more else ""
    return (
        f"这份表里有不该有的内容，我没有保存：\n{listed}{rest}\n"
        "请先撤回那条消息（长按 → 撤回），在表里删去这些列和格子，再发一次。"
    )


def column(heading: str) -> str:
    return f"“{heading}”这一列"


def cell(seen: Leak) -> str:
    return f"这一格里有{_seen(seen)}"


ITSELF = "本级"


def turned_away(unit: str, kinds: Mapping[str, int], lately: int, parts: Sequence[tuple[str, int]]) -> str:
    """The figures of a unit: by kind, and where they come from."""
    total = sum(kinds.values())
    if not total:
        return f"**{unit}** 没有拦下过个人信息或涉密内容。"
    by_kind = "，".join(f"{name} {kinds[kind]}" for kind, name in _KINDS.items() if kinds.get(kind))
    told = f"**{unit}** 共拦下 {total} 次，最近 7 天 {lately} 次。内容没有保存，也不列是谁发的。\n- 按种类：{by_kind}"
    if len(parts) > 1 or (parts and parts[0][0] != ITSELF):
        told += "\n- 按单位：" + "，".join(f"{name} {n}" for name, n in parts[:10])
    return f"{told}\n拦得多的单位，请提醒大家：只报数据名称和数量，不发名单。"


FILE_NOT_WANTED = "这里不用发文件和图片，我没有下载。回答文字就行。"
CANNOT_READ = "这种消息我读不了，请发文字。"
WITHHELD = "平台没有把这条消息的内容给我，请稍后再发一次，或者联系单位联络员。"
NO_ROOM = "现在同时发消息的人很多，您刚才那条我还没来得及处理。请等两三分钟，没有回应就再发一次。前面填的都在。"


def broken(reference: str) -> str:
    return f"刚才这一步我没处理好，您前面的内容都在。请再发一次；还是不行就把这个编号告诉联络员：{reference}。"


def too_long_message(limit: int) -> str:
    return f"这条消息太长了，我没有保存。请分开说，每条不超过{limit}字。"
