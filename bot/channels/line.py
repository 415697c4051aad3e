"""One connection of the stream: frames come in, each is taken, and its ack goes out on the socket that brought it.

The only importer of dingtalk_stream, whose frames, topics and acks are used: one SDK client for each connection,
because a shared one acks on whatever socket is the newest (DingTalk facts §1.7). Must not know when a connection is
replaced.
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import websockets
from dingtalk_stream import (
    AckMessage,
    CallbackHandler,
    CallbackMessage,
    ChatbotMessage,
    Credential,
    DingTalkStreamClient,
)
from dingtalk_stream.version import VERSION_STRING

from bot.channels import NoRoom
from bot.metrics import Metrics

log = logging.getLogger(__name__)

AGENT = f"dingtalk-sdk-python/v{VERSION_STRING}-union"
SUBSCRIPTIONS = [{"type": "CALLBACK", "topic": ChatbotMessage.TOPIC}]
LAST_ACKS = 2.0
"""How long a stop waits for messages being stored; an unacked one is pushed again after the restart."""
_DRAIN = 10.0
"""How long a connection that was told to go may still ack (the platform closes it after ten seconds)."""

Take = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Stores what a bot message holds. Raises where it must not be acked: `NoRoom`, or what the database raised."""


class Line:
    """Serves one socket until it ends. `ending` is set as soon as nothing more is to be expected from it."""

    def __init__(self, socket: websockets.ClientConnection, take: Take, *, silence: float, metrics: Metrics) -> None:
        """`silence`: so many seconds without a frame, and the socket counts as dead."""
        self._socket, self._silence, self._metrics = socket, silence, metrics
        self.ending = asyncio.Event()
        self._client = DingTalkStreamClient(Credential("", ""), logger=_sdk_log())
        self._client.register_callback_handler(ChatbotMessage.TOPIC, _Handler(take))
        self._client.pre_start()
        self._client.websocket = socket
        self._tasks: set[asyncio.Task[None]] = set()
        self._patience = _DRAIN

    async def serve(self) -> None:
        try:
            while True:
                async with asyncio.timeout(self._silence):
                    raw = await self._socket.recv()
                self._frame(raw)
        except TimeoutError:
            log.warning("the stream fell silent; replacing it", extra={"action": "stream.silent"})
        except websockets.ConnectionClosed as error:
            log.info("stream closed: %s", error, extra={"action": "stream.closed"})
        except asyncio.CancelledError:
            self._patience = LAST_ACKS
            raise
        finally:
            self.ending.set()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=self._patience)  # messages at hand are stored and acked
            await self._socket.close()

    def _frame(self, raw: str | bytes) -> None:
        try:
            frame = json.loads(raw)
            topic = frame["headers"]["topic"]
        except (ValueError, TypeError, KeyError, RecursionError):
            log.warning("a frame that is not understood was left out", extra={"action": "stream.malformed"})
            return
        if frame.get("type") == "SYSTEM" and topic == "disconnect":
            self.ending.set()  # nothing more is delivered here; acks under way still go out
        # tasks start in the order they are made: messages are taken in the order they came, while their acks wait
        # for the commits side by side. There are no more of them than the receiver has room for.
        task = asyncio.create_task(self._route(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _route(self, frame: dict[str, Any]) -> None:
        began = time.monotonic()
        try:
            await self._client.route_message(frame)
        except NoRoom:
            log.debug("a message was turned away and not acked", extra={"action": "stream.no_room"})
        except websockets.ConnectionClosed:
            log.warning("an ack could not be sent; the copy will be refused", extra={"action": "stream.ack_lost"})
        except Exception:
            self._metrics.unstored.inc()
            log.exception("a message was not stored and not acked", extra={"action": "stream.unstored"})
        else:
            if frame.get("type") == CallbackMessage.TYPE:
                self._metrics.acks.observe(time.monotonic() - began)


class _Handler(CallbackHandler):  # type: ignore[misc]
    def __init__(self, take: Take) -> None:
        super().__init__()
        self._take = take

    async def process(self, callback: CallbackMessage) -> tuple[int, str]:
        await self._take(callback.data)
        return AckMessage.STATUS_OK, "OK"


def _sdk_log() -> logging.Logger:
    """The SDK warns of every ping and logs frames whole: only its errors are let through."""
    logger = logging.getLogger("dingtalk_stream")
    logger.setLevel(logging.ERROR)
    return logger
