"""The clock of the sandbox: real time plus an offset that only grows. Glides, never jumps, never goes back.

Whoever wants to know the demo time reads the clock file; tickets and tokens don't live by this clock.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from .refusals import PageRefusal

CHINA = timezone(timedelta(hours=8), "CST")
STEP = timedelta(hours=1)  # at most this much demo time at once, so that what is due on the way fires in order
OFFICE_STEP = timedelta(minutes=20)  # slower in office hours: what arrives then is seen to arrive near its hour
OFFICE_HOURS = range(8, 18)
FARTHEST = timedelta(days=366)
KEEP = 2.0  # seconds of real time between two notes of the demo time

Listener = Callable[[], None]


class Clock:
    def __init__(self, *, state: Path, start: datetime | None, file: Path | None, every: float) -> None:
        self._state = state
        self._every = every
        self._file = file
        self._offset = timedelta()
        self._target: datetime | None = None
        self._listeners: list[Listener] = []
        stopped_at = self._stopped_at()
        if start is not None:
            self._offset = (stopped_at or start) - _real()
        elif stopped_at is not None and stopped_at > _real():
            self._offset = stopped_at - _real()
        self._publish()

    def now(self) -> datetime:
        return _real() + self._offset

    def ms(self) -> int:
        return int(self.now().timestamp() * 1000)

    def iso(self) -> str:
        return self.now().isoformat(timespec="seconds")

    @property
    def gliding(self) -> bool:
        return self._target is not None

    def to_json(self) -> dict[str, object]:
        target = self._target.isoformat(timespec="seconds") if self._target else None
        return {"now": self.iso(), "running": self.gliding, "target": target}

    def on_change(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def aim(self, to: datetime) -> None:
        if to < self.now():
            raise PageRefusal(f"时间只能向前走：现在已是 {self.now():%Y-%m-%d %H:%M:%S}")
        if to - self.now() > FARTHEST:
            raise PageRefusal("一次最多向前走一年")
        self._target = to

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise PageRefusal("时间只能向前走，秒数不能为负")
        if not seconds <= FARTHEST.total_seconds():
            raise PageRefusal("一次最多向前走一年")
        self._target = (self._target or self.now()) + timedelta(seconds=seconds)

    async def run(self) -> None:
        """Glide towards the target; keep the last demo time for the next start."""
        ticks = 0
        while True:
            await asyncio.sleep(self._every)
            ticks += 1
            if self._target is not None:
                self._step(self._target)
            if ticks * self._every >= KEEP:
                self.keep()
                ticks = 0

    def _step(self, target: datetime) -> None:
        missing = target - self.now()
        step = OFFICE_STEP if self.now().hour in OFFICE_HOURS else STEP
        self._offset += max(min(missing, step), timedelta())
        if missing <= step:
            self._target = None
        self._publish()

    def keep(self) -> None:
        _write(self._state, {"now": self.now().isoformat()})

    def _publish(self) -> None:
        if self._file is not None:
            _write(self._file, {"offset": self._offset.total_seconds()})
        self.keep()
        for listener in self._listeners:
            listener()

    def _stopped_at(self) -> datetime | None:
        if not self._state.exists():
            return None
        return datetime.fromisoformat(json.loads(self._state.read_text())["now"])


def moment(text: object) -> datetime:
    """An ISO time; without a zone it is China's."""
    if not isinstance(text, str):
        raise PageRefusal("请给出 ISO 格式的时间，例如 2022-05-20T09:00:00+08:00")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise PageRefusal(f"看不懂这个时间：{text}") from None
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


def at_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, CHINA)


def _real() -> datetime:
    return datetime.now(CHINA)


def _write(path: Path, value: object) -> None:
    draft = path.with_name(path.name + ".new")
    draft.write_text(json.dumps(value))
    draft.replace(path)
