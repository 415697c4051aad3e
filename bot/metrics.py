"""What this process has counted since its start, as Prometheus reads it. The only importer of prometheus_client.

Each part counts where things happen; beside, what the database says when somebody asks. Must not hold names of people
or chats: neither as a value nor as a label.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from storage.outbox import State
from storage.vitals import Vitals

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
"""The platform waits three seconds for an ack (facts §1.4)."""
_REMEMBERED = 10_000
"""Messages whose answers are still timed."""


class Metrics:
    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = r = CollectorRegistry()
        self.opened = Counter("zicha_stream_opened", "Stream connections opened, the first ones included", registry=r)
        self.connections = Gauge("zicha_stream_connections", "Stream connections that deliver", registry=r)
        self.acks = Histogram("zicha_ack_seconds", "From a pushed message to its ack", buckets=_SECONDS, registry=r)
        self.replies = Histogram(
            "zicha_reply_seconds", "From a pushed message to its answer's delivery", buckets=_SECONDS, registry=r
        )
        self.copies = Counter("zicha_copies", "Messages pushed again and refused by the inbox", registry=r)
        self.unstored = Counter("zicha_unstored", "Messages that could not be stored, not acked", registry=r)
        self.turned_away = Counter("zicha_turned_away", "Messages there was no room for, not acked", registry=r)
        self.waiting = Gauge("zicha_waiting", "Messages waiting for their turn", registry=r)
        self._outbox = Gauge("zicha_outbox", "Letters by state", ["state"], registry=r)
        self._due = Gauge("zicha_outbox_due", "Letters whose time has come and that wait", registry=r)
        self._files = Gauge("zicha_files", "Files to be fetched", registry=r)
        self._doubtful = Gauge("zicha_doubtful_lately", "Letters that became doubtful in the last hour", registry=r)
        self._faults = Gauge("zicha_faults_lately", "Messages not answered in the last hour, our fault", registry=r)
        self._quota = Gauge("zicha_quota_used", "What the platform bills, this month", ["unit"], registry=r)
        self._arrived: OrderedDict[str, float] = OrderedDict()

    def arrived(self, message: str) -> None:
        """A message is here: `<robot>/<msgId>`."""
        self._arrived[message] = time.monotonic()
        while len(self._arrived) > _REMEMBERED:
            self._arrived.popitem(last=False)

    def delivered(self, letter: str) -> None:
        """The letter with this key is out; timed where it is the first answer to a message that came here."""
        message, _, number = letter.rpartition("#")
        if number.startswith("0") and (since := self._arrived.pop(message, None)) is not None:
            self.replies.observe(time.monotonic() - since)

    def take(self, vitals: Vitals, quota: Mapping[str, int]) -> None:
        """What the books say now."""
        for state in State:
            self._outbox.labels(state.value).set(vitals.outbox.get(state, 0))
        self._due.set(vitals.due)
        self._files.set(vitals.files)
        self._doubtful.set(vitals.lately.doubtful)
        self._faults.set(vitals.lately.faults)
        for unit, count in quota.items():
            self._quota.labels(unit).set(count)

    @staticmethod
    def value(of: Counter | Gauge) -> float:
        """What has been counted so far."""
        return next(iter(next(iter(of.collect())).samples)).value

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
