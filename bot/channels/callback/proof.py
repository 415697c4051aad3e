"""Is a robot's callback genuine? Pure: no clock, no network.

`sign` = Base64(HMAC-SHA256(appSecret, timestamp + "\n" + appSecret)), timestamp in milliseconds, as public DingTalk's
robots send it; older ones and 浙政钉's `outgoingToken` send a header `token`. The signature says nothing of the body,
so whoever overhears one could use it again: the door remembers what came with each.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.secret import Secret


class NotGenuine(Exception):
    """Why a call is turned away; for the log, never for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    sign: bool
    token: bool
    signing_secret: Secret
    expected: Secret
    """What the header `token` has to be."""
    window: timedelta


def signature(timestamp: str, secret: str) -> str:
    return b64encode(hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")).decode()


def check(headers: Mapping[str, str], rules: Rules, now: datetime) -> None:
    """Raises `NotGenuine`. Both ways are checked where both are asked for; with neither nothing is genuine."""
    if not (rules.sign or rules.token):
        raise NotGenuine("callbacks are off")
    if rules.token and not _same(headers.get("token", ""), rules.expected.reveal()):
        raise NotGenuine("the token is wrong or missing")
    if rules.sign:
        _check_sign(headers.get("timestamp", ""), headers.get("sign", ""), rules, now)


def digest(headers: Mapping[str, str]) -> str:
    """What a signature is remembered by; empty where there is none."""
    signed = headers.get("sign", "")
    return hashlib.sha256(f"{headers.get('timestamp', '')}\n{signed}".encode()).hexdigest() if signed else ""


def _check_sign(timestamp: str, sign: str, rules: Rules, now: datetime) -> None:
    wanted = signature(timestamp, rules.signing_secret.reveal())
    if not rules.signing_secret or not _same(sign, wanted):
        raise NotGenuine("the signature is wrong or missing")
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 16):
        raise NotGenuine("the timestamp is no number of milliseconds")
    if abs(now.timestamp() - int(timestamp) / 1000) > rules.window.total_seconds():
        raise NotGenuine("the timestamp is too far from our clock; check both clocks and ZICHA_CALLBACK_MINUTES")


def _same(given: str, wanted: str) -> bool:
    """Takes as long whatever is wrong; nothing is ever the same as nothing."""
    return bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
