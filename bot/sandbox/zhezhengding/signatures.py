"""Is this request signed as the platform wants it? From the raw request alone.

What is signed: method, timestamp, nonce, decoded path and, if there are any, the parameters: names sorted without
regard to case, the values of a repeated name sorted, `name=value` joined by `&`, values as they were before encoding.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections import deque
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from aiohttp import web

from .envelopes import GovRefusal, refused_at_the_gate

MISMATCH = "OPF-B001-05-16-0009"
_HEADERS = ("apiKey", "X-Hmac-Auth-Timestamp", "X-Hmac-Auth-Nonce", "X-Hmac-Auth-Version", "X-Hmac-Auth-Signature")
_NONCES = 50_000


class Gate:
    def __init__(self, *, key: str, secret: str, skew: float) -> None:
        """`skew`: seconds a timestamp may be off; the real allowance is not documented."""
        self._key, self._secret, self._skew = key, secret, skew
        self._nonces: deque[str] = deque(maxlen=_NONCES)
        self._seen: set[str] = set()

    async def admit(self, request: web.Request) -> dict[str, list[str]]:
        """The parameters of a genuine request, each name with its values. Raises `GovRefusal`."""
        for name in _HEADERS:
            if not request.headers.get(name):
                raise _mismatch(f"header {name} is missing")
        if request.headers["apiKey"] != self._key:
            raise _mismatch("apiKey is unknown")
        given = await _parameters(request)
        text = _to_sign(request, given)
        wanted = base64.b64encode(hmac.new(self._secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(wanted, request.headers["X-Hmac-Auth-Signature"]):
            raise _mismatch("the signature does not match")
        self._fresh(request.headers["X-Hmac-Auth-Timestamp"], request.headers["X-Hmac-Auth-Nonce"])
        found: dict[str, list[str]] = {}
        for name, value in given:
            found.setdefault(name, []).append(value)
        request["body"] = {name: values if len(values) > 1 else values[0] for name, values in found.items()}
        return found

    def _fresh(self, timestamp: str, nonce: str) -> None:
        try:
            at = datetime.fromisoformat(timestamp)
        except ValueError:
            raise _mismatch("the timestamp is not ISO 8601") from None
        if at.tzinfo is None or abs((datetime.now(UTC) - at).total_seconds()) > self._skew:
            raise _mismatch("the timestamp is too far from the gateway's clock")
        if nonce in self._seen:
            raise _mismatch("the nonce was used before")
        if len(self._nonces) == _NONCES:
            self._seen.discard(self._nonces[0])
        self._nonces.append(nonce)
        self._seen.add(nonce)


async def _parameters(request: web.Request) -> list[tuple[str, str]]:
    given = parse_qsl(request.url.raw_query_string, keep_blank_values=True)
    if request.method == "POST":
        if request.content_type != "application/x-www-form-urlencoded":
            raise refused_at_the_gate("UnsupportedMediaType", "form-encoded parameters are expected", 415)
        given += parse_qsl((await request.read()).decode(), keep_blank_values=True)
    return given


def _to_sign(request: web.Request, given: list[tuple[str, str]]) -> str:
    lines = [
        request.method,
        request.headers["X-Hmac-Auth-Timestamp"],
        request.headers["X-Hmac-Auth-Nonce"],
        request.path,
    ]
    by_name = sorted((name.lower(), name, value) for name, value in given if value.strip())
    parts = []
    for _, group in itertools.groupby(by_name, key=lambda one: one[0]):
        same = list(group)
        parts += [f"{same[0][1]}={value}" for value in sorted(value for _, _, value in same)]
    return "\n".join([*lines, "&".join(parts)] if parts else lines)


def _mismatch(why: str) -> GovRefusal:
    return refused_at_the_gate(MISMATCH, f"SignatureDoesNotMatch: {why}")
