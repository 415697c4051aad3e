"""Where messages are taken and their replies claimed and settled: in this process, or in one of its own, so that
neither that work nor the event loop waits for the other's turn at the interpreter.

The other process is a fork made before anything runs beside it. It is given work over a pipe, one piece at a time, and
whoever gives it waits in the database's thread: there is one writer as before. It ends when the pipe does, however this
process ended. Must not know what is said.
"""

import logging
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn, cast

from bot.config import Config
from bot.dispatch import Carried, Dispatch
from bot.foundation import Foundation
from bot.intake import Intake
from handlers.messages import Inbound, Letter
from storage.database import Database, DatabaseFailure, StatementFailure
from storage.delivery import Claimed

log = logging.getLogger(__name__)

_NOT_FOR_IT = (signal.SIGINT, signal.SIGTERM)
"""Sent to a group of processes they mean the bot, which lets go of the other process when it is done."""
_LAST_TURNS = 5.0
"""Seconds a stop waits for the other process; it is idle then."""


class TalkError(Exception):
    """The other process failed in a way that is none of the database's; what it was stands in the log."""


@dataclass(frozen=True, slots=True)
class Workers:
    intake: Intake
    dispatch: Dispatch

    def do(self, whom: str, what: str, about: Sequence[object]) -> object:
        return getattr(getattr(self, whom), what)(*about)


class Talk:
    """An intake and a dispatch, and where they work. Synchronous: called in a thread of the database. Where the other
    process ends in the middle, `DatabaseFailure`: nobody knows what it did."""

    def __init__(self, intake: Intake, dispatch: Dispatch, database: Database) -> None:
        self._workers = Workers(intake, dispatch)
        self._database = database
        self._pipe: Connection[Any, Any] | None = None
        self._pid = 0

    @classmethod
    def of(cls, config: Config, base: Foundation, now: Callable[[], datetime]) -> "Talk":
        """As the settings want it; in this process still."""
        intake = Intake(
            database=base.database,
            campaigns=base.campaigns,
            vault=base.vault,
            now=now,
            max_text=config.max_text,
            per_minute=config.per_minute,
            means=config.means,
        )
        return cls(intake, Dispatch(database=base.database, campaigns=base.campaigns, now=now), base.database)

    def move_out(self) -> None:
        """Into a process of its own, where the system has `fork` and the database is one that two can open. To be
        called before there is an event loop or a thread."""
        if not hasattr(os, "fork") or not self._database.is_shareable:
            return
        self._database.close()  # a fork must not share a connection
        ours, theirs = Pipe()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_FOR_IT)
        self._pid = os.fork()
        if self._pid == 0:
            _serve(self._workers, theirs)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._pipe = ours

    def take_all(self, inbounds: Sequence[Inbound]) -> list[bool | Exception]:
        """As `Intake.take_all`."""
        return cast(list[bool | Exception], self._asked("intake", "take_all", inbounds))

    def excuse(self, inbounds: Sequence[Inbound]) -> int:
        """As `Intake.excuse`."""
        return cast(int, self._asked("intake", "excuse", inbounds))

    def claim_replies(
        self, channel: str, until: datetime, room: int, ours: Sequence[str] | None = None
    ) -> list[Claimed]:
        """As `Dispatch.claim_replies`."""
        return cast(list[Claimed], self._claimed(channel, until, "claim_replies", room, ours))

    def claim_bulk(self, channel: str, until: datetime, parcels: int, most: int) -> list[list[Claimed]]:
        """As `Dispatch.claim_bulk`."""
        return cast(list[list[Claimed]], self._claimed(channel, until, "claim_bulk", parcels, most))

    def _claimed(self, channel: str, until: datetime, what: str, *about: object) -> object:
        try:
            return self._asked("dispatch", what, channel, until, *about)
        except DatabaseFailure:
            if self._pipe is None:
                self._workers.dispatch.let_go(channel, until)  # it may have been claimed when the process ended
            raise

    def post_slice(self, number: int, campaign: str, letters: Sequence[Letter]) -> int | None:
        """As `Dispatch.post_slice`."""
        return cast(int | None, self._asked("dispatch", "post_slice", number, campaign, letters))

    def settle(self, parcels: Sequence[Carried]) -> list[str]:
        """As `Dispatch.settle`."""
        return cast(list[str], self._asked("dispatch", "settle", parcels))

    def refresh_keys(self) -> None:
        """As `Intake.refresh_keys`; in both, for this one makes papers."""
        self._workers.intake.refresh_keys()
        if self._pipe:
            self._asked("intake", "refresh_keys")

    def end(self) -> None:
        """Lets the other process go, with what it was given done."""
        if self._pipe is None:
            return
        self._pipe.close()
        self._pipe = None
        until = time.monotonic() + _LAST_TURNS
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > until:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                return
            time.sleep(0.005)

    def _asked(self, whom: str, what: str, *about: object) -> object:
        if self._pipe is None:
            return self._workers.do(whom, what, about)
        try:
            self._pipe.send((whom, what, about))
            answer, error = self._pipe.recv()
        except (EOFError, OSError) as gone:
            self.end()
            log.critical(
                "the process of the talk has ended; it goes on in this one, more slowly: restart when it suits",
                extra={"action": "talk.ended"},
            )
            raise _failure("the process of the talk has ended") from gone
        if error:
            raise error
        return answer


def _serve(workers: Workers, pipe: "Connection[Any, Any]") -> NoReturn:
    """The life of the other process, to its end."""
    try:
        for number in _NOT_FOR_IT:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_FOR_IT)
        os.closerange(3, pipe.fileno())  # the bot's lock among them: it is free when the bot ends
        os.closerange(pipe.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        while True:
            pipe.send(_answer(workers, *pipe.recv()))
    except (EOFError, OSError):
        pass  # the bot has ended
    except BaseException:
        log.critical("the process of the talk failed", exc_info=True, extra={"action": "talk.fault"})
    finally:
        os._exit(0)


def _answer(workers: Workers, whom: str, what: str, about: Sequence[object]) -> tuple[object, Exception | None]:
    """What was done, or the error, as they go through the pipe."""
    try:
        done = workers.do(whom, what, about)
    except StatementFailure as error:
        return None, _bare(error)
    except Exception as error:
        log.exception("the talk failed", extra={"action": "talk.trouble"})
        return None, TalkError(type(error).__name__)
    if isinstance(done, list):
        done = [_bare(one) if isinstance(one, Exception) else one for one in done]
    return done, None


def _bare(error: Exception) -> StatementFailure:
    """Without the traceback and the driver's own objects, which stay here."""
    words = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return _failure(words) if isinstance(error, DatabaseFailure) else StatementFailure(words)


def _failure(words: str) -> DatabaseFailure:
    return DatabaseFailure("", {}, Exception(words), hide_parameters=True)
