"""Log lines for the operator: one line each, with an `action`, and nothing secret or personal in them; as text to be
read or as one JSON object a line.

The scrubbing sits in the handler of the root, so that lines, warnings and tracebacks of other libraries pass it too
(the stream SDK logs tickets; a logger's filter would not see what its children write). Chinese text in what others
raise or say may be anybody's words or name: it is left out. What stands in our own lines is ours and stays.
"""

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

_NAMES = (
    r"(?:access|refresh|id)?_?token|ticket|session(?:webhook)?|(?:client|app|corp|aes)?_?secret|app_?key|sign(?:ature)?|"
    r"pass(?:word|wd)?|pwd|(?:auth|download|temp)_?code|cookie|zicha_key|x-hmac-auth-signature|authorization"
)
_AFTER_NAME = re.compile(
    rf"(?i)((?:{_NAMES})(?:\\*[\"']?\s*[=:]|\\*[\"']\s*,)\s*\\*[\"']?(?:bearer\s+)?)[^\s\"'&,}})\\]+"
)
_SCRUB = (
    # a secret behind its name: in a query, a mapping, JSON with its quotes escaped, a header
    (_AFTER_NAME, r"\1****"),
    (re.compile(r"(?i)(x-acs-dingtalk-access-token\\*[\"']?\s*[:,]\s*\\*[\"']?)[^\s\"',}\\]+"), r"\1****"),
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/-]{8,}=*"), r"\1****"),
    (re.compile(r"(://[^\s:/@]*:)[^\s@/]+@"), r"\1****@"),
    # a master key, and a robot's signing secret
    (re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{43}=(?![\w+/=])"), "****"),
    (re.compile(r"\bSEC[0-9a-f]{16,}\b"), "SEC****"),
    # what databases tell of a row
    (re.compile(r"(DETAIL:|\[parameters: ).*"), r"\1****"),
    (re.compile(r"(?<![\dA-Za-z])\d{6}[ -]?(?:19|20)\d{2}[ -]?\d{4}[ -]?\d{3}[\dXx](?![\dA-Za-z])"), "[身份证号]"),
    (re.compile(r"(?<![\dA-Za-z])\d{15}(?![\dA-Za-z])"), "[15位号码]"),
    (re.compile(r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"), "[手机号]"),
)
_WORDS = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff][\u3400-\u9fff\U00020000-\U0003ffff\uff00-\uffef·、。“”0-9]*")
_ESCAPED = re.compile(r"(?:\\u[3-9][0-9a-f]{3})+", re.I)
_OURS = ("bot", "handlers", "storage")


def scrub(text: str) -> str:
    """The text without tokens, tickets, session ids, passwords, keys, ID numbers and mobile numbers."""
    for pattern, instead in _SCRUB:
        text = pattern.sub(instead, text)
    return text


def without_words(text: str) -> str:
    """The text without Chinese words: they may be somebody's."""
    return _WORDS.sub("…", _ESCAPED.sub("…", text))


class _Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        action = getattr(record, "action", "-")
        record.message = _message(record)
        line = f"{self.formatTime(record)} {record.levelname} {action} {record.name}: {record.message}"
        if record.exc_info:
            line += "\n" + without_words(self.formatException(record.exc_info))
        if record.stack_info:
            line += "\n" + without_words(record.stack_info)
        return scrub(line)


def _message(record: logging.LogRecord) -> str:
    """Our own words as they are, with the words of errors left out; of others no words at all."""
    if record.name.split(".")[0] not in _OURS:
        return without_words(record.getMessage())
    if isinstance(record.args, tuple) and any(isinstance(value, BaseException) for value in record.args):
        values = (without_words(str(v)) if isinstance(v, BaseException) else v for v in record.args)
        return str(record.msg) % tuple(values)
    return record.getMessage()


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """A line that cannot be written must not be told with its arguments, as the library would."""
        self.stream.write(f"a log line of {record.name} at {record.pathname}:{record.lineno} could not be written\n")


class _Object(_Line):
    """Every text in it is scrubbed before it is quoted: quoting would hide what the patterns look for."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "action": getattr(record, "action", "-"),
            "room": record.name,
            "message": scrub(_message(record)),
        }
        if record.exc_info:
            told["traceback"] = scrub(without_words(self.formatException(record.exc_info)))
        return json.dumps(told, ensure_ascii=False)


def set_up(level: str, stream: TextIO | None = None, *, form: str = "text") -> None:
    """`form`: text or json."""
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(_Object() if form == "json" else _Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("httpx", "httpcore", "apscheduler", "alembic", "websockets"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def guard_process() -> None:
    """What ends the process, a thread or a destructor is told through the same handler; warnings as well. For the
    command itself, before anything else runs."""
    set_up("WARNING")
    logging.captureWarnings(True)
    log = logging.getLogger(__name__)

    def ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.critical("the process ended", exc_info=(kind, error, trace), extra={"action": "process.fault"})

    def thread_ended(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            info = (args.exc_type, args.exc_value, args.exc_traceback)
            log.critical("a thread ended", exc_info=info, extra={"action": "process.thread"})

    def dropped(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            info = (args.exc_type, args.exc_value, args.exc_traceback)
            log.error("an error nobody could hear of", exc_info=info, extra={"action": "process.dropped"})

    sys.excepthook, threading.excepthook, sys.unraisablehook = ended, thread_ended, dropped
