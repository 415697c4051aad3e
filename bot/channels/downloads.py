"""Files behind an address the platform named: streamed, up to a limit, in a bounded time, and not from just anywhere.

The address needs no token and gets none. Must not know what a file is for.
"""

import asyncio
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import httpx

from bot.channels import Later, Refused, TooLarge

_LONGEST = 60.0
"""Seconds for a whole file, however slowly its bytes come."""
_REDIRECTS = 3
_HEADERS = {"Accept-Encoding": "identity"}
"""A file may be packed; its transfer must not be, or a few bytes become many."""


def is_inside(url: str) -> bool:
    """True for an address of this machine or of a private network."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def checked(url: str, *, inside: bool) -> str:
    """The address if it may be asked: http or https, and not pointing inside unless the platform itself is there.
    Facts §2.4: files lie on plain http and on bare public addresses too."""
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0
    except ValueError as error:
        raise Refused("the address of a file is not valid") from error
    if parts.scheme not in ("http", "https") or not named:
        raise Refused("the address of a file is not one of http")
    if is_inside(url) and not inside:
        raise Refused("the address of a file points inside this network")
    return url


class Downloads:
    def __init__(self, client: httpx.AsyncClient, *, inside: bool) -> None:
        """`inside`: the platform is a gateway of this machine or network."""
        self._client, self._inside = client, inside

    async def get(self, url: str, most: int) -> bytes:
        """The content. An address that has expired is for later: a new one can be asked for with the same code."""
        try:
            async with asyncio.timeout(_LONGEST):
                for _ in range(_REDIRECTS + 1):
                    there = await self._once(checked(url, inside=self._inside), most)
                    if isinstance(there, bytes):
                        return there
                    url = urljoin(url, there)
        except TimeoutError as error:
            raise Later("file: too slow", 5.0) from error
        except httpx.InvalidURL as error:
            raise Refused("the address of a file is not valid") from error
        except httpx.HTTPError as error:
            raise Later(f"file: {type(error).__name__}", 2.0) from error
        raise Refused("the address of a file leads from one place to another")

    async def _once(self, url: str, most: int) -> bytes | str:
        """The content, or where it is said to be instead."""
        async with self._client.stream("GET", url, headers=_HEADERS) as response:
            if response.is_redirect:
                return response.headers["location"]
            if response.status_code != 200:
                raise Later(f"file: HTTP {response.status_code}", 2.0)
            stated = response.headers.get("content-length", "")
            if stated.isdigit() and int(stated) > most:
                raise TooLarge("a file is larger than ZICHA_MAX_FILE_MB")
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > most:
                    raise TooLarge("a file is larger than ZICHA_MAX_FILE_MB")
            return bytes(content)
