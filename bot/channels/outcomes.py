"""What a platform's answer means: taken, or one of Refused · Later · Doubtful. Pure; by code, never by status alone.

Sources: error envelope and codes of DingTalk facts §4 (A/0013, A/0714, A/0716, A/1432).
"""

import json
from typing import Any

from bot.channels import Doubtful, Later, Refused

_BAD_TOKEN = frozenset({"invalidauthentication", "40014", "42001"})
_LATER = {
    "90018": 1.0,
    "90002": 2.0,
    "410100": 600.0,  # custom robot: 20 a minute, then blocked for ten (A/0717)
    "130101": 600.0,
    "302033": 60.0,
    "660026": 60.0,
    "system.busy": 2.0,
    "systembusy": 2.0,
    "system.error": 5.0,
    "serviceunavailable": 5.0,
    "-1": 2.0,
}
_QUOTA = frozenset({"90020", "forbidden.accessdenied.apicountlimitfororg", "90030"})
_QUOTA_DELAY = 3600.0
_BAN_DELAY = 300.0


class BadToken(Later):
    """The access token is refused (HTTP 400, not 401: A/0013); nothing was taken, a new token may do."""


def field(answer: dict[str, Any], name: str) -> str:
    """What an answer must hold. Without it the answer is of no use, and nothing was taken by anybody."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Later(f"an answer without {name}", 5.0)
    return value


def read(status: int, text: str) -> dict[str, Any]:
    """The body of a platform's answer if it was taken; raises otherwise. `text` may be anything, HTML too."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # an HTML page: a ban of our address (A/0012) or a gateway's error
        if status < 500 and (status >= 400 or "<" in text):  # an empty 200 may well have been taken
            raise Later(f"HTTP {status} without JSON: blocked on the way, perhaps for calling too often", _BAN_DELAY)
        raise Doubtful(f"HTTP {status} without JSON")
    code = _code(body)
    if status < 400 and code in ("", "0"):
        return body
    judge(status, code)
    return body


def judge(status: int, code: str) -> None:
    """Raises what the code means."""
    low = code.casefold()
    if "qpslimit" in low:
        raise Later(code, 1.0)
    if "qpmlimit" in low:
        raise Later(code, 20.0)
    if low.startswith(("send.", "too.many")):
        raise Later(code, 5.0)
    if low in _LATER:
        raise Later(code, _LATER[low])
    if low in _QUOTA:
        raise Later(f"{code}: the month's quota is used up; see 开发者后台 → 资源管理", _QUOTA_DELAY)
    if low in _BAD_TOKEN or (status == 401 and low != "authfailed"):
        raise BadToken(code, 1.0)
    if status == 429 or code == "1111":
        raise Later(f"HTTP {status} {code}", _BAN_DELAY if code == "1111" else 2.0)
    if status in (502, 503, 504) or (status >= 500 and not code):
        raise Doubtful(f"HTTP {status} {code}")
    if status >= 500:
        raise Later(f"HTTP {status} {code}", 5.0)
    raise Refused(f"HTTP {status} {code}")


def _code(body: dict[str, Any]) -> str:
    folded = {key.casefold(): value for key, value in body.items()}
    for name in ("sub_code", "code", "errcode", "status"):
        value = folded.get(name)
        if value not in (None, "", 0, "0") and not (name == "status" and folded.get("source") != "x5"):
            return str(value)
    return ""
