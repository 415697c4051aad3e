"""How somebody fills in their form: answers what they read, in their own way, until they are told that it is done.

Must not know what the bot makes of it.
"""

from datetime import date
from random import Random

from bot.simulation.matters import ID_NUMBER, PLEDGES
from bot.simulation.phone import Phone, is_next, read
from bot.simulation.reading import Reading, Sort
from bot.simulation.temper import Hand, Temper
from handlers.campaign.definition import Campaign

_MOST = 90
"""Answers in one sitting; nobody needs so many."""
_TIRED = 4
"""Times somebody asks again who gets no answer."""
_YES = {"submit": "提交", "sign_submit": "确认签署并提交"}
_CONFUSED = 0.25
_HOW = "？"
_BUTTON = " #"
"""What a tapped button says carries this: only those are tapped twice."""
_OTHER_DATE = {"before": "this_year", "this_year": "before"}


class Form:
    """One person at their form."""

    def __init__(self, phone: Phone, campaign: Campaign, random: Random) -> None:
        self._phone, self._campaign, self._random = phone, campaign, random
        self._belief = phone.belief
        self._last_tap = ""

    async def fill(self, opening: str, *, at_most: int = _MOST) -> bool:
        """One sitting; `at_most` answers. True if they were told that it is handed in, or too late."""
        return await self._answers(await self._phone.ask(opening, is_next), at_most)

    async def change(self) -> None:
        """Second thoughts after handing in: the pledge was signed in another year."""
        question = next(name for name in PLEDGES if name in self._belief.meant)
        other = _OTHER_DATE.get(self._belief.meant[question][0])
        if other is None:
            return
        shown = await self._phone.ask("修改", read)
        name = self._campaign.by_id[question].name
        entry = next((one for one in shown.options if one.label.startswith(name)), None) if shown else None
        if shown is None or shown.sort is Sort.LOCKED or entry is None:
            return
        asked = await self._phone.ask(entry.says, is_next)
        if asked and asked.question == question:
            self._belief.meant[question] = (other,)
            await self._answers(asked, _MOST)

    async def _answers(self, reading: Reading | None, at_most: int) -> bool:
        tired = answered = 0
        while answered < at_most:
            if reading is None:
                tired += 1
                if tired > _TIRED:
                    return False
                reading = await self._phone.ask("继续", is_next)
                continue
            if reading.sort is not Sort.QUESTION:
                return True
            reading = await self._confused(reading)
            reading = await self._answer(reading)
            answered += 1
        return False

    async def _answer(self, reading: Reading) -> Reading | None:
        words = self._words(reading)
        if wanted := self._belief.meant.get(reading.key):
            self._belief.answers[reading.key] = wanted
        slips = self._belief.character.temper is Temper.TWICE and _BUTTON in words
        return await self._phone.ask(words, is_next, times=2 if slips else 1)

    def _words(self, reading: Reading) -> str:
        question, wanted = reading.question, self._belief.meant.get(reading.key, ())
        if question in _YES:
            return self._said(reading, _YES[question])
        if question == ID_NUMBER:
            return f"{self._belief.name} {wanted[0]}"
        labels = self._labels(question, wanted)
        if not labels:
            return _HOW  # nothing they meant to report: a question they did not expect
        if len(labels) == 1:
            return self._said(reading, labels[0])
        if self._belief.character.hand is Hand.WORDS:
            return " ".join(labels)
        return " ".join(one.number for one in reading.options if one.label in labels)

    def _labels(self, question: str, wanted: tuple[str, ...]) -> list[str]:
        """What is called how on the buttons; what is no option is said as it is."""
        about = self._campaign.by_id[question]
        options = self._campaign.by_id[about.options_from].options if about.options_from else about.options
        labels = {option.id: option.label for option in options}
        return [labels.get(one) or _day(one) for one in wanted]

    def _said(self, reading: Reading, label: str) -> str:
        """One option, in the way of this person."""
        shown = next((one for one in reading.options if one.label == label), None)
        if shown is None or self._belief.character.hand is Hand.WORDS:
            return label
        if self._belief.character.hand is Hand.NUMBERS:
            return shown.number
        self._last_tap = shown.says
        return shown.says

    async def _confused(self, reading: Reading) -> Reading:
        """Somebody muddled does something else first; what they are asked then counts."""
        if self._belief.character.temper is not Temper.MUDDLED or self._random.random() > _CONFUSED:
            return reading
        about = self._campaign.by_id[reading.question]
        ways = [_HOW, "上一步"]
        if self._last_tap:
            ways.append(self._last_tap)
        if not about.free and about.kind in ("choice", "multi", "review"):
            ways.append("在吗")
        then = await self._phone.ask(self._random.choice(ways), read)
        return then if then and then.sort is Sort.QUESTION else reading


def _day(words: str) -> str:
    """A date as people write it; other words as they are."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return words
    return f"{day.month}月{day.day}日"
