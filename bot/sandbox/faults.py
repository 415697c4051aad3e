"""Weather to order: what may go wrong on the platform's side, armed by a test or the operator's panel."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .refusals import PageRefusal

MEANING = {
    "duplicate": "接下来 n 条消息各推送两次（msgId 相同，messageId 不同）",
    "disconnect": "所有长连接立即收到 disconnect，10 秒后断开",
    "drop_ack": "接下来 n 个消息确认在路上丢失，平台会再次推送",
    "throttle": "接下来 n 次接口调用被限流（403 QpsLimit，旧接口 90018）",
    "token_expire": "所有访问凭证立即失效",
    "hang": "接下来 n 次接口调用照常执行，但 s 秒后才应答",
    "http_500": "接下来 n 次接口调用得到 502 网页（after 为真时先执行再报错）",
    "expired_code": "接下来 n 个文件的下载码已经过期",
    "lost_file": "接下来 n 次文件下载得到 502 网页",
    "no_delivery": "s 秒内不推送任何消息",
    "flow_control": "接下来 n 个单聊收件人被流控（不送达）",
}


@dataclass(slots=True)
class Fault:
    left: int = 0
    seconds: float = 0.0
    until: float = 0.0
    path: str = ""
    after: bool = False


class Faults:
    def __init__(self) -> None:
        self._faults = {name: Fault() for name in MEANING}

    def arm(self, name: str, *, count: int, seconds: float, path: str = "", after: bool = False) -> None:
        if name not in MEANING:
            raise PageRefusal(f"没有这种故障：{name}。可选：{'、'.join(MEANING)}")
        if not (0 <= count <= 10_000 and 0 <= seconds <= 3600):
            raise PageRefusal("次数应在 0 到 10000 之间，秒数应在 0 到 3600 之间")
        until = time.monotonic() + seconds
        self._faults[name] = Fault(left=count, seconds=seconds, until=until, path=path, after=after)

    def take(self, name: str, path: str = "") -> Fault | None:
        """Use one up, if armed for this path."""
        fault = self._faults[name]
        if fault.left <= 0 or not path.startswith(fault.path):
            return None
        fault.left -= 1
        return fault

    def hold(self) -> float:
        """Seconds for which nothing may be pushed."""
        return max(0.0, self._faults["no_delivery"].until - time.monotonic())

    def to_json(self) -> list[dict[str, object]]:
        return [
            {
                "name": name,
                "title": MEANING[name],
                "left": fault.left,
                "seconds": self.hold() if name == "no_delivery" else fault.seconds,
            }
            for name, fault in self._faults.items()
        ]
