"""The named steps of a message, a letter, a reminder and a file, each a place where the process may die.

A step wraps one function of the product from outside and kills its own process with SIGKILL at the n-th passage; the
product knows nothing of it.
"""

import functools
import inspect
import os
import signal
from collections.abc import Callable
from typing import Any

from bot.carrier import Carrier
from bot.channels.dingtalk import DingTalk
from bot.channels.line import Line
from bot.channels.stream import Stream
from bot.fetcher import Counter
from bot.intake import Intake
from bot.reception import Reception
from bot.scheduler import Metronome
from bot.settling import Settling
from handlers import reminders
from storage import delivery

Place = tuple[Any, str, str]
"""Owner, name, and whether the end comes before the call, after it, or after it has done anything."""

STEPS: dict[str, Place] = {
    "a connection is open": (Stream, "_connect", "after"),
    "a message was pushed": (Reception, "receive", "before"),
    "its turn is written": (Intake, "_turn", "after"),
    "its turn is committed": (Intake, "take_all", "after"),
    "it is acked": (Line, "_route", "after"),
    "letters are claimed": (Carrier, "carry", "before"),
    "a letter is on the way": (DingTalk, "deliver", "before"),
    "a letter is delivered": (DingTalk, "deliver", "after"),
    "its end is written": (delivery, "settle", "after"),
    "its end is committed": (Settling, "settle", "after"),
    "a reminder is written": (reminders, "fire", "after"),
    "reminders are committed": (Metronome, "step", "done"),
    "a file is asked for": (DingTalk, "fetch", "before"),
    "a file is here": (DingTalk, "fetch", "after"),
    "a file is handed in": (Counter, "hand_in", "after"),
}
OF_REMINDERS = ("a reminder is written", "reminders are committed")
OF_FILES = ("a file is asked for", "a file is here", "a file is handed in")
ONCE = ("a connection is open", *OF_REMINDERS, *OF_FILES)
"""What a bot comes by only once in a round."""


def arm(step: str, passage: int) -> None:
    """This process dies at the `passage`-th time somebody comes by."""
    owner, name, when = STEPS[step]
    original = getattr(owner, name)
    left = [passage]

    def come_by() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, _wrapped(original, come_by, when))


def _wrapped(original: Callable[..., Any], come_by: Callable[[], None], when: str) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def later(*args: Any, **named: Any) -> Any:
            if when == "before":
                come_by()
            result = await original(*args, **named)
            if when == "after":
                come_by()
            return result

        return later

    @functools.wraps(original)
    def now(*args: Any, **named: Any) -> Any:
        if when == "before":
            come_by()
        result = original(*args, **named)
        if when == "after" or (when == "done" and result is not None):
            come_by()
        return result

    return now
