"""What is said about the roster in the chat: what a file would change, what is wrong in it, what was done."""

from collections.abc import Sequence

from handlers.texts.plain import quote
from storage.roster_difference import Changes

CELLS_TOLD = 15
NAMES_TOLD = 10
DIRECT_ONLY = "名册里有个人信息，请在和我的单聊里办。"
NOTHING_WAITS = "这份名册已经处理过，或者后来又发了新的。要改名册，发“名册”下载，改好发回来。"
DROPPED = "好的，没有导入，文件也没有保存。改好了随时再发。"


def wrong(name: str, lines: Sequence[str], more: int) -> str:
    """What has to be mended first; nothing was taken over."""
    rest = f"\n还有{more}处，改好上面的再发，我接着查。" if more else ""
    listed = "\n".join(f"- {line}" for line in lines)
    return f"《{quote(name, 40)}》没有导入，共{len(lines) + more}处要改：\n{listed}{rest}\n改好后把文件再发给我。"


def same(kept: str) -> str:
    return f"和现在的名册一致，没有要改的。{kept}"


def would_change(
    changes: Changes, lines: Sequence[str], missing: Sequence[str], warnings: Sequence[str], more_warnings: int
) -> str:
    """What an import would do, before anything is done."""
    parts = [f"文件检查过了，没有错。导入后会：{counts(changes)}。"]
    parts += [f"- {line}" for line in lines]
    if missing:
        shown = "、".join(quote(name, 20) for name in missing[:NAMES_TOLD])
        others = "等" if len(missing) > NAMES_TOLD else ""
        parts.append(f"名册里有、文件里没有的{len(missing)}人：{shown}{others}。不选“已离开”就保留不动。")
    if warnings:
        parts.append("请核对：")
        parts += [f"- {line}" for line in warnings]
        parts += [f"还有{more_warnings}处请核对。"] if more_warnings else []
    return "\n".join(parts)


def counts(changes: Changes) -> str:
    sorts = (
        ("单位新增", changes.units_added, "个"),
        ("单位更新", changes.units_changed, "个"),
        ("新增", changes.added, "人"),
        ("更新", changes.changed, "人"),
        ("调动", changes.moved, "人"),
        ("回来", changes.returned, "人"),
        ("离开", changes.left, "人"),
        ("新给角色", changes.roles_given, "个"),
        ("收回角色", changes.roles_taken, "个"),
    )
    return "，".join(f"{name}{count}{unit}" for name, count, unit in sorts if count) or "没有变化"


CHANGED_MEANWHILE = "名册这段时间有变化，文件里没有的人数和刚才不一样了，请再看一遍。"
ADDED, RETURNED, MOVED, CHANGED = "新增", "回来", "调动", "更新"


def line(what: str, name: str, unit: str) -> str:
    return f"{what} {quote(name, 20)}（{quote(unit, 40)}）"


def and_more(count: int) -> str:
    return f"……还有{count}人"


def confirm() -> str:
    return "确认导入"


def drop() -> str:
    return "不导入"


def confirm_and_leave(count: int) -> str:
    return f"确认导入，文件里没有的{count}人已离开"


def confirmed_leaving(number: int, count: int) -> str:
    """What the button says in the coordinator's name."""
    return f"确认导入 {number}，{count}人已离开"


def done(changes: Changes) -> str:
    return (
        f"已导入：{counts(changes)}。他们填过的自查都还在原来的单位。"
        if changes.left
        else f"已导入：{counts(changes)}。"
    )
