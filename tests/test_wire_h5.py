"""The page of the whole bot: `zicha run`, a login by the gateway's code, a process that is killed in between."""

import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from storage import accounts
from storage.database import Database
from storage.models import AnswerLine, Outgoing, Person
from tests.bot_process import CITY, enrolled, zicha_run
from tests.page import free_port
from tests.sandbox_process import sandbox
from tests.zhezhengding import APP_KEY, APP_SECRET, TENANT, account_of, auth_code

pytestmark = pytest.mark.wire

QIAN = next(n for n, one in enumerate(CITY["people"]) if one["staffId"] == "qian")


def known(data: Path) -> None:
    """The bot knows 钱大海's account, as it does from the directory."""
    database = Database(f"sqlite:///{data / 'zicha.sqlite3'}")
    with database.session() as session:
        person = session.exec(select(Person).where(Person.staff_id == "qian")).one()
        at = datetime.now(UTC)
        accounts.link(session, platform="zhezhengding", account_id=account_of(QIAN), person_id=person.id or 0, at=at)
    database.close()


def test_killed_while_somebody_answers_on_the_page(tmp_path: Path) -> None:
    """The page sends the same message again and gets its answer, once; nobody logs in again."""
    data, port = tmp_path / "data", free_port()
    url = f"http://127.0.0.1:{port}"
    own = {"X-Zicha": "1", "Origin": url}
    with sandbox(world=CITY) as box, httpx.Client(base_url=url, headers=own, trust_env=False, timeout=60) as page:
        more = {"ZICHA_H5_URL": url, "ZICHA_H5_PORT": str(port), "ZZD_BASE_URL": box.url, "ZZD_TODOS": "false"}
        more |= {"ZZD_APP_KEY": APP_KEY, "ZZD_APP_SECRET": APP_SECRET, "ZZD_TENANT_ID": TENANT}
        enrolled(box, data)
        known(data)

        def tries(path: str, body: object) -> httpx.Response | None:
            """None where the page does not know whether it was taken."""
            try:
                answer = page.post(path, json=body)
            except httpx.TransportError:
                return None
            return answer if answer.status_code == 200 else None

        def says(number: int, words: str) -> httpx.Response | None:
            return tries("/say", {"id": f"message-{number}", "text": words, "after": 0})

        with zicha_run(box, data, **more) as process:
            login = {"platform": "zhezhengding", "code": auth_code(box, "qian")}
            assert box.until(lambda: tries("/login", login))
            _killed_while(process, 0.01, lambda: says(0, "你好"))
        with zicha_run(box, data, **more) as process:
            assert box.until(lambda: says(0, "你好"))
            assert says(1, "1")
            _killed_while(process, 0.04, lambda: says(2, "1"))
        with zicha_run(box, data, **more):
            assert box.until(lambda: says(2, "1"))
            answer = says(3, "4")
            assert answer
            lines = answer.json()["lines"]
    assert [line["number"] for line in lines] == [1, 2, 3, 4]
    assert [line["answers"] for line in lines] == [f"message-{n}" for n in range(4)]
    assert "ZC-" in lines[-1]["markdown"]
    database = Database(f"sqlite:///{data / 'zicha.sqlite3'}")
    with database.reading() as session:
        assert len(session.exec(select(AnswerLine)).all()) == 3
        assert len(session.exec(select(Outgoing.key).where(Outgoing.topic == "reply")).all()) == 4
    database.close()


def _killed_while(process: subprocess.Popen[str], wait: float, work: Callable[[], object]) -> None:
    killing = threading.Timer(wait, process.kill)
    killing.start()
    work()
    killing.join()
    process.wait(60)
