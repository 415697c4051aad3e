"""Files over the whole wire: sent at the gateway, fetched by the bot after its commit, answered. In bad weather too."""

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook

from bot import fetcher
from handlers.texts import arriving
from tests.bot_process import CITY, HELLO, NIL_WALK, enrolled, heard, quiet, running, seen, stop, talk, zicha_run
from tests.sandbox_process import SandboxProcess, sandbox
from tests.test_wire import gateway, rows, spoken

pytestmark = pytest.mark.wire

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOWNLOAD = "/v1.0/robot/messageFiles/download"
NO_HEAD = "没有找到表头"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    with gateway(tmp_path) as running_gateway:
        yield running_gateway


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow this machine is, nobody hears that their file is being looked at."""
    monkeypatch.setattr("handlers.files._SILENCE", timedelta(hours=1))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between tries are over at once."""
    monkeypatch.setattr(fetcher, "DELAYS", (0.05, 0.05))


def table() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["随便", "写的"])
    book.save(out)
    return out.getvalue()


def calls(box: SandboxProcess) -> int:
    return sum(entry["detail"]["path"] == DOWNLOAD for entry in box.ledger("api"))


async def test_a_file_is_fetched_read_and_answered(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        box.send_file("qian", "我的表.xlsx", table(), XLSX)
        assert NO_HEAD in (await heard(box, "qian", 1))[0]["text"]
        assert await quiet(box, "qian", 1, seconds=0.4)
    assert rows(tmp_path, "select state, attempts, code_sealed, name from errand") == [("done", 1, "", "")]
    assert calls(box) == 1
    assert box.ledger("violation") == []


@pytest.mark.parametrize("fault", ["duplicate", "drop_ack"])
async def test_a_message_pushed_twice_brings_its_file_once(tmp_path: Path, fault: str) -> None:
    with gateway(tmp_path, redeliver_seconds=0.15) as box:
        box.fault(fault, count=1)
        async with running(box, tmp_path):
            box.send_file("qian", "我的表.xlsx", table(), XLSX)
            await heard(box, "qian", 1)
            assert await quiet(box, "qian", 1, seconds=0.6)
        assert calls(box) == 1
    assert rows(tmp_path, "select count(*) from errand") == [(1,)]


async def test_a_file_that_is_too_large_is_told(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path, max_file_mb=1):
        box.send_file("qian", "我的表.xlsx", table() + b"\0" * 1_100_000, XLSX)
        assert (await heard(box, "qian", 1))[0]["text"] == arriving.too_large(1)
    assert rows(tmp_path, "select state, attempts from errand") == [("lost", 1)]


async def test_an_expired_code_is_told_and_not_asked_for_again(box: SandboxProcess, tmp_path: Path) -> None:
    async with running(box, tmp_path):
        box.fault("expired_code")
        box.send_file("qian", "我的表.xlsx", table(), XLSX)
        assert (await heard(box, "qian", 1))[0]["text"] == arriving.LOST
        box.send_file("qian", "我的表.xlsx", table(), XLSX)
        assert NO_HEAD in (await heard(box, "qian", 2))[1]["text"]
    assert calls(box) == 2


@pytest.mark.parametrize("fault", ["lost_file", "throttle", "token_expire"])
async def test_what_passes_is_waited_for(box: SandboxProcess, tmp_path: Path, quick: None, fault: str) -> None:
    async with running(box, tmp_path):
        await talk(box, "qian", HELLO)
        box.fault(fault, path=DOWNLOAD if fault == "throttle" else "")
        box.send_file("qian", "我的表.xlsx", table(), XLSX)
        assert NO_HEAD in (await heard(box, "qian", 2))[1]["text"]
    assert rows(tmp_path, "select state from errand") == [("done",)]


async def test_what_does_not_pass_is_told(box: SandboxProcess, tmp_path: Path, quick: None) -> None:
    async with running(box, tmp_path):
        box.fault("lost_file", count=50)
        box.send_file("qian", "我的表.xlsx", table(), XLSX)
        assert (await heard(box, "qian", 1))[0]["text"].startswith("刚才的文件没有取到")
    assert rows(tmp_path, "select state, attempts from errand") == [("lost", len(fetcher.DELAYS) + 1)]


async def test_others_are_answered_while_a_large_file_is_looked_into(
    box: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_are_done = threading.Event()

    def slow(*arguments: object) -> object:
        assert others_are_done.wait(60)
        raise RuntimeError("a bomb")

    monkeypatch.setattr(fetcher.files, "looked_into", slow)
    async with running(box, tmp_path):
        box.send_file("qian", "我的表.xlsx", table(), XLSX)
        await seen(lambda: calls(box) or None)
        for words in NIL_WALK:
            await talk(box, "zhang", words)
        others_are_done.set()
        assert "编号" in (await heard(box, "qian", 1))[0]["text"]
        assert "您好" in await talk(box, "qian", HELLO)


# ---------------------------------------------------------------- as a process


def test_killed_between_the_commit_and_the_file_it_comes_after_the_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with sandbox(CITY, tmp_path / "gateway", redeliver_seconds=1.0, disconnect_seconds=0.5) as box:
        enrolled(box, data)
        with zicha_run(box, data) as process:
            box.fault("hang", count=1, seconds=5, path=DOWNLOAD)
            box.send_file("qian", "我的表.xlsx", table(), XLSX)
            box.until(lambda: rows(data, "select 1 from errand where state = 'fetching'"))
            process.kill()
            process.wait()
        assert box.replies("qian") == []
        with zicha_run(box, data) as process:
            box.until(lambda: any(NO_HEAD in text for text in spoken(box, "qian")))
            assert stop(process) == 0
        assert rows(data, "select state from errand") == [("done",)]
        assert sum(NO_HEAD in text for text in spoken(box, "qian")) == 1
        assert "我的表" not in (data / "log.txt").read_text()


def test_a_stop_in_the_middle_of_a_file_is_clean_and_it_comes_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with sandbox(CITY, tmp_path / "gateway", redeliver_seconds=1.0, disconnect_seconds=0.5) as box:
        enrolled(box, data)
        with zicha_run(box, data) as process:
            box.fault("hang", count=1, seconds=8, path=DOWNLOAD)
            box.send_file("qian", "我的表.xlsx", table(), XLSX)
            box.until(lambda: rows(data, "select 1 from errand where state = 'fetching'"))
            assert stop(process) == 0
        assert rows(data, "select state, attempts from errand") == [("waiting", 0)]
        with zicha_run(box, data) as process:
            box.until(lambda: any(NO_HEAD in text for text in spoken(box, "qian")))
            assert stop(process) == 0
        assert "Traceback" not in (data / "log.txt").read_text()
