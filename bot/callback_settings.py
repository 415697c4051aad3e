"""The settings of the HTTP callback robot, a part of `Config`. Reads nothing by itself.

Off by default: it is for deployments whose robots call an address, where there is no stream. What 浙政钉 sends is not
documented in public, so a capture has to confirm the shape before it is turned on.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from bot import networks
from bot.networks import Network
from bot.secret import Secret


class CallbackSettings(BaseSettings):
    callback: Literal["off", "sign", "token", "both"] = Field(default="off", validation_alias="ZICHA_CALLBACK")
    """How a robot's callback is verified: `sign`, `token`, `both`; `off` takes none."""
    callback_platform: Literal["dingtalk", "zhezhengding"] = Field(
        default="zhezhengding", validation_alias="ZICHA_CALLBACK_PLATFORM"
    )
    """Whose robot calls: whose ids the senders' are."""
    callback_host: str = Field(default="127.0.0.1", validation_alias="ZICHA_CALLBACK_HOST")
    """Address of this machine callbacks are taken on; the proxy that ends TLS reaches it there."""
    callback_port: int = Field(default=8071, ge=0, le=65535, validation_alias="ZICHA_CALLBACK_PORT")
    """Port of it; 0 takes any."""
    callback_path: str = Field(default="/robot", validation_alias="ZICHA_CALLBACK_PATH")
    """Path of it; a long one nobody guesses keeps strangers from knocking."""
    callback_secret: Secret = Field(default=Secret(""), validation_alias="ZICHA_CALLBACK_SECRET")
    """Secret the header `sign` is made with: the robot's appSecret."""
    callback_token: Secret = Field(default=Secret(""), validation_alias="ZICHA_CALLBACK_TOKEN")
    """What the header `token` has to be (outgoingToken)."""
    callback_minutes: float = Field(default=60.0, gt=0, le=60, validation_alias="ZICHA_CALLBACK_MINUTES")
    """Minutes the header `timestamp` may differ from our clock."""
    callback_from: Annotated[tuple[Network, ...], NoDecode] = Field(default=(), validation_alias="ZICHA_CALLBACK_FROM")
    """Addresses or networks callbacks may come from, with commas between; empty: any."""
    callback_kb: int = Field(default=64, ge=1, le=1024, validation_alias="ZICHA_CALLBACK_KB")
    """Largest callback that is read, in KB."""
    callback_reply_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), validation_alias="ZICHA_CALLBACK_REPLY_HOSTS"
    )
    """Hosts a callback may name for replies (sessionWebhook) beside those of the platform, with commas between."""

    @field_validator("callback_secret", "callback_token", mode="before")
    @classmethod
    def _callback_secret(cls, value: object) -> object:
        return Secret(value) if isinstance(value, str) else value

    @field_validator("callback_path")
    @classmethod
    def _callback_path(cls, value: str) -> str:
        if not value.startswith("/") or "{" in value or "?" in value:
            raise ValueError("must begin with / and hold neither ? nor {")
        return value

    @field_validator("callback_from", mode="before")
    @classmethod
    def _callback_from(cls, value: object) -> object:
        return networks.read(value)

    @field_validator("callback_reply_hosts", mode="before")
    @classmethod
    def _callback_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip().lower() for part in value.split(",") if part.strip())

    def callback_missing(self) -> list[str]:
        """What the callback robot needs and does not have, a line each."""
        lines = []
        if self.callback in ("sign", "both") and not self.callback_secret:
            lines.append("ZICHA_CALLBACK_SECRET is not set: copy the robot's appSecret, or verify by token alone")
        if self.callback in ("token", "both") and not self.callback_token:
            lines.append("ZICHA_CALLBACK_TOKEN is not set: copy the robot's outgoingToken, or verify by sign alone")
        return lines
