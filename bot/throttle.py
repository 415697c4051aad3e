"""How many messages of one person are answered: more than anybody can type or tap are not, and that is said once.

Counted in this process, by a clock that only measures distances. Must not know what is said.
"""

import time
from collections.abc import Callable
from enum import Enum, auto

_MANY = 20_000
"""So many people are remembered; those who were quiet longest are forgotten first."""
_TRIED = 100
"""So many messages whose turn may be tried again: the database failed, or somebody's talk did in the same commit."""


class Verdict(Enum):
    ANSWER = auto()
    TELL = auto()
    """The first that is too many: it is said once."""
    SILENCE = auto()


class Throttle:
    """A bucket each: `per_minute` at once, and as many again in a minute. 0: nothing is counted."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._left: dict[str, tuple[float, float, bool]] = {}
        """By person: what is left, when that was, whether it was said that they are too many."""
        self._judged: dict[str, Verdict] = {}

    def admit(self, who: str, message: str) -> Verdict:
        """`message` is counted once, however often it is asked about."""
        if not self._most:
            return Verdict.ANSWER
        if message not in self._judged:
            self._judged[message] = self._judge(who)
            if len(self._judged) > _TRIED:
                self._judged.pop(next(iter(self._judged)))
        return self._judged[message]

    def _judge(self, who: str) -> Verdict:
        now = self._clock()
        left, then, told = self._left.pop(who, (float(self._most), now, False))
        left = min(self._most, left + (now - then) * self._most / 60)
        told = told and left < self._most / 2  # calm again: the next time it is said again
        verdict = Verdict.ANSWER if left >= 1 else Verdict.SILENCE if told else Verdict.TELL
        self._left[who] = (left - 1 if verdict is Verdict.ANSWER else left, now, told or verdict is Verdict.TELL)
        if len(self._left) > _MANY:
            self._left.pop(next(iter(self._left)))
        return verdict
