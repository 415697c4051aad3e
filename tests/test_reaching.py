"""One person, two platforms: who they are, where they are reached, and nothing said twice."""

import re
from datetime import datetime, timedelta

from sqlmodel import select

from handlers import reaching
from handlers.means import Means
from handlers.messages import Address, ChatKind
from storage import accounts, outbox, roster
from storage.models import AccountCode, Outgoing, Person
from tests.world import MORNING, SHANGHAI, Somebody, World

ZZD = "zhezhengding"
NIL_WALK = ("你好", "1", "1", "4")
BOTH = ("dingtalk", ZZD)


class OnThePage(Somebody):
    """Somebody with 浙政钉's page open; `staff_id` is their accountId."""

    @property
    def address(self) -> Address:
        return Address(ZZD, ChatKind.DIRECT, self.staff_id)


def with_account(world: World, staff_id: str, account: str) -> OnThePage:
    with world.database.session() as session:
        person = roster.person(session, staff_id)
        assert person
        accounts.link(session, platform=ZZD, account_id=account, person_id=person.id or 0, at=world.now)
    return OnThePage(world, account, staff_id)


def reached(world: World, staff_id: str) -> str:
    with world.database.reading() as session:
        person = roster.person(session, staff_id)
        assert person
        return str(reaching.address(person))


def settle(world: World, *order: str) -> None:
    with world.database.session() as session:
        accounts.settle(session, order)


def test_an_account_is_its_person(world: World) -> None:
    page = with_account(world, "zhang", "77000001")
    said = [page.says(words) for words in NIL_WALK]
    assert "张三丰" in said[1] or "张三丰" in said[0]
    assert "编号" in said[-1] or "ZC" in said[-1]
    assert [one["receipt"] for name, one in world.facts()["cases"].items() if name == "zhang"]


def test_who_began_in_the_chat_goes_on_on_the_page(world: World) -> None:
    zhang, page = world.person("zhang"), with_account(world, "zhang", "77000001")
    zhang.says("你好")
    asked = zhang.says("1")
    assert page.says("继续").splitlines()[-1] == asked.splitlines()[-1]
    assert len(world.facts()["cases"]) == 1


def test_somebody_is_reached_where_they_last_wrote(world: World) -> None:
    zhang, page = world.person("zhang"), with_account(world, "zhang", "77000001")
    assert reached(world, "zhang") == "dingtalk:direct:zhang"
    page.says("你好")
    assert reached(world, "zhang") == "zhezhengding:direct:77000001"
    zhang.says("你好")
    assert reached(world, "zhang") == "dingtalk:direct:zhang"


def test_who_never_wrote_is_reached_by_the_configured_order(world: World) -> None:
    with_account(world, "zhang", "77000001")
    settle(world, ZZD, "dingtalk")
    assert reached(world, "zhang") == "zhezhengding:direct:77000001"
    assert reached(world, "li") == "dingtalk:direct:li"
    settle(world, *BOTH)
    assert reached(world, "zhang") == "dingtalk:direct:zhang"


def test_the_order_moves_nobody_who_wrote_but_where_one_platform_is_left(world: World) -> None:
    with_account(world, "zhang", "77000001")
    world.person("zhang").says("你好")
    settle(world, ZZD, "dingtalk")
    assert reached(world, "zhang") == "dingtalk:direct:zhang"
    settle(world, ZZD)
    assert reached(world, "zhang") == "zhezhengding:direct:77000001"


def test_a_reminder_goes_to_one_platform(world: World) -> None:
    page = with_account(world, "zhang", "77000001")
    page.says("你好")
    world.now = datetime(2022, 5, 23, 9, 35, tzinfo=SHANGHAI)
    world.tick()
    with world.database.reading() as session:
        lanes = session.exec(select(Outgoing.lane).where(Outgoing.topic == "reminder")).all()
        zhang = roster.person(session, "zhang")
        assert zhang
        mine = set(reaching.chats(session, zhang))
    assert mine == {"dingtalk:direct:zhang", "work_notice:direct:zhang", "zhezhengding:direct:77000001"}
    assert [lane for lane in lanes if lane in mine] == ["zhezhengding:direct:77000001"]
    assert "dingtalk:direct:li" in lanes


def test_finishing_takes_back_what_waits_on_the_other_platform(world: World) -> None:
    page = with_account(world, "zhang", "77000001")
    world.now = datetime(2022, 5, 23, 9, 35, tzinfo=SHANGHAI)
    world.tick()
    for words in NIL_WALK:
        page.says(words)
    with world.database.reading() as session:
        states = session.exec(
            select(Outgoing.state).where(Outgoing.lane == "dingtalk:direct:zhang", Outgoing.topic == "reminder")
        ).all()
    assert states == [outbox.State.WITHDRAWN]


def test_a_letter_to_a_colleague_goes_where_the_colleague_is(world: World) -> None:
    wang = with_account(world, "wang", "77000003")
    wang.says("你好")
    wang.gets()
    new = OnThePage(world, "88000001", "周新来")
    new.says("你好")
    new.says("金山社区")
    new.says("1")
    new.says("周新来")
    asked = [words for words in wang.hears() if "周新来" in words]
    assert len(asked) == 1
    wang.says(wang.button("是，加入"))
    assert any("周新来" in words or "自查" in words for words in new.hears())
    with world.database.reading() as session:
        person = session.exec(select(Person).where(Person.name == "周新来")).one()
    assert person.staff_id == "zzd-88000001"
    assert reached(world, person.staff_id) == "zhezhengding:direct:88000001"


def test_an_account_belongs_to_one_and_is_the_only_one(world: World) -> None:
    with_account(world, "zhang", "77000001")
    with_account(world, "zhang", "77000009")
    with_account(world, "li", "77000009")
    with world.database.reading() as session:
        assert accounts.staff_id(session, ZZD, "77000001") == "zzd-77000001"
        assert accounts.staff_id(session, ZZD, "77000009") == "li"
        assert accounts.staff_id(session, "dingtalk", "77000009") == "77000009"


def test_the_time_somebody_was_linked_stands_there(world: World) -> None:
    with_account(world, "zhang", "77000001")
    with world.database.reading() as session:
        (account,) = accounts.on(session, ZZD)
        assert account.linked_at == MORNING


def applies(somebody: Somebody, name: str) -> None:
    for words in ("你好", "紫金街道", "1", name):
        somebody.says(words)


def test_somebody_of_the_roster_who_comes_by_the_page_is_recognised(world: World) -> None:
    li, wang = world.person("li"), world.person("wang")
    li.says("你好")
    li.says("1")
    asked = li.says("1")
    wang.says("你好")
    page = OnThePage(world, "88000002", "李小四")
    applies(page, "李小四")
    wang.hears()
    assert "同意加入 1 li" in wang.buttons.values()
    assert "已对上" in wang.says(wang.button("是名册里的李小四"))
    assert any(asked.splitlines()[-1] in words for words in page.hears())
    assert reached(world, "li") == "zhezhengding:direct:88000002"
    assert len([one for one in world.facts()["people"] if one[1] == "李小四"]) == 1
    assert page.says("继续").splitlines()[-1] == asked.splitlines()[-1]
    assert "处理过了" in wang.says("同意加入 1 li")


def test_another_of_the_same_name_joins(world: World) -> None:
    wang = world.person("wang")
    wang.says("你好")
    page = OnThePage(world, "88000002", "李小四")
    applies(page, "李小四")
    wang.hears()
    wang.says(wang.button("是另一个人"))
    assert len([one for one in world.facts()["people"] if one[1] == "李小四"]) == 2


def test_nobody_is_linked_to_somebody_of_another_name(world: World) -> None:
    wang = world.person("wang")
    wang.says("你好")
    applies(OnThePage(world, "88000002", "李小四"), "李小四")
    assert "处理过了" in wang.says("同意加入 1 zhang")
    assert reached(world, "zhang") == "dingtalk:direct:zhang"


def test_somebody_known_by_the_page_alone_comes_by_the_chat(world: World) -> None:
    wang = world.person("wang")
    wang.says("你好")
    page = OnThePage(world, "88000001", "周新来")
    applies(page, "周新来")
    wang.hears()
    wang.says(wang.button("是，加入"))
    chat = world.person("zhouxl", "周新来")
    applies(chat, "周新来")
    wang.hears()
    wang.says(wang.button("是名册里的周新来"))
    assert reached(world, "zhouxl") == "dingtalk:direct:zhouxl"
    page.says("你好")
    assert reached(world, "zhouxl") == "zhezhengding:direct:88000001"
    assert len([one for one in world.facts()["people"] if one[1] == "周新来"]) == 1


def test_a_staff_id_that_is_the_platform_s_own_code_is_enough(world: World) -> None:
    world.join("GE_0001", "郑工号", "金山社区")
    with world.database.session() as session:
        accounts.meet(session, ZZD, "88000009", "GE_0001", at=world.now)
        accounts.meet(session, ZZD, "88000010", "GE_0001", at=world.now)
        accounts.meet(session, ZZD, "88000011", "", at=world.now)
        assert accounts.staff_id(session, ZZD, "88000009") == "GE_0001"
        assert accounts.staff_id(session, ZZD, "88000010") == "zzd-88000010"


def test_a_plan_knows_what_notices_take(world: World) -> None:
    zhou = world.person("zhou")
    for who, account in (("zhang", "1"), ("li", "2"), ("wang", "3")):
        with_account(world, who, account)
    settle(world, ZZD, "dingtalk")
    world.intake._means = Means(notice_people=2, ask_above=1)
    told = zhou.says("群发 全员：请尽快完成自查")
    assert "其中 3 人在浙政钉，发工作通知 2 次，不占额度，大约 10 分钟。" in told
    assert "要调用 1 次" in told
    world.intake._means = Means(notice_daily=2, ask_above=1)
    assert "一天发不完，要 2 天" in zhou.says("群发 全员：请尽快完成自查")


def code_in(said: str) -> str:
    found = re.search(r"\*\*([A-Z0-9]{4}-[A-Z0-9]{4})\*\*", said)
    assert found, said
    return found[1]


def test_a_code_from_one_platform_is_enough_on_the_other(world: World) -> None:
    li = world.person("li")
    li.says("你好")
    asked = li.says("1")
    code = code_in(li.says("绑定浙政钉"))
    page = OnThePage(world, "88000002", "李小四")
    assert "绑定浙政钉" in page.says("你好")
    welcome = page.says(code.lower())
    assert "您是李小四" in welcome
    assert welcome.splitlines()[-1] == asked.splitlines()[-1]
    assert reached(world, "li") == "zhezhengding:direct:88000002"
    stranger = OnThePage(world, "88000003", "别人")
    stranger.says("你好")
    assert "您是" not in stranger.says(code), "good once"


def test_a_code_is_good_for_ten_minutes_and_the_last_one_only(world: World) -> None:
    li = world.person("li")
    old = code_in(li.says("绑定浙政钉"))
    new = code_in(li.says("绑定浙政钉"))
    page = OnThePage(world, "88000002", "李小四")
    page.says("你好")
    assert "您是" not in page.says(old)
    world.now += timedelta(minutes=11)
    assert "您是" not in page.says(new)
    assert reached(world, "li") == "dingtalk:direct:li"


def test_a_code_is_given_in_private_and_kept_as_a_digest(world: World) -> None:
    li = world.person("li")
    assert "**" not in li.says_in("cid", "绑定浙政钉")
    code = code_in(li.says("绑定浙政钉"))
    with world.database.reading() as session:
        (kept,) = session.exec(select(AccountCode.code)).all()
    assert code.replace("-", "") not in kept.upper()


def test_a_code_makes_nobody_somebody_they_already_are(world: World) -> None:
    li = world.person("li")
    code = code_in(li.says("绑定钉钉"))
    other = world.person("xiaoming", "赵小明")
    other.says("你好")
    assert "您是" not in other.says(code)
    with_account(world, "li", "77000002")
    page = OnThePage(world, "88000002", "李小四")
    page.says("你好")
    assert "您是" not in page.says(code_in(li.says("绑定浙政钉")))
