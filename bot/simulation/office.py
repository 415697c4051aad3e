"""What those in office do beside their own form: check, confirm, stamp, hand up; receive, look, send back.

They know their own unit and what the bot tells them, nothing else.
"""

import re
from collections.abc import Callable
from importlib.resources import files
from random import Random

from bot.demo.roster import STAMPED
from bot.simulation.believed import Beliefs, Confirmed
from bot.simulation.phone import Fits, Phone, read
from bot.simulation.reading import Reading

_GAP = "带缺口确认 还有同事外出，返岗后补报"
_BACK = "盖章看不清或没有盖章"
_FIGURES = re.compile(r"应填 (?P<expected>\d+) 人，已完成 (?P<finished>\d+) 人")
_PROGRESS = re.compile(r"应填 \*\*(?P<expected>\d+)\*\* 人，已完成 \*\*(?P<finished>\d+)\*\* 人")
_LOOKS = 0.3
"""Of the returns received, how many are looked at before."""
_SENDS_BACK = 0.03
_MOST = 3
"""Times something is tried that got no answer, or another one."""
_AT_LAST = 4.0
"""The last time they wait so much longer: papers on their way, and a platform that hangs, hold up what comes behind."""
_MOST_ROUNDS = 400

WAS_SENT_BACK = re.compile(r"反馈表被\*\*.+\*\*退回")


def tells(*words: str) -> Fits:
    """A message with one of these in it."""
    return lambda reading: any(word in reading.text for word in words)


class Office:
    def __init__(self, phone: Phone, beliefs: Beliefs, random: Random, finished: Callable[[str], int]) -> None:
        """`finished`: how many people of a unit have told their colleagues that they are done."""
        self.phone, self._beliefs, self._random, self._finished = phone, beliefs, random, finished
        self._unit = phone.belief.unit
        self._stamped = files("bot.demo").joinpath(STAMPED).read_bytes()

    async def hand_up(self, *, whole: bool) -> None:
        """From the check to the office above. `whole`: only if nothing is missing; those missing are reminded."""
        if self._unit in self._beliefs.handed_up:
            return
        await self.phone.ask("核对", read)
        if not await self._confirm(whole=whole):
            return
        await self._stamp()
        if await self._tries("上报", tells("已上报给", "之前已上报", "之前已接收")):
            self._beliefs.handed_up.add(self._unit)

    async def _confirm(self, *, whole: bool) -> bool:
        before = self._finished(self._unit)
        told = await self._tries("确认反馈表", tells("反馈表已确认", "还不能确认", "的反馈表之前"))
        if told and "还不能确认" in told.text:
            if whole:
                await self._tries("催办", tells("提醒", "不用催", "没有要催", "催过了"))
                return False
            before = self._finished(self._unit)
            told = await self._tries(_GAP, tells("反馈表已确认", "的反馈表之前"))
        if told and (figures := _FIGURES.search(told.text)):
            self._beliefs.confirmed[self._unit] = Confirmed(
                unit=self._unit,
                expected=int(figures["expected"]),
                finished=int(figures["finished"]),
                at_least=before,
                at_most=self._finished(self._unit),
            )
        return told is not None

    async def _stamp(self) -> None:
        for _ in range(_MOST):
            kept = await self.phone.send(
                "盖章的反馈表.png", self._stamped, "image/png", tells("这是什么", "已经收到过了")
            )
            if kept:
                break
        await self._tries("扫描件 反馈表", tells("已盖章", "之前已上报"))

    async def receive(self, *, strict: bool) -> None:
        """Everything that waits. `strict`: some of it is sent back."""
        for _ in range(_MOST_ROUNDS):
            listed = await self._tries("接收", tells("等着接收"))
            if listed is None or not listed.options:
                return
            for option in listed.options:
                await self._receive(option.says.split()[-1], option.says, strict=strict)

    async def _receive(self, code: str, look: str, *, strict: bool) -> None:
        if self._random.random() < _LOOKS:
            await self.phone.ask(look, tells("内容码"))
        if strict and self._random.random() < _SENDS_BACK:
            if await self._tries(f"退回 {code}：{_BACK}", tells("已退回", "现在是")):
                self._beliefs.sent_back[code] += 1
        elif await self._tries(f"接收 {code}", tells("已接收")):
            self._beliefs.accepted.add(code)

    async def asks_progress(self) -> None:
        told = await self._tries("进度", lambda reading: bool(_PROGRESS.search(reading.text)))
        if told and (figures := _PROGRESS.search(told.text)):
            self._beliefs.figures = (int(figures["finished"]), int(figures["expected"]))

    async def _tries(self, words: str, fits: Fits) -> Reading | None:
        for patience in (*[1.0] * (_MOST - 1), _AT_LAST):
            if told := await self.phone.ask(words, fits, patience=patience):
                return told
        self._beliefs.troubles.append(f"{self._unit}：“{words}”没有得到回答")
        return None
