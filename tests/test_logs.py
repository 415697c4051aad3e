"""Nothing secret and nobody's words in a log, whoever writes it and however it ends."""

import asyncio
import io
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer.main
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot import logs
from bot.command_line import cli
from bot.config import Secret, load
from bot.logs import scrub, without_words
from storage.database import Database
from storage.master_keys import new_key
from tests.world import id_number

TICKET, TOKEN = "8f1b2c3d-hush-4e5f", "a1b2c3d4e5f6hush7890"
NUMBER, PHONE, NAME = id_number(), "19900005678", "张三丰"


@pytest.fixture
def log() -> io.StringIO:
    """The root as the process has it, writing here; as it was again afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    out = io.StringIO()
    logs.set_up("DEBUG", out)
    yield out  # type: ignore[misc]
    root.handlers[:], root.level = before[0], before[1]


@pytest.mark.parametrize(
    "line",
    [
        f"open wss://wss-open-connection.dingtalk.com/connect?ticket={TICKET}",
        f"{{'endpoint': 'wss://x', 'ticket': '{TICKET}'}}",
        f'"{{\\"ticket\\": \\"{TICKET}\\"}}"',
        f"HTTP Request: POST https://oapi.dingtalk.com/robot/send?access_token={TOKEN}&timestamp=1&sign={TOKEN}",
        f"POST https://oapi.dingtalk.com/robot/sendBySession?session={TOKEN}",
        f"sessionWebhook: https://oapi.dingtalk.com/robot/sendBySession?session={TOKEN}",
        f"headers=[('x-acs-dingtalk-access-token', '{TOKEN}')] accessToken={TOKEN}",
        f"{{'x-acs-dingtalk-access-token': '{TOKEN}', 'authorization': 'Bearer {TOKEN}'}}",
        f"client_secret={TOKEN} clientSecret: {TOKEN} appSecret='{TOKEN}'",
        f"postgresql+psycopg://zicha:{TOKEN}@db.example/zicha",
        f"downloadCode: '{TOKEN}' authCode={TOKEN}",
        f"password={TOKEN} pwd: {TOKEN}",
        f"cookie: {TOKEN}",
    ],
)
def test_secrets_are_starred_wherever_they_stand(line: str) -> None:
    for secret in (TICKET, TOKEN):
        assert secret not in scrub(line)
    assert "****" in scrub(line)


def test_a_master_key_and_numbers_are_starred() -> None:
    key = new_key()
    assert key not in scrub(f"read {key} from the file")
    for shown in (NUMBER, f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", PHONE, f"+86 {PHONE}", f"x{PHONE}y"):
        assert shown[-11:-4] not in scrub(f"({shown})")
    assert "DETAIL:" in scrub(f"DETAIL:  Key (staff_id)=({NAME}) already exists.")
    assert NAME not in scrub(f"DETAIL:  Key (staff_id)=({NAME}) already exists.")


def test_plain_lines_stay_as_they_are() -> None:
    for line in ("stream connected", "reminder d3: 120 letters", "no session: trying again", "the database is locked"):
        assert scrub(line).split(":")[0] == line.split(":")[0]
    assert scrub("stored 20220518 093000 of 12345678901234") == "stored 20220518 093000 of 12345678901234"


def test_others_words_are_left_out_and_ours_stay(log: io.StringIO) -> None:
    logging.getLogger("dingtalk_stream.client").error("got %s", {"text": f"{NAME}说了什么", "ticket": TICKET})
    logging.getLogger("bot.alarms").error("%s", "连不上钉钉")
    logging.getLogger("bot.fetcher").warning("not taken: %s", ValueError(f"{NAME} {PHONE}"))
    told = log.getvalue()
    assert NAME not in told
    assert TICKET not in told
    assert PHONE not in told
    assert "连不上钉钉" in told


def test_tracebacks_hold_neither_words_nor_numbers(log: io.StringIO) -> None:
    def broken() -> None:
        raise KeyError(f"{NAME} {NUMBER} {PHONE}") from ValueError(f"access_token={TOKEN}")

    for name in ("bot.intake", "apscheduler.executors"):
        try:
            broken()
        except KeyError:
            logging.getLogger(name).exception("it failed")
    told = log.getvalue()
    assert told.count("Traceback") == 2
    for secret in (NAME, NUMBER, PHONE, TOKEN):
        assert secret not in told
    assert "KeyError" in told
    assert "test_logs.py" in told


def test_a_statement_that_fails_does_not_tell_its_values(log: io.StringIO, database_url: str) -> None:
    database = Database(database_url)
    statement = text("INSERT INTO nowhere (name, phone) VALUES (:name, :phone)")
    try:
        with database.session() as session:
            session.execute(statement, {"name": NAME, "phone": PHONE})
    except SQLAlchemyError:
        logging.getLogger("bot.intake").exception("not stored")
    database.close()
    assert "nowhere" in log.getvalue()
    assert NAME not in log.getvalue()
    assert PHONE not in log.getvalue()


async def test_what_nobody_awaited_is_told_like_the_rest(log: io.StringIO) -> None:
    async def broken() -> None:
        raise RuntimeError(f"{NAME} ticket={TICKET}")

    loop = asyncio.get_running_loop()
    loop.call_exception_handler({"message": "lost", "exception": RuntimeError(f"{NAME} ticket={TICKET}")})
    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    loop.call_exception_handler({"message": "lost", "exception": task.exception(), "task": task})
    told = log.getvalue()
    assert "RuntimeError" in told
    assert NAME not in told
    assert TICKET not in told


def test_a_line_that_cannot_be_written_tells_nothing(log: io.StringIO) -> None:
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if isinstance(one, logs._Handler)]  # not the tests' own
    logging.getLogger("someone").error("%d people", f"{NAME} {PHONE}")
    assert "could not be written" in log.getvalue()
    assert PHONE not in log.getvalue()


@pytest.mark.parametrize(
    "ending",
    [
        "raise KeyError(words)",
        "import threading; t = threading.Thread(target=lambda: 1 / int(words)); t.start(); t.join()",
        "import warnings; warnings.warn(words)",
        "x = type('X', (), {'__del__': lambda self: {}[words]})(); del x",
    ],
    ids=["process", "thread", "warning", "destructor"],
)
def test_however_it_ends(ending: str) -> None:
    words = f"{NAME} {NUMBER} ticket={TICKET}"
    program = f"from bot import logs; logs.guard_process(); words = {words!r}; {ending}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert ending.startswith("raise") == (done.returncode != 0)
    assert done.stderr
    for secret in (NAME, NUMBER, TICKET):
        assert secret not in done.stderr


def test_words_are_left_out_escaped_or_not() -> None:
    assert without_words(f"{{'name': '{NAME}'}}") == "{'name': '…'}"
    assert without_words('{"name": "\\u5f20\\u4e09"}') == '{"name": "…"}'


# ---------------------------------------------------------------- secrets are typed, and no argument


def test_secrets_of_the_settings_are_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told = {"DINGTALK_CLIENT_SECRET": TOKEN, "ZICHA_KEY": TOKEN, "ZICHA_DATABASE_URL": f"postgresql://u:{TOKEN}@h/d"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    config = load()
    for shown in (repr(config), str(config), repr(config.model_dump())):
        assert TOKEN not in shown
    assert isinstance(config.key_text, Secret)


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Arguments stand in the list of processes for everybody to read."""

    def leaves(group: object) -> list[object]:
        inner = getattr(group, "commands", None)
        return [leaf for one in inner.values() for leaf in leaves(one)] if inner else [group]

    names = [
        name
        for leaf in leaves(typer.main.get_command(cli))
        for parameter in getattr(leaf, "params", ())
        for name in parameter.opts
    ]
    assert len(names) > 30
    assert [name for name in names if any(word in name for word in ("secret", "token", "password", "ticket"))] == []


def test_warnings_of_the_suite_are_still_errors() -> None:
    with pytest.raises(UserWarning):
        warnings.warn("said out loud", UserWarning, stacklevel=1)
