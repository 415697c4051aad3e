"""How each side says no, without any network: the new API by code, the old by errcode, the page in words."""

from __future__ import annotations


class ApiRefusal(Exception):
    """New API (api.dingtalk.com): an HTTP status and an envelope {code, message, requestid}."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class OldRefusal(Exception):
    """Old API (oapi.dingtalk.com) and webhooks: HTTP 200 with an errcode other than 0."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode}: {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


class PageRefusal(Exception):
    """The people's side: a sentence the chat page can show as it is."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def bad(code: str, message: str) -> ApiRefusal:
    """The usual refusal of the robot APIs: HTTP 400 (A/0714, A/0716)."""
    return ApiRefusal(400, code, message)
