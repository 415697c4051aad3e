"""Every setting, read once from the environment or a `.env` file, validated together, then frozen.

The only room that reads the environment. Each mistake is one line that names the setting and what to do.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from bot.callback_settings import CallbackSettings
from bot.operating_settings import OperatingSettings
from bot.page_settings import PageSettings
from bot.secret import Secret as Secret  # it is told with the settings
from bot.zhezhengding_settings import ZhezhengdingSettings
from handlers.means import Means
from storage.database import Database
from storage.evidence import anchor
from storage.master_keys import KeySource


class ConfigError(Exception):
    """The settings cannot be used. `lines` says of each what is missing or wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


_NEVER_EMPTY = ("openapi_endpoint", "oapi_endpoint")


class Config(OperatingSettings, PageSettings, CallbackSettings, ZhezhengdingSettings):
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
    gateway_endpoint: str = Field(default="", validation_alias="DINGTALK_GATEWAY_ENDPOINT")
    """Address a stream connection is opened at, where a private DingTalk has another than the new API's."""
    token_endpoint: str = Field(default="", validation_alias="DINGTALK_TOKEN_ENDPOINT")
    """Address the access token is fetched at, likewise."""
    oapi_endpoint: str = Field(default="https://oapi.dingtalk.com", validation_alias="DINGTALK_OAPI_ENDPOINT")
    """Address of the old API (file upload)."""
    data: Path = Field(default=Path("zicha-data"), validation_alias="ZICHA_DATA")
    """Folder of the database, the key and the demo."""
    database: Secret = Field(default=Secret(""), validation_alias="ZICHA_DATABASE_URL")
    """SQLAlchemy address; a SQLite file in the data folder where empty."""
    key: Path | None = Field(default=None, validation_alias="ZICHA_KEY_FILE")
    """File of the master keys; `zicha.key` in the data folder where empty, made at the first start."""
    key_text: Secret = Field(default=Secret(""), validation_alias="ZICHA_KEY")
    """The master keys themselves instead of a file, the newest first, with blanks between."""
    crypto: Literal["aes", "sm"] = Field(default="aes", validation_alias="ZICHA_CRYPTO")
    """Suite for what is sealed from now on: AES-256-GCM and SHA-256, or SM4-GCM and SM3."""
    campaign: str = Field(default="lishui-2022-69", validation_alias="ZICHA_CAMPAIGN")
    """Name of a shipped campaign or path of a campaign file; several with commas between, the first first."""
    deadline: Annotated[dict[str, date] | None, NoDecode] = Field(default=None, validation_alias="ZICHA_DEADLINE")
    """Moves the deadline, the last day on time: `2026-12-31` of the first campaign, `ID=2026-12-31,…` of those named.
    The first one's key is empty."""
    platforms: Annotated[tuple[str, ...], NoDecode] = Field(default=(), validation_alias="ZICHA_PLATFORMS")
    """`dingtalk`, `zhezhengding`: where people are reached who never wrote, the first that knows them. Empty: DingTalk
    first where it is set up."""
    reply_by: Literal["webhook", "openapi"] = Field(default="webhook", validation_alias="ZICHA_REPLY_BY")
    """How replies go while a session webhook lives; the OpenAPI takes over when it does not."""
    qps: float = Field(default=20.0, gt=0, le=1000, validation_alias="ZICHA_QPS")
    """OpenAPI calls a second: 20 in the standard edition, 60 with the package (A/1430)."""
    robot_per_minute: int = Field(default=20, ge=1, le=20, validation_alias="ZICHA_ROBOT_PER_MINUTE")
    """Messages a group's custom robot sends in a minute; beyond 20 the platform mutes it for ten (A/0717)."""
    read_calls: int = Field(default=100, ge=0, le=100_000, validation_alias="ZICHA_READ_CALLS")
    """OpenAPI calls a day to ask whether reminders were read, 20 people each (A/0720); 0 asks nothing."""
    quota_api: int = Field(default=5000, ge=1, validation_alias="ZICHA_QUOTA_API")
    """OpenAPI calls a month the organisation has: 5,000 in the standard edition (A/1430)."""
    quota_stream: int = Field(default=3000, ge=1, validation_alias="ZICHA_QUOTA_STREAM")
    """Webhook & Stream units a month the organisation has: 3,000 in the standard edition (A/1430)."""
    quota_alarm: float = Field(default=0.8, gt=0, le=1, validation_alias="ZICHA_QUOTA_ALARM")
    """The share of a month's quota at which the operator is warned; its end is told as well."""
    broadcast_ask: int = Field(default=100, ge=1, le=100_000, validation_alias="ZICHA_BROADCAST_ASK")
    """From so many letters on, 催办 and 催报 show what they cost and are confirmed first; 群发 always."""
    agent: int = Field(default=0, ge=0, validation_alias="DINGTALK_AGENT_ID")
    """AgentId of the app, for 工作通知 (A/0769); 0: they are not offered."""
    max_text: int = Field(default=2000, ge=100, le=20000, validation_alias="ZICHA_MAX_TEXT")
    """Characters of one message that are read; longer ones are answered with a request to shorten."""
    per_minute: int = Field(default=120, ge=10, le=6000, validation_alias="ZICHA_MESSAGES_PER_MINUTE")
    """Messages of one person that are answered in a minute: two taps a second are more than anybody makes."""
    max_file_mb: int = Field(default=20, ge=1, le=100, validation_alias="ZICHA_MAX_FILE_MB")
    """Largest file that is taken from a chat, in MB; larger ones are answered with what to do."""
    max_upload_mb: int = Field(default=20, ge=1, le=1000, validation_alias="ZICHA_MAX_UPLOAD_MB")
    """Largest paper that is sent as a file, in MB; DingTalk's media interface takes 20 (A/0646)."""
    tick_seconds: float = Field(default=15.0, gt=0, le=60, validation_alias="ZICHA_TICK_SECONDS")
    """How often reminders are looked for."""
    font: Path | None = Field(default=None, validation_alias="ZICHA_FONT")
    """Font file with Chinese signs for pictures (进度 图); looked for in the usual folders where empty."""
    connect_timeout: float = Field(default=5.0, gt=0, le=60, validation_alias="ZICHA_CONNECT_TIMEOUT")
    """Seconds to reach the platform."""
    http_timeout: float = Field(default=15.0, gt=0, le=120, validation_alias="ZICHA_HTTP_TIMEOUT")
    """Seconds to wait for the platform's answer."""

    @field_validator("client_secret", "key_text", "database", mode="before")
    @classmethod
    def _secret(cls, value: object) -> object:
        return Secret(value) if isinstance(value, str) else value

    @field_validator("deadline", mode="before")
    @classmethod
    def _deadline(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        parts = (part.rpartition("=") for part in value.split(",") if part.strip())
        try:
            return {name.strip(): date.fromisoformat(day.strip()) for name, _, day in parts}
        except ValueError as error:
            raise ValueError("must be a date such as 2026-12-31, or ID=2026-12-31 with commas between") from error

    @field_validator("platforms", mode="before")
    @classmethod
    def _platforms(cls, value: object) -> object:
        names = tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value
        if isinstance(names, tuple) and (len({*names}) < len(names) or not {*names} <= {"dingtalk", "zhezhengding"}):
            raise ValueError("must be dingtalk or zhezhengding, or both with a comma between")
        return names

    @field_validator("openapi_endpoint", "gateway_endpoint", "token_endpoint", "oapi_endpoint")
    @classmethod
    def _endpoint(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith(("http://", "https://")) and (value or info.field_name in _NEVER_EMPTY):
            raise ValueError("must begin with https:// (or http:// for a gateway on this machine)")
        return value.rstrip("/")

    @property
    def has_dingtalk(self) -> bool:
        return bool(self.client_id)

    @property
    def hears_stream(self) -> bool:
        """A DingTalk whose robot calls us has no stream."""
        return self.has_dingtalk and (self.callback == "off" or self.callback_platform != "dingtalk")

    @property
    def platforms_in_order(self) -> tuple[str, ...]:
        """Those that are set up."""
        there = {"dingtalk": self.has_dingtalk, "zhezhengding": self.has_zhezhengding}
        return tuple(name for name in dict.fromkeys((*self.platforms, *there)) if there[name])

    @property
    def means(self) -> Means:
        """What handlers plan with."""
        return Means(
            calls_a_second=self.qps,
            api_a_month=self.quota_api,
            stream_a_month=self.quota_stream,
            ask_above=self.broadcast_ask,
            work_notices=bool(self.agent),
            notice_people=self.zzd_notice_people,
            notice_pause=self.zzd_notice_pause,
            notice_daily=self.zzd_notice_daily,
        )

    @property
    def robot_code(self) -> str:
        return self.robot or self.client_id

    @property
    def database_url(self) -> str:
        return self.database.reveal() or f"sqlite:///{self.data / 'zicha.sqlite3'}"

    @property
    def key_file(self) -> Path:
        return self.key or self.data / "zicha.key"

    @property
    def keys(self) -> KeySource:
        return KeySource(self.key_file, self.key_text.reveal())

    @property
    def anchor_file(self) -> Path:
        return self.data / anchor.NAME

    @property
    def sqlite_file(self) -> Path | None:
        """The file of a SQLite database; None for a server's, and for an address that is none."""
        kind, _, file = self.database_url.partition("sqlite:///")
        return Path(file) if file and not kind else None

    def open_database(self) -> Database:
        return Database(self.database_url)


def load(**overrides: object) -> Config:
    """The settings of this process; `overrides` by field name, for the demo. Raises `ConfigError`."""
    aliases = {name: str(field.validation_alias) for name, field in Config.model_fields.items()}
    try:
        return Config(**{aliases[name]: value for name, value in overrides.items()})  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigError([f"{e['loc'][0]}: {_plain(e['msg'])}" for e in error.errors()]) from error


def missing(config: Config) -> list[str]:
    """What `zicha run` needs and does not have, a line each: of DingTalk, or of 浙政钉 where that alone is meant."""
    lines = config.callback_missing()
    if config.callback != "off" and config.callback_platform == "zhezhengding" and not config.has_zhezhengding:
        lines.append(
            "ZICHA_CALLBACK is on for 浙政钉, and ZZD_APP_KEY is not set; or set ZICHA_CALLBACK_PLATFORM=dingtalk"
        )
    lines += config.zzd_missing() if config.has_zhezhengding else []
    return lines + (_missing_for_dingtalk(config) if config.has_dingtalk or not config.has_zhezhengding else [])


def missing_to_read(config: Config, platform: str) -> list[str]:
    """What is missing to read the directory of a platform."""
    if platform == "dingtalk":
        return _missing_for_dingtalk(config)
    return config.zzd_missing() if config.has_zhezhengding else [f"{platform} 还没有设置，先设 ZZD_APP_KEY"]


def _missing_for_dingtalk(config: Config) -> list[str]:
    lines = []
    if not config.client_id:
        lines.append("DINGTALK_CLIENT_ID is not set: copy the Client ID from 开发者后台 → 应用 → 凭证与基础信息")
    if not config.client_secret:
        lines.append(
            "DINGTALK_CLIENT_SECRET is not set: copy the Client Secret from 开发者后台 → 应用 → 凭证与基础信息"
        )
    return lines


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "must be")
