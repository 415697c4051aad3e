"""How often we call: evenly, never more than allowed in any window, slower after «too fast» and back up by itself.

One `Pace` for each thing a platform limits: an app and API (20 calls a second, A/1432), a group's robot (20 a minute,
A/0717). Knows no platform and no letters.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from math import inf

_ANSWERED, _UNANSWERED = 1.002, 1.10
"""The platform's second is not ours: it counts a call somewhere between our sending it and its answer. A window counts
from the answer, less what the quickest answers take; from the sending, and somewhat longer, where it is slow."""
_FORGETS = 1.001
"""By so much the quickest answer is forgotten with each call: ways change."""
_CATCH_UP = 0.25
"""After a stall so much of a window may be made up for at once."""
_BACK = 0.85
"""What is left of the speed after «too fast»."""
_LEAST = 0.1
_RECOVERY = 0.05
"""What comes back of it each second."""
_EPSILON = 1e-6


class Call:
    """One that has begun. `over` as soon as it is answered: the next ones may then come sooner."""

    __slots__ = ("_pace", "began", "ended")

    def __init__(self, pace: "Pace", began: float) -> None:
        self._pace, self.began, self.ended = pace, began, inf

    @property
    def took(self) -> float:
        return self.ended - self.began

    def over(self) -> None:
        self.ended = self._pace.answered(self)


class Pace:
    """At most `most` calls in any `per` seconds. `burst` is how many may go at once; a quarter where none is given."""

    def __init__(
        self, most: float, per: float = 1.0, *, burst: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._whole = max(int(most), 1)
        self._window = per * self._whole / most
        self._gap = self._window / self._whole * _ANSWERED
        self._burst = burst or max(int(self._whole * _CATCH_UP), 1)
        self._begun: deque[Call] = deque(maxlen=self._whole)
        self._due = 0.0
        self._held_until = 0.0
        self._quickest = inf
        self._waiting = 0
        self._share, self._share_at = 1.0, 0.0

    @property
    def whole(self) -> int:
        """Calls of a full window: more than these need not be under way."""
        return self._whole

    @property
    def share(self) -> float:
        """The speed at present, of the whole: 1 where the platform has not complained lately."""
        return min(1.0, self._share + (self._clock() - self._share_at) * _RECOVERY)

    def delay(self) -> float:
        """Seconds until the next call may begin."""
        return max(self._may_begin(0) - self._clock(), 0.0)

    def pause(self, ahead: float) -> float:
        """Seconds until there is room for calls that begin so much later."""
        return max(self._may_begin(self._waiting) - ahead - self._clock(), 0.0)

    def room(self, ahead: float = 0.0) -> int:
        """How many calls may begin within so many seconds, one after the other, behind those that wait for their
        turn."""
        until = self._clock() + ahead + _EPSILON
        places = range(self._waiting, self._burst)
        return next((n for n, place in enumerate(places) if self._may_begin(place) > until), len(places))

    def _may_begin(self, place: int) -> float:
        """When the call with so many before it may."""
        place = min(place, self._whole - 1)
        even = self._due + (place - self._burst + 1) * self._step
        leaves = len(self._begun) + place - self._whole
        window = self._counts_until(self._begun[leaves]) if leaves >= 0 else -inf
        return max(even, window, self._held_until)

    async def turn(self) -> Call:
        """Waits until a call may begin, and counts it as begun."""
        self._waiting += 1
        try:
            while (wait := self.delay()) > _EPSILON:
                await asyncio.sleep(wait)
        finally:
            self._waiting -= 1
        return self.begin()

    def begin(self) -> Call:
        """A call begins now."""
        call = Call(self, self._clock())
        self._due = max(self._due, call.began) + self._step
        self._begun.append(call)
        return call

    def answered(self, call: Call) -> float:
        """When: now."""
        now = self._clock()
        self._quickest = min(self._quickest * _FORGETS, now - call.began)
        return now

    def _counts_until(self, call: Call) -> float:
        arrived = call.ended - min(self._quickest, call.took) if call.took < inf else inf
        return min(arrived + self._window * _ANSWERED, call.began + self._window * _UNANSWERED)

    def slow_down(self, seconds: float) -> None:
        """The platform says «too fast»: nobody calls for so long, then slower. Several answers to calls that were
        under way together count once."""
        now = self._clock()
        if now >= self._held_until:
            self._share, self._share_at = max(self.share * _BACK, _LEAST), now
        self._held_until = max(self._held_until, now + seconds)

    @property
    def _step(self) -> float:
        return self._gap / self.share
