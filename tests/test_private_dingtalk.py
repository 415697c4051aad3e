"""A private DingTalk: gateway, token, new API and old API each at an address of its own, none of them the usual one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiohttp import web

from tests.bot_process import CITY, running, seen, talk
from tests.sandbox_process import SandboxProcess, sandbox

PLACES = {
    "gateway": ("/gw", ("/v1.0/gateway/",)),
    "token": ("/auth/v9", ("/v1.0/oauth2/",)),
    "openapi": ("/open", ("/v1.0/robot/",)),
    "oapi": ("/legacy", ("/media/",)),
}
"""Under which path each host answers, and what it knows: nothing of what the others know."""


@dataclass
class Hosts:
    urls: dict[str, str] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)


@asynccontextmanager
async def four_hosts(box: SandboxProcess) -> AsyncIterator[Hosts]:
    hosts, runners = Hosts(), []
    async with httpx.AsyncClient(base_url=box.url, trust_env=False) as onward:
        for name, (prefix, known) in PLACES.items():
            hosts.asked[name] = []

            async def pass_on(
                request: web.Request, name: str = name, prefix: str = prefix, known: tuple[str, ...] = known
            ) -> web.Response:
                path = request.path.removeprefix(prefix)
                hosts.asked[name].append(path)
                if not request.path.startswith(prefix) or not path.startswith(known):
                    return web.json_response({"code": "InvalidAction.NotFound"}, status=404)
                headers = {k: v for k, v in request.headers.items() if k.lower() not in ("host", "content-length")}
                answer = await onward.request(
                    request.method, path, params=dict(request.query), content=await request.read(), headers=headers
                )
                return web.Response(
                    status=answer.status_code,
                    body=answer.content,
                    content_type=answer.headers["content-type"].split(";")[0],
                )

            site = web.Application(client_max_size=64 << 20)
            site.router.add_route("*", "/{path:.*}", pass_on)
            runner = web.AppRunner(site)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            runners.append(runner)
            hosts.urls[name] = f"http://127.0.0.1:{runner.addresses[0][1]}{prefix}"
        yield hosts
        for runner in runners:
            await runner.cleanup()


def test_each_host_is_asked_for_what_is_its_own(tmp_path: Path) -> None:
    with sandbox(CITY) as box:

        async def main() -> None:
            async with four_hosts(box) as hosts:
                told = {f"{name}_endpoint": url for name, url in hosts.urls.items()}
                async with running(box, tmp_path, reply_by="openapi", **told):
                    assert "张三丰" in await talk(box, "zhang", "你好")
                    await asyncio.to_thread(box.say, "wang", "导出 反馈表")
                    await seen(lambda: [one for one in box.replies("wang") if one["kind"] == "file"])
                assert set(hosts.asked["gateway"]) == {"/v1.0/gateway/connections/open"}
                assert set(hosts.asked["token"]) == {"/v1.0/oauth2/accessToken"}
                assert "/v1.0/robot/oToMessages/batchSend" in hosts.asked["openapi"]
                assert all(path.startswith("/v1.0/robot/") for path in hosts.asked["openapi"])
                assert set(hosts.asked["oapi"]) == {"/media/upload"}

        asyncio.run(main())
