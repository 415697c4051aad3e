"""The client of 浙政钉 against a gateway that checks its signatures by itself: token, envelopes, login, trouble."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.channels import Doubtful, Later, Refused
from bot.channels.zhezhengding import answers
from bot.channels.zhezhengding.answers import BadSignature, BadToken, NotGranted, Repeated
from bot.channels.zhezhengding.gateway import Gateway
from bot.channels.zhezhengding.login import Login
from bot.config import ConfigError, load
from tests.sandbox_process import SandboxProcess, sandbox
from tests.zhezhengding import TENANT, account_of, auth_code, client, configured, real_now


@pytest.fixture(scope="module")
def box() -> Iterator[SandboxProcess]:
    with sandbox() as process:
        yield process


def test_who_has_the_page_open(box: SandboxProcess) -> None:
    async def main() -> None:
        async with client(box.url) as gateway:
            account = await Login(gateway, TENANT).who(auth_code(box, "zhang"))
        assert account.id == account_of(0)
        assert account.code.startswith("GE_")
        assert (account.name, account.organization) == ("张三", "丽水市")
        assert "张三" not in repr(account)

    asyncio.run(main())


def test_a_code_is_good_for_once(box: SandboxProcess) -> None:
    async def main() -> None:
        code = auth_code(box, "zhang")
        async with client(box.url) as gateway:
            login = Login(gateway, TENANT)
            await login.who(code)
            for bad in (code, "invented", " "):
                with pytest.raises(Refused):
                    await login.who(bad)

    asyncio.run(main())


def test_somebody_of_another_organisation_is_not_let_in(box: SandboxProcess) -> None:
    async def main() -> None:
        async with client(box.url) as gateway:
            with pytest.raises(Refused, match="ZZD_TENANT_ID"):
                await Login(gateway, "42").who(auth_code(box, "zhang"))

    asyncio.run(main())


def test_an_expired_token_is_fetched_anew(box: SandboxProcess) -> None:
    async def main() -> None:
        async with client(box.url) as gateway:
            first = await gateway.token()
            assert await gateway.token() == first
            box.fault("token_expire")
            assert (await Login(gateway, TENANT).who(auth_code(box, "wang"))).name == "王五"
            assert await gateway.token() != first

    asyncio.run(main())


def test_the_secret_goes_over_no_wire(box: SandboxProcess) -> None:
    async def main() -> None:
        last = box.ledger()[-1]["seq"] if box.ledger() else 0
        async with client(box.url) as gateway:
            await gateway.token()
        (entry,) = [one for one in box.ledger("api", after=last) if one["detail"]["path"] == "/gettoken.json"]
        assert entry["detail"]["request"] == {}

    asyncio.run(main())


def test_a_wrong_secret_says_which_setting(box: SandboxProcess) -> None:
    async def main() -> None:
        async with client(box.url, zzd_app_secret="wrong") as gateway:
            with pytest.raises(Later, match="ZZD_APP_SECRET") as error:
                await gateway.token()
        assert "wrong" not in str(error.value)

    asyncio.run(main())


def test_a_wrong_clock_is_named(box: SandboxProcess) -> None:
    async def main() -> None:
        gateway = Gateway(configured(box.url), lambda: datetime.now(UTC) + timedelta(hours=8))
        with pytest.raises(BadSignature, match=r"\+28[78]\d\d s off .*NTP"):
            await gateway.token()
        await gateway.close()

    asyncio.run(main())


def test_a_gateway_nobody_hears_is_for_later() -> None:
    async def main() -> None:
        async with client("http://127.0.0.1:9") as gateway:
            with pytest.raises(Later, match=r"127\.0\.0\.1:9 was not reached"):
                await gateway.call("notice", {})

    asyncio.run(main())


def test_a_gateway_that_falls_silent_leaves_doubt(box: SandboxProcess) -> None:
    async def main() -> None:
        async with client(box.url, http_timeout=0.2) as gateway:
            box.fault("hang", seconds=2.0)
            with pytest.raises(Doubtful):
                await gateway.call("login", {"access_token": "x", "auth_code": "y"})

    asyncio.run(main())


# ---------------------------------------------------------------- another gateway: what it may ask and answer


def answering(*bodies: tuple[int, object]) -> tuple[Gateway, list[httpx.Request]]:
    """A client whose gateway gives these answers, and what it was asked."""
    left, asked = list(bodies), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        status, body = left.pop(0)
        return httpx.Response(status, text=body) if isinstance(body, str) else httpx.Response(status, json=body)

    config = configured("https://gateway.example")
    return Gateway(config, real_now, transport=httpx.MockTransport(answer)), asked


TOKEN = {"success": True, "content": {"success": True, "data": {"accessToken": "t", "expiresIn": 7200}}}
NEEDS = {"success": True, "content": {"success": False, "responseCode": "240001", "responseMessage": "appkey为空"}}


def test_a_gateway_that_wants_the_key_by_name_gets_it() -> None:
    async def main() -> None:
        gateway, asked = answering((200, NEEDS), (200, TOKEN))
        assert await gateway.token() == "t"
        assert [request.url.query for request in asked] == [
            b"",
            b"appkey=zzdsandbox&appsecret=sandbox-zzd-secret",
        ]

    asyncio.run(main())


def test_a_form_is_encoded_and_its_values_are_not_changed() -> None:
    async def main() -> None:
        gateway, asked = answering((200, {"success": True, "content": {"msgId": "m"}}))
        params = {"msg": '{"a":"中 & 100%+"}', "codes": ["b", "a"], "empty": " ", "all": True}
        assert await gateway.call("notice", params) == {"msgId": "m"}
        (request,) = asked
        assert request.headers["content-type"] == "application/x-www-form-urlencoded; charset=UTF-8"
        assert request.content == (b"msg=%7B%22a%22%3A%22%E4%B8%AD+%26+100%25%2B%22%7D&codes=b&codes=a&all=true")
        assert request.headers["x-hmac-auth-ip"] == "127.0.0.1"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, '{"success":true,"content":{"success":false,"responseCode":"250027"}}', BadToken),
        (200, '{"success":true,"content":{"success":false,"responseCode":"240133"}}', BadToken),
        (200, '{"success":true,"content":{"success":false,"responseCode":"240111"}}', Refused),
        (200, '{"success":true,"content":{"success":false,"responseMessage":"bizMsgId重复"}}', Repeated),
        (200, '{"success":true,"content":{"success":true,"responseCode":"300037"}}', Refused),
        (200, '{"success":false}', Refused),
        (200, '{"content":{"success":true}}', Refused),
        (403, '{"success":false,"Code":"OPF-B001-05-16-0009","Message":"SignatureDoesNotMatch"}', BadSignature),
        (403, '{"success":false,"Message":"User not authorized to operate on the specified resource"}', NotGranted),
        (429, '{"success":false}', Later),
        (200, '{"success":true,"content":{"success":false,"responseMessage":"发送频率超过限制"}}', Later),
        (500, '{"success":false,"Code":"InternalError"}', Later),
        (503, '{"success":false}', Doubtful),
        (404, "<html>", Later),
        (302, "", Later),
        (502, "<html>", Doubtful),
        (200, "", Doubtful),
    ],
)
def test_an_answer_means_one_of_three(status: int, body: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as error:
        answers.read(status, body)
    assert type(error.value) is kind


def test_both_shapes_of_yes() -> None:
    assert answers.read(200, '{"success":true,"content":{"success":true,"responseCode":"0","data":[1]}}') == [1]
    assert answers.read(200, '{"success":true,"content":{"msgId":"m"}}') == {"msgId": "m"}


def test_calls_and_profiles_are_settings() -> None:
    assert load(zzd_profile="test").zzd_gateway == "https://openplatform.dg-work.cn"
    assert load(zzd_profile="production").zzd_gateway == "https://openplatform-pro.ding.zj.gov.cn"
    assert load(zzd_base_url="https://zzd.example/").zzd_gateway == "https://zzd.example"
    for bad in ("nothing=/x", "token=x", "token=PUT /x", "token"):
        with pytest.raises(ConfigError, match="ZZD_PATHS"):
            load(zzd_paths=bad)


def test_a_moved_call_is_signed_where_it_is() -> None:
    async def main() -> None:
        asked: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request)
            return httpx.Response(200, json=TOKEN)

        config = configured("https://gateway.example/zzd", zzd_paths="token=POST /v2/token.json")
        gateway = Gateway(config, real_now, transport=httpx.MockTransport(answer))
        await gateway.token()
        assert (asked[0].method, asked[0].url.path) == ("POST", "/zzd/v2/token.json")

    asyncio.run(main())


def test_the_order_of_platforms_is_a_setting() -> None:
    both = {"client_id": "c", "zzd_app_key": "k"}
    assert load(**both).platforms_in_order == ("dingtalk", "zhezhengding")
    assert load(**both, platforms="zhezhengding").platforms_in_order == ("zhezhengding", "dingtalk")
    assert load(client_id="", zzd_app_key="k", platforms="dingtalk").platforms_in_order == ("zhezhengding",)
    for bad in ("wechat", "dingtalk,dingtalk"):
        with pytest.raises(ConfigError, match="ZICHA_PLATFORMS"):
            load(platforms=bad)
