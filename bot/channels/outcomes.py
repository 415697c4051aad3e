"""What a platform's answer means: taken, or one of Refused · Later · Doubtful. Pure; by code, never by status alone.

The table is the whole of it. Sources: error envelope and codes of DingTalk facts §4 (A/0012, A/0013, A/0714, A/0716,
A/0717, A/0769, A/1432). Codes are compared without regard to case: the pages spell them both ways.
"""

import json
from collections.abc import Callable
from typing import Any

import httpx

from bot.channels import DeliveryError, Doubtful, Later, QuotaGone, Refused, SomeoneRefused, TooFast

BAN_DELAY = 300.0
"""A banned address is let in again after five minutes (A/0012)."""
_BLOCKED = 600.0
"""A custom robot that called more than 20 times a minute is blocked for ten (A/0717)."""
_NEXT_TRY = 3600.0
_USED_UP = "the month's quota is used up; see 开发者后台 → 资源管理"


class BadToken(Later):
    """The access token is refused (HTTP 400, not 401: A/0013); nothing was taken, a new token may do."""


class SessionGone(Refused):
    """The session webhook has ended: the OpenAPI has to do."""


Meaning = Callable[[str], DeliveryError]


def _later(delay: float, kind: type[Later] = Later) -> Meaning:
    return lambda told: kind(told, delay)


def _quota(told: str) -> DeliveryError:
    return QuotaGone(f"{told}: {_USED_UP}", _NEXT_TRY)


CODES: dict[str, Meaning] = {
    # calling too often
    "90018": _later(1.0, TooFast),  # app and API
    "90002": _later(2.0, TooFast),  # all apps on this API
    "send.too.fast": _later(5.0, TooFast),
    "send.bytoken.toofast": _later(5.0, TooFast),
    "too.many.group": _later(5.0, TooFast),
    "too.many.people": _later(5.0, TooFast),
    "410100": _later(_BLOCKED, TooFast),  # custom robot
    "130101": _later(_BLOCKED, TooFast),  # the same, as seen in the field
    "302033": _later(60.0, TooFast),
    "660026": _later(60.0, TooFast),
    "1111": _later(BAN_DELAY, TooFast),  # our address is banned
    # the platform is busy
    "system.busy": _later(2.0),
    "systembusy": _later(2.0),
    "system.error": _later(5.0),
    "serviceunavailable": _later(5.0),
    "-1": _later(2.0),
    # the month is over
    "90020": _quota,
    "90030": _quota,  # webhooks
    "forbidden.accessdenied.apicountlimitfororg": _quota,
    # the token
    "invalidauthentication": _later(1.0, BadToken),
    "40014": _later(1.0, BadToken),
    "42001": _later(1.0, BadToken),
    # the session webhook, or a robot's
    "300001": SessionGone,
    # a group's robot: as documented, and as seen in the field
    "310000": lambda told: Refused(f"{told}: its keyword, signature or IP list turns us away; «zicha groups test»"),
    "460101": lambda told: Refused(f"{told}: longer than a group robot takes"),
    # one of the persons
    "staffid.notexisted": SomeoneRefused,
    "robot.oto.notexist": SomeoneRefused,
    "invalidparameter.userid.empty": SomeoneRefused,
    "invalidparameter.userids.invalid": SomeoneRefused,
    "authfailed": Refused,  # comes with 401, and a new token would not help
}
FRAGMENTS: tuple[tuple[str, Meaning], ...] = (
    ("qpslimit", _later(1.0, TooFast)),
    ("qpmlimit", _later(20.0, TooFast)),
    ("send.", _later(5.0, TooFast)),
    ("too.many.", _later(5.0, TooFast)),
)
"""Families of codes, by what stands in them."""
STATUSES: dict[int, Meaning] = {
    401: _later(1.0, BadToken),
    429: _later(2.0, TooFast),
    502: Doubtful,
    503: Doubtful,
    504: Doubtful,
}
"""Where the code says nothing: a gateway in between does not know what the platform has taken."""


def of(response: httpx.Response) -> dict[str, Any]:
    """As `read`. JSON is UTF-8; what is not is what its headers say, and nothing is looked for in those before."""
    try:
        text = response.content.decode()
    except UnicodeDecodeError:
        text = response.text
    return read(response.status_code, text)


def read(status: int, text: str) -> dict[str, Any]:
    """The body of a platform's answer if it was taken; raises otherwise. `text` may be anything, HTML too."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        # an HTML page: a ban of our address (A/0012) or a gateway's error; an empty 200 may well have been taken
        if status < 500 and (status >= 400 or "<" in text):
            raise TooFast(f"HTTP {status} without JSON: blocked on the way, perhaps for calling too often", BAN_DELAY)
        raise Doubtful(f"HTTP {status} without JSON")
    code = _code(body)
    if status < 400 and code in ("", "0"):
        return body
    raise meaning(status, code)


def meaning(status: int, code: str) -> DeliveryError:
    """What a refusal means: by its code, by the family of its code, by its status, in this order."""
    low, told = code.casefold(), f"HTTP {status} {code}".strip()
    if low in CODES:
        return CODES[low](told)
    for fragment, error in FRAGMENTS:
        if fragment in low:
            return error(told)
    if status in STATUSES:
        return STATUSES[status](told)
    if status >= 500:
        return Later(told, 5.0) if code else Doubtful(told)
    return Refused(told)


def field(answer: dict[str, Any], name: str) -> str:
    """What an answer must hold. Without it the answer is of no use, and nothing was taken by anybody."""
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Later(f"an answer without {name}", 5.0)
    return value


def _code(body: dict[str, Any]) -> str:
    folded = {key.casefold(): value for key, value in body.items()}
    for name in ("sub_code", "code", "errcode", "status"):
        value = folded.get(name)
        if value not in (None, "", 0, "0") and not (name == "status" and folded.get("source") != "x5"):
            return str(value)
    return ""
