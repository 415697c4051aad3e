"""`zicha demo` as somebody tries it: one command, one address, Ctrl-C; and again, where it was left."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from bot.demo.roster import demo_roster, personas
from bot.demo.show import DemoError, FileClock, prepare_folder
from tests.bot_process import bare_environment, typing_at, zicha, zicha_demo

STAFF = personas(demo_roster())[0].staff_id


class Visitor:
    """Somebody at the page, without a browser."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=60)

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def messages(self) -> list[dict[str, object]]:
        query = {"as": STAFF, "chat": "direct"}
        return list(self.http.get("/sandbox/messages", params=query).raise_for_status().json()["messages"])

    def told(self) -> list[str]:
        return [str(message["text"]) for message in self.messages() if message["from"] == "robot"]

    def says(self, words: str) -> str:
        before = len(self.told())
        self.http.post("/sandbox/say", json={"as": STAFF, "chat": "direct", "text": words}).raise_for_status()
        end = time.monotonic() + 60
        while len(found := self.told()) == before:
            assert time.monotonic() < end, "no answer"
            time.sleep(0.05)
        return found[-1]


def children(process: subprocess.Popen[str]) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def gone(pid: int, within: float = 60.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_it_starts_ends_and_goes_on_where_it_was(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    # a visitor who has the real settings at hand must not reach the real platform with the demo
    (tmp_path / ".env").write_text("DINGTALK_OPENAPI_ENDPOINT=http://127.0.0.1:9\nZICHA_DEADLINE=2030-01-01\n")
    with zicha_demo(data) as demo:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", demo.url)
        assert httpx.get(demo.url, trust_env=False).status_code == 200
        with Visitor(demo.url) as visitor:
            assert "5月30日" in visitor.says("你好")
            question = visitor.says("都没有")
            now = visitor.http.get("/sandbox/clock").json()["now"]
        assert now.startswith("2022-05-23T09:0")
        gateway = children(demo.process)
        assert len(gateway) == 1
        second = zicha("demo", "--no-browser", "--port", "0", "--data", str(data), cwd=tmp_path)
        assert second.returncode == 1
        assert "another zicha is running" in second.stderr
        port = demo.url.rpartition(":")[2]
        third = zicha("demo", "--no-browser", "--port", port, "--data", "other", cwd=tmp_path)
        assert third.returncode == 1
        assert [line for line in third.stderr.splitlines() if line.startswith("zicha: ") and port in line]
        code, said = demo.end()
        assert code == 0
        assert "再次运行会接着上次继续" in said
        assert gone(gateway[0])
    with zicha_demo(data) as demo:
        with Visitor(demo.url) as visitor:
            assert [str(message["text"]) for message in visitor.messages() if message["mine"]] == ["你好", "都没有"]
            assert visitor.told()[-1] == question
            assert "不需要" in visitor.says("都看过，没有") or "承诺书" in visitor.told()[-1]
            assert "回执" in visitor.says("不需要")
        assert demo.end(signal.SIGTERM)[0] == 0
    errors = (tmp_path / "demo-errors.txt").read_text()
    assert "Traceback" not in errors
    with zicha_demo(data, "--fresh") as demo, Visitor(demo.url) as visitor:
        assert visitor.messages() == []
        assert "您好" in visitor.says("你好")


def test_the_gateway_ends_with_a_bot_that_is_killed(tmp_path: Path) -> None:
    with zicha_demo(tmp_path / "demo") as demo:
        gateway = children(demo.process)
        demo.process.kill()
        demo.process.wait()
        assert gone(gateway[0])


@pytest.mark.parametrize("name", ["letter.txt", "zicha.sqlite3"])
def test_fresh_refuses_a_folder_that_is_not_a_demos(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("precious")
    with typing_at(tmp_path) as typed:
        done = typed("demo", "--fresh", "--no-browser", "--port", "0", "--data", "mine")
    assert done.exit_code == 1
    assert "mine" in done.stderr
    assert "--data" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [name]


def test_without_fresh_a_foreign_folder_is_not_claimed(tmp_path: Path) -> None:
    """Otherwise a later --fresh would take it for a demo's and delete what is in it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("precious")
    try:
        prepare_folder(tmp_path / "mine", fresh=False)
        prepare_folder(tmp_path / "mine", fresh=True)
    except DemoError:
        pass
    assert (tmp_path / "mine" / "letter.txt").exists()


def test_a_folder_of_its_own_is_emptied(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "demo", fresh=False)
    (tmp_path / "demo" / "zicha.sqlite3").write_text("old")
    prepare_folder(tmp_path / "demo", fresh=True)
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["zicha-demo.json"]


def test_the_clock_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"offset": 0.0}))
    clock = FileClock(file)
    first = clock()
    draft = tmp_path / "new"
    draft.write_text(json.dumps({"offset": 86400.0}))
    draft.replace(file)
    assert 86399 < (clock() - first).total_seconds() < 86410


def test_the_environment_of_the_tests_is_bare() -> None:
    assert not [name for name in bare_environment() if name.startswith(("DINGTALK_", "ZICHA_"))]
