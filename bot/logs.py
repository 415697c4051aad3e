"""Log lines for the operator: one line each, with an `action`, and nothing secret or personal in them.

The scrubbing sits in the formatter of the root handler, so that lines and tracebacks of other libraries pass it too
(the stream SDK logs tickets; a logger's filter would not see what its children write).
"""

import logging
import re
import sys
from typing import TextIO

_SCRUB = (
    (
        re.compile(
            r"(?i)((?:access_?token|ticket|session|client_?secret|app_?secret|sign)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"
        ),
        r"\1****",
    ),
    (re.compile(r"(?i)(x-acs-dingtalk-access-token[\"']?\s*[:,]\s*[\"']?)[^\s\"',}]+"), r"\1****"),
    (re.compile(r"(?<![\dA-Za-z])\d{6}(?:19|20)\d{9}[\dXx](?![\dA-Za-z])"), "[身份证号]"),
    (re.compile(r"(?<![\dA-Za-z])\d{15}(?![\dA-Za-z])"), "[15位号码]"),
    (re.compile(r"(?<![\dA-Za-z])1[3-9]\d{9}(?![\dA-Za-z])"), "[手机号]"),
)


def scrub(text: str) -> str:
    """The text without tokens, tickets, session ids, ID numbers and mobile numbers."""
    for pattern, instead in _SCRUB:
        text = pattern.sub(instead, text)
    return text


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        action = getattr(record, "action", "-")
        record.message = record.getMessage()
        line = f"{self.formatTime(record)} {record.levelname} {action} {record.name}: {record.message}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return scrub(line)


def set_up(level: str, stream: TextIO | None = None) -> None:
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("httpx", "httpcore", "apscheduler", "alembic", "websockets"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
