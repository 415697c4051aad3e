"""The settings of the chat page, a part of `Config`. Reads nothing by itself.

Without a public address there is no page. The page itself speaks plain HTTP to a proxy that ends TLS before it.
"""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from bot import networks
from bot.networks import Network
from storage.page_sessions import Terms

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:*\[\]-]+")


class PageSettings(BaseSettings):
    h5_url: str = Field(default="", validation_alias="ZICHA_H5_URL")
    """Public address of the chat page, as browsers see it: `https://zicha.example.gov.cn/h5`. Empty: no page."""
    h5_host: str = Field(default="127.0.0.1", validation_alias="ZICHA_H5_HOST")
    """Address of this machine the page listens on; the proxy that ends TLS reaches it there."""
    h5_port: int = Field(default=8070, ge=0, le=65535, validation_alias="ZICHA_H5_PORT")
    """Port the page listens on; 0 takes any."""
    h5_trusted_proxy: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(), validation_alias="ZICHA_H5_TRUSTED_PROXY"
    )
    """Addresses or networks of proxies whose X-Forwarded-For is believed, with commas between."""
    h5_jsapi: Path | None = Field(default=None, validation_alias="ZICHA_H5_JSAPI")
    """File with the platform's JSAPI script, served to the page from here: the network is closed."""
    h5_frame_ancestors: str = Field(default="", validation_alias="ZICHA_H5_FRAME_ANCESTORS")
    """Origins that may show the page in a frame, with blanks between; empty: none."""
    h5_session_minutes: int = Field(default=30, ge=5, le=480, validation_alias="ZICHA_H5_SESSION_MINUTES")
    """Minutes without use after which a browser has to log in again; 免登 does so without a password."""
    h5_session_hours: int = Field(default=12, ge=1, le=72, validation_alias="ZICHA_H5_SESSION_HOURS")
    """Hours after which a browser has to log in again, however much it was used."""
    h5_paper_hours: int = Field(default=24, ge=1, le=720, validation_alias="ZICHA_H5_PAPER_HOURS")
    """Hours for which a paper can be downloaded from the page; after that it is asked for again."""

    @field_validator("h5_url")
    @classmethod
    def _h5_url(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise ValueError("must begin with https:// (http:// only for a page on this machine)")
        if parts.query or parts.fragment:
            raise ValueError("must be an address without ? and #")
        return value.rstrip("/")

    @field_validator("h5_trusted_proxy", mode="before")
    @classmethod
    def _h5_trusted_proxy(cls, value: object) -> object:
        return networks.read(value)

    @field_validator("h5_frame_ancestors")
    @classmethod
    def _h5_frame_ancestors(cls, value: str) -> str:
        if not all(_ORIGIN.fullmatch(origin) for origin in value.split()):
            raise ValueError("must be origins such as https://work.example.gov.cn, with blanks between")
        return " ".join(value.split())

    @field_validator("h5_jsapi")
    @classmethod
    def _h5_jsapi(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"{value} is no file: put the platform's JSAPI script there, see the README")
        return value

    @property
    def has_page(self) -> bool:
        return bool(self.h5_url)

    @property
    def h5_terms(self) -> Terms:
        """How long sessions live; a token is changed three times within the time it may lie idle."""
        idle = timedelta(minutes=self.h5_session_minutes)
        return Terms(idle=idle, most=timedelta(hours=self.h5_session_hours), every=idle / 3)
