"""The two processes beside the simulation: the gateway, and the bot, which is killed and started anew.

Both end with us. Must not know what is said.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from bot.demo.beside import gateway_process
from bot.simulation.bot import CLIENT_ID, CLIENT_SECRET, CLOCK
from bot.simulation.gateway import Gateway

TICKS = os.sysconf("SC_CLK_TCK")
_STARTS_WITHIN = 120.0


class ProcessError(Exception):
    """A process did not start; the message says where to look."""


@contextmanager
def gateway(folder: Path, data: Path, start: datetime) -> Iterator[tuple[str, int]]:
    """The stand-in of the platform; its address and its process id."""
    options = ["--data", str(folder), "--world", str(folder / "world.json")]
    options += ["--clock-file", str(data / CLOCK), "--clock-start", start.isoformat()]
    options += ["--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET, "--qps", "1000", "--ledger-size", "5000"]
    options += ["--glide-seconds", "0.01", "--redeliver-seconds", "10", "--redeliver-times", "1000"]
    options += ["--disconnect-seconds", "1"]
    with gateway_process(options, failure=ProcessError("the gateway did not start"), patience=30) as beside:
        yield beside


class Bot:
    """One after the other on the same file."""

    def __init__(self, data: Path, line: Gateway, url: str, tick_seconds: float) -> None:
        self._data, self._line = data, line
        self._command = [sys.executable, "-m", "bot.simulation.bot", "--data", str(data), "--gateway", url]
        self._command += ["--tick-seconds", str(tick_seconds)]
        self._process: subprocess.Popen[bytes] | None = None
        self._cpu = self._memory = 0.0
        self.killed = self.stopped = 0
        self.starts: list[float] = []
        """Seconds each start took until it was connected."""

    async def start(self) -> None:
        """Returns when it has its connections."""
        began = time.monotonic()
        with (self._data / "bot.log").open("ab") as log:
            self._process = await asyncio.to_thread(
                lambda: subprocess.Popen(  # noqa: S603  our own program, no shell, no words of others
                    self._command,
                    stdin=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
            )
        while not (await self._line.weather())["connections"]:
            if self._process.poll() is not None or time.monotonic() - began > _STARTS_WITHIN:
                raise ProcessError(f"the bot did not start; see {self._data / 'bot.log'}")
            await asyncio.sleep(0.05)
        self.starts.append(time.monotonic() - began)

    async def kill(self) -> None:
        self._end(signal.SIGKILL)
        self.killed += 1
        await self._gone()

    async def stop(self) -> None:
        self._end(signal.SIGTERM)
        self.stopped += 1
        await self._gone()

    def end(self) -> None:
        """Whatever state it is in."""
        if self._process and self._process.poll() is None:
            self._end(signal.SIGTERM)
            self._process.wait()
            _hang_up(self._process)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def cpu(self) -> float:
        """Seconds of processor time of all of them so far."""
        return self._cpu + (cpu(self._process.pid) if self._process and self.running else 0.0)

    @property
    def memory(self) -> float:
        """The largest resident memory of any of them, MB."""
        return max(self._memory, resident(self._process.pid) if self._process and self.running else 0.0)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._memory, self._cpu = self.memory, self.cpu
        self._process.send_signal(number)

    async def _gone(self) -> None:
        if self._process:
            await asyncio.to_thread(self._process.wait)
            _hang_up(self._process)
        while (await self._line.weather())["connections"]:
            await asyncio.sleep(0.02)


def _hang_up(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()


def cpu(pid: int) -> float:
    """Seconds of processor time a process and those it has started have used; 0 where the system does not tell."""
    return sum(_ticks(one) for one in family(pid)) / TICKS


def resident(pid: int) -> float:
    """The largest resident memory of a process and of those it has started, MB, what they share counted for each; 0
    where the system does not tell."""
    return sum(_peak(one) for one in family(pid))


def family(pid: int) -> list[int]:
    """A process and those it has started that still run, itself first."""
    found = [pid]
    for one in found:
        with suppress(FileNotFoundError):
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
    return found


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(fields[11]) + int(fields[12])


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
