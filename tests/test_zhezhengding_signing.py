"""The signature of 浙政钉: the official vectors, and what a canonical string is made of."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.channels.zhezhengding.signing import canonical, nonce, pairs, signature, string_to_sign, timestamp

SECRET = "test-app-secret"
TIME, NONCE = "2024-01-02T03:04:05.678+08:00", "17041358456781234"
TEXT = '{"msgtype":"text","text":{"content":"自查自检 提醒 & 100%"}}'


def signed(method: str, path: str, params: dict[str, object], time: str = TIME, number: str = NONCE) -> str:
    return signature(SECRET, string_to_sign(method, time, number, path, pairs(params)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path", "params", "expected"),
    [
        (
            "GET",
            "/gettoken.json",
            {"appkey": "test-app-key", "appsecret": SECRET},
            "jV85cv3fW++3A6a+QEy11T1dwxvRI0psZQ8GlY8a7bc=",
        ),
        ("GET", "/gettoken.json", {}, "9SXmKmBCnYn32LIDoDjmt1TZO/uXa83iPbm6VnQpEfo="),
        (
            "POST",
            "/message/workNotification",
            {
                "tenantId": 196729,
                "receiverIds": "77886370,77522062",
                "bizMsgId": "biz-1",
                "organizationCodes": "",
                "msg": TEXT,
            },
            "/Walveh6HUP9WiR0tEiEHMIWReTVIlcOAdu1NpWmgGQ=",
        ),
    ],
)
def test_the_vectors_of_the_official_sdk(method: str, path: str, params: dict[str, object], expected: str) -> None:
    assert signed(method, path, params) == expected


def test_a_vector_captured_from_the_official_class() -> None:
    params = {"appkey": "test-app-key", "appsecret": SECRET}
    time, number = "2026-11-23T22:07:45.645+08:00", "7244556137566835"
    assert signed("GET", "/gettoken.json", params, time, number) == "exMHW3NyEIc/McBKsew478IbrtAAXancf190aktLnM0="


def test_the_string_that_is_signed() -> None:
    params = pairs({"msg": TEXT, "tenantId": "196729", "bizMsgId": "biz-1", "receiverIds": "2,1"})
    assert string_to_sign("post", TIME, NONCE, "/message/workNotification", params) == (
        f"POST\n{TIME}\n{NONCE}\n/message/workNotification\nbizMsgId=biz-1&msg={TEXT}&receiverIds=2,1&tenantId=196729"
    )


@pytest.mark.parametrize("blank", ["", " ", "\t\n", None, [], "　"])
def test_what_is_blank_is_neither_signed_nor_sent(blank: object) -> None:
    assert pairs({"a": blank, "b": "1"}) == (("b", "1"),)  # type: ignore[dict-item]
    assert string_to_sign("GET", TIME, NONCE, "/x", pairs({"a": blank})) == f"GET\n{TIME}\n{NONCE}\n/x"  # type: ignore[dict-item]


def test_a_no_break_space_is_a_value_to_java() -> None:
    assert pairs({"a": "\u00a0"}) == (("a", "\u00a0"),)


def test_names_are_sorted_without_regard_to_case() -> None:
    assert canonical(pairs({"Zeta": "1", "alpha": "2", "accessToken": "3", "access_token": "4"})) == (
        "access_token=4&accessToken=3&alpha=2&Zeta=1"
    )


def test_values_of_a_repeated_name_are_sorted_and_stay_raw() -> None:
    assert canonical(pairs({"codes": ["GE_b", "GE_a", "", "值 & =%"], "n": [2, 10]})) == (
        "codes=GE_a&codes=GE_b&codes=值 & =%&n=10&n=2"
    )


def test_truth_is_spelled_as_java_does() -> None:
    assert pairs({"a": True, "b": False, "c": 0}) == (("a", "true"), ("b", "false"), ("c", "0"))


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-5))])
def test_the_time_is_beijing_s_whatever_the_machine_s(zone: timezone) -> None:
    at = datetime(2024, 1, 1, 19, 4, 5, 678_000, UTC).astimezone(zone)
    assert timestamp(at) == TIME
    assert timestamp(at.replace(microsecond=0)) == "2024-01-02T03:04:05.000+08:00"


def test_a_nonce_is_milliseconds_and_chance() -> None:
    assert nonce(datetime(2024, 1, 1, 19, 4, 5, 678_000, UTC), 34) == "17041358456780034"
