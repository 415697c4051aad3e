"""What is said about filling in for somebody without an account (代填), to the filler and to the coordinator."""

from collections.abc import Sequence

from handlers.texts.plain import quote


def for_whom(name: str) -> str:
    return f"（代{quote(name, 20)}填）"


def intro(name: str, unit: str) -> str:
    return f"您现在代**{quote(name, 20)}**（{unit}）填写，请按本人的情况回答。随时发“结束代填”可以停下，答过的都保存。"


HOW = "请写上要代填的人，例如“代填 李大爷”。只能代没有账号的本单位同事填。"


def not_found(name: str) -> str:
    return f"在您的单位里没有找到“{quote(name, 20)}”。请核对姓名；只能代没有账号的本单位同事填。"


def has_account(name: str) -> str:
    return f"{quote(name, 20)}有自己的账号，请本人私聊我，发“你好”就能填。"


WHICH = "有几位同名，请选一位："


def in_person(name: str, unit: str) -> str:
    return (
        f"{unit}按通知要求全面自查，每个人都要由本人完成，不能代填。"
        f"请联系联络员给{quote(name, 20)}开通账号，由本人填；确实填不了的，请联络员向上级说明情况，登记免填原因。"
    )


def locked(name: str) -> str:
    return f"{quote(name, 20)}已经提交，本单位的反馈表也已确认，现在不能改。要改请联系联络员退回。"


def ended(name: str) -> str:
    return f"代{quote(name, 20)}填的到这里，答过的都保存。要接着填，发“代填 {quote(name, 20)}”。现在是您自己的。"


NOT_FILLING = "您现在没有在代别人填。"


def over(name: str) -> str:
    """The last words to the filler."""
    return f"代填到此结束，您再说话就是您自己的自查。要改这一份，发“代填 {quote(name, 20)}”，再发“修改”。"


def waits(name: str, coordinators: Sequence[str]) -> str:
    who = f"（{'、'.join(quote(c, 20) for c in coordinators)}）" if coordinators else ""
    return (
        f"{quote(name, 20)}的自查填好了，已经请联络员{who}核对。联络员同意以后才算提交，结果会告诉您。"
        f"\n\n代填到此结束，您再说话就是您自己的自查。"
    )


def already_waits(name: str) -> str:
    return f"{quote(name, 20)}的自查已经填好，正在等联络员核对。要改，发“修改”，改好以后重新请联络员核对。"


def already_done(name: str, receipt: str) -> str:
    return f"{quote(name, 20)}的自查已提交，回执 **{receipt}**。要改发“修改”，不代填了发“结束代填”。"


def ask_coordinator(filler: str, name: str, unit: str, lines: Sequence[str], number: int) -> str:
    shown = "\n".join(lines)
    return (
        f"{quote(filler, 20)}代**{quote(name, 20)}**（{unit}，没有账号）填好了自查，请核对，您同意才算提交："
        f"\n\n{shown}\n\n"
        f"不对的话退回并写原因，例如“退回代填 {number} 清理情况请再问本人”。"
    )


AGREE, SEND_BACK = "同意代填", "退回代填"


def ask_options(number: int) -> tuple[tuple[str, str], ...]:
    return ((AGREE, f"{AGREE} {number}"), ("退回", f"{SEND_BACK} {number}"))


SETTLED_BEFORE = "这份代填已经处理过，或者后来又改过了，请看最新的一条。"


def reason_wanted(number: int) -> str:
    return f"请写上退回的原因，例如“退回代填 {number} 清理情况请再问本人”。"


def agreed(name: str, receipt: str) -> str:
    return f"好的，{quote(name, 20)}的自查已提交，回执 **{receipt}**。"


def agreed_to_filler(name: str, by: str, receipt: str) -> str:
    return f"您代**{quote(name, 20)}**填的自查，{quote(by, 20)}已同意，已提交，回执 **{receipt}**。"


def sent_back(name: str) -> str:
    return f"好的，{quote(name, 20)}的代填已退回，原因已转告填写的同事。"


def sent_back_to_filler(name: str, by: str, reason: str) -> str:
    return (
        f"您代**{quote(name, 20)}**填的自查被{quote(by, 20)}退回：{quote(reason)}\n\n"
        f"要接着改，发“代填 {quote(name, 20)}”，再发“修改”。"
    )


def pledge_by_hand(pledge: str, name: str) -> str:
    return (
        f"{pledge}：打印后由{quote(name, 20)}本人签纸质，一式两份。签好以后请联络员发“已签纸质 {quote(name, 20)}”登记。"
    )


def signed_by_hand(pledge: str, name: str) -> str:
    return f"记下了：{quote(name, 20)}的{pledge}已签纸质。"


def signs_nothing(name: str) -> str:
    return f"没有等着{quote(name, 20)}签的纸质承诺书。请核对姓名；本人在这里签过、以前签过的不用登记。"


SIGNED_HOW = "请写上签好的人，例如“已签纸质 李大爷”。"


def still_filling(name: str) -> str:
    return f"您现在在代{quote(name, 20)}填，不填了发“结束代填”。"


NOTHING_WAITS = "现在没有等您会签的代填。"


def waiting(listed: Sequence[tuple[str, str]], count: int) -> str:
    """`listed`: name and unit of the first few."""
    lines = [f"有 {count} 份代填等您会签，点名字看内容：", *(f"- {quote(n, 20)}（{unit}）" for n, unit in listed)]
    return "\n".join([*lines, *([f"- 另有 {count - len(listed)} 份，办完这些再看"] if count > len(listed) else [])])
