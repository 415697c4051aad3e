"""What an answer of the 浙政钉 gateway means: its content, or one of Refused · Later · Doubtful by code. Pure.

The trap of the envelope: the outer `success` is true for a business error too. Taken means HTTP 2xx, `success` true,
`content.success` absent or true, and `content.responseCode` absent or "0".
"""

import json
from collections.abc import Mapping
from typing import Any

from bot.channels import DeliveryError, Doubtful, Later, Refused

_BAD_TOKEN = frozenset({"240133", "250027"})
_SIGNATURE = "OPF-B001-05-16-0009"
_NO_RIGHT = "not authorized to operate"
_REPEATED = ("重复", "duplicate")
_BUSY = ("limit", "throttl", "too many", "frequen", "频率", "频繁", "限流", "超过", "上限", "busy", "系统繁忙")


class BadToken(Later):
    """The access token is refused; nothing was taken, a new token may do."""


class Repeated(Refused):
    """The gateway knows this `bizMsgId` or `bizTaskId`: what is asked for was taken before."""


class NotGranted(Refused):
    """The app has not been given the right to this call: somebody has to apply for it."""


class BadSignature(Later):
    """Wrong secret, wrong host, or a clock that is wrong: nothing was taken, and it is not the letter's fault."""


def read(status: int, text: str) -> Any:
    """`content.data`, or `content` where it has none (flat answers), of an answer that was taken; raises otherwise.
    `text` may be anything, HTML too."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        if 300 <= status < 500:
            raise Later(f"HTTP {status} without JSON: something on the way stopped it; check ZZD_BASE_URL", 60.0)
        raise Doubtful(f"HTTP {status} without JSON")
    content = body.get("content")
    inner: Mapping[str, Any] = content if isinstance(content, dict) else {}
    taken = body.get("success") is True and inner.get("success", True) is True
    if 200 <= status < 300 and taken and str(inner.get("responseCode", "0")) == "0":
        return inner.get("data", content)
    raise meaning(status, _code(body, inner), _words(body, inner))


def meaning(status: int, code: str, words: str) -> DeliveryError:
    """The error an answer stands for. No complete list of codes is public: what is not known is refused."""
    told = f"HTTP {status} {code} {_short(words)}".strip()
    low = words.casefold()
    if code in _BAD_TOKEN:
        return BadToken(told)
    if code == _SIGNATURE or "signaturedoesnotmatch" in low + code.casefold():
        return BadSignature(f"{told}; check ZZD_APP_KEY, ZZD_APP_SECRET, ZZD_BASE_URL and this machine's clock", 60.0)
    if _NO_RIGHT in low:
        return NotGranted(f"{told}; this API is not granted to the app: apply for it in the 浙政钉 developer portal")
    if any(word in low for word in _REPEATED):
        return Repeated(told)
    if status == 429 or any(word in low for word in _BUSY):
        return Later(told, 60.0)
    if status in (502, 503, 504) or (status >= 500 and not code):
        return Doubtful(told)
    if status >= 500:
        return Later(told, 5.0)
    return Refused(told)


def _code(body: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    candidates = (
        inner.get("bizErrorCode"),
        inner.get("responseCode"),
        body.get("Code"),
        body.get("bizErrorCode"),
        body.get("responseCode"),
        body.get("errorCode"),
    )
    return next((str(code) for code in candidates if code not in (None, "", 0, "0")), "")


def _words(body: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    candidates = (inner.get("responseMessage"), body.get("Message"), body.get("responseMessage"), body.get("errorMsg"))
    return next((str(words) for words in candidates if words), "")


def _short(words: str) -> str:
    return words if len(words) <= 120 else words[:119] + "…"
