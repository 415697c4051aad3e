"""How much is taken, and from whom: what each message may hold, how often one may ask. Pure, but for counting."""

import re
import time
from collections import OrderedDict, deque

from bot.networks import Network, within

MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
"""What a page may call its message: made by chance, the same when it is sent again."""
MOST_JSON = 128 * 1024
"""Bytes of a message: the longest text that is read (ZICHA_MAX_TEXT) fits many times over."""
LONGEST_AGE = 24 * 3600.0
"""Seconds a message may have waited for the network; older ones count as so old."""
MOST_PAGES = 12
"""Open pages of one person: beyond that somebody is playing."""
LINES = 40
"""Lines that are sent at once."""


class Rate:
    """At most `most` within `seconds` per key; keys are forgotten when nobody asks for long."""

    def __init__(self, most: int, seconds: float, keys: int = 20_000) -> None:
        self._most, self._seconds, self._keys = most, seconds, keys
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        now, seen = time.monotonic(), self._seen.setdefault(key, deque())
        self._seen.move_to_end(key)
        while len(self._seen) > self._keys:
            self._seen.popitem(last=False)
        while seen and now - seen[0] >= self._seconds:
            seen.popleft()
        if len(seen) >= self._most:
            return False
        seen.append(now)
        return True


def client(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    """Who asks: the nearest address that is not one of our proxies. `forwarded` is X-Forwarded-For as it came."""
    hops = [*(hop.strip() for hop in forwarded.split(",") if hop.strip()), peer]
    for hop in reversed(hops):
        if not within(hop, trusted):
            return hop
    return hops[0]
