"""What the sandbox is told when it starts; knows nothing about how it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    data: Path
    world: Path
    host: str = "127.0.0.1"
    port: int = 0
    client_id: str = "dingsandbox"
    client_secret: str = "sandbox-secret"  # noqa: S105 - the invented app of the demo
    robot_code: str = ""  # for an internal app the robot code equals the AppKey (A/0783)
    zzd_app_key: str = "zzdsandbox"
    zzd_app_secret: str = "sandbox-zzd-secret"  # noqa: S105 - the invented app of the demo
    zzd_tenant_id: str = "196729"  # seen with the production host in two unrelated places (facts §1)
    zzd_page: str = ""  # the bot's chat page, which the workbench of the phones opens; empty: no phones are shown
    zzd_skew_seconds: float = 900.0  # what the gateway allows is not documented
    clock_start: datetime | None = None
    clock_file: Path | None = None
    ping_seconds: float = 20.0  # field reports: every 20-30 s
    redeliver_seconds: float = 60.0  # field reports of the second push
    first_redeliver_seconds: float = 0.0  # 0: as redeliver_seconds
    redeliver_times: int = 3
    disconnect_seconds: float = 10.0  # protocol page: TCP is closed 10 s after `disconnect`
    ticket_seconds: float = 90.0  # protocol page
    token_seconds: float = 7200.0  # A/0033
    session_minutes: float = 90.0  # every official sample
    glide_seconds: float = 0.1  # real time between two steps of at most an hour of demo time
    qps: int = 20  # A/1432, per app and API
    ledger_size: int = 5000
    stop_with_stdin: bool = False

    @property
    def robot(self) -> str:
        return self.robot_code or self.client_id

    @property
    def first_redeliver(self) -> float:
        return self.first_redeliver_seconds or self.redeliver_seconds
