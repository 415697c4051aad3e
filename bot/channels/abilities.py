"""What each way to people can and cannot do, as the code does it: the READMEs' table is written from here.

Numbers are those the ways themselves use, or defaults of the settings. A way that is not here fails a test.
"""

from dataclasses import dataclass
from typing import Literal

from bot.channels import wording
from bot.channels.callback.door import CallbackDoor
from bot.channels.callback.replies import BySession
from bot.channels.dingtalk import DingTalk
from bot.channels.h5.page import Page
from bot.channels.stream import Stream
from bot.channels.webhook import MOST_BYTES, GroupRobots
from bot.channels.work_notices import WorkNotices
from bot.channels.zhezhengding.notices import Notices
from bot.channels.zhezhengding.todos import Todos
from bot.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to people. `rooms` are the classes that walk it."""

    id: str
    rooms: tuple[type, ...]
    hears: bool = False
    """What people say comes through it."""
    direct: bool = False
    groups: bool = False
    buttons: Literal["tap", "link", "none"] = "none"
    """`tap` answers, `link` opens the page."""
    most_buttons: int = 0
    """0: as many as there are."""
    files_in: bool = False
    files_out: bool = False
    pushes: bool = False
    """It reaches people who are not looking."""
    together: int = 1
    """People in one call."""
    keyed: bool = False
    """A repeat is refused or does no harm, so that a call without an answer is made again by itself."""
    limits: tuple[tuple[str, float], ...] = ()
    """Names of limits and their numbers: bytes, calls a second or minute, minutes between calls, a day, a day each."""


def _default(name: str) -> float:
    return float(Config.model_fields[name].default)


WAYS = (
    Way(id="stream", rooms=(Stream,), hears=True, direct=True, groups=True, files_in=True),
    Way(
        id="openapi",
        rooms=(DingTalk,),
        direct=True,
        groups=True,
        buttons="tap",
        most_buttons=wording.MOST_BUTTONS,
        files_out=True,
        pushes=True,
        together=DingTalk.most_together,
        keyed=DingTalk.keyed,
        limits=(("second", _default("qps")),),
    ),
    Way(
        id="work_notice",
        rooms=(WorkNotices,),
        direct=True,
        pushes=True,
        together=WorkNotices.most_together,
        keyed=WorkNotices.keyed,
    ),
    Way(
        id="page",
        rooms=(Page,),
        hears=True,
        direct=True,
        buttons="tap",
        files_in=True,
        files_out=True,
        keyed=True,
    ),
    Way(
        id="notice",
        rooms=(Notices,),
        direct=True,
        buttons="link",
        most_buttons=1,
        pushes=True,
        together=int(_default("zzd_notice_people")),
        keyed=Notices.keyed,
        limits=(
            ("bytes", _default("zzd_notice_bytes")),
            ("pause", _default("zzd_notice_pause")),
            ("daily", _default("zzd_notice_daily")),
            ("personal", _default("zzd_notice_personal")),
        ),
    ),
    Way(
        id="todo",
        rooms=(Todos,),
        direct=True,
        buttons="link",
        most_buttons=1,
        pushes=True,
        keyed=True,
        limits=(("second", _default("zzd_todo_rate")),),
    ),
    Way(
        id="robot",
        rooms=(GroupRobots,),
        groups=True,
        pushes=True,
        keyed=GroupRobots.keyed,
        limits=(("bytes", MOST_BYTES), ("minute", _default("robot_per_minute"))),
    ),
    Way(id="callback", rooms=(CallbackDoor, BySession), hears=True, direct=True, groups=True),
)
