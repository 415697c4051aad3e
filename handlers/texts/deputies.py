"""What is said when an office is passed on: to a deputy for a time, or to a successor for good."""

from collections.abc import Sequence
from datetime import date

from handlers.texts.plain import day, quote
from storage.rows import Role

_OFFICES = {Role.UNIT: "联络员", Role.COUNTY: "大数据中心的角色", Role.CITY: "大数据局的角色"}
DIRECT_ONLY = "这件事请在和我的单聊里办。"
_HOW = "要请人代您一段时间，发“委托 姓名 到6月1日”；提前结束发“取消委托”。交给别人长期做，发“移交 姓名”。"
HAND_OVER_HOW = "请写上接手人的姓名，例如“移交 张三”。接手人要在您负责的单位里，有账号。"
NO_DAY = "请写上到哪天为止，例如“委托 张三 到6月1日”。"
PAST_DAY = "这一天已经过去了。请写今天或以后的日期，例如“委托 张三 到6月1日”。"
TOO_LONG = "委托最长一年。要长期交给别人，发“移交 姓名”。"
YOURSELF = "这是您自己。请写同事的姓名。"
ONLY_STAND_IN = "您是代别人办理的，不能再委托或移交。请由本人来办。"
WHICH = "有几位同名的，是哪一位？"
NOTHING_TO_END = "您现在没有委托别人。"
NOT_HANDED_OVER = "好的，没有移交，角色还是您的。"


def not_found(name: str) -> str:
    return (
        f"在您负责的单位里没有找到{quote(name, 20)}。请核对姓名；人还不在名册里的，发“名册”下载，加上再发回来。"
        "要交给其他单位的人，请联系上级单位。"
    )


def without_account(name: str) -> str:
    return f"{quote(name, 20)}没有账号，收不到消息，不能代您办理。请换一位有账号的同事。"


def offices(held: Sequence[tuple[Role, str]]) -> str:
    """«紫金街道联络员», «莲都区大数据中心的角色»."""
    return "、".join(f"{quote(unit, 40)}{_OFFICES[role]}" for role, unit in held)


def unit_choice(name: str, unit: str) -> str:
    return f"{quote(name, 20)} {quote(unit, 40)}"


# ---------------------------------------------------------------- deputies


def deputed(name: str, what: str, until: date) -> str:
    return f"已委托{quote(name, 20)}代您办理**{what}**的事，到{day(until)}24点为止，已告诉本人。提前结束发“取消委托”。"


def you_are_deputy(giver: str, what: str, until: date) -> str:
    return (
        f"{quote(giver, 20)}委托您代为办理**{what}**的事，到{day(until)}24点为止。您现在可以看进度、催办、核对和上报，"
        "发“帮助”看全部。做了什么都会记下是您代办的。"
    )


def holds_it(name: str, what: str) -> str:
    return f"{quote(name, 20)}本来就担任{what}，或者正在代别人办理，不用再委托。"


def ended(names: Sequence[str]) -> str:
    return f"已结束对{'、'.join(quote(name, 20) for name in names)}的委托，已告诉本人。"


def your_term_ended(giver: str, what: str) -> str:
    return f"{quote(giver, 20)}结束了委托，**{what}**的事不用您再代办了。谢谢。"


def list_of(given: Sequence[tuple[str, str, date]], taken: Sequence[tuple[str, str, date]]) -> str:
    """Who stands in for the asker, and for whom the asker does."""
    lines = [f"- 您委托{quote(name, 20)}代办{what}，到{day(until)}" for name, what, until in given]
    lines += [f"- 您代{quote(name, 20)}办理{what}，到{day(until)}" for name, what, until in taken]
    return "\n".join([*lines, _HOW] if lines else [f"现在没有委托。{_HOW}"])


# ---------------------------------------------------------------- handing over


def sure(name: str, unit: str, what: str) -> str:
    return (
        f"要把**{what}**移交给 **{quote(name, 20)}**（{quote(unit, 40)}）吗？移交后您不再担任，单位的数据您就看不到了；"
        "您自己的自查不受影响。"
    )


HAND_OVER, KEEP = "移交", "不移交"


def handed_over(name: str, what: str) -> str:
    return f"已移交：**{what}**现在由{quote(name, 20)}担任，已告诉本人和上级单位。谢谢您这段时间的工作。"


def you_hold_it(giver: str, what: str) -> str:
    return f"{quote(giver, 20)}把**{what}**移交给您了。从现在起由您负责：发“待办”看要办的事，发“帮助”看能做什么。"


def told_above(giver: str, name: str, what: str) -> str:
    return f"**{what}**已由{quote(giver, 20)}移交给{quote(name, 20)}，以后请联系{quote(name, 20)}。"


def deputy_released(giver: str, what: str) -> str:
    return f"{quote(giver, 20)}已把角色移交给别人，您代办**{what}**到此结束。谢谢。"
