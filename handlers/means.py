"""What the machine may do: the limits the operator has set, for those who plan with them. Values only."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Defaults are those of the settings (`bot/config.py`), which say where they come from."""

    calls_a_second: float = 20.0
    api_a_month: int = 5000
    stream_a_month: int = 3000
    ask_above: int = 100
    """So many letters at once and more are planned, shown and confirmed first."""
    work_notices: bool = False
    """Whether the app may send 工作通知 (it has an agent id)."""

    notice_people: int = 1000
    """People in one work notice of 浙政钉."""
    notice_pause: float = 10.0
    """Minutes between two of them."""
    notice_daily: int = 20_000
    """So many a day, whoever they go to."""

    def notice_calls(self, people: int) -> int:
        return math.ceil(people / self.notice_people)

    def notice_days(self, people: int) -> int:
        return math.ceil(people / self.notice_daily)

    def notice_minutes(self, people: int) -> int:
        """From the first to the last call of a day, whole minutes: the pauses between them."""
        return math.ceil((self.notice_calls(min(people, self.notice_daily)) - 1) * self.notice_pause)

    def minutes(self, calls: int) -> int:
        """How long so many calls take, whole minutes, at least one."""
        return max(math.ceil(calls / self.calls_a_second / 60), 1)
