"""A robot that calls us: only genuine calls come in, each once, and what it says is answered like any other message."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from bot.app import App
from bot.channels.callback import proof
from bot.channels.callback.proof import NotGenuine, Rules, signature
from bot.config import ConfigError, load
from bot.config import missing as missing_settings
from bot.secret import Secret
from storage import accounts, outbox, roster
from tests.bot_process import CITY, furnished, seen, settings
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.zhezhengding import zzd_settings

SECRET, TOKEN = "test-app-secret", "outgoing-token"
NOW = datetime.fromtimestamp(1_700_000_000, UTC)


def rules(**changes: Any) -> Rules:
    told = {"sign": True, "token": False, "signing_secret": Secret(SECRET), "expected": Secret(TOKEN)}
    return Rules(**(told | {"window": timedelta(minutes=60)} | changes))


def test_the_signature_is_the_platform_s() -> None:
    assert signature("1700000000000", SECRET) == "dhJB8TJ0cHPEbwpUauugV2Wz8v4qlWoO+C42nEhJW+c="


@pytest.mark.parametrize(
    ("headers", "which"),
    [
        ({"timestamp": "1700000000000", "sign": signature("1700000000000", SECRET)}, rules()),
        ({"token": TOKEN}, rules(sign=False, token=True)),
        (
            {"timestamp": "1700003599000", "sign": signature("1700003599000", SECRET), "token": TOKEN},
            rules(token=True),
        ),
    ],
)
def test_what_is_genuine_comes_in(headers: dict[str, str], which: Rules) -> None:
    proof.check(headers, which, NOW)


@pytest.mark.parametrize(
    ("headers", "which"),
    [
        ({}, rules()),
        ({"timestamp": "1700000000000", "sign": "x"}, rules()),
        ({"timestamp": "1700000000001", "sign": signature("1700000000000", SECRET)}, rules()),
        ({"timestamp": "1700003601000", "sign": signature("1700003601000", SECRET)}, rules()),
        ({"timestamp": "1699996399000", "sign": signature("1699996399000", SECRET)}, rules()),
        ({"timestamp": "", "sign": signature("", SECRET)}, rules()),
        ({"timestamp": "1e15", "sign": signature("1e15", SECRET)}, rules()),
        ({"timestamp": "１７００", "sign": signature("１７００", SECRET)}, rules()),
        ({"timestamp": "1700000000000", "sign": signature("1700000000000", "")}, rules(signing_secret=Secret(""))),
        ({"token": "wrong"}, rules(sign=False, token=True)),
        ({"token": ""}, rules(sign=False, token=True, expected=Secret(""))),
        ({"token": TOKEN}, rules(token=True)),
        ({"timestamp": "1700000000000", "sign": signature("1700000000000", SECRET)}, rules(token=True)),
        ({"token": TOKEN}, rules(sign=False)),
    ],
)
def test_what_is_not_is_turned_away(headers: dict[str, str], which: Rules) -> None:
    with pytest.raises(NotGenuine):
        proof.check(headers, which, NOW)


def test_it_is_off_and_says_what_it_needs() -> None:
    assert load().callback == "off"
    zzd = zzd_settings("https://gateway.example")
    (line,) = missing_settings(load(callback="sign", client_id="", **zzd))
    assert "ZICHA_CALLBACK_SECRET" in line
    (line,) = missing_settings(load(callback="token", client_id="", **zzd))
    assert "ZICHA_CALLBACK_TOKEN" in line
    with pytest.raises(ConfigError, match="ZICHA_CALLBACK_FROM"):
        load(callback_from="somewhere")


# ---------------------------------------------------------------- over the wire


class Robot:
    """The platform's side: calls us, and hears what is said to its sessions."""

    def __init__(self, app: App, heard: asyncio.Queue[JSON], url: str) -> None:
        self.app, self.heard, self.url = app, heard, url
        assert app.callback
        self.address = f"http://127.0.0.1:{app.callback.port}/robot"
        self.said = 0
        self.http = httpx.AsyncClient(trust_env=False, timeout=60)

    def message(self, who: str, words: str, **more: Any) -> JSON:
        self.said += 1
        return {
            "msgId": f"m{self.said}",
            "msgtype": "text",
            "text": {"content": words},
            "senderId": who,
            "senderNick": "张三丰",
            "conversationId": f"cid{who}",
            "conversationType": "1",
            "createAt": int(time.time() * 1000) + self.said,
            "sessionWebhook": f"{self.url}/session",
            "sessionWebhookExpiredTime": int(time.time() * 1000) + 3_600_000,
            **more,
        }

    async def calls(self, body: JSON | bytes, **headers: str) -> int:
        at = str(int(time.time() * 1000) + self.said)
        signed = {"timestamp": at, "sign": signature(at, SECRET), "token": TOKEN}
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        return (await self.http.post(self.address, content=raw, headers=signed | headers)).status_code

    async def hears(self) -> str:
        return str((await asyncio.wait_for(self.heard.get(), 60))["markdown"]["text"])


@asynccontextmanager
async def robot(box: SandboxProcess, folder: Path, **changes: Any) -> AsyncIterator[Robot]:
    heard: asyncio.Queue[JSON] = asyncio.Queue()

    async def session(request: web.Request) -> web.Response:
        heard.put_nowait(await request.json())
        return web.json_response({"errcode": 0})

    site = web.Application()
    site.add_routes([web.post("/session", session)])
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    told = {"callback": "both", "callback_secret": SECRET, "callback_token": TOKEN, "callback_port": 0}
    told |= {"callback_reply_hosts": f"127.0.0.1:{port}", "client_id": "", **zzd_settings(box.url)}
    config = settings(box, folder, **(told | changes))
    base = furnished(config)
    with base.database.session() as opened:
        zhang = roster.person(opened, "zhang")
        assert zhang
        accounts.link(opened, platform="zhezhengding", account_id="77000001", person_id=zhang.id or 0, at=NOW)
    app = App(config, base)
    task = asyncio.create_task(app.run())
    assert app.callback
    await asyncio.wait_for(app.callback.ready.wait(), 60)
    made = Robot(app, heard, f"http://127.0.0.1:{port}")
    try:
        yield made
    finally:
        await made.http.aclose()
        app.stop()
        await asyncio.wait_for(task, 60)
        await runner.cleanup()


@pytest.fixture(scope="module")
def box() -> Any:
    with sandbox(CITY) as process:
        yield process


def test_a_person_answers_by_the_robot(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with robot(box, tmp_path) as said:
            assert await said.calls(said.message("77000001", "你好")) == 200
            assert "张三丰" in await said.hears()
            assert await said.calls(said.message("77000001", "1")) == 200
            assert await said.hears()

    asyncio.run(main())


def test_a_copy_is_taken_once_and_a_used_signature_is_good_for_nothing_else(
    box: SandboxProcess, tmp_path: Path
) -> None:
    async def main() -> None:
        async with robot(box, tmp_path) as said:
            at = str(int(time.time() * 1000))
            signed = {"timestamp": at, "sign": signature(at, SECRET)}
            first = said.message("77000001", "你好")
            assert await said.calls(first, **signed) == 200
            assert await said.calls(first, **signed) == 200
            await said.hears()
            assert await said.calls(said.message("77000001", "1"), **signed) == 403
            assert await said.calls(said.message("77000001", "进度")) == 200
            await said.hears()
            assert said.heard.empty()

    asyncio.run(main())


def test_who_knocks_without_a_right_hears_nothing(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with robot(box, tmp_path, callback_kb=1) as said:
            assert await said.calls(said.message("77000001", "你好"), sign="wrong") == 403
            assert await said.calls(said.message("77000001", "你好"), token="wrong") == 403
            assert await said.calls(b"x" * 5000) == 413
            assert await said.calls(b"no json") == 400
            assert await said.calls({"msgtype": "text"}) == 400
            assert (await said.http.post(said.address + "/else", content=b"")).status_code == 404
            assert (await said.http.get(said.address)).status_code == 405
            assert said.heard.empty()

    asyncio.run(main())


def test_only_named_addresses_and_only_named_sessions(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with robot(box, tmp_path / "a", callback_from="10.0.0.0/8") as said:
            assert await said.calls(said.message("77000001", "你好")) == 403
            assert await said.calls(said.message("77000001", "你好"), **{"X-Forwarded-For": "10.1.2.3"}) == 403
        trusted = {"callback_from": "10.0.0.0/8", "h5_trusted_proxy": "127.0.0.1"}
        async with robot(box, tmp_path / "b", callback_reply_hosts="", **trusted) as said:
            behind = {"X-Forwarded-For": "10.1.2.3"}
            assert await said.calls(said.message("77000001", "你好"), **behind) == 200
            await seen(lambda: _carried(said.app))
            assert said.heard.empty()  # the session's host was not named

    asyncio.run(main())


def _carried(app: App) -> bool:
    """Whether something was said, and nothing is on its way any more."""
    with app._base.database.reading() as session:
        counts = outbox.counts(session)
    return bool(counts) and not {"waiting", "sending"} & {*counts}
