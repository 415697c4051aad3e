"""What is said to somebody in no roster, and to the coordinator who decides."""

from collections.abc import Sequence

from handlers.campaign.definition import Campaign
from handlers.texts.plain import echo, quote

NO_STAFF_ID = "您好，我只为本单位组织内的工作人员服务，没能认出您的账号。请用单位的钉钉账号联系我，或者找本单位联络员。"
FIND_UNIT = "请回复您所在单位名称的一部分，也可以用拼音，例如“紫金街道”“zijin”。"


def not_in_roster(campaign: Campaign, *, elsewhere: bool = False) -> str:
    """`elsewhere`: they came by a platform whose ids are not those of the roster."""
    if elsewhere:
        known = "在钉钉里用过我的，先在钉钉里发“绑定浙政钉”，把得到的码发到这里；没用过的，先找一下您的单位。"
        return f"您好，我是{campaign.purpose}。名册里还没有您的账号。{known}{FIND_UNIT}"
    return f"您好，我是{campaign.purpose}。名册里还没有您，先找一下您的单位。{FIND_UNIT}"


def link_code(code: str, minutes: int) -> str:
    return f"到另一个平台打开自查，把这个码发给我：**{code}**。{minutes}分钟内有效，只能用一次，不要发给别人。"


def welcome(name: str) -> str:
    return f"认出来了，您是{quote(name, 20)}，原来填的都在。"


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


def confirm_known(name: str, unit: str) -> str:
    name = quote(name, 20)
    return f"{name} 换了平台来参加自查，说自己在 **{unit}**。名册里有同名的人，还没有对上这个账号。是同一个人吗？"


def same_as(name: str, staff_id: str) -> str:
    return f"是名册里的{name}（{staff_id}）"


OTHER_PERSON = "是另一个人，加入"
NOT_OURS = "不是我们单位的"


def linked(name: str, unit: str) -> str:
    return f"已对上：这个账号就是 **{unit}** 的{quote(name, 20)}，原来填的都在，我已经通知本人继续。"


def admitted(name: str, unit: str) -> str:
    return f"已把{quote(name, 20)}加入 **{unit}**，我已经通知本人开始自查。"


def turned_away(name: str) -> str:
    return f"好的，没有加入{quote(name, 20)}，我已经请本人重新选单位。"


ALREADY_DECIDED = "这个申请已经处理过了。"
TURNED_AWAY = f"联络员说您不在这个单位。{FIND_UNIT}"
