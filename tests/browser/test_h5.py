"""The chat page on a phone of 390 × 844: a village worker's day, a coordinator's, and what goes wrong on it.

Every state it can be in is looked at with axe-core, and nothing on it may be smaller than a thumb or wider than the
screen.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, expect

from bot.intake import post
from handlers.messages import Address, ChatKind, Letter, Text
from storage import page_sessions, roster
from tests.browser.page_screen import PhonePage, Served, phone, served
from tests.browser.screen import SOON
from tests.conftest import Worlds
from tests.world import id_number

pytestmark = pytest.mark.browser


@pytest.fixture
def kind() -> str:
    """A browser does not see which database there is."""
    return "sqlite"


@pytest.fixture
def page(new_world: Worlds) -> Iterator[Served]:
    with served(new_world()) as one:
        yield one


def well_made(one: PhonePage) -> None:
    """For eyes, ears and thumbs."""
    assert one.flaws() == []
    assert one.small_targets() == []
    assert one.overflows() == 0


def test_with_data_and_a_pledge_from_the_first_look_to_the_receipt(browser: Browser, page: Served) -> None:
    number = id_number()
    with phone(browser, page, "qian") as qian:
        assert "钱大海您好" in qian.newest
        well_made(qian)
        qian.taps("只有个人信息")
        qian.taps("手机")
        assert "手机、微信" in qian.taps("微信")
        well_made(qian)
        qian.taps("选好了")
        qian.taps("都清理了")
        qian.says("密接人员清单")
        qian.taps("上级下发")
        review = qian.taps("用于密接人员排查工作")
        assert "通过微信传输" in review
        well_made(qian)
        qian.taps("1 对")
        qian.taps("看过了")
        assert "本人郑重承诺" in qian.taps("现在签")
        well_made(qian)
        received = qian.says(f"钱大海 {number}")
        assert number[-2:] in received
        assert number not in qian.page.content(), "not even for a moment"
        receipt = qian.taps("确认签署并提交")
        assert "ZC-0518-0001" in receipt
        assert "承诺书已签署" in receipt
        well_made(qian)
        qian.page.reload()
        expect(qian.told.last).to_contain_text("ZC-0518-0001", timeout=SOON)
        stored = qian.page.evaluate("JSON.stringify(sessionStorage)")
        assert number not in stored
        assert "密接人员清单" in qian.own.filter(has_text="密接人员清单").first.inner_text(), (
            "this tab knows one's words"
        )
    with phone(browser, page, "qian") as elsewhere:
        said = elsewhere.own.all_inner_texts()
        assert "2 只有个人信息" in said
        assert any("原话不在这里保留" in one for one in said), "typed words were in that tab alone"


def test_everything_by_keyboard(browser: Browser, page: Served) -> None:
    """Tab reaches every button in the order it is read, Enter taps and sends; the focus is always to be seen."""
    with phone(browser, page, "qian") as qian:
        keys = qian.page.keyboard
        keys.press("Tab")
        expect(qian.page.locator(".skip")).to_be_focused()
        keys.press("Enter")
        expect(qian.page.locator("#say")).to_be_focused()
        before = qian.told.count()
        keys.type("都没有")
        keys.press("Enter")
        qian.heard(before)
        qian.page.locator("#leave").focus()
        seen = []
        for _ in range(9):
            keys.press("Tab")
            seen.append(qian.page.evaluate("document.activeElement.textContent || document.activeElement.id"))
            ring = qian.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none"
        options = [text for text in seen if text[:1].isdigit() or text.startswith("？")]
        assert options == qian.page.get_by_test_id("option").all_inner_texts()[: len(options)]
        qian.page.get_by_test_id("option").filter(has_text="都看过").last.focus()
        before = qian.told.count()
        keys.press("Enter")
        assert "3/3" in qian.heard(before)


def test_text_twice_as_large_in_the_dark(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian", color_scheme="dark", viewport={"width": 360, "height": 780}) as qian:
        qian.page.evaluate("document.documentElement.style.fontSize = '200%'")
        qian.taps("只有个人信息")
        well_made(qian)
        for part in ("#send", "#say", "label.file", "#leave"):
            box = qian.page.locator(part).bounding_box()
            assert box is not None
            assert box["width"] > 60
        assert "记下了" in qian.taps("没有存过")


def test_a_coordinator_s_figures_papers_and_files(browser: Browser, page: Served, tmp_path: Path) -> None:
    with phone(browser, page, "wang") as wang:
        assert "应填" in wang.says("进度")
        well_made(wang)
        wang.taps("导出 反馈表")
        card = wang.page.get_by_test_id("paper").last
        expect(card).to_be_visible(timeout=SOON)
        well_made(wang)
        with wang.page.expect_download() as coming:
            card.click()
        assert coming.value.suggested_filename.endswith(".xlsx")
        coming.value.save_as(tmp_path / "反馈表.xlsx")
        assert load_workbook(io.BytesIO((tmp_path / "反馈表.xlsx").read_bytes())).active
        wang.says("进度 图")
        picture = wang.page.locator(".picture").last
        expect(picture).to_be_visible(timeout=SOON)
        assert picture.evaluate("node => node.decode().then(() => node.naturalWidth)") > 200
        large = tmp_path / "大.pdf"
        large.write_bytes(b"%PDF-1.7" + b"0" * 1_200_000)
        wang.page.locator("#file").set_input_files(large)
        expect(wang.page.locator("#problem")).to_contain_text("超过 1 MB")
        well_made(wang)
        before = wang.told.count()
        wrong = tmp_path / "旧.xls"
        wrong.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old")
        wang.page.locator("#file").set_input_files(wrong)
        assert "用不上" in wang.heard(before)
        assert wang.own.last.inner_text().startswith("文件：旧.xls")


# ---------------------------------------------------------------- what goes wrong


def test_names_and_answers_are_never_markup(browser: Browser, page: Served) -> None:
    nasty = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
    with page.world.database.session() as session:
        person = roster.person(session, "qian")
        assert person
        person.name = nasty[:60]
        roster.unit(session, person.unit_id).name = "<b onclick=alert(1)>街道</b>"
    with phone(browser, page, "qian") as qian:
        assert "img" in qian.newest
        qian.says(f"{nasty} **粗** [点我](javascript:alert(1))")
        assert qian.own.last.inner_text().startswith(nasty)
        assert qian.page.evaluate("window.hurt") is None
        assert qian.page.locator("#log img, #log script, #log b, #log a").count() == 0


def test_without_a_network_what_is_said_waits_and_is_sent_once(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian") as qian:
        told = qian.told.count()
        qian.page.context.set_offline(True)
        qian.page.get_by_test_id("option").filter(has_text="都没有").click()
        expect(qian.own.last.locator(".sending")).to_have_text("等网络恢复后发送", timeout=SOON)
        expect(qian.page.locator("#banner")).to_contain_text("网络断了")
        qian.page.locator("#say").fill("写了一半")
        well_made(qian)
        qian.page.context.set_offline(False)
        assert "2/" in qian.heard(told)
        expect(qian.page.locator("#banner")).to_be_empty(timeout=SOON)
        expect(qian.page.locator("#say")).to_have_value("写了一半")
    assert len(page.world.facts()["cases"]["qian"]["answers"]) == 1


def test_an_answer_cut_off_in_the_middle_is_fetched_again(browser: Browser, page: Served) -> None:
    """The message arrives, its answer does not: sent again by the page, it is taken once and answered once."""
    with phone(browser, page, "qian") as qian:
        cut: list[str] = []

        def cutting(route: object) -> None:
            if not cut:
                cut.append("once")
                route.fetch()  # type: ignore[attr-defined]
                route.abort("connectionreset")  # type: ignore[attr-defined]
            else:
                route.continue_()  # type: ignore[attr-defined]

        qian.page.route("**/say", cutting)
        assert "2/" in qian.taps("都没有")
        qian.page.wait_for_timeout(1500)
        expect(qian.told).to_have_count(2)
        expect(qian.own).to_have_count(1)
    assert cut
    assert len(page.world.facts()["cases"]["qian"]["answers"]) == 1


def test_a_reload_while_a_message_is_on_its_way(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian") as qian:
        qian.page.route("**/say", lambda route: route.abort("internetdisconnected"))
        qian.page.get_by_test_id("option").filter(has_text="都没有").click()
        expect(qian.own.last.locator(".sending")).to_have_text("等网络恢复后发送", timeout=SOON)
        qian.page.unroute("**/say")
        qian.page.reload()
        expect(qian.told.last).to_contain_text("2/", timeout=SOON)
        expect(qian.own).to_have_count(1)


def test_two_browsers_at_once(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian") as one, phone(browser, page, "qian") as other:
        one.taps("都没有")
        expect(other.told.last).to_contain_text("2/", timeout=SOON)
        expect(other.own.last).to_contain_text("1 都没有")
        other.taps("都看过，没有")
        expect(one.told.last).to_contain_text("3/", timeout=SOON)
        assert one.told.all_inner_texts() == other.told.all_inner_texts()


def test_the_bot_is_restarted_while_the_page_is_open(browser: Browser, new_world: Worlds) -> None:
    world = new_world()
    with served(world) as first, phone(browser, first, "qian") as qian:
        port = first.server.port
        first.run(first.server.stop())
        qian.page.get_by_test_id("option").filter(has_text="都没有").click()
        expect(qian.own.last.locator(".sending")).to_have_text("等网络恢复后发送", timeout=SOON)
        with served(world, port=port) as second:
            qian.served = second
            expect(qian.told.last).to_contain_text("2/", timeout=SOON)
            expect(qian.page.locator("#banner")).to_be_empty(timeout=SOON)
            qian.taps("都看过，没有")
    assert len(world.facts()["cases"]["qian"]["answers"]) == 2


def test_a_session_that_ended_is_renewed_without_a_word(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian") as qian:
        ended(page)
        assert "2/" in qian.taps("都没有")
        expect(qian.page.locator("#banner")).to_be_empty(timeout=SOON)


def test_a_session_that_ended_and_a_client_that_does_not_answer(browser: Browser, page: Served) -> None:
    """One button, and what was written is still there and goes out by itself."""
    willing = [True]
    with phone(browser, page, "qian", code=lambda: page.server.code("qian") if willing[0] else "") as qian:
        willing[0] = False
        ended(page)
        told = qian.told.count()
        qian.page.get_by_test_id("option").filter(has_text="都没有").click()
        again = qian.page.get_by_test_id("login")
        expect(again).to_be_visible(timeout=SOON)
        expect(qian.page.locator("#banner")).to_contain_text("登录已过期")
        qian.page.locator("#say").fill("写了一半")
        well_made(qian)
        willing[0] = True
        again.click()
        assert "2/" in qian.heard(told)
        expect(qian.page.locator("#say")).to_have_value("写了一半")
        expect(again).to_have_count(0)


def test_somebody_else_logs_in_on_the_same_phone(browser: Browser, page: Served) -> None:
    """Nothing of the one before is shown to them, and nothing that waited is sent in their name."""
    with phone(browser, page, "qian") as qian:
        qian.taps("都没有")
        qian.page.context.set_offline(True)
        qian.page.get_by_test_id("option").filter(has_text="都看过").last.click()
        expect(qian.own.last.locator(".sending")).to_have_text("等网络恢复后发送", timeout=SOON)
        qian.page.locator("#say").fill("我的半句话")
        ended(page)
        qian.who = "li"
        qian.page.context.set_offline(False)
        expect(qian.told.first).to_contain_text("李小四", timeout=SOON)
        expect(qian.page.locator("#who")).to_have_text("李小四，您好")
        expect(qian.told).to_have_count(1)
        expect(qian.own).to_have_count(0)
        expect(qian.page.locator("#say")).to_have_value("")
        qian.page.wait_for_timeout(300)
    cases = page.world.facts()["cases"]
    assert len(cases["qian"]["answers"]) == 1
    assert not cases.get("li", {}).get("answers")


def test_outside_the_client_and_when_the_login_fails(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian", in_client=False, wait=False) as outside:
        expect(outside.page.locator("#door")).to_contain_text("请从浙政钉工作台打开", timeout=SOON)
        well_made(outside)
    with phone(browser, page, "qian", code=lambda: "nobody's", wait=False) as refused:
        expect(refused.page.get_by_test_id("login")).to_be_visible(timeout=SOON)
        expect(refused.page.locator("#door")).to_contain_text("没有登录成功")
        well_made(refused)
        refused.page.get_by_test_id("login").click()
        expect(refused.page.get_by_test_id("login")).to_be_visible(timeout=SOON)


def test_logging_out_leaves_nothing_behind(browser: Browser, page: Served) -> None:
    with phone(browser, page, "qian") as qian:
        qian.taps("都没有")
        qian.page.locator("#leave").click()
        expect(qian.page.locator("#door")).to_contain_text("已退出", timeout=SOON)
        well_made(qian)
        expect(qian.told).to_have_count(0)
        assert qian.page.evaluate("sessionStorage.length") == 0
        qian.page.get_by_test_id("login").click()
        expect(qian.told.last).to_contain_text("2/", timeout=SOON)


def test_long_talks_are_opened_at_their_end_and_read_backwards(browser: Browser, page: Served) -> None:
    to = Address("zhezhengding", ChatKind.DIRECT, "acc-qian")
    letters = [Letter(to=to, body=Text(f"第{n}条", "自查"), key=f"old/{n}") for n in range(50)]
    with page.world.database.session() as session:
        post(session, letters, now=page.world.now)
    with phone(browser, page, "qian") as qian:
        expect(qian.told).to_have_count(40)
        expect(qian.told.last).to_be_in_viewport()
        qian.page.locator("#earlier").click()
        expect(qian.told).to_have_count(50)
        expect(qian.page.locator("#earlier")).to_be_hidden()
        numbers = [int(one.get_attribute("data-number") or 0) for one in qian.told.all()]
        assert numbers == sorted(set(numbers))


def ended(page: Served) -> None:
    """The operator, or time, ends somebody's sessions."""
    with page.world.database.session() as session:
        for who in ("qian", "li"):
            page_sessions.end_all(session, "zhezhengding", f"acc-{who}")
