"""Reminders as they go out: to whom, in which words, once, and never to anybody who is done."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.campaign import loading
from handlers.campaign.definition import Campaign
from handlers.campaign.reminding import ReminderRule
from handlers.messages import Choice, from_json
from handlers.reminders import calendar, firing, letters
from handlers.reminders.letters import Round
from storage import accounts, cases, roster
from storage.database import Database
from storage.outbox import State
from tests.conftest import Worlds
from tests.test_returns import confirms, hands_up, stamps
from tests.world import SHANGHAI, World, group_chat, metronome, small_roster, words

CAMPAIGN = loading.load("lishui-2022-69")
EVERYBODY = {row.staff_id for row in small_roster().people}
OFFICERS = {"wang", "chen", "zhou", "wu", "sun"}
NIL = ("你好", "都没有", "都看过，没有", "不需要")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def with_rules(*rules: dict[str, object], most: int = 12) -> Campaign:
    made = [ReminderRule.model_validate({"id": f"r{n}", **rule}) for n, rule in enumerate(rules)]
    manners = CAMPAIGN.manners.model_copy(update={"most": most})
    return CAMPAIGN.model_copy(update={"reminders": made, "manners": manners})


def told(world: World, *topics: str) -> list[str]:
    """Whom the postman brings a reminder now."""
    wanted = topics or ("reminder", "digest", "urge")
    return [letter.lane.split(":", 1)[1] for letter in world.due() if letter.topic in wanted]


def read(world: World) -> dict[str, str]:
    """What everybody reads now, by chat."""
    return {letter.lane.rsplit(":", 1)[1]: words(from_json(letter.body)) for letter in world.due()}


def hand_up_unit(world: World, who: str) -> None:
    """The whole way of a return, by its coordinator."""
    confirms(world, who)
    stamps(world, who)
    hands_up(world, who)


def everybody_is_done(world: World, *who: str) -> None:
    for one in who or sorted(EVERYBODY):
        for said in NIL:
            world.person(one).says(said)
    world.due()


# ---------------------------------------------------------------- once


def test_everybody_unfinished_is_reminded_once(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    assert world.tick() == len(EVERYBODY)
    assert sorted(told(world)) == sorted(f"direct:{who}" for who in EVERYBODY)
    for _ in range(3):
        world.now += timedelta(minutes=1)
        assert world.tick() == 0
    assert told(world) == []


def test_two_metronomes_on_one_database_fire_once(new_world: Worlds) -> None:
    one = new_world()
    other = World(one.url, one.folder)
    one.now = other.now = at("2022-05-23 09:30")
    first, second = metronome(one), metronome(other)
    first.learn()
    second.learn()
    assert sorted([first.tick(), second.tick(), first.tick(), second.tick()]) == [0, 0, 0, len(EVERYBODY)]
    other.close()
    assert sum(number for *_, number in one.facts()["moments"]) == len(EVERYBODY)


def test_a_restart_between_two_ticks_fires_nothing_twice(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.restart()
    assert world.tick() == 0


def test_killed_half_way_the_rest_is_written_to_after_the_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """People come in slices, a transaction each: what was posted stays, the rest comes when the process is back."""
    monkeypatch.setattr(letters, "SLICE", 2)
    world.now = at("2022-05-27 15:00")
    world.tick()
    world.due()
    world.now = at("2022-05-30 09:30")
    beats = metronome(world)
    steps = [beats.step() for _ in range(5)]  # offices, groups, the first two persons
    assert steps == [2, 2, 1, 0, 2]
    world.restart()
    world.now += timedelta(minutes=5)
    assert world.tick() == 1
    assert sorted(told(world)) == sorted(f"direct:{who}" for who in EVERYBODY)


def test_the_clock_jumps_forwards_and_back(world: World) -> None:
    world.now = at("2022-05-23 09:00")
    assert world.tick() == 0
    world.now = at("2022-05-23 11:47")
    assert world.tick() == len(EVERYBODY), "jumped over, but not too late"
    world.due()
    world.now = at("2022-05-23 09:29")
    assert world.tick() == 0
    world.now = at("2022-05-23 09:30")
    assert world.tick() == 0


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Pacific/Kiritimati"])
def test_the_clock_of_another_zone_changes_nothing(world: World, zone: str) -> None:
    for moment, number in (("2022-05-23 09:29", 0), ("2022-05-23 09:30", len(EVERYBODY)), ("2022-05-23 23:59", 0)):
        world.now = at(moment).astimezone(ZoneInfo(zone))
        assert world.tick() == number


# ---------------------------------------------------------------- nothing old


def test_too_late_is_not_sent(world: World) -> None:
    """The process was down all day: the reminder of the morning does not come at night, nor the next day."""
    world.now = at("2022-05-22 12:00")
    world.tick()
    for moment in ("2022-05-23 17:31", "2022-05-23 20:00", "2022-05-24 09:30"):
        world.now = at(moment)
        assert world.tick() == 0


def test_after_days_of_downtime_only_what_is_due_comes(world: World) -> None:
    world.now = at("2022-05-18 09:00")
    world.tick()
    world.restart()
    world.now = at("2022-05-30 09:31")
    world.tick()
    assert all("最后一天" in said for said in read(world).values())


def test_a_letter_that_waited_too_long_expires(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.now = at("2022-05-23 17:31")
    assert told(world) == []


def test_a_rule_added_after_its_moment_is_not_sent(world: World) -> None:
    world.campaign = with_rules({"before": {"days": 3}, "at": "15:00:00", "say": {"unfinished": "old"}})
    world.now = at("2022-05-23 09:00")
    world.tick()
    world.change_campaign(
        with_rules(
            {"before": {"days": 3}, "at": "15:00:00", "say": {"unfinished": "old"}},
            {"before": {"days": 7}, "at": "10:00:00", "say": {"unfinished": "added"}},
        )
    )
    world.now = at("2022-05-23 11:00")
    assert world.tick() == 0, "its moment had passed when it was added"
    world.restart()
    assert world.tick() == 0
    world.now = at("2022-05-27 15:00")
    assert world.tick() == len(EVERYBODY)


def test_another_hour_for_what_has_been_sent_sends_nothing(world: World) -> None:
    rule: dict[str, object] = {"before": {"days": 7}, "at": "09:30:00", "say": {"unfinished": "x"}}
    world.campaign = with_rules(rule)
    world.now = at("2022-05-23 09:30")
    assert world.tick() == len(EVERYBODY)
    world.change_campaign(with_rules({**rule, "at": "14:00:00"}))
    world.now = at("2022-05-23 14:00")
    assert world.tick() == 0


def test_another_hour_for_what_has_not_come_yet_is_kept(world: World) -> None:
    rule: dict[str, object] = {"before": {"days": 7}, "at": "15:00:00", "say": {"unfinished": "x"}}
    world.campaign = with_rules(rule)
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.change_campaign(with_rules({**rule, "at": "10:00:00"}))
    world.now = at("2022-05-23 09:40")
    world.tick()
    world.now = at("2022-05-23 10:00")
    assert world.tick() == len(EVERYBODY)


def test_an_hour_moved_into_the_past_is_not_sent(world: World) -> None:
    rule: dict[str, object] = {"before": {"days": 7}, "at": "15:00:00", "say": {"unfinished": "x"}}
    world.campaign = with_rules(rule)
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.change_campaign(with_rules({**rule, "at": "10:00:00"}))
    for moment in ("2022-05-23 11:00", "2022-05-23 15:00"):
        world.now = at(moment)
        assert world.tick() == 0


def test_a_moved_deadline_reminds_anew(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.due()
    world.move_deadline(date(2022, 6, 10))
    world.now = at("2022-05-27 09:30")
    assert world.tick() == 0, "the old moments are gone"
    world.now = at("2022-06-02 09:30")
    assert world.tick() == len(EVERYBODY), "a week before, moved from the festival"
    assert all("6月10日" in letter.body for letter in world.due())


# ---------------------------------------------------------------- who, and what


def test_who_has_finished_gets_none(world: World) -> None:
    everybody_is_done(world, "qian")
    world.now = at("2022-05-23 09:30")
    assert world.tick() == len(EVERYBODY) - 1
    assert "direct:qian" not in told(world)


def test_finishing_takes_back_what_still_waits(world: World) -> None:
    for said in NIL[:3]:
        world.person("qian").says(said)
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.person("qian").says(NIL[3])
    assert "direct:qian" not in told(world)


def test_what_was_handed_in_and_is_being_corrected_is_not_reminded(world: World) -> None:
    for said in (*NIL, "修改 1"):
        world.person("qian").says(said)
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    assert "direct:qian" not in told(world)


def test_begun_and_not_begun_hear_different_words_and_nobodys_name(world: World) -> None:
    """No name: the same words to so many persons make one call."""
    world.person("qian").says("你好")
    world.due()
    world.now = at("2022-05-27 15:00")
    world.tick()
    bodies = {letter.lane: letter.body for letter in world.due()}
    assert len(set(bodies.values())) == 2
    for body in bodies.values():
        shown = from_json(body)
        assert isinstance(shown, Choice)
        assert "5月30日" in shown.markdown
        assert not any(row.name in shown.markdown for row in small_roster().people)
        assert [reply.send for reply in shown.options] == ["继续"]


def test_the_overdue_are_reminded_three_times_and_no_more(world: World) -> None:
    everybody_is_done(world, *sorted(EVERYBODY - {"qian", "li"}))
    world.now = at("2022-05-31 09:30")
    world.tick()
    said = read(world)
    assert "已经截止，现在还可以补，算逾期" in said["qian"]
    everybody_is_done(world, "li")
    for moment, whom in (("2022-06-02 09:30", ["qian"]), ("2022-06-06 09:30", ["qian"]), ("2022-06-08 09:30", [])):
        world.now = at(moment)
        world.tick()
        assert [lane.rsplit(":", 1)[1] for lane in told(world, "reminder")] == whom


def test_who_touched_data_and_did_not_sign_is_reminded_until_signed(world: World) -> None:
    with world.database.session() as session:
        qian = roster.person(session, "qian")
        assert qian is not None
        case = cases.start(session, campaign=CAMPAIGN.id, person_id=qian.id or 0, unit_id=qian.unit_id, at=world.now)
        case.submitted_at, case.touched = world.now, True
        session.add(case)
    world.now = at("2022-05-25 09:30")
    world.tick()
    said = read(world)["qian"]
    assert "还差一步：接触过涉疫数据的要签承诺书" in said
    assert "[1 修改]" in said
    with world.database.session() as session:
        case.pledged = True
        session.add(case)
    world.now = at("2022-05-30 09:30")
    world.tick()
    assert "qian" not in read(world)


# ---------------------------------------------------------------- a cap


def test_nobody_is_written_to_more_often_than_the_campaign_allows(world: World) -> None:
    """Reminders and nudges count together; the count outlives restarts."""
    rules = [{"before": {"days": days}, "at": "09:30:00", "say": {"unfinished": "x"}} for days in (7, 6, 5, 4)]
    world.campaign = with_rules(*rules, most=3)
    world.now = at("2022-05-23 09:30")
    assert world.tick() == len(EVERYBODY)
    assert "提醒 1 位" in world.person("sun").says("催办")
    world.due()
    world.restart()
    world.now = at("2022-05-24 09:30")
    assert world.tick() == len(EVERYBODY)
    world.due()
    world.now = at("2022-05-25 09:30")
    assert world.tick() == len(EVERYBODY) - 1, "three is enough for the one who was nudged as well"
    assert "direct:qian" not in told(world)
    again = world.person("sun").says("催办")
    assert "提醒 0 位" not in again
    assert "另有 1 人这次活动里已经提醒满 3 次，不再打扰" in again


def test_what_was_taken_back_does_not_count(world: World) -> None:
    rules = [{"before": {"days": days}, "at": "09:30:00", "say": {"unfinished": "x"}} for days in (7, 6)]
    world.campaign = with_rules(*rules, most=1)
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.now = at("2022-05-23 18:00")
    assert told(world) == [], "the gateway was away all day: expired"
    world.now = at("2022-05-24 09:30")
    assert world.tick() == len(EVERYBODY)


# ---------------------------------------------------------------- offices


def test_a_coordinator_gets_one_digest_instead_of_several_messages(world: World) -> None:
    world.person("fang", "方小青").says("你好")
    for said in ("鹤城街道", "1", "方小青"):
        world.person("fang", "方小青").says(said)
    everybody_is_done(world, "qian")
    world.now = at("2022-05-23 09:30")
    world.tick()
    letters_ = [letter for letter in world.due() if letter.lane.endswith(":sun")]
    assert len(letters_) == 1
    said = words(from_json(letters_[0].body))
    assert "1 人还没完成（应填 2 人，已完成 1 人）" in said
    assert "反馈表还没有上报" in said
    assert "1 人申请加入，等您确认" in said
    assert "您自己的自查还没有开始" in said
    assert "[1 待办] [2 名单] [3 催办]" in said
    assert "钱大海" not in said


def test_equal_figures_are_equal_letters(world: World) -> None:
    """One call for both: a single office is not called by its name."""
    world.join("ma", "马晓云", "岩泉街道")
    world.now = at("2022-05-23 09:30")
    world.tick()
    bodies = {letter.lane.rsplit(":", 1)[1]: letter.body for letter in world.due()}
    assert bodies["chen"] == bodies["sun"]


def test_the_city_and_the_county_hear_of_all_below_them(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    said = read(world)
    assert "8 人还没完成（应填 8 人，已完成 0 人）" in said["wu"]
    assert "2 个下级单位的反馈表还没有上报" in said["wu"], "莲都区 and 鹤城街道 hand up to the city"
    assert "5 人还没完成" in said["zhou"]
    assert "[4 催报]" in said["zhou"]


def test_whoever_has_nothing_left_hears_nothing(world: World) -> None:
    everybody_is_done(world)
    hand_up_unit(world, "sun")
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    assert "sun" not in read(world)


def test_the_last_one_to_finish_takes_the_digest_back(world: World) -> None:
    """The gateway is away; meanwhile everything is done."""
    world.campaign = with_rules({"before": {"days": 7}, "at": "09:30:00", "say": {"digest": "x"}})
    everybody_is_done(world, "sun", "qian")
    world.now = at("2022-05-23 09:30")
    assert world.tick() == 5
    hand_up_unit(world, "sun")
    states = {letter.state for letter in world.letters(world.person("sun").address) if letter.topic == "digest"}
    assert states == {State.WITHDRAWN}
    assert "wu" in read(world), "the city still waits for others"


def test_units_hear_that_their_return_is_missing_until_it_is_up(world: World) -> None:
    world.campaign = with_rules({"before": {"days": 7}, "at": "09:30:00", "say": {"units": "**{units}**没有上报"}})
    everybody_is_done(world)
    world.now = at("2022-05-23 09:30")
    assert world.tick() == 4, "not the city: it only receives"
    hand_up_unit(world, "sun")
    said = read(world)
    assert said["wang"].startswith("**本单位**没有上报")
    assert not any("没有上报" in text for who, text in said.items() if who == "sun")


# ---------------------------------------------------------------- groups


def test_a_bound_group_hears_its_figures_until_all_are_done(world: World) -> None:
    world.person("sun").says_in("鹤城群", "绑定")
    world.due()
    world.now = at("2022-05-23 09:30")
    world.tick()
    said = read(world)["鹤城群"]
    assert "青田县 鹤城街道" in said
    assert "钱大海" not in said
    everybody_is_done(world, "qian", "sun")
    world.now = at("2022-05-27 09:30")
    world.tick()
    assert "都完成了，还有 1 份反馈表没有上报" in read(world)["鹤城群"]
    hand_up_unit(world, "sun")
    world.due()
    world.now = at("2022-05-30 09:30")
    world.tick()
    assert "鹤城群" not in read(world)


def test_a_group_hears_the_level_below_in_the_order_of_the_roster(world: World) -> None:
    world.person("zhou").says_in("莲都群", "绑定")
    everybody_is_done(world, "chen")
    world.now = at("2022-05-23 09:30")
    world.tick()
    said = read(world)["莲都群"]
    assert "应填5人，已完成1人（20%），未完成4人" in said
    lines = [line for line in said.splitlines() if line.startswith("- ")]
    assert lines == ["- 紫金街道：未完成 3 人（应填 3 人），反馈表 1 份没上报", "- 岩泉街道：反馈表 1 份没上报"]
    assert not any(row.name in said for row in small_roster().people)
    assert str(group_chat("莲都群")) not in {letter.lane for letter in world.due()}


def test_replies_overtake_a_great_many_reminders(world: World) -> None:
    world.now = at("2022-05-23 09:30")
    world.tick()
    world.person("qian").says("继续")
    first = world.due()[0]
    assert (first.topic, first.lane) == ("reply", "dingtalk:direct:qian")


def test_work_notices_go_to_whoever_has_an_account_there_and_directly_to_the_others(world: World) -> None:
    rule = {"before": {"days": 7}, "at": "09:30:00", "channel": "work_notice", "say": {"unfinished": "x"}}
    world.campaign = with_rules(rule)
    with world.database.session() as session:
        qian = roster.person(session, "qian")
        assert qian is not None
        accounts.link(session, platform="zhezhengding", account_id="31", person_id=qian.id or 0, at=world.now)
    world.now = at("2022-05-23 09:30")
    (moment,) = calendar.due(world.campaign, world.now)
    with world.database.reading() as session:
        round_ = Round(session=session, campaign=world.campaign, moment=moment, now=world.now, looking=True)
        notices = letters.cut(replace(round_, notices=frozenset({"zhezhengding"}))).letters
        both = letters.cut(replace(round_, notices=frozenset({"zhezhengding", "work_notice"}))).letters
        without = letters.cut(round_).letters
    lanes = {str(letter.to) for letter in notices}
    assert {"zhezhengding:direct:31", "dingtalk:direct:li"} <= lanes
    assert "dingtalk:direct:qian" not in lanes
    assert {"zhezhengding:direct:31", "work_notice:direct:li"} <= {str(letter.to) for letter in both}
    assert {letter.to.channel for letter in without} == {"dingtalk"}, "no platform takes work notices: as always"


def test_an_empty_roster_is_no_trouble(database_url: str) -> None:
    database = Database(database_url)
    database.migrate()
    now = at("2022-05-23 09:30")
    with database.session() as session:
        firing.learn(session, CAMPAIGN, now)
        found = []
        while fired := firing.next_slice(session, CAMPAIGN, now=now):
            found.append((fired.moment.audience, list(fired.letters), fired.row.done_at is not None))
        assert found == [("digest", [], True), ("groups", [], True), ("unfinished", [], True)]
    database.close()
