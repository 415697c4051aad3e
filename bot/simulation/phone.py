"""Somebody's phone: says, hears, waits for an answer as long as one does. What is heard becomes belief here.

Must not know what is said nor why.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.simulation.believed import Belief, Reminded
from bot.simulation.gateway import Gateway, Json
from bot.simulation.reading import Reader, Reading, Sort

_READS = 3.0
"""Seconds of real time somebody looks at their phone before they go on, where more than one answer may come."""

Fits = Callable[[Reading], bool]


@dataclass(slots=True)
class Timed:
    """How long answers took, in real seconds, by the campaign's time."""

    patience: float
    """Seconds of real time somebody waits for an answer before they ask again."""
    replies: list[tuple[datetime, float]] = field(default_factory=list)


class Phone:
    def __init__(self, belief: Belief, line: Gateway, now: Callable[[], datetime], timed: Timed) -> None:
        self.belief = belief
        self._line, self._now, self._timed = line, now, timed
        self._news: asyncio.Queue[Reading] = asyncio.Queue()
        self._owed = 0
        """Answers that have not come: somebody who has asked again looks whether there are more before they go on."""
        self.busy = asyncio.Lock()
        """A person does one thing at a time."""

    async def ask(self, text: str, fits: Fits, *, times: int = 1, patience: float = 1.0) -> Reading | None:
        """Says it, several times where a finger slips, and waits for a message that fits, `patience` times as long as
        usual; the last one they see before they go on counts. None where none comes."""
        self._forget_news()
        began = time.perf_counter()
        for _ in range(times):
            self.belief.said.append(await self._line.say(self.belief.staff_id, text))
        self._owed += times
        last = await self._hears(began, fits, patience)
        while last and self._owed > 0 and (more := await self._also_hears(fits)):
            last = more
        self._owed = 0 if last else self._owed
        return last

    async def send(self, name: str, content: bytes, kind: str, fits: Fits) -> Reading | None:
        self._forget_news()
        began = time.perf_counter()
        self.belief.said.append(await self._line.send_file(self.belief.staff_id, name, content, kind))
        self._owed += 1
        return await self._hears(began, fits)

    def hears(self, event: Json, reading: Reading) -> None:
        """Something has come."""
        belief = self.belief
        belief.heard += 1
        if event["call"]:
            belief.calls[event["call"]] += 1
        else:
            belief.by_webhook += 1
        if reading.sort is Sort.REMINDER:
            at = datetime.fromtimestamp(event["at"] / 1000, self._now().tzinfo)
            belief.reminded.append(Reminded(at=at, rule=reading.rule, audience=reading.audience, place=belief.heard))
            return
        if reading.sort is Sort.FINISHED:
            self._finished(reading)
        self._news.put_nowait(reading)

    def _finished(self, reading: Reading) -> None:
        """They are told so: what they have said until now is handed in."""
        belief = self.belief
        belief.receipt = reading.receipt
        belief.signed = belief.signed or reading.signed
        belief.settled = dict(belief.answers)
        if belief.finished_at is None:
            belief.finished_at, belief.finished_place = self._now(), belief.heard

    async def _hears(self, began: float, fits: Fits, patience: float = 1.0) -> Reading | None:
        said, first = self.belief.said[-1], True
        try:
            async with asyncio.timeout(patience * self._timed.patience):
                while True:
                    reading = await self._news.get()
                    if first:
                        self._timed.replies.append((self._now(), time.perf_counter() - began))
                        first = False
                    if fits(reading):
                        self._owed -= 1
                        return reading
        except TimeoutError:
            if first:
                self.belief.unanswered.append(said)
            return None

    async def _also_hears(self, fits: Fits) -> Reading | None:
        """One more answer, as long as it takes to read the one before."""
        try:
            async with asyncio.timeout(_READS):
                while True:
                    reading = await self._news.get()
                    if fits(reading):
                        self._owed -= 1
                        return reading
        except TimeoutError:
            return None

    def _forget_news(self) -> None:
        while not self._news.empty():
            self._news.get_nowait()


class Switchboard:
    """Who hears what: each message of the robot to the phone it is for."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.phones: dict[str, Phone] = {}
        self.told: Callable[[Phone, Reading], None] = lambda phone, reading: None
        """Called with everything anybody hears."""

    def heard(self, event: Json) -> None:
        phone = self.phones.get(event.get("to", ""))
        if phone is None:
            return  # said in a group
        reading = self._reader.read(event["text"], event["buttons"], unasked=bool(event["call"]))
        phone.hears(event, reading)
        self.told(phone, reading)


def read(reading: Reading) -> bool:
    """Anything will do."""
    return True


def is_next(reading: Reading) -> bool:
    """What a turn of a form ends with."""
    return reading.sort in (Sort.QUESTION, Sort.FINISHED, Sort.LOCKED)
