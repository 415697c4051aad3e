"""`zicha keys …`: as typed, and under a bot that goes on talking meanwhile."""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from storage.master_keys import KeySource, new_key
from tests.bot_process import NIL_WALK, heard, running, talk, typing_at
from tests.test_wire import gateway

Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    with typing_at(tmp_path) as command:
        yield command


def ids(told: str) -> list[str]:
    return re.findall(r"主密钥 ([0-9a-f]{8})", told)


def test_a_keys_life(typed: Typed, tmp_path: Path) -> None:
    assert "还没有密封过" in typed("keys", "status").output
    made = typed("keys", "new")
    assert made.exit_code == 0
    assert "已经存在" in typed("keys", "new").output
    assert typed("outbox").exit_code == 0
    first = ids(typed("keys", "status").output)
    assert len(first) == 1
    assert "sealed already" in typed("keys", "new").output
    assert "改包了 11 个" in typed("keys", "rotate").output
    told = typed("keys", "status").output
    new, old = ids(told)
    assert (old, new != old) == (first[0], True)
    assert "不再需要" in told
    assert "AES-256-GCM" in told
    assert typed("keys", "forget", new).exit_code == 1
    assert typed("keys", "forget", old).exit_code == 0
    assert ids(typed("keys", "status").output) == [new]
    assert typed("check", "--offline").output.count("密钥") == 1
    for secret in (tmp_path / "zicha-data/zicha.key").read_text().split():
        assert secret not in told + made.output


def test_the_wrong_key_and_no_key_are_recognised_at_the_start(typed: Typed, tmp_path: Path) -> None:
    typed("outbox")
    file = tmp_path / "zicha-data/zicha.key"
    kept = file.read_text()
    before = (tmp_path / "zicha-data/zicha.sqlite3").read_bytes()
    for wrong in (new_key(), "", "damaged", None):
        file.unlink() if wrong is None else file.write_text(wrong)
        for command in (("outbox",), ("keys", "rotate"), ("check", "--offline")):
            told = typed(*command)
            assert told.exit_code == 1
            assert re.search(r"key|密钥", told.output)
            assert "Traceback" not in told.output
            assert kept.strip() not in told.output
    assert not file.exists()
    assert (tmp_path / "zicha-data/zicha.sqlite3").read_bytes() == before, "nothing was changed"
    file.write_text(kept)
    assert typed("outbox").exit_code == 0


def test_a_key_of_the_environment_is_changed_there(tmp_path: Path) -> None:
    old, new = new_key(), new_key()
    with typing_at(tmp_path, ZICHA_KEY=old) as typed:
        assert typed("outbox").exit_code == 0
        assert "ZICHA_KEY" in typed("keys", "rotate").output
        assert "ZICHA_KEY" in typed("keys", "new").output
        assert typed("keys", "new", "--to", "other.key").exit_code == 0
    assert not (tmp_path / "zicha-data/zicha.key").exists()
    with typing_at(tmp_path, ZICHA_KEY=f"{new} {old}", ZICHA_CRYPTO="sm") as typed:
        assert "改包了" in typed("keys", "rotate").output
        told = typed("keys", "status").output
        assert "SM4-GCM" in told
    with typing_at(tmp_path, ZICHA_KEY=new) as typed:
        assert typed("outbox").exit_code == 0
    with typing_at(tmp_path, ZICHA_KEY=old) as typed:
        assert "check ZICHA_KEY_FILE" in typed("outbox").output


async def test_the_key_is_changed_under_a_running_bot(tmp_path: Path) -> None:
    """Typed while people talk: nobody notices, what was sealed before opens, and so it does after the next start."""
    with gateway(tmp_path) as box:
        async with running(box, tmp_path):
            await talk(box, "qian", NIL_WALK[0])

            def change() -> str:
                with typing_at(tmp_path, ZICHA_DATA=str(tmp_path)) as typed:
                    old = KeySource(tmp_path / "zicha.key").read().ids[0]
                    told = typed("keys", "rotate").output
                    assert typed("keys", "forget", old).exit_code == 0
                    return told

            assert "改包了" in await asyncio.to_thread(change)
            for words in NIL_WALK[1:]:
                said = await talk(box, "qian", words)
            assert "零报告" in said
            assert "正在生成" in await talk(box, "wu", "名册")
            await heard(box, "wu", 2)  # the workbook itself: it is not to be taken for the next answer
        async with running(box, tmp_path):
            assert "已提交" in await talk(box, "qian", "你好")
            assert "正在生成" in await talk(box, "wu", "名册")
