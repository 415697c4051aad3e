"""`zicha demo`: the gateway in its own process, the bot in this one, an invented city, and a clock that can be moved.

The bot is the same as in `zicha run`: it knows the gateway only as the platform's two addresses.
"""

import asyncio
import json
import os
import shutil
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import terminal
from bot.app import App, Foundation, lay_foundation
from bot.config import Config, load
from bot.demo import schedule, zhezhengding
from bot.demo.beside import gateway_process
from bot.demo.past import Past
from bot.demo.roster import demo_roster, demo_world
from storage import roster, roster_import
from storage.models import Person
from storage.rows import Roster

START = "2022-05-23T09:00:00+08:00"
"""The Monday after the notice, in the morning: a week before the deadline."""
_CLIENT_ID, _CLIENT_SECRET = "dingdemo3311", "demo-only-not-a-secret"
_TICK_SECONDS = 0.25
_MARKER = "zicha-demo.json"


class DemoError(Exception):
    """The demo cannot start; the message says what to do."""


class FileClock:
    """The demo's time: the real time plus an offset the gateway keeps in a file and changes when somebody moves the
    clock on the page."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._seen = path, timedelta(), 0.0

    def __call__(self) -> datetime:
        changed = self._path.stat().st_mtime_ns
        if changed != self._seen:
            self._offset = timedelta(seconds=json.loads(self._path.read_text())["offset"])
            self._seen = changed
        return datetime.now(UTC) + self._offset


def prepare_folder(folder: Path, *, fresh: bool) -> None:
    """Makes the demo's folder; `fresh` empties it first. A folder with something else in it is left alone."""
    marker = folder / _MARKER
    if folder.exists() and any(folder.iterdir()):
        if not marker.exists():
            raise DemoError(f"{folder} holds something else than a demo; nothing was touched. Choose another: --data")
        if fresh:
            shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"what": "the folder of zicha demo; may be deleted"}))


@contextmanager
def gateway(folder: Path, port: int, page: str = "") -> Iterator[str]:
    """The loopback gateway as its own process; yields its address. It ends with us, whatever happens to us. `page`: the
    address of our chat page, which its phones open."""
    options = [
        "--port",
        str(port),
        "--data",
        str(folder / "gateway"),
        "--world",
        str(folder / "world.json"),
        "--clock-file",
        str(folder / "clock.json"),
        "--clock-start",
        START,
        "--client-id",
        _CLIENT_ID,
        "--client-secret",
        _CLIENT_SECRET,
        "--zzd-page",
        page,
    ]
    (folder / "gateway").mkdir(exist_ok=True)
    failure = DemoError(f"the loopback gateway did not start; is port {port} in use? Try --port 0")
    with gateway_process(options, failure=failure, patience=5) as (url, _):
        yield url


def settings(folder: Path, url: str, page: str = "") -> Config:
    """The demo's settings: whatever the environment says, it talks to its own gateway only."""
    return load(
        **zhezhengding.settings(url, page),
        client_id=_CLIENT_ID,
        client_secret=_CLIENT_SECRET,
        robot=_CLIENT_ID,
        corp_id="dingdemo3311lishui",
        openapi_endpoint=url,
        oapi_endpoint=url,
        data=folder,
        database=f"sqlite:///{folder / 'zicha.sqlite3'}",
        key=folder / "zicha.key",
        key_text="",
        alarm_staff="",
        campaign="lishui-2022-69",
        deadline=None,
        tick_seconds=_TICK_SECONDS,
        reply_by="webhook",
        qps=20.0,
    )


def settle_in(base: Foundation, people: Roster, now: datetime, told: schedule.Told = lambda done, total: None) -> None:
    """The first time: the invented roster, the groups bound to their units as their coordinators would do, and the days
    before, played. All of it or nothing; what `told` raises ends it."""
    with base.database.session() as session:
        if roster.has_people(session):
            return
        roster_import.import_roster(session, people, base.vault, at=schedule.BEGAN)
        for conversation, title, code in _GROUPS:
            unit = next(unit for unit in roster.units(session) if unit.code == code)
            binder: Person = roster.coordinators(session, unit, schedule.BEGAN)[0]
            roster.bind_group(
                session,
                conversation_id=conversation,
                channel="dingtalk",
                title=title,
                unit_id=unit.id or 0,
                by=binder.id or 0,
                at=schedule.BEGAN,
            )
        schedule.play(Past(session, base.campaigns, base.vault), people, until=now, told=told)


_GROUPS = (
    ("cidDemoLiandu==", "莲都区涉疫数据自查联络群", "331102"),
    ("cidDemoChongtou==", "云和县崇头镇工作群", "331125105"),
    ("cidDemoLishui==", "丽水市自查工作群", "3311"),
)
"""The group of 紫金街道 is left for the visitor to bind."""


class _Stopped(Exception):
    """Somebody does not want to wait for the past."""


def _furnish(base: Foundation, now: datetime, stop: asyncio.Event) -> bool:
    """False if it was stopped: then nothing of it has happened."""
    with terminal.progress("正在演前几天：大家填表、核对、上报") as bar:

        def told(done: int, total: int) -> None:
            if stop.is_set():
                raise _Stopped
            bar(done, total)

        try:
            settle_in(base, demo_roster(), now, told)
        except _Stopped:
            return False
    return True


async def show(folder: Path, url: str, *, browser: bool, stop: asyncio.Event, page: str = "") -> None:
    """Runs the bot against the gateway at `url` until `stop` is set; with a `page`, on 浙政钉 as well."""
    config = settings(folder, url, page)
    clock = FileClock(folder / "clock.json")
    base = lay_foundation(config)
    if not await asyncio.to_thread(_furnish, base, clock(), stop):
        base.database.close()
        return
    if page:
        zhezhengding.introduce(base.database, demo_roster(), clock())
    app = App(config, base, clock)
    running = asyncio.create_task(app.run())
    stopping = asyncio.create_task(stop.wait())
    connected = asyncio.create_task(app.stream.connected.wait())
    await asyncio.wait([running, connected, stopping], return_when=asyncio.FIRST_COMPLETED)
    if connected.done():
        print(
            f"\n  自查 bot 演示：{url}\n\n  用浏览器打开上面的地址，选一个人，发“你好”。按 Ctrl-C 结束。\n", flush=True
        )
        if browser and _has_desktop():
            await asyncio.to_thread(webbrowser.open, url)
    connected.cancel()
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    app.stop()
    stopping.cancel()
    await running


def write_world(folder: Path) -> None:
    text = json.dumps(zhezhengding.known(demo_world(demo_roster()), demo_roster()), ensure_ascii=False, indent=1)
    (folder / "world.json").write_text(text, encoding="utf-8")


def _has_desktop() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
