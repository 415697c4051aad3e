"""Figures in the chat: people and returns, now and as of a moment; ahead and behind by unit; the picture."""

import io
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image

from handlers.messages import Choice, Document
from handlers.papers import fonts
from handlers.papers.chart_picture import Bar, Chart, draw, usable
from handlers.papers.fonts import best
from storage.rows import PersonRow, Role, Roster, UnitKind, UnitRow
from tests.test_oversight import TOUCHED, finish
from tests.world import Somebody, World, group_chat


@pytest.fixture
def zhou(world: World) -> Somebody:
    return world.person("zhou", "周建国")


@pytest.fixture
def wang(world: World) -> Somebody:
    return world.person("wang", "王雅芳")


def line(told: str, word: str) -> str:
    return next(one for one in told.splitlines() if word in one)


# ---------------------------------------------------------------- now and then


def test_a_county_sees_people_and_returns_of_all_below(world: World, zhou: Somebody) -> None:
    finish(world, "li")
    told = zhou.says("进度")
    assert "应填 **5** 人，已完成 **1** 人（20%），未完成 **4** 人" in told
    assert "应报 **3** 个单位，已上报 **0** 个" in told
    assert "紫金街道 1/3（33%），0/1" in told
    assert "按时率" not in told, "it is told once the deadline has passed"


@pytest.mark.parametrize(
    "moment",
    [
        "截至 5月22日18:00",
        "截至5月22日 18:00",
        "截至 5-22 18:00",
        "截至 2022-05-22 18:00",
        "截至：5月22日18点",
        "截至 昨天18点",
        "截止 5.22 下午6点",
        "5月22日18:00",
        "昨天18点",
        "昨天 18:00",
    ],
)
def test_a_past_moment_in_many_words(world: World, zhou: Somebody, moment: str) -> None:
    finish(world, "li")
    world.now = world.now.replace(day=22, hour=18, minute=1)
    finish(world, "zhang")
    world.now = world.now.replace(day=23, hour=10)
    assert "已完成 **2** 人" in zhou.says("进度")
    told = zhou.says(f"进度 {moment}")
    assert "截至 5月22日 18:00（5月30日截止，还有8天）" in told
    assert "已完成 **1** 人" in told
    assert "应填 **3** 人，已完成 **1** 人" in zhou.says(f"进度 紫金街道 {moment}")


def test_the_figure_of_yesterday_is_what_was_said_yesterday(world: World, zhou: Somebody) -> None:
    finish(world, "li", how=TOUCHED)
    world.now = world.now.replace(hour=18, minute=0, second=0)
    said = zhou.says("进度 紫金街道")
    at = world.now
    finish(world, "zhang", "wang")
    with world.database.session() as session:
        session.connection().exec_driver_sql("UPDATE appointment SET until = '2022-05-18 20:00:00' WHERE role = 'unit'")
    world.now = at + timedelta(days=2)
    later = zhou.says(f"进度 紫金街道 截至 {at:%Y-%m-%d %H:%M}:00")
    assert [one for one in later.splitlines() if one.startswith("- ")] == [
        one for one in said.splitlines() if one.startswith("- ")
    ]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("进度 截至 5月29日", "还没到"),
        ("进度 截至 5月18日23:00", "还没到"),
        ("进度 截至 12月1日", "还没到"),
        ("进度 截至 5月1日", "5月18日才发布"),
        ("进度 截至 2021-05-22", "5月18日才发布"),
        ("进度 截至 5月40日", "没看懂"),
        ("进度 截至 以前", "没看懂"),
    ],
)
def test_a_moment_without_figures_is_said_plainly(zhou: Somebody, said: str, answer: str) -> None:
    assert answer in zhou.says(said)


def test_after_the_deadline_the_share_in_time_is_told(world: World, zhou: Somebody) -> None:
    finish(world, "li", "zhang")
    world.now = world.now.replace(day=31, hour=10)
    finish(world, "wang")
    told = zhou.says("进度 紫金街道")
    assert "逾期提交 1 人，按时率 66%" in told
    assert "按时率 0%" in line(told, "应报")
    assert "按时率" not in zhou.says("进度 紫金街道 截至 5月30日")


def test_staff_do_not_get_figures_of_a_moment(world: World) -> None:
    assert "应填" not in world.person("li").says("进度 截至 5月18日")


def test_other_units_have_no_past_either(wang: Somebody) -> None:
    assert "看不到" in wang.says("进度 岩泉街道 截至 今天8点")


# ---------------------------------------------------------------- ahead and behind


def towns(world: World, *sizes: int) -> None:
    """Townships of one county with so many people each."""
    units = tuple(
        UnitRow(code=f"33112120{n}", name=f"第{n}镇", parent_code="331121", kind=UnitKind.TOWNSHIP, division="")
        for n in range(len(sizes))
    )
    people = tuple(
        PersonRow(
            staff_id=f"t{n}x{i}",
            name=f"某{'甲乙丙丁戊己庚辛'[n]}{'一二三四五六'[i]}",
            unit_code=f"33112120{n}",
            roles=frozenset({Role.STAFF}),
            phone="",
        )
        for n, size in enumerate(sizes)
        for i in range(size)
    )
    world.import_roster(Roster(units=units, people=people))


def test_units_are_compared_and_never_persons(world: World) -> None:
    towns(world, 4, 4, 3, 1)
    finish(world, "t0x0", "t1x0", "t1x1", "t3x0")
    wu = world.person("wu", "吴立新")
    ahead, behind = wu.says("领先 青田县"), wu.says("落后 青田县")
    assert [one for one in ahead.splitlines() if one.startswith("- ")] == [
        "- 第1镇 50%（2/4）",
        "- 第0镇 25%（1/4）",
    ]
    assert [one for one in behind.splitlines() if one.startswith("- ")] == [
        "- 第2镇 0%（0/3）",
        "- 第0镇 25%（1/4）",
    ]
    assert "不足3人的 2 个单位不比较" in ahead
    assert "某" not in ahead + behind
    assert wu.says_in("工作群", "落后 青田县").splitlines()[1:] == behind.splitlines()[1:]


def test_equal_units_are_not_put_in_an_order(world: World) -> None:
    towns(world, 3, 3)
    told = world.person("wu").says("领先 青田县")
    assert "都是 0%，不分先后" in told


def test_without_units_below_there_is_nothing_to_compare(wang: Somebody) -> None:
    assert "没有两个以上" in wang.says("领先")


# ---------------------------------------------------------------- the picture


def test_the_picture_comes_into_the_chat_it_was_asked_in(world: World, zhou: Somebody) -> None:
    finish(world, "li")
    zhou.sends("进度 图")
    (picture,) = [body for body in zhou.gets() if isinstance(body, Document)]
    assert picture.name.endswith(".png")
    with Image.open(io.BytesIO(world.make(picture))) as image:
        assert image.format == "PNG"
        assert image.width == 1080
    zhou.says_in("工作群", "绑定")
    zhou.sends("进度 图 紫金街道", group_chat("工作群"))
    assert zhou.gets() == [], "in the group, not in 1:1"
    assert world.letters(group_chat("工作群"))[-1].body.startswith('{"kind":"Document"')


@pytest.mark.parametrize(
    "said", ["进度 图 紫金街道", "进度 紫金街道 图", "进度图 紫金街道", "进度 图 紫金街道 截至 今天9点"]
)
def test_a_picture_of_a_unit_below(world: World, zhou: Somebody, said: str) -> None:
    world.now = world.now.replace(hour=12)
    zhou.sends(said)
    assert [body.name.split("-")[1] for body in zhou.gets() if isinstance(body, Document)] == ["紫金街道"]


def test_without_a_font_the_figures_come_in_words(world: World, zhou: Somebody) -> None:
    fonts.prefer(Path("/nowhere/no.ttf"))
    try:
        told = zhou.says("进度 图")
    finally:
        fonts.prefer(None)
    assert "没有中文字体" in told
    assert "应填 **5** 人" in told
    assert not any(isinstance(body, Document) for body in zhou.gets())


def test_a_county_of_thirty_units_fits_a_phone(tmp_path: Path) -> None:
    bars = [Bar(f"单位名称{n}", n, 30, f"{n}/30", f"{n * 100 // 30}%") for n in range(31)]
    long = Bar("某某街道社区卫生服务中心及其下属的全部站点和卫生室", 0, 12345, "0/12345", "0%")
    with (tmp_path / "x.png").open("wb") as out:
        draw(Chart(title="很长的单位名称" * 8, lines=["截至"], bars=[*bars, long], legend="x", footer="y"), out)
    with Image.open(tmp_path / "x.png") as image:
        assert image.width == 1080
        left = {image.getpixel((n, y)) for n in range(40) for y in range(0, image.height, 3)}
        assert left == {(255, 255, 255)}, "nothing runs over the edge"


def test_the_best_known_font_is_taken() -> None:
    files = [Path("/f/uming.ttc"), Path("/f/NotoSansCJK-Regular.ttc"), Path("/f/simhei.ttf"), Path("/f/Arial.ttf")]
    assert best(files) == Path("/f/NotoSansCJK-Regular.ttc")
    assert best(files[2:]) == Path("/f/simhei.ttf")
    assert best(files[3:]) is None


def test_a_file_that_is_no_font_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.ttf").write_bytes(b"no font")
    assert not usable(tmp_path / "x.ttf")
    assert not usable(None)


def test_moved_deadline_and_buttons_stay(world: World, zhou: Somebody) -> None:
    world.move_deadline(date(2022, 6, 2))
    zhou.sends("进度")
    (body,) = [body for body in zhou.gets() if isinstance(body, Choice)]
    assert [option.label for option in body.options][:2] == ["1 名单", "2 催办"]
