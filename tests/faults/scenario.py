"""One day of a small office whose bot is killed again and again, at random or at a named step; then the verdict.

Everybody says the same words in the same order, so that the forms must be equal in the end; reminders go out on the
way, and somebody sends files. The gateway's clock is moved to the reminders' hours.
"""

import io
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import Workbook

from tests.bot_process import CITY, START, moved_in
from tests.faults.bots import Bot, Bots, bots
from tests.faults.judge import at_rest, forms, judge, rows
from tests.faults.steps import OF_FILES, OF_REMINDERS, ONCE, STEPS
from tests.sandbox_process import SandboxProcess, sandbox

PEOPLE = ["zhang", "li", "wang", "chen", "zhou", "qian", "sun"]
FILES = "wu"
"""Who sends files, and nothing else."""
WORDS = (
    *("你好", "只有个人信息", "手机 微信", "都清理了", "密接人员清单", "上级下发"),
    *("用于省疫情防控系统流调录入", "对", "看过了，会遵守", "签过，今年签的", "提交"),
)
"""Words and no numbers: a number would mean the button of a reminder that came in between."""
MOMENTS = ("2022-05-23T09:31:00+08:00", "2022-05-27T09:31:00+08:00", "2022-05-27T15:01:00+08:00")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RANDOM = "at random"


@dataclass
class Outcome:
    kills: dict[str, int] = field(default_factory=dict)
    """By step; those that were reached."""
    missed: int = 0
    """Named steps nobody came by in time: the bot was killed all the same, at random."""
    doubtful: int = 0
    wrong: list[str] = field(default_factory=list)


class Scenario:
    def __init__(self, box: SandboxProcess, some: Bots, chance: random.Random) -> None:
        self.box, self.bots, self.chance = box, some, chance
        self.lines = [(who, words) for words in WORDS for who in PEOPLE]
        self.moments = list(MOMENTS)
        self.outcome = Outcome()

    def run(self, plan: Sequence[str]) -> Outcome:
        """A kill for each entry of the plan: a step's name, or `RANDOM`."""
        a_day = max(1, len(plan) // len(MOMENTS))
        per_round = max(1, len(self.lines) // max(1, len(plan)))
        for number, step in enumerate(plan):
            remind = step in OF_REMINDERS or number % a_day == a_day // 2
            self._round(step, per_round, remind=remind)
        self._finish()
        return self.outcome

    def _round(self, step: str, count: int, *, remind: bool) -> None:
        chance, passage = self.chance, 1 if step in ONCE else self.chance.randint(1, 2)
        bot = self.bots.start(step="" if step == RANDOM else step, passage=passage)
        if bot.ended.is_set():
            self._count(step)
            return
        for _ in range(chance.randint(count, count + 2)):
            if self.lines:
                self.box.say(*self.lines.pop(0))
                time.sleep(chance.uniform(0, 0.02))
        if step in OF_FILES or chance.random() < 0.2:
            self.box.send_file(FILES, "我的表.xlsx", _table(), XLSX)
        if remind and self.moments:
            self.box.clock(to=self.moments.pop(0))
        self._end(bot, step)

    def _end(self, bot: Bot, step: str) -> None:
        if step == RANDOM:
            time.sleep(self.chance.uniform(0, 0.4))
        elif not bot.dies(within=4.0):
            self.outcome.missed += 1
        if not bot.ended.is_set():
            bot.kill()
            step = RANDOM
        self._count(step)

    def _count(self, step: str) -> None:
        self.outcome.kills[step] = self.outcome.kills.get(step, 0) + 1

    def _finish(self) -> None:
        """Undisturbed now: the rest is said, everything comes to rest, and the books are compared."""
        bot = self.bots.start()
        for line in self.lines:
            self.box.say(*line)
        for moment in self.moments:
            self.box.clock(to=moment)
            self.box.until(lambda: at_rest(self.box, self.bots.data, [*PEOPLE, FILES]))
        self.box.until(lambda: at_rest(self.box, self.bots.data, [*PEOPLE, FILES]))
        bot.stop()
        self.outcome.wrong = [*judge(self.box, self.bots.data, [*PEOPLE, FILES]), *self._forms()]
        self.outcome.doubtful = sum(n for (n,) in rows(self.bots.data, _DOUBTFUL))

    def _forms(self) -> Iterator[str]:
        """Everybody said the same and has the same form, handed in once, under a number of its own."""
        said = {who: [key for key, _ in answers] for who, answers in forms(self.bots.data).items()}
        for who in PEOPLE:
            mine = said.get(who, [])
            if len(mine) != len(set(mine)) or mine != said[PEOPLE[0]]:
                yield f"{who}'s form differs from the others': {mine}"
        ((finished, receipts),) = rows(self.bots.data, _FINISHED)
        if not finished == receipts == len(PEOPLE):
            yield f"{finished} forms handed in, {receipts} receipts, {len(PEOPLE)} people"
        ((twice,),) = rows(self.bots.data, _TWICE)
        if twice:
            yield f"{twice} forms were handed in more than once"
        if open_ := rows(self.bots.data, "select id, state from errand where state not in ('done', 'lost')"):
            yield f"files neither fetched nor given up: {open_}"
        reminders = rows(self.bots.data, _REMINDERS)
        if any(times > 1 for _, times in reminders):
            yield f"a reminder was written twice: {reminders}"


_DOUBTFUL = "select count(*) from outgoing where state = 'doubtful'"
_FINISHED = "select count(*), count(distinct receipt) from self_check where submitted_at is not null"
_TWICE = "select count(*) from (select case_id from submission group by case_id having count(*) > 1)"
_REMINDERS = "select key, count(*) from outgoing where topic = 'reminder' group by key"


def _table() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["随便", "写的"])
    book.save(out)
    return out.getvalue()


def plan(kills: int, chance: random.Random) -> list[str]:
    """Every named step as often as there are kills for, the rest at random, in any order."""
    named = list(STEPS)
    chosen = [named[n % len(named)] if n % (len(named) + 3) < len(named) else RANDOM for n in range(kills)]
    chance.shuffle(chosen)
    return chosen


@contextmanager
def office(folder: Path) -> Iterator[tuple[SandboxProcess, Bots]]:
    """The gateway on the morning of the notice, and bots on a database with the small roster."""
    clock, data = folder / "clock.json", folder / "data"
    weather = {
        "clock_start": START,
        "clock_file": clock,
        "glide_seconds": 0.01,
        "redeliver_seconds": 1.0,
        "redeliver_times": 1000,
        "disconnect_seconds": 0.5,
        "ledger_size": 100_000,
    }
    with sandbox(CITY, folder / "gateway", **weather) as box:
        moved_in(box, data)
        with bots(box, data, clock=clock) as some:
            yield box, some
