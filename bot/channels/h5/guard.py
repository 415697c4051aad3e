"""What every answer of the page carries, and who is turned away before anything is looked at.

A form on another site cannot act in a visitor's name: what changes anything must come from the page's own origin and
carry a header no form can set. Must not know sessions nor what is asked for.
"""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.channels import NoRoom
from bot.channels.h5.answers import Stop
from bot.config import Config
from handlers.texts import guards
from handlers.texts import page as texts
from storage.database import StatementFailure

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OWN_HEADER = "X-Zicha"
"""Set by the page's own program on every request that changes something."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors {frames}"
)


class Guard:
    def __init__(self, config: Config) -> None:
        address = urlsplit(config.h5_url)
        self._origin = f"{address.scheme}://{address.netloc}".lower()
        self.headers = {
            **_HEADERS,
            "Content-Security-Policy": _POLICY.format(frames=config.h5_frame_ancestors or "'none'"),
        }
        if not config.h5_frame_ancestors:
            self.headers["X-Frame-Options"] = "DENY"
        if address.scheme == "https":
            self.headers["Strict-Transport-Security"] = "max-age=31536000"

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await self._answer(request, handler)
        if not response.prepared:
            response.headers.update(self.headers)
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.method not in ("GET", "HEAD"):
                self._check_origin(request)
            return await handler(request)
        except Stop as stop:
            return stop.answer()
        except web.HTTPRedirection:
            raise
        except web.HTTPRequestEntityTooLarge:
            return Stop(413, "too large", texts.NOT_UNDERSTOOD).answer()
        except web.HTTPException as error:
            return Stop(error.status, "not there", texts.NOT_THERE).answer()
        except NoRoom:
            return Stop(503, "trouble", guards.NO_ROOM, wait=5).answer()
        except StatementFailure:
            log.exception("a request of the page was not stored", extra={"action": "page.unstored"})
            return Stop(503, "trouble", texts.TROUBLE, wait=2).answer()
        except Exception:
            log.exception("a request of the page failed", extra={"action": "page.fault"})
            return Stop(500, "trouble", texts.TROUBLE, wait=2).answer()

    def _check_origin(self, request: web.Request) -> None:
        """A browser names the origin of whoever asks; an old one that does not still has to send our header."""
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        foreign = origin is not None and origin.lower() != self._origin
        if foreign or site not in (None, "same-origin") or OWN_HEADER not in request.headers:
            raise Stop(403, "elsewhere", texts.FROM_ELSEWHERE)
