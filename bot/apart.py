"""A process of our own beside the event loop: a fork that does what it is asked for, one thing after the other.

It is made before there is a loop or a thread, and ends when the line to it does, however this process ended. Must not
know what it is asked for.
"""

import asyncio
import logging
import os
import pickle
import signal
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, cast

log = logging.getLogger(__name__)

Answer = tuple[object, Exception | None]
"""What was done, or why it was not; goes over the line."""
Do = Callable[..., Answer]

_NOT_FOR_IT = (signal.SIGINT, signal.SIGTERM)
"""Sent to a group of processes they mean the bot, which lets go of the other process when it is done."""
_LAST_WORK = 5.0
"""Seconds a stop waits for the other process; it is idle then."""
_LENGTH = struct.Struct("!Q")


class Gone(Exception):
    """The other process has ended; nobody knows what it did of what it was asked for last."""


class Apart:
    """The other process, from here."""

    def __init__(self, do: Do) -> None:
        """Forks. `do` is called there, with what is asked for."""
        self._line, theirs = socket.socketpair()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_FOR_IT)
        self.pid = os.fork()
        if self.pid == 0:
            _serve(do, theirs)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def open(self) -> None:
        """Before the first use, in the loop."""
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(sock=self._line)

    def send(self, packed: bytes) -> None:
        """What is asked for next, whether or not the last is done."""
        if self._streams:
            self._streams[1].write(packed)

    async def answer(self) -> Answer:
        """The next one, in the order of asking. Raises `Gone`."""
        if self._streams is None:
            raise Gone
        reader = self._streams[0]
        try:
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            return cast(Answer, pickle.loads(await reader.readexactly(length)))  # noqa: S301 - of our own
        except (EOFError, OSError) as error:
            raise Gone from error

    def end(self) -> None:
        """Lets the other process go: it finishes what it is at, and no more. What was asked for should be answered."""
        with suppress(OSError):  # it has ended by itself
            self._line.shutdown(socket.SHUT_RDWR)
        if self._streams:
            self._streams[1].transport.abort()
        self._line.close()
        until = time.monotonic() + _LAST_WORK
        with suppress(ChildProcessError):  # whoever started this process may have told the system to bury its children
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > until:
                    os.kill(self.pid, signal.SIGKILL)
                    os.waitpid(self.pid, 0)
                    return
                time.sleep(0.005)


def packed(thing: object) -> bytes:
    """As it goes over the line."""
    body = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


def _serve(do: Do, line: socket.socket) -> NoReturn:
    """The life of the other process, to its end."""
    try:
        for number in _NOT_FOR_IT:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_FOR_IT)
        os.closerange(3, line.fileno())  # the bot's lock among them: it is free when the bot ends
        os.closerange(line.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        with line.makefile("rb") as heard:
            while length := heard.read(_LENGTH.size):
                wanted = pickle.loads(heard.read(*_LENGTH.unpack(length)))  # noqa: S301 - of our own
                line.sendall(packed(do(*wanted)))
    except (EOFError, OSError):
        pass  # the bot has ended
    except BaseException:
        log.critical("the process beside this one failed", exc_info=True, extra={"action": "talk.fault"})
    finally:
        os._exit(0)
