"""我的数据: what is held about whoever asks and about nobody else; what is wrong reaches the coordinator."""

from tests.test_evidence import sign
from tests.world import World, id_number


def test_somebody_sees_what_is_held_about_them_masked(world: World) -> None:
    sign(world, "qian")
    told = world.person("qian").says("我的数据")
    for there in ("钱大海", "鹤城街道", "199****1234", "ZC-0518-0001", "承诺书", "2022年11月26日", "谁能看到"):
        assert there in told, there
    for secret in (id_number(), "19900001234", "孙文静"):
        assert secret not in told
    assert "own_data" in [line[2] for line in world.facts()["audit"]]


def test_before_anything_was_answered_it_says_so(world: World) -> None:
    told = world.person("zhang").says("我的数据")
    assert "张三丰" in told
    assert "自查**：" not in told


def test_in_a_group_nothing_of_it_is_told(world: World) -> None:
    told = world.person("zhang").says_in("工作群", "我的数据")
    assert "张三丰" not in told
    assert "199" not in told


def test_an_error_reaches_the_coordinator_and_comes_back_mended(world: World) -> None:
    zhang, wang = world.person("zhang"), world.person("wang")
    assert "王雅芳" in zhang.says("资料有误 单位应为岩泉街道")
    (heard,) = wang.hears()
    assert "单位应为岩泉街道" in heard
    assert "1 人说自己的资料有误" in wang.says("待办")
    assert "张三丰" in wang.taps("资料已改")
    assert "已告诉张三丰" in wang.says("资料已改 1")
    assert "已经改好" in "".join(zhang.hears())
    assert "资料有误" not in wang.says("待办")


def test_only_those_who_look_after_the_person_close_it(world: World) -> None:
    world.person("zhang").says("资料有误 单位应为岩泉街道")
    for other in ("chen", "sun"):
        assert "没有等您处理" in world.person(other).says("资料已改 1")
        assert "张三丰" not in world.person(other).says("资料已改")
    assert "联络员" in world.person("li").says("资料已改 1")


def test_without_words_or_too_often_it_says_what_to_do(world: World) -> None:
    zhang = world.person("zhang")
    assert "写在后面" in zhang.says("资料有误")
    for n in range(3):
        zhang.says(f"资料有误 第{n}处")
    assert "还在等" in zhang.says("资料有误 第4处")
