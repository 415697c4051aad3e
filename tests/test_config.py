"""What the operator is told when a setting is missing or wrong: one line each, naming it; and never a secret."""

import base64
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.config import Config, ConfigError, Secret, load
from handlers.campaign.definition import Campaign
from handlers.campaign.explore import Report, explore
from handlers.papers.roster_book import write_roster
from tests.bot_process import CITY, Result, typing_at
from tests.sandbox_process import CLIENT_ID, CLIENT_SECRET, SandboxProcess, sandbox
from tests.world import small_roster

APP = {"DINGTALK_CLIENT_ID": "dingabc", "DINGTALK_CLIENT_SECRET": "hush-hush-hush"}
Typed = Callable[..., Result]


@pytest.fixture
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without `.env`, an environment without settings."""
    for name in [field.validation_alias for field in Config.model_fields.values()]:
        monkeypatch.delenv(str(name), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(result: Result) -> list[str]:
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return [line.removeprefix("zicha: ") for line in result.stderr.splitlines() if line.startswith("zicha: ")]


def told(folder: Path, *words: str, **settings: str) -> list[str]:
    """The lines of a command that cannot go on."""
    with typing_at(folder, **settings) as zicha:
        result = zicha(*words)
    assert result.exit_code == 1, result.output
    found = lines(result)
    assert found, result.output
    return found


# ---------------------------------------------------------------- reading


def test_the_defaults(clean: Path) -> None:
    config = load()
    assert config.robot_code == ""
    assert config.openapi_endpoint == "https://api.dingtalk.com"
    assert config.oapi_endpoint == "https://oapi.dingtalk.com"
    assert config.database_url == "sqlite:///zicha-data/zicha.sqlite3"
    assert config.key_file == Path("zicha-data/zicha.key")
    assert config.deadline is None


def test_the_environment_comes_before_the_file_and_empty_means_unset(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean / ".env").write_text("DINGTALK_CLIENT_ID=fromfile\nDINGTALK_CLIENT_SECRET=filesecret\nZICHA_QPS=7\n#c\n")
    monkeypatch.setenv("DINGTALK_CLIENT_ID", "fromenvironment")
    monkeypatch.setenv("ZICHA_QPS", "")
    config = load()
    assert (config.client_id, config.client_secret.reveal(), config.qps) == ("fromenvironment", "filesecret", 7)
    assert config.robot_code == "fromenvironment"


def test_a_file_with_chinese_and_unknown_names(clean: Path) -> None:
    (clean / ".env").write_text("ZICHA_DATA=数据\nSOMETHING_ELSE=1\nHTTP_PROXY=x\n", encoding="utf-8")
    assert load().data == Path("数据")


def test_settings_do_not_change(clean: Path) -> None:
    config = load()
    with pytest.raises(ValueError, match="frozen"):
        config.client_id = "other"  # type: ignore[misc]


def test_an_address_ends_without_a_slash(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DINGTALK_OPENAPI_ENDPOINT", "http://127.0.0.1:8069/")
    assert load().openapi_endpoint == "http://127.0.0.1:8069"


# ---------------------------------------------------------------- secrets


def test_a_secret_is_never_printed(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in APP.items():
        monkeypatch.setenv(name, value)
    config = load()
    secret = config.client_secret
    shown = [repr(config), str(config), f"{config}", repr(secret), str(secret), f"{secret!r:>20}", f"{[secret]}"]
    shown += [str(config.model_dump()), config.__rich_repr__().__repr__() if hasattr(config, "__rich_repr__") else ""]
    for text in shown:
        assert "hush" not in text
    assert secret.reveal() == "hush-hush-hush"
    assert (bool(secret), bool(Secret("")), repr(Secret(""))) == (True, False, "''")


@pytest.mark.parametrize("name", ["ZICHA_QPS", "ZICHA_DEADLINE", "DINGTALK_OPENAPI_ENDPOINT"])
def test_an_error_shows_neither_secrets_nor_values(clean: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for setting, value in APP.items():
        monkeypatch.setenv(setting, value)
    monkeypatch.setenv(name, "hush-value")
    with pytest.raises(ConfigError) as error:
        load()
    assert "hush" not in str(error.value)
    assert error.value.lines[0].startswith(f"{name}: ")


# ---------------------------------------------------------------- what `zicha run` says


def test_run_without_anything_says_what_is_missing(tmp_path: Path) -> None:
    found = told(tmp_path, "run")
    assert [line.split(" ")[0] for line in found] == ["DINGTALK_CLIENT_ID", "DINGTALK_CLIENT_SECRET"]
    assert all("开发者后台" in line for line in found)
    assert list(tmp_path.iterdir()) == []  # nothing is made before the settings are right


def test_run_reads_the_file_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DINGTALK_CLIENT_ID=dingabc\n")
    assert [line.split(" ")[0] for line in told(tmp_path, "run")] == ["DINGTALK_CLIENT_SECRET"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZICHA_DEADLINE", "30.5.2022"),
        ("ZICHA_DEADLINE", "2022-02-30"),
        ("ZICHA_DEADLINE", "5月30日"),
        ("ZICHA_QPS", "fast"),
        ("ZICHA_QPS", "0"),
        ("ZICHA_QPS", "-3"),
        ("ZICHA_TICK_SECONDS", "900"),
        ("ZICHA_MAX_TEXT", "5"),
        ("ZICHA_HTTP_TIMEOUT", "nan"),
        ("ZICHA_CONNECT_TIMEOUT", "0"),
        ("ZICHA_REPLY_BY", "pigeon"),
        ("ZICHA_LOG_LEVEL", "LOUD"),
        ("DINGTALK_OPENAPI_ENDPOINT", "api.dingtalk.com"),
        ("DINGTALK_OAPI_ENDPOINT", "ftp://x"),
    ],
)
def test_a_wrong_value_is_one_line_with_its_name(tmp_path: Path, name: str, value: str) -> None:
    found = told(tmp_path, "run", **APP, **{name: value})
    assert len(found) == 1
    assert found[0].startswith(f"{name}: ")
    assert "must" in found[0] or "valid" in found[0]
    assert "pydantic" not in found[0]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    found = told(tmp_path, "run", ZICHA_DEADLINE="soon", ZICHA_QPS="x", ZICHA_REPLY_BY="y")
    assert {line.split(":")[0] for line in found} == {"ZICHA_DEADLINE", "ZICHA_QPS", "ZICHA_REPLY_BY"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no-such-campaign", None),
        ("没有.toml", None),
        ("empty.toml", ""),
        ("broken.toml", "id = "),
        ("wrong.toml", 'id = "x"\nrevision = "one"\n'),
        ("binary.toml", "\x00\x01"),
    ],
)
def test_a_campaign_that_cannot_be_used(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = told(tmp_path, "run", **APP, ZICHA_CAMPAIGN=name)
    assert name in found[0]
    if text is None:
        assert "ZICHA_CAMPAIGN" in found[0]


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_a_campaign_saved_in_another_encoding(tmp_path: Path, encoding: str) -> None:
    """What an editor on an office machine may do."""
    (tmp_path / "mine.toml").write_text('name = "涉疫数据自查"', encoding=encoding)
    found = told(tmp_path, "run", **APP, ZICHA_CAMPAIGN="mine.toml")
    assert "mine.toml" in found[0]
    assert "UTF-8" in found[0]


def test_a_campaign_that_is_a_folder(tmp_path: Path) -> None:
    assert told(tmp_path, "run", **APP, ZICHA_CAMPAIGN=str(tmp_path))


# ---------------------------------------------------------------- key and database


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder in which the bot has been: a database and its key."""
    with typing_at(tmp_path) as zicha:
        assert zicha("outbox").exit_code == 0
    assert (tmp_path / "zicha-data/zicha.key").stat().st_mode & 0o777 == 0o600
    return tmp_path


def test_a_lost_key_is_not_replaced(sealed: Path) -> None:
    (sealed / "zicha-data/zicha.key").unlink()
    found = told(sealed, "run", **APP)
    assert "ZICHA_KEY_FILE" in found[0]
    assert not (sealed / "zicha-data/zicha.key").exists()


def test_a_key_of_another_database(sealed: Path) -> None:
    (sealed / "zicha-data/zicha.key").write_text(base64.b64encode(b"k" * 32).decode())
    found = told(sealed, "run", **APP)
    assert "ZICHA_KEY_FILE" in found[0]
    assert base64.b64encode(b"k" * 32).decode() not in found[0]


@pytest.mark.parametrize("content", [b"", b"not base64!", b"c2hvcnQ=", b"\xff\xfe\x00"])
def test_a_spoilt_key(sealed: Path, content: bytes) -> None:
    (sealed / "zicha-data/zicha.key").write_bytes(content)
    assert "key" in told(sealed, "run", **APP)[0]


@pytest.mark.parametrize(
    "address", ["postgres", "sqlite:///no/such/../\0/x", "mysql://x/y", "oracle+nothing://x", "postgresql+psycopg://:x"]
)
def test_a_database_address_that_is_none(tmp_path: Path, address: str) -> None:
    if "\0" in address:
        address = "sqlite:////proc/none/zicha.sqlite3"
    found = told(tmp_path, "run", **APP, ZICHA_DATABASE_URL=address)
    assert "ZICHA_DATABASE_URL" in found[0] or "ZICHA_DATA" in found[0]


def test_a_database_that_is_a_text_file(tmp_path: Path) -> None:
    (tmp_path / "zicha-data").mkdir()
    (tmp_path / "zicha-data/zicha.sqlite3").write_text("this is not a database, it only looks like one" * 100)
    assert "ZICHA_DATA" in told(tmp_path, "run", **APP)[0]


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "zicha-data").write_text("in the way")
    assert "zicha-data" in told(tmp_path, "run", **APP)[0]


# ---------------------------------------------------------------- zicha check


@pytest.fixture(autouse=True)
def explored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Walking every path of the questionnaire takes its time; what it found does not change between the tests."""

    def once(campaign: Campaign) -> Report:
        if campaign.id not in _found:
            _found[campaign.id] = explore(campaign)
        return _found[campaign.id]

    monkeypatch.setattr("bot.inspect.explore", once)


_found: dict[str, Report] = {}


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[SandboxProcess]:
    with sandbox(CITY, tmp_path / "gateway") as box:
        yield box


def findings(result: Result) -> dict[str, bool]:
    found = re.findall(r"^(好  |问题) ([^：]+)：", result.output, re.MULTILINE)
    return {what: mark.startswith("好") for mark, what in found}


def test_check_in_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with typing_at(tmp_path) as zicha:
        result = zicha("check")
    assert result.exit_code == 1
    assert findings(result)["活动文件"]
    assert not findings(result)["设置"]
    assert not findings(result)["平台"]
    assert "DINGTALK_CLIENT_ID" in result.output
    assert not list(tmp_path.rglob("*.key"))


def test_check_when_all_is_well(tmp_path: Path, platform: SandboxProcess) -> None:
    with (tmp_path / "名册.xlsx").open("wb") as file:
        write_roster(small_roster(), file)
    good = {"DINGTALK_CLIENT_ID": CLIENT_ID, "DINGTALK_CLIENT_SECRET": CLIENT_SECRET}
    good |= {"DINGTALK_OPENAPI_ENDPOINT": platform.url}
    with typing_at(tmp_path, **good) as zicha:
        assert zicha("roster", "import", "名册.xlsx").exit_code == 0
        result = zicha("check")
        assert result.exit_code == 0, result.output
        assert all(findings(result).values())
        assert CLIENT_SECRET not in result.output
        with typing_at(tmp_path, **(good | {"DINGTALK_CLIENT_SECRET": "wrong"})) as other:
            wrong = other("check")
    assert wrong.exit_code == 1
    assert findings(wrong) | {"钉钉": True} == findings(result)
    assert "DINGTALK_CLIENT_SECRET" in wrong.output


def test_check_without_the_platform(tmp_path: Path) -> None:
    unreachable = {**APP, "DINGTALK_OPENAPI_ENDPOINT": "http://127.0.0.1:9"}
    with typing_at(tmp_path, **unreachable) as zicha:
        assert findings(zicha("check"))["钉钉"] is False
        offline = zicha("check", "--offline")
    assert "钉钉" not in findings(offline)
    assert offline.exit_code == 0


def test_check_sees_a_lost_key_and_a_spoilt_campaign(sealed: Path) -> None:
    (sealed / "zicha-data/zicha.key").unlink()
    (sealed / "mine.toml").write_text('id = "x"')
    with typing_at(sealed, **APP, ZICHA_CAMPAIGN="mine.toml") as zicha:
        result = zicha("check", "--offline")
    assert result.exit_code == 1
    assert "ZICHA_KEY_FILE" in result.output
    assert "mine.toml" in result.output
    assert findings(result)["设置"]


def test_check_changes_nothing(sealed: Path) -> None:
    file = sealed / "zicha-data/zicha.sqlite3"
    with closing(sqlite3.connect(file)) as database:
        before = list(database.iterdump())
    with typing_at(sealed, **APP) as zicha:
        zicha("check", "--offline")
    with closing(sqlite3.connect(file)) as database:
        assert list(database.iterdump()) == before
    assert json.dumps(before)
