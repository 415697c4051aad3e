"""Start and stop: arguments in, one line of JSON out when ready, a clean end on a signal or closed stdin."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import sys
from dataclasses import fields
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

from aiohttp import web

from .app import Sandbox
from .clock import moment
from .settings import Settings


def loopback(host: str) -> str:
    if not ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
        raise argparse.ArgumentTypeError("only a loopback address: this is a stand-in, not a server")
    return host


_REAL = re.compile(r"ding[0-9a-z]{14,}|[\w-]{32,}", re.ASCII)
"""A Client ID as DingTalk gives it out (`ding` and some twenty signs), a secret of any platform (32 signs and more)."""


def invented(credential: str) -> str:
    """Real credentials have no business here: they would be accepted and stand in the list of processes."""
    if _REAL.fullmatch(credential) and not re.search("sandbox|demo|test", credential):
        raise argparse.ArgumentTypeError("this looks like a real credential; the stand-in takes invented ones only")
    return credential


def when(text: str) -> datetime:
    return moment(text)


def read_settings(arguments: list[str] | None = None) -> Settings:
    defaults = {field.name: field.default for field in fields(Settings)}
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of chats, media and the clock")
    parser.add_argument("--world", type=Path, required=True, help="JSON file of people and groups")
    parser.add_argument("--host", type=loopback, default=defaults["host"])
    parser.add_argument("--clock-start", type=when)
    parser.add_argument("--clock-file", type=Path, help="where to write the offset for the bot's demo clock")
    parser.add_argument("--stop-with-stdin", action="store_true")
    for name in ("port", "qps", "redeliver_times", "ledger_size"):
        parser.add_argument(_flag(name), type=int, default=defaults[name])
    for name in ("ping_seconds", "redeliver_seconds", "first_redeliver_seconds", "disconnect_seconds"):
        parser.add_argument(_flag(name), type=float, default=defaults[name])
    for name in ("ticket_seconds", "token_seconds", "session_minutes", "glide_seconds", "zzd_skew_seconds"):
        parser.add_argument(_flag(name), type=float, default=defaults[name])
    for name in ("client_id", "client_secret", "robot_code", "zzd_app_key", "zzd_app_secret"):
        parser.add_argument(_flag(name), type=invented, default=defaults[name])
    for name in ("zzd_tenant_id", "zzd_page"):
        parser.add_argument(_flag(name), default=defaults[name])
    return Settings(**vars(parser.parse_args(arguments)))


async def serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sandbox = Sandbox(settings)
    runner = web.AppRunner(sandbox.application(), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    listener = _listen(settings.host, settings.port)
    await web.SockSite(runner, listener).start()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{listener.getsockname()[1]}"
    sandbox.people.resume(url)
    if settings.stop_with_stdin:
        Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
    print(json.dumps({"url": url}), flush=True)
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    asyncio.run(serve(read_settings()))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Never outlive whoever started this: when their end of the pipe closes, stop."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


if __name__ == "__main__":
    main()
