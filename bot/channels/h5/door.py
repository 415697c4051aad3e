"""The door of the page: an auth code becomes a session, a cookie becomes a visitor.

The cookie is the browser's alone (HttpOnly), goes to this page alone, and dies with its session: in the database, so an
operator or a second browser can end it. Must not know what is talked about.
"""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web
from sqlmodel import Session

from bot.channels import DeliveryError, Refused
from bot.channels.h5.answers import Stop, told
from bot.channels.h5.ground import Ground
from bot.channels.h5.limits import Rate, client
from handlers.texts import page as texts
from storage import accounts, page_sessions
from storage.page_sessions import Visitor

log = logging.getLogger(__name__)

_LOGINS_A_MINUTE = 3_000
"""Per address: a whole county may come through one, all at once after a reminder."""
_LONGEST_CODE = 512


class Account(Protocol):
    """Somebody as their platform knows them."""

    @property
    def id(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...


class Login(Protocol):
    """A platform's 免登."""

    async def who(self, auth_code: str) -> Account: ...


class Door:
    def __init__(self, ground: Ground, logins: Mapping[str, Login]) -> None:
        self._ground, self._logins = ground, logins
        self._rate = Rate(_LOGINS_A_MINUTE, 60.0)
        secure = ground.config.h5_url.startswith("https://")
        self._cookie = "__Host-zicha" if secure else "zicha"
        self._about: dict[str, Any] = {"httponly": True, "secure": secure, "samesite": "Strict", "path": "/"}

    async def enter(self, request: web.Request) -> web.Response:
        """The auth code of a platform's client becomes a session; one this browser had before ends."""
        body = await json_of(request)
        platform, code = body.get("platform"), body.get("code")
        login = self._logins.get(platform) if isinstance(platform, str) else None
        if login is None or not isinstance(code, str) or not 0 < len(code) <= _LONGEST_CODE:
            raise Stop(400, "code", texts.LOGIN_FAILED)
        if not self._rate.allows(self._client(request)):
            raise Stop(429, "too fast", texts.TOO_FAST, wait=10)
        account = await self._who(login, code)
        ground, at, old = self._ground, self._ground.real_now(), self._token(request)

        def begin(session: Session) -> str:
            if old:
                page_sessions.end(session, old)
            accounts.meet(session, str(platform), account.id, account.code, at=at)
            return page_sessions.begin(session, platform=str(platform), account=account.id, name=account.name, at=at)

        response = told({"entered": True})
        self._give(response, await ground.write(begin))
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """Logged out here; with `everywhere`, in every browser."""
        everywhere = (await json_of(request)).get("everywhere") is True
        token = self._token(request)
        if everywhere:
            visitor = await self.visitor(request)
            await self._ground.write(lambda session: page_sessions.end_all(session, visitor.platform, visitor.account))
        elif token:
            await self._ground.write(lambda session: page_sessions.end(session, token))
        response = told({"left": True})
        response.del_cookie(self._cookie, **self._about)
        return response

    async def visitor(self, request: web.Request) -> Visitor:
        """Whose session this is. Raises `Stop` where there is none, or none any more."""
        token, ground = self._token(request), self._ground
        terms, at = ground.config.h5_terms, ground.real_now()
        found = await ground.read(lambda session: page_sessions.find(session, token, terms, at=at)) if token else None
        if found and found.to_note:
            found = await ground.write(lambda session: page_sessions.note(session, token, terms, at=at))
        if found is None:
            raise Stop(401, "login", texts.LOGIN_AGAIN)
        return found

    def renew(self, response: web.StreamResponse, visitor: Visitor) -> None:
        """Gives the browser the new token, where it was time for one."""
        if visitor.token:
            self._give(response, visitor.token)

    def _give(self, response: web.StreamResponse, token: str) -> None:
        most = int(self._ground.config.h5_terms.most.total_seconds())
        response.set_cookie(self._cookie, token, max_age=most, **self._about)

    def _token(self, request: web.Request) -> str:
        return request.cookies.get(self._cookie, "")[:128]

    def _client(self, request: web.Request) -> str:
        trusted = self._ground.config.h5_trusted_proxy
        return client(request.remote or "", request.headers.get("X-Forwarded-For", ""), trusted)

    async def _who(self, login: Login, code: str) -> Account:
        try:
            return await login.who(code)
        except Refused as error:
            log.warning("a login was refused: %s", error, extra={"action": "page.login_refused"})
            raise Stop(403, "refused", texts.LOGIN_FAILED) from error
        except DeliveryError as error:
            log.warning("a login has to wait: %s", error, extra={"action": "page.login_later"})
            raise Stop(503, "later", texts.LOGIN_LATER, wait=5) from error


async def json_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises `Stop` for anything else."""
    try:
        body = await request.json()
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        raise Stop(400, "json", texts.NOT_UNDERSTOOD) from error
    if not isinstance(body, dict):
        raise Stop(400, "json", texts.NOT_UNDERSTOOD)
    return body
