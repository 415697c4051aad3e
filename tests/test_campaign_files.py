"""`zicha campaign new` and `check`, several campaigns at once, and what a changed file will do, said beforehand."""

from collections.abc import Callable
from datetime import date, datetime
from importlib import resources
from pathlib import Path

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from bot import app, campaign_files, config
from bot.command_line import cli
from handlers.campaign import loading, several, skeleton
from handlers.campaign.definition import Campaign
from handlers.campaign.explore import explore
from handlers.campaign.loading import CampaignError
from handlers.foresight import foresee
from storage.models import AnswerLine, Case, Person
from tests.conftest import Worlds
from tests.test_changed_campaign import begun, nil, signed
from tests.test_revision import added, campaign, marked, pledge, removed
from tests.world import MORNING, SHANGHAI, World

DEMO = resources.files("handlers.campaign").joinpath("definitions", "gov-apps-demo.toml").read_text(encoding="utf-8")
APPS = loading.load("gov-apps-demo")


# ---------------------------------------------------------------- a new file


@pytest.mark.parametrize("name", ["设备清查", 'x"y', "a{b}c", "换行\\n"])
def test_a_new_file_works_at_once(tmp_path: Path, name: str) -> None:
    file = tmp_path / "sheBei 2026.toml"
    campaign_files.new(file, name, datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI))
    made = loading.load(str(file))
    assert made.id == "shebei-2026"
    assert made.deadline == date(2026, 3, 23)
    assert explore(made).problems == []
    assert campaign_files.check(str(file)).mistakes == []


def test_a_new_file_can_be_answered_to_the_end(new_world: Worlds, tmp_path: Path) -> None:
    text = skeleton.write("设备清查", "x-y", published=date(2022, 5, 16), deadline=date(2022, 5, 31))
    world = new_world(campaign=loading.parse(text, "new.toml"))
    qian = world.person("qian")
    for said in ("你好", "有", "会议室投影仪"):
        qian.says(said)
    assert "5月18日起整改，5月31日前完成" in qian.says("要整改")
    qian.says("改一项")
    qian.says("名称")
    qian.says("一号会议室投影仪")
    qian.says("对")
    assert "回执 **XY-0518-0001**" in qian.says("提交")


def test_new_and_check_from_the_command_line(tmp_path: Path) -> None:
    run, file = CliRunner(), tmp_path / "new.toml"
    assert run.invoke(cli, ["campaign", "new", str(file), "--name", "设备清查"]).exit_code == 0
    again = run.invoke(cli, ["campaign", "new", str(file)])
    assert again.exit_code == 1
    good = run.invoke(cli, ["campaign", "check", str(file)])
    assert good.exit_code == 0
    assert "设备清查" in good.output
    file.write_text(file.read_text(encoding="utf-8").replace('field = "state"', 'field = "stat"'), encoding="utf-8")
    assert run.invoke(cli, ["campaign", "check", str(file)]).exit_code == 1


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('short = "负责"', 'shrot = "负责"', "[questions.owns.shrot] there is no such key; did you mean «short»?"),
        ('kind = "text"', 'kind = "txt"', "[questions.entries.columns.title.kind] must be "),
        ('platform = "x"', "", ""),
        ('{ owns = ["yes"] }', '{ owns = ["yess"] }', "[conditions.touched] when: owns has no option «yess»"),
        ('when = [{ owns = ["no"] }]', 'when = [{ title = ["!"] }]', "«title» is asked later, so it never holds"),
        ('when = [{ owns = ["no"] }]', 'when = [{ sure = ["yes"] }]', "«sure» is this question itself"),
        ("**{title}**在哪个平台上", "**{titel}**在哪个平台上", "[questions.platform] the blank {titel} does not exist"),
        ("请看一眼浙政钉", "{title}请看一眼浙政钉", "{title} belongs to a row of «entries»"),
        ("在哪个平台上？", "在哪个平台上{？", "[questions.platform] a brace { or } stands alone"),
        ("{person}您好", "{name}您好", "[intro] the blank {name} does not exist; use deadline, person"),
        (
            "还有{days}天。{state}",
            "还有{day}天。{state}",
            "[reminders.d3.say.unfinished] the blank {day} does not exist; use days, deadline, overdue, state",
        ),
        ('id = "platform"', 'id = "title"', "id «title» stands twice"),
        ('id = "wechat"', 'id = "qq"', "[questions.platform.options] id «qq» stands twice"),
        ("deadline = 2022-06-10", "deadline = 2022-05-10", "[deadline] 2022-05-10 is before published = 2022-05-16"),
        ('field = "scope"', 'field = "scoop"', "[feedback_table.columns] field: «scoop» is no column of «entries»"),
        (
            'group = "entries"',
            'group = "entry"',
            "[feedback_table] group: no rows are called «entry»; there are entries",
        ),
        ('"党政综合办信息岗", "继续使用', '"继续使用', "[feedback_table.examples] a line has 7 texts, the table has 8"),
        ('id = "owns"', 'id = "owns"\nsince = 2', "[questions.owns] is of revision 2, the file is revision 1"),
        ('kind = "text"', 'kind = "id_number"', "only taken to sign; add a table [pledge]"),
        ("until = 18:30:00", "until = 08:00:00", "[manners] from must be earlier than until"),
        ('id = "gov-apps-demo"', 'id = "政务"', "[id] «政务»: use at most 40 letters"),
        ('name = "处置情况"\nkind', "kind", "[questions.entries.columns.handling.name] is missing; add it"),
    ],
)
def test_a_mistake_names_its_table_and_the_mend(before: str, after: str, told: str) -> None:
    if not told:
        return
    assert before in DEMO
    with pytest.raises(CampaignError) as caught:
        loading.parse(DEMO.replace(before, after, 1), "mine.toml")
    assert told in str(caught.value)
    assert all(line.startswith("mine.toml: [") for line in str(caught.value).splitlines())


def test_an_entry_is_not_told_twice_as_question_and_as_table() -> None:
    with pytest.raises(CampaignError) as caught:
        loading.parse(DEMO.replace('short = "负责"', 'shrot = "负责"', 1), "mine.toml")
    assert len(str(caught.value).splitlines()) == 1


def test_a_question_nobody_is_ever_asked_is_named() -> None:
    never = DEMO.replace('when = [{ owns = ["no"] }]', 'when = [{ owns = ["no"], is = ["touched"] }]', 1)
    never = never.replace('{ sure = ["found"] }', '{ owns = ["yes"] }', 1)
    told = explore(loading.parse(never, "mine.toml")).problems
    assert any("[questions.sure] is asked on no path; check its when" in line for line in told)


def test_a_question_that_hangs_on_an_answer_which_changes_no_path_is_found() -> None:
    """`platform` leads nowhere by itself; only the last column asks what it was."""
    text = DEMO.replace('id = "handling"', 'id = "handling"\nwhen = [{ platform = ["qq"], form = ["mini"] }]', 1)
    assert explore(loading.parse(text, "mine.toml")).problems == []


# ---------------------------------------------------------------- several at once


def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **environment: str) -> config.Config:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return config.load()


def test_several_are_opened_and_deadlines_are_moved_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = "lishui-2022-69, gov-apps-demo"
    opened = app.load_campaigns(settings(tmp_path, monkeypatch, ZICHA_CAMPAIGN=both, ZICHA_DEADLINE="2030-01-01"))
    assert [(c.id, c.deadline) for c in opened] == [
        ("lishui-2022-69", date(2030, 1, 1)),
        ("gov-apps-demo", date(2022, 6, 10)),
    ]
    moved = "gov-apps-demo=2031-01-01,lishui-2022-69=2030-02-02"
    opened = app.load_campaigns(settings(tmp_path, monkeypatch, ZICHA_DEADLINE=moved))
    assert [c.deadline.year for c in opened] == [2030, 2031]
    with pytest.raises(CampaignError, match="ZICHA_DEADLINE names «other», which is not open"):
        app.load_campaigns(settings(tmp_path, monkeypatch, ZICHA_DEADLINE="other=2030-01-01"))


def test_two_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(CampaignError, match="receipt_prefix «YQ» stands in two of the open campaign files"):
        several.together([APPS, APPS.model_copy(update={"id": "x", "name": "y"})])


def test_one_alone_carries_no_tag() -> None:
    assert several.together([APPS]) == (APPS,)


@pytest.mark.parametrize("said", ["政务App", "政务app和工作群清查", "gov-apps-demo", "示例〔2022〕1号", "YQ"])
def test_a_campaign_is_found_by_what_people_call_it(said: str) -> None:
    both = several.together([loading.load("lishui-2022-69"), APPS])
    found = several.named(both, said)
    assert found is not None
    assert found.id == "gov-apps-demo"


def test_what_fits_two_campaigns_is_none() -> None:
    assert several.named([loading.load("lishui-2022-69"), APPS], "查") is None


def test_finishing_one_leaves_the_reminders_of_the_other(new_world: Worlds) -> None:
    world = new_world(others=(APPS,))
    qian = world.person("qian")
    with world.database.session() as session:
        from bot.intake import post
        from handlers.messages import Letter, Text

        for name in ("lishui-2022-69", "gov-apps-demo"):
            letter = Letter(to=qian.address, body=Text("x", "y"), topic="reminder", key=f"{name}/d3/x")
            post(session, [letter], now=MORNING.replace(hour=23))
    nil_of(world)
    states = {letter.key: letter.state for letter in world.letters(qian.address) if letter.topic == "reminder"}
    assert states == {"lishui-2022-69/d3/x": "withdrawn", "gov-apps-demo/d3/x": "waiting"}


def nil_of(world: World) -> None:
    for said in ("你好", "1", "1", "1"):
        world.person("qian").says(said)


# ---------------------------------------------------------------- said beforehand


def test_who_will_be_asked_what_is_said_beforehand_and_nothing_is_changed(world: World) -> None:
    begun(world)
    qian, zhang, sun = world.person("qian", "钱大海"), world.person("zhang", "张三丰"), world.person("sun")
    signed(qian)
    nil(zhang)
    for said in ("你好", "2", "微信", "1", "1", "1", "1", "1", "1"):
        sun.says(said)
    form = campaign(
        added("contact", material=True, when=[{"contact": ["none"]}]),
        added("traces"),
        marked("traces", changed=2),
        removed("training"),
        pledge(pieces=["neu"]),
        revision=2,
    )
    before = counted(world)
    seen: list[tuple[int, int]] = []
    with world.database.reading() as session:
        found = foresee(session, form, MORNING, lambda done, total: seen.append((done, total)))
    assert counted(world) == before
    assert seen[-1] == (3, 3)
    assert (found.known, found.behind.half, found.behind.finished) == (1, 1, 2)
    asked = {name: (counts.half, counts.finished) for name, counts in found.asked.items()}
    assert asked["新题contact"] == (0, 2), "those who touched nothing"
    assert asked["新题traces"] == (1, 0)
    assert asked["载体和渠道检查"] == (0, 0)
    assert (found.asked_again, found.spared) == (2, 0)
    assert found.again == {"青田县": 1, "莲都区": 1}
    assert found.history == {"training": 1}


def test_re_signing_is_counted_beforehand(world: World) -> None:
    begun(world)
    signed(world.person("qian", "钱大海"))
    nil(world.person("zhang", "张三丰"))
    with world.database.reading() as session:
        text = campaign(pledge(pieces=["neu"], resign_from=2), revision=2)
        found = foresee(session, text, MORNING, lambda done, total: None)
        assert (found.signs_again.half, found.signs_again.finished, found.spared) == (0, 1, 1)
        refused = foresee(session, campaign(lambda raw: raw["pledge"].update(pieces=["neu"])), MORNING, lambda *_: None)
    assert "raise version to 2" in refused.refused[0]


def test_against_the_database_from_the_command_line(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(world)
    nil(world.person("qian"))
    source = resources.files("handlers.campaign").joinpath("definitions", "lishui-2022-69.toml").read_text("utf-8")
    changed = source.replace("revision = 1", "revision = 2", 1).replace(
        'id = "traces"\n', 'id = "traces"\nchanged = 2\nmaterial = true\n', 1
    )
    (tmp_path / "mine.toml").write_text(changed, encoding="utf-8")
    monkeypatch.setenv("ZICHA_CAMPAIGN", str(tmp_path / "mine.toml"))
    monkeypatch.setenv("ZICHA_DATABASE_URL", world.url)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["check", "--against-database"])
    assert done.exit_code == 0, done.output
    assert "数据库里是第1版，文件是第2版" in done.output
    assert "“载体和渠道检查”：正在填的 0 人会被问到，已提交的 1 人会被再问" in done.output


def counted(world: World) -> tuple[int, ...]:
    look: list[Callable[[], int]] = []
    with world.database.reading() as session:
        tables = (AnswerLine, Case, Person)
        look = [lambda table=table: len(session.exec(select(table)).all()) for table in tables]  # type: ignore[misc]
        return tuple(one() for one in look)


def test_the_shipped_campaigns_are_both_sound() -> None:
    for name in ("lishui-2022-69", "gov-apps-demo"):
        made: Campaign = loading.load(name)
        assert campaign_files.check(name).mistakes == []
        assert made.revision == 1
