"""A process of our own beside the event loop: a fork that does what it is asked for, in the order of asking.

It is made before there is a loop or a thread, and ends when the line to it does, however this process ended. Must not
know what it is asked for.
"""

import asyncio
import copyreg
import logging
import os
import pickle
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from typing import Any, NoReturn, cast

log = logging.getLogger(__name__)

Answer = tuple[object, Exception | None]
"""What was done, or why it was not; goes over the line."""
Serve = Callable[["Line"], None]

_NOT_FOR_IT = (signal.SIGINT, signal.SIGTERM)
"""Sent to a group of processes they mean the bot, which lets go of the other process when it is done."""
_LAST_WORK = 5.0
"""Seconds a stop waits for the other process; it is idle then."""
_LENGTH = struct.Struct("!Q")
_AT_ONCE = 1 << 18
"""Bytes read from the line in one go."""


class Gone(Exception):
    """The other process has ended; nobody knows what it did of what it was asked for last."""


class Apart:
    """The other process, from here."""

    def __init__(self, serve: Serve) -> None:
        """Forks. `serve` is called there, with the other end of the line, until the line ends."""
        self._line, theirs = socket.socketpair()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_FOR_IT)
        self.pid = os.fork()
        if self.pid == 0:
            _live(serve, theirs)
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


def travel(*kinds: type) -> None:
    """Frozen dataclasses of these kinds go over the line as the row of what they hold, which takes a fifth of the time
    of how such dataclasses are pickled."""
    for kind in kinds:
        names = [one.name for one in fields(kind)]
        _HOLDS[kind], _PUTS[kind] = attrgetter(*names), [getattr(kind, name).__set__ for name in names]
        copyreg.pickle(kind, _taken_apart)


_HOLDS: dict[type, Callable[[object], tuple[object, ...]]] = {}
_PUTS: dict[type, Sequence[Callable[[object, object], None]]] = {}


def _taken_apart(thing: object) -> tuple[Callable[..., object], tuple[object, ...]]:
    return _put_together, (type(thing), *_HOLDS[type(thing)](thing))


def _put_together(kind: type, *held: object) -> object:
    thing: object = object.__new__(kind)
    for put, value in zip(_PUTS[kind], held, strict=True):
        put(thing, value)
    return thing


def packed(thing: object) -> bytes:
    """As it goes over the line."""
    body = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


class Line:
    """The line to those who ask, in the other process."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._heard = end, bytearray()
        self._more = select.poll()
        self._more.register(end, select.POLLIN)

    def read(self, *, wait: bool = True) -> Any:
        """What is asked for next. None at the end of the line, or where nothing waits to be read."""
        while len(self._heard) < _LENGTH.size or len(self._heard) < _LENGTH.size + self._length():
            if not wait and not self._more.poll(0):
                return None
            if not (heard := self._end.recv(_AT_ONCE)):
                return None
            self._heard += heard
        whole = _LENGTH.size + self._length()
        asked = pickle.loads(self._heard[_LENGTH.size : whole])  # noqa: S301 - of our own
        del self._heard[:whole]
        return asked

    def answer(self, answers: Sequence[Answer]) -> None:
        """What was asked for last, in the order of asking."""
        self._end.sendall(b"".join(map(packed, answers)))

    def _length(self) -> int:
        return int(_LENGTH.unpack_from(self._heard)[0])


def _live(serve: Serve, end: socket.socket) -> NoReturn:
    """The life of the other process, to its end."""
    try:
        for number in _NOT_FOR_IT:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_FOR_IT)
        os.closerange(3, end.fileno())  # the bot's lock among them: it is free when the bot ends
        os.closerange(end.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        serve(Line(end))
    except OSError:
        pass  # the bot has ended
    except BaseException:
        log.critical("the process beside this one failed", exc_info=True, extra={"action": "talk.fault"})
    finally:
        os._exit(0)
