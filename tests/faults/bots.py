"""Bots to be killed, as a test sees them: started, watched, killed, stopped. The host they are forked from ends with
the test."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bot_process import bare_environment, environment
from tests.sandbox_process import ROOT, SandboxProcess


@dataclass
class Bot:
    pid: int
    ended: threading.Event = field(default_factory=threading.Event)

    def kill(self) -> None:
        if not self.ended.is_set():
            os.kill(self.pid, signal.SIGKILL)
        assert self.ended.wait(60), "not even SIGKILL"

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        assert self.ended.wait(60), "it does not stop"

    def dies(self, within: float) -> bool:
        return self.ended.wait(within)


class Bots:
    """On one data folder, one after the other."""

    def __init__(self, box: SandboxProcess, data: Path, host: subprocess.Popen[str], clock: Path | None) -> None:
        self._box, self._host, self.data, self._clock = box, host, data, clock
        self._living: dict[int, Bot] = {}
        self._started: queue.Queue[Bot] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, *, step: str = "", passage: int = 1, connected: bool = True, **more: str) -> Bot:
        """A new bot; with `connected`, once it has its connection or is dead."""
        env = {"ZICHA_DEADLINE": "", "ZICHA_TICK_SECONDS": "0.2", "ZICHA_STREAM_CONNECTIONS": "1", **more}
        order: dict[str, Any] = {
            "cwd": str(self.data),
            "env": {**environment(self._box, self.data), **env},
            "log": str(self.data / "log.txt"),
            "clock": str(self._clock) if self._clock else "",
            "step": step,
            "passage": passage,
        }
        before = len(self._box.ledger("connect")) if connected else 0
        assert self._host.stdin
        self._host.stdin.write(json.dumps(order) + "\n")
        self._host.stdin.flush()
        bot = self._started.get(timeout=60)
        if connected:
            deadline = time.monotonic() + 60
            while not bot.ended.is_set() and len(self._box.ledger("connect")) <= before:
                assert time.monotonic() < deadline, (self.data / "log.txt").read_text()[-3000:]
                time.sleep(0.02)
        return bot

    def _listen(self) -> None:
        assert self._host.stdout
        for line in self._host.stdout:
            told = json.loads(line)
            if pid := told.get("started"):
                self._living[pid] = Bot(pid)
                self._started.put(self._living[pid])
            else:
                self._living.pop(told["ended"]).ended.set()

    def kill_all(self) -> None:
        for bot in list(self._living.values()):
            bot.kill()


@contextmanager
def bots(box: SandboxProcess, data: Path, *, clock: Path | None = None) -> Iterator[Bots]:
    data.mkdir(parents=True, exist_ok=True)
    host = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.host"],
        cwd=ROOT,
        env=bare_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    some = Bots(box, data, host, clock)
    try:
        yield some
    finally:
        some.kill_all()
        assert host.stdin
        assert host.stdout
        host.stdin.close()
        host.wait(timeout=60)
        host.stdout.close()
