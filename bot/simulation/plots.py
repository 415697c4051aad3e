"""The pictures of a run: who had finished when, how much was said, how long answers took. The door to matplotlib.

It is optional and slow to import: only where something is drawn. Labels are English, so that no Chinese font is needed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from bot.simulation.believed import Belief
from bot.simulation.temper import ZONE, Temper

MISSING = "画图要装 matplotlib：pip install 'zicha[simulate]'，再运行一次"
FILES = ("finishing.png", "load.png", "latency.png")
_SIZE = (10, 4.2)

Moments = Sequence[tuple[datetime, float]]


def there() -> bool:
    return find_spec("matplotlib") is not None


def draw(folder: Path, people: Iterable[Belief], replies: Moments, acks: Moments) -> None:
    """Writes the three files."""
    everybody = list(people)
    _finishing(everybody, folder / FILES[0])
    _load(replies, folder / FILES[1])
    _latency(replies, acks, folder / FILES[2])


def _finishing(people: Sequence[Belief], file: Path) -> None:
    figure, axes = _sheet("Finished, of all", "share of people")
    for temper in (None, *(one for one in Temper if one is not Temper.NEVER)):
        theirs = [one for one in people if temper in (None, one.character.temper)]
        moments = sorted(one.finished_at for one in theirs if one.finished_at)
        shares = [(place + 1) / len(theirs) for place in range(len(moments))]
        width = 2.4 if temper is None else 1.0
        name = "everybody" if temper is None else temper.value
        axes.step(moments, shares, where="post", label=name, linewidth=width)
    for moment in sorted({one.at.replace(minute=0, second=0, microsecond=0) for p in people for one in p.reminded}):
        axes.axvline(moment, color="0.8", linewidth=0.8, zorder=0)
    axes.set_ylim(0, 1.02)
    axes.legend(loc="lower right", title="grey: reminders")
    figure.savefig(file)


def _load(replies: Moments, file: Path) -> None:
    figure, axes = _sheet("Messages answered, by hour of the campaign", "messages an hour")
    hours = {hour: len(found) for hour, found in _by_hour(replies).items()}
    axes.bar(list(hours), list(hours.values()), width=1 / 26)
    figure.savefig(file)


def _latency(replies: Moments, acks: Moments, file: Path) -> None:
    figure, axes = _sheet("Seconds until the ack and the answer, days going by in minutes", "real seconds")
    for name, moments in (("answer", replies), ("ack", acks)):
        hours = _by_hour(moments)
        for share in (0.5, 0.99):
            line = [sorted(found)[min(int(share * len(found)), len(found) - 1)] for found in hours.values()]
            axes.plot(list(hours), line, label=f"{name} p{share:.0%}".removesuffix("%"), marker=".", linewidth=1)
    axes.set_yscale("log")
    axes.legend()
    figure.savefig(file)


def _sheet(title: str, told: str) -> tuple[Any, Any]:
    """A figure and its axes, the days below."""
    from matplotlib.dates import DateFormatter, DayLocator
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=110, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_ylabel(told)
    axes.xaxis.set_major_locator(DayLocator(tz=ZONE))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%m-%d", tz=ZONE))  # type: ignore[no-untyped-call]
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    return figure, axes


def _by_hour(moments: Moments) -> dict[datetime, list[float]]:
    def hour(pair: tuple[datetime, float]) -> datetime:
        return pair[0].replace(minute=0, second=0, microsecond=0)

    return {at: [value for _, value in found] for at, found in groupby(sorted(moments), key=hour)}
