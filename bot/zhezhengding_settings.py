"""The settings of 浙政钉, a part of `Config`: which gateway, whose app, which limits. Reads nothing by itself.

Limits and their source: the official text of work notices (docKey 2674860), quoted in the platform facts §3.3.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from bot.channels.zhezhengding.paths import UnknownCall, table
from bot.secret import Secret
from storage.notices import Limits

GATEWAYS = {
    "production": "https://openplatform-pro.ding.zj.gov.cn",
    "test": "https://openplatform.dg-work.cn",
}
"""Profiles: 浙政钉 itself, and the 专有钉钉 it is tried out on; the interfaces are the same."""


class ZhezhengdingSettings(BaseSettings):
    zzd_profile: Literal["production", "test"] = Field(default="production", validation_alias="ZZD_PROFILE")
    """Which 浙政钉: `production`, or `test` (专有钉钉)."""
    zzd_base_url: str = Field(default="", validation_alias="ZZD_BASE_URL")
    """Address of the gateway; that of the profile where empty."""
    zzd_app_key: str = Field(default="", validation_alias="ZZD_APP_KEY")
    """appKey of the 浙政钉 app; without it 浙政钉 is off."""
    zzd_app_secret: Secret = Field(default=Secret(""), validation_alias="ZZD_APP_SECRET")
    """appSecret of the app; signs every call and is never sent (but see ZZD_TOKEN_PARAMS)."""
    zzd_app_name: str = Field(default="", validation_alias="ZZD_APP_NAME")
    """应用标识 of the app; needed to recall notices."""
    zzd_tenant_id: str = Field(default="", validation_alias="ZZD_TENANT_ID")
    """租户 ID; accounts of other tenants are not let in."""
    zzd_token_params: Literal["auto", "always", "never"] = Field(default="auto", validation_alias="ZZD_TOKEN_PARAMS")
    """Whether gettoken carries appkey and appsecret in its address: `auto` tries without first."""
    zzd_paths: Annotated[dict[str, str] | None, NoDecode] = Field(default=None, validation_alias="ZZD_PATHS")
    """Calls that live elsewhere: `name=/path` or `name=GET /path`, with commas between."""
    zzd_proxy: str = Field(default="", validation_alias="ZZD_PROXY")
    """HTTP proxy on the way to the gateway; proxies of the environment are not used."""
    zzd_ca_file: Path | None = Field(default=None, validation_alias="ZZD_CA_FILE")
    """File of trusted certificates (PEM) for the gateway; the system's where empty."""
    zzd_auth_ip: str = Field(default="127.0.0.1", validation_alias="ZZD_AUTH_IP")
    """X-Hmac-Auth-IP: the documentation wants it, no gateway seen checks it."""
    zzd_auth_mac: str = Field(default="00:00:00:00:00:00", validation_alias="ZZD_AUTH_MAC")
    """X-Hmac-Auth-MAC, likewise."""

    zzd_notice_bytes: int = Field(default=2048, ge=512, le=8192, validation_alias="ZZD_NOTICE_BYTES")
    """Bytes of a work notice's `msg`."""
    zzd_notice_people: int = Field(default=1000, ge=1, le=1000, validation_alias="ZZD_NOTICE_PEOPLE")
    """People in one call."""
    zzd_notice_pause: float = Field(default=10.0, ge=0, le=1440, validation_alias="ZZD_NOTICE_PAUSE")
    """Minutes between two calls."""
    zzd_notice_daily: int = Field(default=20_000, ge=1, validation_alias="ZZD_NOTICE_DAILY")
    """Notices of the app in a day."""
    zzd_notice_personal: int = Field(default=100, ge=1, validation_alias="ZZD_NOTICE_PERSONAL")
    """Notices to one person in a day."""

    zzd_todos: bool = Field(default=True, validation_alias="ZZD_TODOS")
    """Whether everybody who has something to do gets a to-do (待办) with the deadline."""
    zzd_todo_creator: str = Field(default="", validation_alias="ZZD_TODO_CREATOR")
    """accountId to-dos are made in the name of; the person's own where empty."""
    zzd_todo_rate: float = Field(default=5.0, gt=0, le=100, validation_alias="ZZD_TODO_RATE")
    """To-dos made or finished a second; no limit is documented."""

    @field_validator("zzd_app_secret", mode="before")
    @classmethod
    def _zzd_secret(cls, value: object) -> object:
        return Secret(value) if isinstance(value, str) else value

    @field_validator("zzd_paths", mode="before")
    @classmethod
    def _zzd_paths(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        moved = dict(part.strip().split("=", 1) for part in value.split(",") if "=" in part)
        if len(moved) != sum(bool(part.strip()) for part in value.split(",")):
            raise ValueError("must be name=/path, with commas between")
        try:
            table(moved)
        except UnknownCall as error:
            raise ValueError(str(error)) from error
        return moved

    @field_validator("zzd_base_url", "zzd_proxy")
    @classmethod
    def _zzd_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (or http:// on this machine)")
        return value.rstrip("/")

    @field_validator("zzd_ca_file")
    @classmethod
    def _zzd_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"{value} is no file: name the PEM file of the gateway's certificate authority")
        return value

    @property
    def zzd_gateway(self) -> str:
        return self.zzd_base_url or GATEWAYS[self.zzd_profile]

    @property
    def zzd_limits(self) -> Limits:
        return Limits(
            pause=timedelta(minutes=self.zzd_notice_pause),
            people=self.zzd_notice_people,
            daily=self.zzd_notice_daily,
            personal=self.zzd_notice_personal,
        )

    def zzd_missing(self) -> list[str]:
        """What 浙政钉 needs and does not have, a line each."""
        wanted = {
            "ZZD_APP_SECRET": (bool(self.zzd_app_secret), "copy the appSecret from the app's page in the portal"),
            "ZZD_TENANT_ID": (bool(self.zzd_tenant_id), "ask the operator of 浙政钉 for the tenant's number (租户 ID)"),
        }
        return [f"{name} is not set: {what}" for name, (there, what) in wanted.items() if not there]

    @property
    def has_zhezhengding(self) -> bool:
        return bool(self.zzd_app_key)
