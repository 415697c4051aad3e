"""补签: who touched data, against who signed (notice 二.2)."""

from sqlmodel import select

from storage.models import Case, Pledge
from tests.world import World, id_number

UP_TO_THE_PLEDGE = ("开始", "2", "微信", "1", "1", "1", "1", "对", "1")


def says_all(world: World, who: str, *said: str) -> None:
    for words in said:
        world.person(who).says(words)


def test_who_touched_data_and_has_not_signed_is_listed(world: World) -> None:
    says_all(world, "li", *UP_TO_THE_PLEDGE)
    says_all(world, "zhang", "开始", "1", "1", "4")
    told = world.person("wang").says("补签名单")
    assert "接触过数据的 1 人" in told
    assert "还要补签 **1** 人" in told
    assert "李小四" in told
    assert "张三丰" not in told, "who touched nothing need not sign"


def test_signing_here_and_having_signed_before_are_counted_apart(world: World) -> None:
    says_all(world, "li", *UP_TO_THE_PLEDGE, "现在签", f"李小四 {id_number()}", "确认")
    says_all(world, "zhang", *UP_TO_THE_PLEDGE, "今年签的", "提交")
    told = world.person("wang").says("补签名单")
    assert "接触过数据的 2 人：这里签的 1 人，以前签过的 1 人，纸质签的 0 人，还要补签 **0** 人" in told


def test_a_signature_under_an_older_text_does_not_count_where_it_has_to_be_signed_again(world: World) -> None:
    says_all(world, "li", *UP_TO_THE_PLEDGE, "现在签", f"李小四 {id_number()}", "确认")
    assert world.campaign.pledge
    changed = world.campaign.pledge.model_copy(update={"version": 2, "resign_from": 2})
    world.campaign = world.campaign.model_copy(update={"pledge": changed})
    world.restart()
    assert "文本有更新，要重签" in world.person("wang").says("补签名单")


def test_a_signature_to_be_given_on_paper_is_still_missing(world: World) -> None:
    says_all(world, "li", *UP_TO_THE_PLEDGE, "今年签的", "提交")
    with world.database.session() as session:
        case = session.exec(select(Case)).one()
        session.add(
            Pledge(case_id=case.id or 0, state="paper", text_version=1, text_digest="", at=world.now, msg_id="x")
        )
    assert "李小四（待签纸质）" in world.person("wang").says("补签名单")


def test_names_go_to_the_asker_alone_and_only_of_their_own_part(world: World) -> None:
    says_all(world, "li", *UP_TO_THE_PLEDGE)
    wang = world.person("wang")
    assert "李小四" not in wang.says_in("工作群", "补签名单")
    assert "李小四" in "\n".join(wang.hears())
    assert "李小四" not in world.person("chen").says("补签名单 紫金街道")
    assert "李小四" not in world.person("qian").says("补签名单")
    assert "李小四" in world.person("zhou").says("补签名单 紫金街道")
