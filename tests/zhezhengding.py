"""浙政钉 of the tests: the gateway in its own process, and our client with its app's key and secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bot.channels.zhezhengding.gateway import Gateway
from bot.config import Config, load
from tests.sandbox_process import SandboxProcess

APP_KEY, APP_SECRET, TENANT = "zzdsandbox", "sandbox-zzd-secret", "196729"


def zzd_settings(url: str, **changes: object) -> dict[str, object]:
    return {
        "zzd_base_url": url,
        "zzd_app_key": APP_KEY,
        "zzd_app_secret": APP_SECRET,
        "zzd_tenant_id": TENANT,
    } | changes


def real_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def client(url: str, **changes: object) -> AsyncIterator[Gateway]:
    gateway = Gateway(configured(url, **changes), real_now)
    try:
        yield gateway
    finally:
        await gateway.close()


def configured(url: str, **changes: object) -> Config:
    return load(**zzd_settings(url, **changes))


def auth_code(box: SandboxProcess, who: str) -> str:
    """What the page gets on this person's phone."""
    return str(box.post("/sandbox/auth-code", {"as": who})["code"])


def account_of(number: int) -> str:
    """The accountId the gateway makes up for the person at this place of the world file."""
    return str(77_000_001 + number)
