"""The signature of a gateway call, as the official SDK 1.2.0 makes it. Pure: no clock, no network.

    StringToSign = METHOD \n TIMESTAMP \n NONCE \n PATH [ \n PARAMS ]
    Signature    = Base64(HMAC-SHA256(appSecret, StringToSign)), both in UTF-8

PARAMS are the same for GET (query) and POST (form): names in case-insensitive order, the values of a repeated name in
ascending order, `name=value` with `&` between, values raw and not URL-encoded. Blank values are neither signed nor
sent; without parameters the last line feed falls away too.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))

Value = str | int | bool | None
Params = Mapping[str, Value | Iterable[Value]]
Pairs = tuple[tuple[str, str], ...]

_NOT_BLANK_IN_JAVA = "\u0085\u00a0\u2007\u202f"
"""Blanks to Python that Java's `isWhitespace`, which the SDK asks, does not count as such."""


def pairs(params: Params) -> Pairs:
    """What is signed and sent: a list becomes a repeated name, true and false are spelled as Java does, what is blank
    is left out."""
    flat: list[tuple[str, str]] = []
    for name, given in params.items():
        several = given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
        flat += [(name, _spelled(value)) for value in several]
    return tuple((name, value) for name, value in flat if not _blank(name) and not _blank(value))


def canonical(params: Pairs) -> str:
    """PARAMS. Names that differ in case alone are one name, spelled as it came first."""
    together: dict[str, tuple[str, list[str]]] = {}
    for name, value in params:
        together.setdefault(name.lower(), (name, []))[1].append(value)
    return "&".join(
        f"{together[low][0]}={value}"
        for low in sorted(together, key=_java_order)
        for value in sorted(together[low][1], key=_java_order)
    )


def string_to_sign(method: str, timestamp: str, nonce: str, path: str, params: Pairs) -> str:
    """`path` is the URL's, decoded, from the leading slash, without host and query."""
    lines = [method.upper(), timestamp, nonce, path]
    if told := canonical(params):
        lines.append(told)
    return "\n".join(lines)


def signature(secret: str, text: str) -> str:
    return b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def timestamp(now: datetime) -> str:
    """`2024-01-02T03:04:05.678+08:00`: an instant with its offset, in Beijing's time whatever zone the machine has."""
    return now.astimezone(BEIJING).isoformat(timespec="milliseconds")


def nonce(now: datetime, random: int) -> str:
    """13 digits of milliseconds and four of chance."""
    return f"{int(now.timestamp() * 1000):013d}{random % 10_000:04d}"


def _spelled(value: Value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _blank(text: str) -> bool:
    return all(sign.isspace() and sign not in _NOT_BLANK_IN_JAVA for sign in text)


def _java_order(text: str) -> bytes:
    """Java compares UTF-16 units; it matters for emoji beside rare signs."""
    return text.encode("utf-16-be", "surrogatepass")
