"""Who gets which message, and when again: one random connection per push, waiting, acks, redelivery.

The vendor's protocol page says bot messages are never pushed twice; its Node SDK and many field reports say
again after about 60 s, with a new ``messageId`` and the same ``msgId``. This gateway does the latter.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .connection import Connection
from .faults import Faults
from .frames import TOPIC_BOT, Ack, frame, new_message_id
from .ledger import Ledger
from .settings import Settings

_LATE = 120.0  # how long a second ack of a settled message is still understood
Settled = Callable[[int, str], None]  # (row, "acked" | "lost")


@dataclass(slots=True, eq=False)
class Delivery:
    row: int
    data: dict[str, Any]
    pushes: int = 0
    timeouts: int = 0
    done: bool = False
    again: str = ""  # why it is pushed again
    where: Connection | None = None
    timer: asyncio.TimerHandle | None = None
    sent: dict[str, float] = field(default_factory=dict)  # messageId -> sent at

    def __lt__(self, other: Delivery) -> bool:
        return (self.data["createAt"], self.row) < (other.data["createAt"], other.row)


class PushDesk:
    def __init__(self, settings: Settings, clock: Clock, ledger: Ledger, faults: Faults, on_settled: Settled) -> None:
        self._settings = settings
        self._clock = clock
        self._ledger = ledger
        self._faults = faults
        self._on_settled = on_settled
        self._connections: list[Connection] = []
        self._waiting: list[Delivery] = []
        self._out: dict[str, tuple[Delivery, Connection]] = {}  # by messageId
        self._held: asyncio.TimerHandle | None = None

    def submit(self, row: int, data: dict[str, Any]) -> None:
        self._queue(Delivery(row, data))

    def joined(self, connection: Connection) -> None:
        self._connections.append(connection)
        self._pump()

    def left(self, connection: Connection) -> None:
        """A dead socket's unconfirmed messages go to another one, or wait for the next."""
        if connection in self._connections:
            self._connections.remove(connection)
        orphans = {d for d, where in self._out.values() if where is connection and d.where is connection}
        for key in [key for key, (_, where) in self._out.items() if where is connection]:
            del self._out[key]
        for delivery in sorted(orphans):
            if not delivery.done:
                self._again(delivery, "连接已断开")

    def acked(self, connection: Connection, ack: Ack) -> bool:
        """False if nothing of that messageId was pushed on this connection."""
        found = self._out.get(ack.message_id)
        if found is None or found[1] is not connection:
            return False
        delivery = found[0]
        ms = (time.monotonic() - delivery.sent[ack.message_id]) * 1000
        msg_id = delivery.data["msgId"]
        if self._faults.take("drop_ack"):
            self._ledger.write("ack", "消息确认在路上丢失（故障）", ms=ms, msgId=msg_id)
            return True
        self._ledger.write("ack", f"确认消息，code {ack.code}", ms=ms, msgId=msg_id, code=ack.code)
        if ack.code == 200 and not delivery.done:
            self._finish(delivery, "acked")
        return True

    def waiting(self) -> int:
        return len(self._waiting)

    def stop(self) -> None:
        for delivery, _ in self._out.values():
            _cancel(delivery.timer)
        _cancel(self._held)

    def _queue(self, delivery: Delivery) -> None:
        heapq.heappush(self._waiting, delivery)
        self._pump()

    def _pump(self) -> None:
        hold = self._faults.hold()
        if hold:
            _cancel(self._held)
            self._held = asyncio.get_running_loop().call_later(hold + 0.01, self._pump)
            return
        while self._waiting:
            ready = [c for c in self._connections if c.takes_messages]
            if not ready:
                return
            delivery = heapq.heappop(self._waiting)
            if delivery.done:
                continue
            self._push(delivery, random.choice(ready))
            if self._faults.take("duplicate"):
                delivery.again = "重复推送（故障）"
                self._push(delivery, random.choice(ready))

    def _push(self, delivery: Delivery, connection: Connection) -> None:
        message_id = new_message_id()
        delivery.pushes += 1
        delivery.where = connection
        delivery.sent[message_id] = time.monotonic()
        self._out[message_id] = (delivery, connection)
        connection.send(
            frame(
                "CALLBACK",
                TOPIC_BOT,
                delivery.data,
                app=self._settings.client_id,
                connection=connection.id,
                message_id=message_id,
                ms=self._clock.ms(),
            )
        )
        kind = "redeliver" if delivery.pushes > 1 else "push"
        why = f"（第 {delivery.pushes} 次，{delivery.again}）" if delivery.pushes > 1 else ""
        self._ledger.write(
            kind,
            f"推送 {delivery.data['senderNick']} 的{_TYPES.get(delivery.data['msgtype'], '消息')}{why}",
            direction="out",
            connectionId=connection.id,
            messageId=message_id,
            data=delivery.data,
        )
        _cancel(delivery.timer)
        wait = self._settings.redeliver_seconds if delivery.timeouts else self._settings.first_redeliver
        delivery.timer = asyncio.get_running_loop().call_later(wait, self._overdue, delivery)

    def _overdue(self, delivery: Delivery) -> None:
        if delivery.done:
            return
        delivery.timeouts += 1
        if delivery.timeouts > self._settings.redeliver_times:
            self._ledger.write("redeliver", "多次推送无确认，不再推送", direction="out", msgId=delivery.data["msgId"])
            self._finish(delivery, "lost")
        else:
            self._again(delivery, "超时未确认")

    def _again(self, delivery: Delivery, why: str) -> None:
        _cancel(delivery.timer)
        delivery.again = why
        delivery.where = None
        self._queue(delivery)

    def _finish(self, delivery: Delivery, state: str) -> None:
        delivery.done = True
        _cancel(delivery.timer)
        delivery.timer = asyncio.get_running_loop().call_later(_LATE, self._forget, delivery)
        self._on_settled(delivery.row, state)

    def _forget(self, delivery: Delivery) -> None:
        """Late second acks are still understood for a while, then the trace is dropped."""
        for message_id in delivery.sent:
            self._out.pop(message_id, None)


_TYPES = {
    "text": "文字",
    "picture": "图片",
    "richText": "图文",
    "file": "文件",
    "audio": "语音",
    "video": "视频",
}


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
