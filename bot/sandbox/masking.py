"""Stars for what the ledger must not show: secrets by name, personal numbers by shape. Pure."""

from __future__ import annotations

import re
from typing import Any

_SECRET = frozenset(
    {
        "accesstoken",
        "access_token",
        "appsecret",
        "auth_code",
        "clientsecret",
        "downloadcode",
        "downloadurl",
        "picturedownloadcode",
        "session",
        "sessionwebhook",
        "ticket",
    }
)
_IN_ADDRESS = re.compile(r"\b(session|ticket|access_token|appsecret)=[^&\s\"\\]+")
_ID_NUMBER = re.compile(r"(?<!\d)\d{14,17}[0-9Xx](?!\d)")
_MOBILE = re.compile(r"(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")


def masked(value: Any) -> Any:
    """The same JSON value with stars."""
    if isinstance(value, dict):
        return {k: "***" if k.lower() in _SECRET and v else masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        text = masked_text(str(value))
        return value if text == str(value) else text
    return value


def masked_text(text: str) -> str:
    text = _IN_ADDRESS.sub(lambda m: f"{m[1]}=***", text)
    text = _ID_NUMBER.sub(lambda m: f"{m[0][:3]}{'*' * (len(m[0]) - 5)}{m[0][-2:]}", text)
    return _MOBILE.sub(lambda m: f"{m[0][:3]}****{m[0][-4:]}", text)
