"""Every setting, read once from the environment or a `.env` file, validated together, then frozen.

The only room that reads the environment. Each mistake is one line that names the setting and what to do.
"""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from storage.database import Database


class Secret:
    """A value that must not be printed: repr and str are stars; `reveal()` is said out loud."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "'****'" if self._value else "''"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)


class ConfigError(Exception):
    """The settings cannot be used. `lines` says of each what is missing or wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Config(BaseSettings):
    """The settings. Names are those of the environment; defaults and their reasons stand here and in the README."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, arbitrary_types_allowed=True
    )

    client_id: str = Field(default="", validation_alias="DINGTALK_CLIENT_ID")
    """Client ID (AppKey) of the app: 开发者后台 → 凭证与基础信息."""
    client_secret: Secret = Field(default=Secret(""), validation_alias="DINGTALK_CLIENT_SECRET")
    """Client Secret (AppSecret) of the app."""
    robot: str = Field(default="", validation_alias="DINGTALK_ROBOT_CODE")
    """RobotCode; the client id where empty (A/0783: an internal app's robot code is its AppKey)."""
    corp_id: str = Field(default="", validation_alias="DINGTALK_CORP_ID")
    """CorpId of the organisation; messages of other organisations are treated as from outside. Empty: not checked."""
    openapi_endpoint: str = Field(default="https://api.dingtalk.com", validation_alias="DINGTALK_OPENAPI_ENDPOINT")
    """Address of the new API and of the stream gateway (the SDK's own variable)."""
    oapi_endpoint: str = Field(default="https://oapi.dingtalk.com", validation_alias="DINGTALK_OAPI_ENDPOINT")
    """Address of the old API (file upload)."""
    data: Path = Field(default=Path("zicha-data"), validation_alias="ZICHA_DATA")
    """Folder of the database, the key and the demo."""
    database: str = Field(default="", validation_alias="ZICHA_DATABASE_URL")
    """SQLAlchemy address; a SQLite file in the data folder where empty."""
    key: Path | None = Field(default=None, validation_alias="ZICHA_KEY_FILE")
    """File of the sealing key; `zicha.key` in the data folder where empty, made at the first start."""
    campaign: str = Field(default="lishui-2022-69", validation_alias="ZICHA_CAMPAIGN")
    """Name of a shipped campaign or path of a campaign file."""
    deadline: date | None = Field(default=None, validation_alias="ZICHA_DEADLINE")
    """Moves the campaign's deadline (YYYY-MM-DD): the last day on time."""
    reply_by: Literal["webhook", "openapi"] = Field(default="webhook", validation_alias="ZICHA_REPLY_BY")
    """How replies go while a session webhook lives; the OpenAPI takes over when it does not."""
    qps: float = Field(default=20.0, gt=0, le=1000, validation_alias="ZICHA_QPS")
    """OpenAPI calls a second: 20 in the standard edition, 60 with the package (A/1430)."""
    max_text: int = Field(default=2000, ge=100, le=20000, validation_alias="ZICHA_MAX_TEXT")
    """Characters of one message that are read; longer ones are answered with a request to shorten."""
    tick_seconds: float = Field(default=15.0, gt=0, le=60, validation_alias="ZICHA_TICK_SECONDS")
    """How often reminders are looked for."""
    connect_timeout: float = Field(default=5.0, gt=0, le=60, validation_alias="ZICHA_CONNECT_TIMEOUT")
    """Seconds to reach the platform."""
    http_timeout: float = Field(default=15.0, gt=0, le=120, validation_alias="ZICHA_HTTP_TIMEOUT")
    """Seconds to wait for the platform's answer."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", validation_alias="ZICHA_LOG_LEVEL")
    """Least level of a log line."""

    @field_validator("client_secret", mode="before")
    @classmethod
    def _secret(cls, value: object) -> object:
        return Secret(value) if isinstance(value, str) else value

    @field_validator("openapi_endpoint", "oapi_endpoint")
    @classmethod
    def _endpoint(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with https:// (or http:// for a gateway on this machine)")
        return value.rstrip("/")

    @property
    def robot_code(self) -> str:
        return self.robot or self.client_id

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'zicha.sqlite3'}"

    @property
    def key_file(self) -> Path:
        return self.key or self.data / "zicha.key"

    def open_database(self) -> Database:
        return Database(self.database_url)


def load(**overrides: object) -> Config:
    """The settings of this process; `overrides` by field name, for the demo. Raises `ConfigError`."""
    aliases = {name: str(field.validation_alias) for name, field in Config.model_fields.items()}
    try:
        return Config(**{aliases[name]: value for name, value in overrides.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError([f"{e['loc'][0]}: {_plain(e['msg'])}" for e in error.errors()]) from error


def missing_for_dingtalk(config: Config) -> list[str]:
    """What `zicha run` needs and does not have, a line each."""
    lines = []
    if not config.client_id:
        lines.append("DINGTALK_CLIENT_ID is not set: copy the Client ID from 开发者后台 → 应用 → 凭证与基础信息")
    if not config.client_secret:
        lines.append(
            "DINGTALK_CLIENT_SECRET is not set: copy the Client Secret from 开发者后台 → 应用 → 凭证与基础信息"
        )
    return lines


def _plain(message: str) -> str:
    if "valid date" in message:
        return "must be a date such as 2026-12-31"
    return message.removeprefix("Value error, ").replace("Input should be", "must be")
