"""待办: what waits for whom, the most urgent first, each with its word as a button."""

from datetime import date, timedelta

from sqlmodel import select

from storage import roster
from storage.models import Applicant, Case, Draw, Drawn, Finding, Incident, Person, Unit
from tests.test_returns import NIL, WECHAT, confirms, everybody, hands_in, hands_up, png, sends_scan, stamps
from tests.world import World


def _id(world: World, who: str) -> int:
    with world.database.reading() as session:
        person = roster.person(session, who)
        assert person
        return person.id or 0


def _unit(world: World, code: str) -> int:
    with world.database.reading() as session:
        return session.exec(select(Unit.id).where(Unit.code == code)).one() or 0


def test_a_grid_worker_is_told_of_their_own_self_check(world: World) -> None:
    zhang = world.person("zhang")
    told = zhang.says("待办")
    assert "1. 自己的自查还没有开始，5月30日前" in told
    assert "您在**莲都区 紫金街道 金山社区**" in zhang.taps("继续")
    assert "还没有答完" in zhang.says("待办")
    zhang.taps("继续")
    for said in NIL[1:]:
        zhang.says(said)
    assert "没有等您办的事" in zhang.says("待办")


def test_after_the_deadline_it_says_so(world: World) -> None:
    world.now = world.now.replace(month=6, day=1)
    assert "5月30日已截止，请尽快补上" in world.person("zhang").says("待办")


def test_who_is_asked_again_hears_it(world: World) -> None:
    everybody(world, "zhang")
    with world.database.session() as session:
        session.exec(select(Case)).one().asked_again = True
    assert "还要补答几题" in world.person("zhang").says("待办")


def test_risks_are_told_with_how_many_are_overdue(world: World) -> None:
    hands_in(
        world, "li", "开始", "2", "手机 微信", "2", "微信", "5月25日", "1", "1", "1", "对", "1", "今年签的", "提交"
    )
    li = world.person("li")
    assert "1 条风险还没处理完" in li.says("待办")
    world.now += timedelta(days=10)
    told = li.says("待办")
    assert "其中 1 条到期限了" in told
    assert "清理好了" in li.taps("风险")


def test_a_spot_check_and_a_finding_wait_for_the_person(world: World) -> None:
    everybody(world, "li")
    with world.database.session() as session:
        root, unit, li, wu = _unit(world, "3311"), _unit(world, "331102001"), _id(world, "li"), _id(world, "wu")
        draw = Draw(
            campaign=world.campaign.id,
            number=1,
            unit_id=root,
            office_id=root,
            of="person",
            population="",
            population_digest="",
            by=wu,
            at=world.now,
        )
        session.add(draw)
        session.flush()
        session.add(Drawn(draw_id=draw.id or 0, place=1, stratum="", unit_id=unit, person_id=li, asked_at=world.now))
        session.add(
            Finding(
                campaign=world.campaign.id,
                office_id=root,
                unit_id=unit,
                person_id=li,
                text="没清理",
                by=wu,
                at=world.now,
            )
        )
    told = world.person("li").says("待办")
    assert "1 次抽查请您再答几题" in told
    assert "复核" in told
    assert "1 项抽查发现和您有关" in told
    assert "1 项抽查发现要答复" in world.person("wang").says("待办")


def test_an_answered_finding_and_an_incident_wait_for_the_city(world: World) -> None:
    with world.database.session() as session:
        root, unit, wu = _unit(world, "3311"), _unit(world, "331102001"), _id(world, "wu")
        session.add(
            Finding(
                campaign=world.campaign.id,
                office_id=root,
                unit_id=unit,
                text="没清理",
                by=wu,
                at=world.now,
                answered_at=world.now,
                answer="清理了",
            )
        )
        session.add(
            Incident(
                campaign=world.campaign.id,
                unit_id=unit,
                happened_on=date(2022, 5, 10),
                text="名单外传",
                by=wu,
                at=world.now,
            )
        )
    told = world.person("wu").says("待办")
    assert "1 项整改已答复" in told
    assert "1 起数据安全事件" in told
    told = world.person("wang").says("待办")
    assert "整改" not in told
    assert "数据安全事件" not in told


def test_applicants_wait_for_their_coordinator_and_are_let_in_by_a_tap(world: World) -> None:
    with world.database.session() as session:
        session.add(
            Applicant(staff_id="zhao", nick="赵", name="赵小明", unit_id=_unit(world, "331102001001"), stage="waiting")
        )
    assert "赵小明" not in world.person("chen").says("待办")
    assert "赵小明" not in world.person("zhou").says("待办"), "the nearest coordinator decides"
    wang = world.person("wang")
    assert "赵小明申请加入**金山社区**" in wang.says("待办")
    assert "赵小明" in wang.taps("同意赵小明加入")
    with world.database.reading() as session:
        assert session.exec(select(Person).where(Person.staff_id == "zhao")).one()


def test_a_coordinator_is_led_through_their_return(world: World) -> None:
    wang = world.person("wang")
    assert "**莲都区 紫金街道**还有 3 人没完成" in wang.says("待办")
    everybody(world, "zhang", "wang")
    hands_in(world, "li", *WECHAT)
    assert "可以核对、确认反馈表" in wang.says("待办")
    wang.taps("核对")
    confirms(world, "wang")
    assert "打印盖章后" in wang.says("待办")
    stamps(world, "wang")
    assert "可以上报了" in wang.says("待办")
    wang.taps("上报")
    assert "没有等您办的事" in wang.says("待办")
    zhou = world.person("zhou")
    told = zhou.says("待办")
    assert "1. 1 个单位的反馈表等您接收：紫金街道" in told
    assert "下级还有 1 个单位没上报：岩泉街道" in told
    zhou.taps("查看")
    zhou.says("退回 紫金街道：第一页没有盖章")
    assert "1. **莲都区 紫金街道**的反馈表被退回：第一页没有盖章" in wang.says("待办")


def test_the_city_sees_who_has_not_reported(world: World) -> None:
    told = world.person("wu").says("待办")
    assert "**丽水市**下级还有 1 个单位没上报：莲都区" not in told
    assert "没上报" in told


def test_countersigns_wait_for_the_coordinator(world: World) -> None:
    world.person("zhang").says("开始")
    with world.database.session() as session:
        session.exec(select(Case)).one().countersign = True
    assert "1 份代填等您会签" in world.person("wang").says("待办")
    assert "等您会签：张三丰" in world.person("wang").says("确认反馈表")


def test_somebody_with_several_offices_has_one_list(world: World) -> None:
    from storage.models import Appointment
    from storage.rows import Role

    with world.database.session() as session:
        session.add(Appointment(person_id=_id(world, "wang"), unit_id=_unit(world, "331102002"), role=Role.UNIT))
    wang = world.person("wang")
    told = wang.says("待办")
    assert "紫金街道**还有 3 人没完成" in told
    assert "岩泉街道**还有 1 人没完成" in told
    everybody(world, "chen")
    wang.says("待办")
    assert "岩泉街道**反馈表" in wang.taps("核对")
    assert "岩泉街道**的反馈表已确认" in wang.taps("确认反馈表")
    sends_scan(world, "wang", png())
    wang.taps("盖章的反馈表")
    assert "可以上报了" in wang.says("待办")
    assert "岩泉街道**的反馈表已上报" in wang.taps("上报")


def test_asked_in_a_group_it_is_told_in_private(world: World) -> None:
    wang = world.person("wang")
    assert wang.says_in("工作群", "待办") == ""
    assert "还有 3 人没完成" in "\n".join(wang.hears())


def test_a_city_with_everything_here_has_nothing_to_do(world: World) -> None:
    everybody(world, "zhang", "li", "wang", "chen", "zhou")
    for who in ("wang", "chen"):
        confirms(world, who)
        stamps(world, who)
        hands_up(world, who)
    zhou = world.person("zhou")
    told = zhou.says("接收")
    assert "等着接收的有 2 个" in told
    zhou.taps("紫金街道")
    zhou.taps("接收")
    zhou.taps("查看 岩泉街道")
    zhou.taps("接收")
    assert "没有等着接收的" in zhou.says("接收")
    assert "可以核对、确认反馈表" in zhou.says("待办")
