"""The settings of those who operate the bot, a part of `Config`: connections, queue, alarms, metrics, log.

Reads nothing by itself."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class OperatingSettings(BaseSettings):
    stream_connections: int = Field(default=2, ge=1, le=8, validation_alias="ZICHA_STREAM_CONNECTIONS")
    """Stream connections held at once: while one is dead or replaced, messages come by the other (facts §1.5)."""
    stream_silence: float = Field(default=90.0, ge=30, le=600, validation_alias="ZICHA_STREAM_SILENCE")
    """Seconds without a frame until a connection is replaced; the platform pings every 20 to 30 (facts §1.5)."""
    queue: int = Field(default=1000, ge=20, le=100_000, validation_alias="ZICHA_QUEUE")
    """Messages that may wait; beyond that they are not acked, and their senders are told to try again."""
    talk_apart: bool = Field(default=True, validation_alias="ZICHA_TALK_APART")
    """On SQLite, the talk in a process of its own, which uses a second core; false: in one, with less memory."""
    alarm_staff: str = Field(default="", validation_alias="ZICHA_ALARM_STAFF")
    """Who is told when something needs the operator, with commas: staff ids, conversation ids of groups (`cid…`), or
    numbers of group robots (`robot:3`)."""
    alarm_stream: float = Field(default=300.0, ge=10, validation_alias="ZICHA_ALARM_STREAM")
    """Seconds without any stream connection until the operator is told; a restart of the platform takes less."""
    alarm_doubtful: int = Field(default=20, ge=1, validation_alias="ZICHA_ALARM_DOUBTFUL")
    """Letters that became doubtful within an hour until the operator is told: one call's worth."""
    alarm_faults: int = Field(default=5, ge=1, validation_alias="ZICHA_ALARM_FAULTS")
    """Messages that could not be answered within an hour until the operator is told."""
    alarm_disk_mb: int = Field(default=500, ge=1, validation_alias="ZICHA_ALARM_DISK_MB")
    """Free space on the data folder's disk, in MB, below which the operator is told."""
    metrics_port: int = Field(default=0, ge=0, le=65535, validation_alias="ZICHA_METRICS_PORT")
    """Port of /metrics and /healthz; 0: none."""
    metrics_host: str = Field(default="127.0.0.1", validation_alias="ZICHA_METRICS_HOST")
    """Address they are served on; they need no login, so it is this machine's own."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", validation_alias="ZICHA_LOG_LEVEL")
    """Least level of a log line."""
    log_format: Literal["text", "json"] = Field(default="text", validation_alias="ZICHA_LOG_FORMAT")
    """Log lines to be read, or one JSON object a line."""
    notify_socket: str = Field(default="", validation_alias="NOTIFY_SOCKET")
    """Set by systemd for a service with Type=notify: it is told that the bot is ready, and that it is alive."""
