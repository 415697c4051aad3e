"""The operator starts the bot with a changed campaign file: what people in the chat see of it, on a real database."""

import random
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import select

from bot.changes import Changes
from bot.threads import DatabaseThread
from handlers import revisions
from handlers.campaign.loading import CampaignError
from storage.models import Case, Outgoing, Person, Pledge, PledgeText, Setting, Submission
from tests.conftest import Worlds
from tests.test_revision import added, campaign, marked, new_column, pledge, removed
from tests.world import SHANGHAI, Somebody, World, id_number


def begun(world: World) -> World:
    """The first start remembers the file."""
    world.change_campaign(world.campaign)
    return world


def nil(person: Somebody) -> str:
    """A whole nil return with a pledge signed earlier."""
    for said in ("你好", "1", "1", "1"):
        heard = person.says(said)
    assert "已提交" in heard
    return heard


def signed(person: Somebody) -> str:
    for said in ("你好", "1", "1", "现在签", f"{person.nick} {id_number()}", "1"):
        heard = person.says(said)
    assert "已签署" in heard
    return heard


def rows(world: World, table: Any) -> list[Any]:
    with world.database.reading() as session:
        return list(session.exec(select(table)).all())


def letters(world: World) -> list[Outgoing]:
    return [letter for letter in rows(world, Outgoing) if letter.topic == "revision"]


# ---------------------------------------------------------------- in the middle


def test_somebody_in_the_middle_is_asked_just_what_is_new_and_the_answer_under_way_counts(world: World) -> None:
    qian = begun(world).person("qian")
    qian.says("你好")
    qian.says("1")
    world.change_campaign(campaign(added("contact"), revision=2))
    heard = qian.says("1")  # to the question that stands above
    assert "记下了：都看过，没有" in heard
    assert "通知有补充，还要您多答1项，前面的都在。" in heard
    assert "新的一题" in heard
    heard = qian.says("甲方案")
    assert "最后一项" in heard
    assert "已提交" in qian.says("1")
    assert letters(world) == []


def test_a_changed_question_is_not_answered_by_what_was_said_to_the_old_one(world: World) -> None:
    qian = begun(world).person("qian")
    qian.says("你好")
    qian.says("1")
    world.change_campaign(campaign(marked("traces", changed=2, ask="改过的题。"), revision=2))
    heard = qian.says("1")
    assert "改过的题" in heard
    assert "记下了" not in heard
    assert "这一题有改动" in heard
    assert "多答" not in heard, "it had not been answered yet: it is not one more"
    assert "记下了：都看过，没有" in qian.says("1")


def test_asking_for_the_progress_in_between_takes_nothing_away(world: World) -> None:
    qian = begun(world).person("qian")
    qian.says("你好")
    qian.says("1")
    world.change_campaign(campaign(added("contact"), revision=2))
    assert "答到第3项" in qian.says("进度")
    assert "保存" in qian.says("稍后")
    assert "记下了：都看过，没有" in qian.says("1 都看过，没有 #检查")


def test_an_old_button_of_a_removed_question_is_no_answer(world: World) -> None:
    li = begun(world).person("li")
    for said in ("你好", "2", "微信", "1", "1", "上级下发", "1", "1"):
        li.says(said)
    button = li.button("看过了")
    world.change_campaign(campaign(removed("training"), revision=2))
    heard = li.says(button)
    assert "签过吗" in heard
    assert "签过吗" in li.says(button)


def test_a_number_is_not_turned_away_because_the_file_changed_meanwhile(world: World) -> None:
    qian = begun(world).person("qian", "钱大海")
    for said in ("你好", "1", "1", "现在签"):
        qian.says(said)
    world.change_campaign(campaign(added("contact"), revision=2))
    heard = qian.says(f"钱大海 {id_number()}")
    assert "已收到" in heard
    assert "新的一题" in heard
    assert "确认签署并提交" in qian.says("甲方案")
    assert "已提交" in qian.says("1")


# ---------------------------------------------------------------- finished


def test_the_finished_hear_nothing_of_what_is_not_material(world: World) -> None:
    qian, sun = begun(world).person("qian"), world.person("sun")
    nil(qian)
    world.change_campaign(campaign(added("contact"), new_column(), revision=2))
    assert letters(world) == []
    assert "已提交" in qian.says("进度")
    assert "已提交" in qian.says("你好")
    assert "1/2" in sun.says("进度") or "已完成 **1** 人" in sun.says("进度")
    heard = qian.says("修改 1")
    assert "接触或使用过" in heard
    assert "新的一题" in qian.says("1"), "who changes the form themselves answers what is new"


def test_the_finished_get_one_letter_for_what_is_material_and_one_answer_is_enough(world: World) -> None:
    qian = begun(world).person("qian")
    nil(qian)
    world.change_campaign(campaign(added("contact", material=True), added("traces"), revision=2))
    assert [letter.key for letter in letters(world)] == [f"lishui-2022-69/revision/2/p{_person(world, 'qian')}"]
    assert "通知有补充，还要您多答1项，前面的都在。" in qian.says("进度") or "还要再答几项" in qian.says("进度")
    heard = qian.says("继续")
    assert "新的一题" in heard
    heard = qian.says("1")
    assert "已提交，回执 **ZC-0518-0001**" in heard
    submissions = rows(world, Submission)
    assert [submission.revision for submission in submissions] == [1, 2]
    assert "new_contact" not in submissions[0].answers
    assert not rows(world, Case)[0].asked_again


def test_thanks_are_no_answer_to_a_question_nobody_has_seen(world: World) -> None:
    qian = begun(world).person("qian")
    nil(qian)
    text = added("contact", material=True, kind="text", options=[])
    world.change_campaign(campaign(text, revision=2))
    assert "请看这一题" in qian.says("谢谢")
    assert "记下了" not in "".join(qian.hears())
    assert "已提交" in qian.says("我的回答")


def test_the_letter_waits_for_a_decent_hour_and_is_taken_back_from_whoever_is_faster(world: World) -> None:
    qian = begun(world).person("qian")
    nil(qian)
    world.now = datetime(2022, 5, 18, 22, 0, tzinfo=SHANGHAI)
    world.change_campaign(campaign(added("contact", material=True), revision=2))
    [letter] = letters(world)
    assert letter.not_before == datetime(2022, 5, 19, 8, 30, tzinfo=SHANGHAI)
    qian.says("继续")
    assert "已提交" in qian.says("1")
    assert letters(world)[0].state == "withdrawn"


def test_a_second_start_and_a_second_process_write_no_second_letter(world: World) -> None:
    nil(begun(world).person("qian"))
    form = campaign(added("contact", material=True), revision=2)
    world.change_campaign(form)
    lines = len(world.facts()["cases"]["qian"]["answers"])
    for _ in range(3):
        world.change_campaign(form)
    assert len(letters(world)) == 1
    assert len(world.facts()["cases"]["qian"]["answers"]) == lines


def test_who_speaks_before_the_batch_gets_no_letter_as_well(world: World) -> None:
    qian = begun(world).person("qian")
    nil(qian)
    form = campaign(added("contact", material=True), revision=2)
    world.change_campaign(form, batches=False)
    assert "新的一题" in qian.says("你好")
    world.change_campaign(form)
    assert letters(world) == []


async def test_after_the_start_everybody_is_brought_up_in_the_background(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [begun(world).person(name) for name in ("qian", "sun", "zhang", "li", "wang")]
    for person in everybody:
        nil(person)
    monkeypatch.setattr(revisions, "BATCH", 2)
    form = campaign(added("contact", material=True), revision=2)
    world.change_campaign(form, batches=False)
    thread = DatabaseThread()
    changes = Changes(
        database=world.database,
        campaigns=world.campaigns,
        thread=thread,
        now=lambda: world.now,
        wake=lambda: None,
    )
    await changes.run()
    thread.close()
    assert {case.revision for case in rows(world, Case)} == {2}
    assert len(letters(world)) == len(everybody)


def test_a_revision_changed_twice_asks_for_what_each_brought(world: World) -> None:
    qian = begun(world).person("qian")
    nil(qian)
    world.change_campaign(campaign(added("contact", material=True), revision=2))
    world.change_campaign(
        campaign(added("contact", material=True), added("traces", material=True, since=3), revision=3)
    )
    assert len(letters(world)) == 2
    assert "新的一题" in qian.says("继续")
    assert "新的一题" in qian.says("1")
    assert "已提交" in qian.says("2")


def test_an_older_file_is_refused_with_a_clear_line(world: World) -> None:
    begun(world).change_campaign(campaign(revision=3))
    with pytest.raises(CampaignError, match=r"revision 2, this database was run with revision 3; use the newer file"):
        world.change_campaign(campaign(revision=2))
    with world.database.reading() as session:
        assert revisions.refused(session, campaign(revision=3)) == []


# ---------------------------------------------------------------- the pledge


def test_a_new_text_is_signed_anew_by_those_who_signed_and_the_old_evidence_stays(world: World) -> None:
    begun(world)
    qian, zhang = world.person("qian", "钱大海"), world.person("zhang", "张三丰")
    signed(qian)
    nil(zhang)
    text = pledge(pieces=["新的承诺。"], resign_from=2)
    world.change_campaign(campaign(text, revision=2))
    [letter] = letters(world)
    assert "重新签署" in letter.body
    assert letter.lane == str(qian.address)
    heard = qian.says("继续")
    assert "承诺书的文本有了改动" in letter.body or "文本有了改动" in heard
    assert "新的承诺" in heard
    qian.says(f"钱大海 {id_number()}")
    assert "文本第2版" in qian.says("1")
    evidence = [(row.state, row.text_version, row.text_digest) for row in rows(world, Pledge) if row.number_mask]
    assert [(state, version) for state, version, _ in evidence] == [("signed", 1), ("signed", 2)]
    assert evidence[0][2] != evidence[1][2]
    assert {row.version: row.text for row in rows(world, PledgeText)}[2] == "新的承诺。"


def test_a_number_given_for_the_old_text_signs_nothing(world: World) -> None:
    qian = begun(world).person("qian", "钱大海")
    for said in ("你好", "1", "1", "现在签", f"钱大海 {id_number()}"):
        qian.says(said)
    world.change_campaign(campaign(pledge(pieces=["新的承诺。"]), revision=2))
    heard = qian.says("1")  # confirms what is not the text any more
    assert "已签署" not in heard
    assert rows(world, Pledge) == []
    assert "姓名和身份证号" in heard
    qian.says(f"钱大海 {id_number()}")
    assert "文本第2版" in qian.says("1")


def test_another_text_under_the_same_version_is_refused(world: World) -> None:
    begun(world)
    other = campaign(lambda raw: raw["pledge"].update(pieces=["ein anderer Text"]), revision=2)
    with pytest.raises(CampaignError, match=r"\[pledge\] the text differs from version 1 .*raise version to 2"):
        world.change_campaign(other)
    assert {row.name: row.value for row in rows(world, Setting)}["campaign/lishui-2022-69/revision"] == "1"


# ---------------------------------------------------------------- many


def test_forms_left_at_all_kinds_of_places_go_on_in_the_chat(new_world: Worlds) -> None:
    """On the wire of the test's world, with people who answer at random: nobody is left without an end."""
    world = begun(new_world())
    everybody = [world.person(staff_id, staff_id) for staff_id in ("zhang", "li", "wang", "chen", "zhou", "wu", "qian")]
    for number, person in enumerate(everybody):
        dice = random.Random(number)
        for _ in range(number * 2 + 1):
            _answer(person, dice)
    form = campaign(
        added("contact", material=True),
        added("places", when=[{"is": ["touched"]}]),
        new_column(),
        marked("cleaned", changed=2),
        removed("training"),
        revision=2,
    )
    world.change_campaign(form)
    for number, person in enumerate(everybody):
        dice = random.Random(100 + number)
        for _ in range(200):
            case = next((c for c in rows(world, Case) if c.person_id == _person(world, person.staff_id)), None)
            if case and case.submitted_at and not case.asked_again and case.revision == 2:
                break
            _answer(person, dice)
        assert case is not None
        assert case.submitted_at is not None, person.staff_id


def _answer(person: Somebody, dice: random.Random) -> None:
    sends = [send for send in person.buttons.values() if "#" in send]
    kind = ["继续", "自己写的话", "5月25日", f"张三丰 {id_number()}"]
    said = dice.choice(sends) if sends and dice.random() < 0.6 else dice.choice(kind)
    if "要修改" not in said and "差不多" not in said and "改一项" not in said:
        person.says(said)


def _person(world: World, staff_id: str) -> int:
    return next(person.id for person in rows(world, Person) if person.staff_id == staff_id)
