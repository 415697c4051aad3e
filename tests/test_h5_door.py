"""The door of the chat page: who gets in, for how long, from where; what every answer carries; what is never served."""

import asyncio
import re
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.channels.h5.limits import client
from bot.config import ConfigError, load
from storage import page_sessions, roster
from storage.models import PageSession
from tests.bot_process import typing_at
from tests.page import Browser, Server, serving
from tests.world import World

PAGE = Path(__file__).parent.parent / "bot" / "channels" / "h5" / "page"


@pytest.fixture
def kind() -> str:
    """Who gets in does not depend on the database; the talk behind the door is tried on each."""
    return "sqlite"


@pytest.fixture
async def server(world: World) -> AsyncIterator[Server]:
    async with serving(world) as one:
        yield one


@pytest.fixture
async def qian(server: Server) -> AsyncIterator[Browser]:
    async with server.browser("qian") as one:
        yield one


async def told(browser: Browser, path: str = "/me") -> tuple[int, str]:
    status, answer = await browser.get(path)
    return status, answer.get("why", "") if isinstance(answer, dict) else ""


# ---------------------------------------------------------------- getting in


async def test_without_a_session_nothing_is_told_and_nothing_taken(server: Server) -> None:
    async with server.browser() as nobody:
        for path in ("/me", "/lines", "/events", "/papers/1"):
            assert await told(nobody, path) == (401, "login")
        for path in ("/say", "/send"):
            status, answer = await nobody.post(path, {"id": "12345678", "text": "你好"})
            assert (status, answer["why"]) == (401, "login")
            assert "重新登录" in answer["words"]
    assert server.taken == []


async def test_a_code_is_good_for_one_login(server: Server) -> None:
    async with server.browser() as one:
        body = {"platform": "zhezhengding", "code": server.code("qian")}
        assert (await one.post("/login", body))[0] == 200
        status, answer = await one.post("/login", body)
        assert (status, answer["why"]) == (403, "refused")
        assert await told(one) == (200, ""), "a login that fails ends no session"


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"platform": "zhezhengding"}, {"platform": "zhezhengding", "code": ""}),
        *({"platform": "elsewhere", "code": "for-qian"}, {"platform": ["zhezhengding"], "code": "for-qian"}),
        *({"platform": "zhezhengding", "code": 7}, {"platform": "zhezhengding", "code": "x" * 600}, [1], "words"),
    ],
)
async def test_a_login_that_is_none(server: Server, body: object) -> None:
    async with server.browser() as one:
        status, answer = await one.post("/login", body)
        assert status == 400
        assert answer["words"]
        assert await told(one) == (401, "login")


async def test_a_gateway_that_is_not_reached_is_for_later(server: Server) -> None:
    server.codes.down = True
    async with server.browser() as one:
        assert await one.login("qian") == 503
        server.codes.down = False
        assert await one.login("qian") == 200


async def test_the_cookie_is_the_browser_s_alone(server: Server, qian: Browser) -> None:
    (cookie,) = qian.http.cookie_jar
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert len(cookie.value) > 40
    with server.world.database.reading() as session:
        (kept,) = session.exec(select(PageSession)).all()
    assert cookie.value not in (kept.token, kept.previous), "the table holds digests only"


async def test_behind_tls_the_cookie_is_bound_to_this_host(world: World) -> None:
    async with serving(world, url="https://zicha.example.gov.cn/h5") as server, server.browser() as one:
        body = {"platform": "zhezhengding", "code": server.code("qian")}
        headers = {**one.own, "Origin": "https://zicha.example.gov.cn"}
        async with one.http.post("/h5/login", json=body, headers=headers) as response:
            assert response.status == 200
            told = response.headers["Set-Cookie"]
            assert "max-age" in response.headers["Strict-Transport-Security"]
        assert told.startswith("__Host-zicha=")
        assert all(flag in told for flag in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"))
        assert "Domain" not in told
        async with one.http.get("/h5", allow_redirects=False) as response:
            assert response.headers["Location"] == "/h5/"
        assert (await one.get("/me"))[0] == 404, "there is nothing beside its own folder"


# ---------------------------------------------------------------- for how long


async def test_a_session_that_lies_idle_ends(server: Server, qian: Browser) -> None:
    for _ in range(3):
        server.later(minutes=25)
        assert await told(qian) == (200, "")
    server.later(minutes=31)
    assert await told(qian) == (401, "login")


async def test_a_session_ends_however_much_it_is_used(server: Server, qian: Browser) -> None:
    for _ in range(12 * 3):
        server.later(minutes=20)
        if (await told(qian))[0] == 401:
            break
    assert await told(qian) == (401, "login")


async def test_the_token_is_changed_and_the_old_one_dies(server: Server, qian: Browser) -> None:
    (first,) = [cookie.value for cookie in qian.http.cookie_jar]
    server.later(minutes=11)
    assert await told(qian) == (200, "")
    (second,) = [cookie.value for cookie in qian.http.cookie_jar]
    assert second != first
    async with server.browser() as thief:
        thief.http.cookie_jar.update_cookies({"zicha": first})
        assert await told(thief) == (200, ""), "a request that was under way when it changed"
        server.later(minutes=3)
        assert await told(thief) == (401, "login")
    assert await told(qian) == (200, "")


async def test_logged_out_here_or_everywhere(server: Server, qian: Browser) -> None:
    async with server.browser("qian") as other, server.browser("qian") as third:
        assert (await qian.post("/logout", {}))[0] == 200
        assert [(await told(one))[0] for one in (qian, other, third)] == [401, 200, 200]
        assert (await other.post("/logout", {"everywhere": True}))[0] == 200
        assert [(await told(one))[0] for one in (other, third)] == [401, 401]


async def test_an_open_page_learns_that_its_session_was_ended(server: Server, qian: Browser) -> None:
    await qian.says("你好")
    async with qian.watching() as events:
        await events.line()
        with server.world.database.session() as session:
            assert page_sessions.end_all(session, "zhezhengding", "acc-qian") == 1
        server.site.live.ring("zhezhengding:direct:acc-qian")
        assert (await events.next())[0] == "ended"


async def test_somebody_who_has_left_is_not_let_go_on(server: Server, qian: Browser) -> None:
    """The session may live; the talk does not know them any more."""
    await qian.says("你好")
    with server.world.database.session() as session:
        person = roster.person(session, "qian")
        assert person
        person.active = False
    (line,) = await qian.says("1")
    assert "名册" in line["markdown"]


# ---------------------------------------------------------------- from where


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Zicha": None},
        {"X-Zicha": None, "Content-Type": "text/plain"},
    ],
)
async def test_a_request_of_another_site_changes_nothing(
    server: Server, qian: Browser, headers: dict[str, str | None]
) -> None:
    wanted = {name: value for name, value in {**qian.own, **headers}.items() if value is not None}
    for path in ("/say", "/send?id=12345678&name=a.pdf", "/login", "/logout"):
        body = b'{"id": "12345678", "text": "\xe4\xbd\xa0\xe5\xa5\xbd"}'
        async with qian.http.post(path, data=body, headers=wanted) as response:
            assert response.status == 403
            assert (await response.json())["why"] == "elsewhere"
    assert server.taken == []
    assert await told(qian) == (200, "")


async def test_what_is_not_asked_for_in_the_right_way(qian: Browser) -> None:
    for method, path in (("PUT", "/say"), ("DELETE", "/lines"), ("GET", "/say"), ("POST", "/lines"), ("GET", "/login")):
        async with qian.http.request(method, path, headers=qian.own) as response:
            assert response.status in (404, 405)


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"id": "short"}, {"id": "12345678"}, {"id": "12345678", "text": 7}, {"id": 7, "text": "a"}, [], "x"),
        {"id": "../../../etc/passwd", "text": "你好"},
        {"id": "12345678", "text": "你好", "tap": {"line": 1, "option": 0}},
        *({"id": "12345678", "tap": tap} for tap in (1, {}, {"line": "1", "option": 0}, {"line": -1, "option": 0})),
    ],
)
async def test_a_message_that_is_none(server: Server, qian: Browser, body: object) -> None:
    status, answer = await qian.post("/say", body)
    assert status == 400
    assert answer["words"]
    assert server.taken == []


async def test_a_button_that_is_not_there_or_somebody_else_s(server: Server, qian: Browser) -> None:
    async with server.browser("wang") as wang:
        await wang.says("进度")
        for tap in ({"line": 1, "option": 0}, {"line": 99, "option": 0}, {"line": 2**31 - 1, "option": 0}):
            status, answer = await qian.post("/say", {"id": "12345678", "tap": tap})
            assert (status, answer["why"]) == (409, "no button")
        await qian.says("你好")
        status, _ = await qian.post("/say", {"id": "12345678", "tap": {"line": 1, "option": 17}})
        assert status == 409
        numbers = [line["number"] for line in await qian.lines()]
        assert numbers == [1], "everybody has lines of their own"


async def test_broken_json_and_too_much_of_it(server: Server, qian: Browser) -> None:
    for body, status in ((b"{", 400), (b"\xff\xfe", 400), (b"[" * 50_000, 400), (b'"' + b"x" * 200_000 + b'"', 413)):
        async with qian.http.post("/say", data=body, headers=qian.own) as response:
            assert response.status == status
    assert server.taken == []


async def test_a_program_is_slowed_down(server: Server, qian: Browser) -> None:
    answers = await asyncio.gather(*(qian.post("/say", {"id": f"quick-{n:04}", "text": "帮助"}) for n in range(45)))
    refused = [answer for status, answer in answers if status == 429]
    assert len(refused) == 5
    assert refused[0]["words"] == "发得太快了，请等几秒。"
    assert len(server.taken) == sum(status == 200 for status, _ in answers) <= 40


async def test_so_many_pages_and_no_more(server: Server, qian: Browser) -> None:
    opened = [await qian.http.get("/events") for _ in range(12)]
    assert [one.status for one in opened] == [200] * 12
    assert await told(qian, "/events") == (429, "pages")
    for one in opened:
        one.close()


# ---------------------------------------------------------------- what every answer carries


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/setup", "/me", "/nothing", "/events", "/papers/1"])
async def test_every_answer_carries_the_rules(server: Server, path: str) -> None:
    async with server.browser("qian") as qian, qian.http.get(path) as response:
        policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["img-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        static = path in ("/", "/page/app.js")
        assert response.headers["Cache-Control"] == ("no-cache" if static else "no-store")


async def test_a_frame_where_the_operator_allows_one(world: World) -> None:
    where = "https://work.example.gov.cn"
    async with (
        serving(world, h5_frame_ancestors=where) as server,
        server.browser() as one,
        one.http.get("/") as response,
    ):
        assert f"frame-ancestors {where}" in response.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        *("/page/../site.py", "/page/..%2fsite.py", "/page/%2e%2e/site.py", "/page/....//site.py", "/page/"),
        *(
            "/page//etc/passwd",
            "/page/%00",
            "/page/app.js%00.css",
            "/site.py",
            "/../../../etc/passwd",
            "/page/jsapi.js",
        ),
    ],
)
async def test_only_the_page_s_own_files_are_served(server: Server, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.split(b" ")[1] in (b"404", b"400")
    assert b"root:" not in answer
    assert b"import" not in answer


async def test_the_jsapi_comes_from_here(world: World, tmp_path: Path) -> None:
    script = tmp_path / "jsapi.js"
    script.write_text("window.dd = {};")
    async with serving(world, h5_jsapi=script) as server, server.browser() as one:
        assert (await one.get("/setup"))[1]["jsapi"] is True
        assert await one.get("/page/jsapi.js") == (200, b"window.dd = {};")


def test_the_page_holds_no_address_of_elsewhere_and_nothing_inline() -> None:
    files = {file.name: file.read_text(encoding="utf-8") for file in PAGE.iterdir()}
    assert len(files) > 10
    for name, text in files.items():
        found = re.findall(
            r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"']*", text.replace("http://www.w3.org/2000/svg", "")
        )
        assert found == [], f"{name} leads elsewhere"
        assert not re.search(
            r"\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        )
    html = files["index.html"]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)
    assert '<html lang="zh-CN">' in html


def test_clients_of_some_years_ago_can_run_the_page() -> None:
    """Chromium 80 and iOS 13.4, as phones of 2020 have them; what is younger breaks a whole file or a whole rule."""
    syntax = r"\(\?<[=!]|\?\?=|\|\|=|&&=|#[a-z]\w+\s*[=(;]"
    calls = r"\.(?:findLast|replaceChildren|replaceAll|at|hasOwn)\(|structuredClone"
    young = f"{syntax}|{calls}"
    for file in PAGE.glob("*.js"):
        if file.name != "old.js":
            assert re.findall(young, file.read_text(encoding="utf-8")) == [], file.name
    assert "=>" not in (PAGE / "old.js").read_text(encoding="utf-8")
    styles = "".join(file.read_text(encoding="utf-8") for file in PAGE.glob("*.css"))
    assert ":has(" not in styles
    assert "100vh; min-height: 100dvh" in styles


def test_the_page_s_files_are_small() -> None:
    sizes = {file.name: len(file.read_bytes()) for file in PAGE.iterdir()}
    assert max(sizes.values()) < 12_000
    assert sum(sizes.values()) < 60_000, "a village has a slow line"


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("peer", "forwarded", "who"),
    [
        ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("203.0.113.1", "1.2.3.4", "203.0.113.1"),
        ("10.0.0.5", "not an address", "not an address"),
    ],
)
def test_who_asks_is_told_by_trusted_proxies_alone(peer: str, forwarded: str, who: str) -> None:
    assert client(peer, forwarded, (ip_network("10.0.0.0/24"),)) == who


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"h5_url": "http://zicha.example.gov.cn"}, "ZICHA_H5_URL"),
        ({"h5_url": "zicha.example.gov.cn"}, "ZICHA_H5_URL"),
        ({"h5_url": "https://a.example/?x=1"}, "ZICHA_H5_URL"),
        ({"h5_trusted_proxy": "10.0.0.300"}, "ZICHA_H5_TRUSTED_PROXY"),
        ({"h5_jsapi": "/nowhere/jsapi.js"}, "ZICHA_H5_JSAPI"),
        ({"h5_session_minutes": 1}, "ZICHA_H5_SESSION_MINUTES"),
        ({"h5_frame_ancestors": "https://a.example; script-src *"}, "ZICHA_H5_FRAME_ANCESTORS"),
    ],
)
def test_a_setting_that_cannot_be(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(**changes)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"ZICHA_H5_URL": "https://a.example"}, "ZZD_APP_KEY"),
        ({"ZZD_APP_KEY": "k", "ZZD_APP_SECRET": "s", "ZZD_TENANT_ID": "1"}, "没有地方回答"),
        ({"ZZD_APP_KEY": "k", "ZICHA_H5_URL": "https://a.example"}, "ZICHA_H5_JSAPI"),
        (
            {"ZZD_APP_KEY": "k", "ZICHA_H5_URL": "https://a.example", "ZICHA_H5_JSAPI": "jsapi.js"},
            "自查页面：https://a.example，",
        ),
    ],
)
def test_check_says_what_keeps_people_out(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    (tmp_path / "jsapi.js").write_text("")
    with typing_at(tmp_path, **settings) as zicha:
        assert told in zicha("check", "--offline").output
