"""`zicha reminders plan`: the whole calendar for the operator, with what it would come to now."""

from datetime import date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import reminder_plan
from bot.command_line import cli
from handlers.campaign import loading
from handlers.papers.roster_form import write_roster
from handlers.reminders import plan
from handlers.reminders.plan import Outlook, State
from storage import accounts, roster
from tests.test_group_robots import with_robot
from tests.test_reminders import NIL, at, with_rules
from tests.world import World, small_roster

CAMPAIGN = loading.load("lishui-2022-69")


def outlook(now: datetime, *, notices: frozenset[str] = frozenset(), as_of: datetime | None = None) -> Outlook:
    return Outlook(now=now, notices=notices, together=lambda channel: 20, as_of=as_of)


def planned(world: World, *, notices: frozenset[str] = frozenset(), as_of: datetime | None = None) -> list[plan.Line]:
    with world.database.reading() as session:
        return plan.plan(session, world.campaign, outlook(world.now, notices=notices, as_of=as_of))


def printed(world: World, **seen: object) -> list[str]:
    found = planned(world, **seen)  # type: ignore[arg-type]
    look = outlook(world.now, **seen)  # type: ignore[arg-type]
    return list(reminder_plan.lines_of(world.campaign, found, look, counted=True))


def test_the_whole_calendar_of_may_2022_as_it_is_printed(world: World) -> None:
    world.person("sun").says_in("鹤城群", "绑定")
    world.now = at("2022-05-18 10:00")
    assert "\n".join(printed(world)) == MAY_2022.strip()


MAY_2022 = """
涉疫数据自查（lishui-2022-69），2022年5月30日 周一截止。工作日 08:30–18:30 之间发，每人最多 12 条。
人数、条数和调用次数按 2022-05-18 10:00 的情况算，办完的人到时候不会收到。
5月19日 周四 09:30  d11
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    群，只报单位数字：1 个群（0 个能@联络员，其余只写单位名），1 次调用；待发；17:30 以后不再发
5月23日 周一 09:30  d7
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    群，只报单位数字：1 个群（0 个能@联络员，其余只写单位名），1 次调用；待发；17:30 以后不再发
    没完成的人：3 人，3 条，1 次调用；待发；17:30 以后不再发
5月25日 周三 09:30  d5
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    没完成的人：3 人，3 条，1 次调用；待发；17:30 以后不再发
    没签承诺书的人：0 人，0 条，0 次调用；待发；17:30 以后不再发
5月27日 周五 09:30  d3
    反馈表没上报的单位：4 人，4 条，1 次调用；待发；17:30 以后不再发
    群，只报单位数字：1 个群（0 个能@联络员，其余只写单位名），1 次调用；待发；17:30 以后不再发
5月27日 周五 15:00  d1  原定5月29日 周日 15:00，休息日，提前
    没完成的人：8 人，8 条，1 次调用；待发；18:30 以后不再发
5月30日 周一 09:30  d0
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    群，只报单位数字：1 个群（0 个能@联络员，其余只写单位名），1 次调用；待发；17:30 以后不再发
    没完成的人：3 人，3 条，1 次调用；待发；17:30 以后不再发
    没签承诺书的人：0 人，0 条，0 次调用；待发；17:30 以后不再发
5月30日 周一 15:00  last-hours
    反馈表没上报的单位：4 人，4 条，1 次调用；待发；18:30 以后不再发
5月31日 周二 09:30  overdue
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    没完成的人：3 人，3 条，1 次调用；待发；17:30 以后不再发
5月31日 周二 09:30  overdue-groups
    群，只报单位数字：1 个群（0 个能@联络员，其余只写单位名），1 次调用；待发；17:30 以后不再发
6月2日 周四 09:30  overdue
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    没完成的人：3 人，3 条，1 次调用；待发；17:30 以后不再发
6月6日 周一 09:30  overdue  原定6月4日 周六 09:30，休息日，顺延
    联络员和大数据中心，一人一条汇总：5 人，5 条，5 次调用；待发；17:30 以后不再发
    没完成的人：3 人，3 条，1 次调用；待发；17:30 以后不再发
还要发的合计：74 条，49 次调用。一次单聊调用最多 20 人，内容相同的合在一起。
"""


def test_it_counts_what_then_goes_out(world: World) -> None:
    """The plan of the evening before is what the morning sends, when nobody does anything in between."""
    world.person("sun").says_in("鹤城群", "绑定")
    with_robot(world, "莲都群", "331102")
    world.now = at("2022-05-22 20:00")
    assert "2 个群（1 个能@联络员，其余只写单位名），2 次调用" in "\n".join(printed(world))
    expected = sum(line.count.letters for line in planned(world) if f"{line.moment.at:%m-%d}" == "05-23")
    world.now = at("2022-05-23 09:30")
    assert world.tick() == expected == 10


def test_what_was_sent_missed_or_added_late_is_told(world: World) -> None:
    rules: list[dict[str, object]] = [
        {"before": {"days": days}, "at": "09:30:00", "say": {"unfinished": "x"}} for days in (7, 6, 4)
    ]
    world.change_campaign(with_rules(*rules[:2]))
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.now = at("2022-05-25 10:00")
    world.change_campaign(with_rules(*rules, {"on": "2022-05-25", "at": "09:00:00", "say": {"unfinished": "x"}}))
    world.tick()
    assert [line.state for line in planned(world)] == [State.SENT, State.MISSED, State.ADDED_LATE, State.COMING]
    said = "\n".join(printed(world))
    assert "没完成的人：已发 8 条" in said
    assert "没有发：到点时程序没有运行，过时不补" in said
    assert "跳过：写进活动文件时已经过了" in said


def test_who_finished_is_counted_no_more_and_the_past_can_be_asked(world: World) -> None:
    for text in NIL:
        world.person("qian").says(text)
    evening = world.now
    for text in NIL:
        world.person("li").says(text)
    (now,) = [line.count.letters for line in planned(world) if line.moment.rule.id == "d1"]
    (then,) = [line.count.letters for line in planned(world, as_of=evening) if line.moment.rule.id == "d1"]
    assert (then, now) == (7, 6)


def test_who_has_had_enough_is_told_apart(world: World) -> None:
    rules: list[dict[str, object]] = [
        {"before": {"days": days}, "at": "09:30:00", "say": {"unfinished": "x"}} for days in (7, 6)
    ]
    world.change_campaign(with_rules(*rules, most=1))
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.now = at("2022-05-23 10:00")
    assert "0 人，0 条，0 次调用（另有 8 人已收满，不再发）" in "\n".join(printed(world))


def test_a_way_that_is_not_there_is_told(world: World) -> None:
    rule = {"before": {"days": 7}, "at": "09:30:00", "channel": "work_notice", "say": {"unfinished": "x"}}
    world.change_campaign(with_rules(rule))
    assert "规则要发工作通知，但没有接入，改发单聊" in "\n".join(printed(world))
    with world.database.session() as session:
        qian = roster.person(session, "qian")
        assert qian is not None
        accounts.link(session, platform="zhezhengding", account_id="31", person_id=qian.id or 0, at=world.now)
    assert "工作通知 1 人，其余没有账号，发单聊" in "\n".join(printed(world, notices=frozenset({"zhezhengding"})))


def test_what_does_not_come_is_printed_with_the_reason() -> None:
    rules = [
        {"before": {"days": 0}, "at": "09:30:00", "say": {"unfinished": "today"}},
        {"before": {"days": 1}, "at": "09:30:00", "say": {"unfinished": "one"}},
        {"before": {"days": 2}, "at": "09:30:00", "say": {"unfinished": "two"}},
        {"before": {"days": 90}, "at": "09:30:00", "say": {"unfinished": "early"}},
    ]
    campaign = with_rules(*rules).with_deadline(date(2022, 5, 29))
    said = "\n".join(reminder_plan.made(campaign, outlook(at("2022-05-18 09:00"))))
    for why in ("截止日是休息日", "合成一条", "早于发文日期"):
        assert f"不发：{why}" in said or why in said


def test_years_whose_holidays_are_not_known_are_told() -> None:
    assert reminder_plan.guessed_years(CAMPAIGN) == []
    (told,) = reminder_plan.guessed_years(CAMPAIGN.with_deadline(date(2093, 6, 1)))
    assert told.startswith("2093年的节假日和调休程序还不知道")
    assert "升级 chinesecalendar" in told


# ---------------------------------------------------------------- the command


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZICHA_DATA", str(tmp_path / "data"))
    return tmp_path


def test_the_command_prints_the_calendar_with_and_without_people(data: Path) -> None:
    run = CliRunner()
    bare = run.invoke(cli, ["reminders", "plan", "--as-of", "2022-05-18 09:00"])
    assert bare.exit_code == 0, bare.output
    assert "5月27日 周五 15:00  d1  原定5月29日 周日 15:00，休息日，提前" in bare.output
    assert "次调用" not in bare.output
    with (data / "roster.xlsx").open("wb") as file:
        write_roster(small_roster(), file)
    assert run.invoke(cli, ["roster", "import", "roster.xlsx"]).exit_code == 0
    then = run.invoke(cli, ["reminders", "plan", "--as-of", "2022-05-18 09:00", "--campaign", "lishui-2022-69"])
    assert "没完成的人：8 人，8 条，1 次调用；待发；18:30 以后不再发" in then.output
    assert "那时候还没有名册，人数按现在的名册和进度算。" in then.output
    now = run.invoke(cli, ["reminders", "plan"])
    assert "没有发：到点时程序没有运行，过时不补" in now.output
    assert "还要发的合计：0 条，0 次调用" in now.output
    for wrong in (["--as-of", "gestern"], ["--campaign", "nothing"]):
        refused = run.invoke(cli, ["reminders", "plan", *wrong])
        assert refused.exit_code == 1


def test_check_tells_the_calendar_in_a_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZICHA_DEADLINE", "2093-06-01")
    told = CliRunner().invoke(cli, ["check", "--offline"]).output
    assert "提醒日历" in told
    assert "2093年的节假日和调休程序还不知道" in told
