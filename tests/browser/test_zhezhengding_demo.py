"""`zicha demo --zhezhengding`: a village worker gets a notice on the phone, opens the page, answers, signs, and the
to-do is gone; and both platforms side by side. One demo, its clock only goes forward."""

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from bot.demo.roster import demo_roster, personas
from tests.bot_process import Demo, zicha_demo
from tests.browser.screen import DESKTOP, SOON
from tests.world import id_number

pytestmark = pytest.mark.browser

WORKER, COORDINATOR = (one.staff_id for one in personas(demo_roster())[:2])
NAMES = {one.staff_id: one.name for one in demo_roster().people}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Demo]:
    with zicha_demo(tmp_path_factory.mktemp("demo") / "data", "--zhezhengding") as running_demo:
        yield running_demo


@pytest.fixture
def page(browser: Browser, demo: Demo) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP | {"height": 900}, locale="zh-CN")
    context.set_default_timeout(SOON)
    one = context.new_page()
    troubles: list[str] = []
    one.on("pageerror", lambda error: troubles.append(str(error)))
    one.goto(demo.url)
    yield one
    assert troubles == []
    context.close()


def tap(page: FrameLocator, label: str) -> None:
    """A button of the page, and its answer."""
    before = page.get_by_test_id("line").count()
    page.get_by_test_id("option").filter(has_text=label).last.click(timeout=SOON)
    expect(page.get_by_test_id("line").nth(before)).to_be_visible(timeout=SOON)


def todos(screen: Page | FrameLocator) -> Locator:
    screen.get_by_test_id("tab-todos").click()
    return screen.get_by_test_id("todo")


def test_a_village_worker_s_whole_story(page: Page, demo: Demo) -> None:
    page.get_by_test_id(f"persona-{WORKER}").click()
    page.get_by_test_id("platform-zhezhengding").click()
    expect(todos(page)).to_have_count(1, timeout=SOON)
    expect(todos(page)).to_contain_text("请完成自查")
    expect(todos(page)).to_contain_text("5月30日")
    page.get_by_test_id("tab-messages").click()
    notice = page.get_by_test_id("notice").filter(has_text="还有一周截止")
    for _ in range(2):  # calls are ten minutes apart: who is not in the first is in the next
        page.get_by_test_id("clock-advance-hour").first.click()
        expect(page.locator("#clock")).not_to_have_class("clock gliding", timeout=SOON)
        with suppress(AssertionError):
            expect(notice).to_have_count(1, timeout=20_000)
            break
    expect(notice).to_have_count(1)
    notice.click()
    web = page.frame_locator('[data-testid="web"]')
    expect(web.get_by_test_id("line").last).to_contain_text(f"{NAMES[WORKER]}您好", timeout=SOON)
    for label in (
        "只有个人信息",
        "手机",
        "微信",
        "选好了",
        "都清理了",
        "1 密接人员清单",
        "上级下发",
        "用于密接人员排查",
    ):
        tap(web, label)
    for label in ("1 对", "看过了", "现在签"):
        tap(web, label)
    expect(web.locator("#log")).to_contain_text("本人郑重承诺")
    web.locator("#say").fill(f"{NAMES[WORKER]} {id_number('253')}")
    web.locator("#send").click()
    expect(web.get_by_test_id("option").filter(has_text="确认签署并提交")).to_be_visible(timeout=SOON)
    tap(web, "确认签署并提交")
    expect(web.get_by_test_id("line").last).to_contain_text("承诺书已签署")
    page.get_by_test_id("phone-back").click()
    expect(todos(page)).to_have_count(0, timeout=SOON)
    expect(page.get_by_test_id("no-todos")).to_be_visible()
    assert violations(demo) == []


def test_both_platforms_at_once(page: Page, demo: Demo) -> None:
    """Begun in the chat of DingTalk, gone on with on the page of 浙政钉, for the same person on one screen."""
    page.goto(f"{demo.url}/page/both.html#as={COORDINATOR}")
    chat, phone = page.frame_locator("#dingtalk"), page.frame_locator("#zhezhengding")
    chat.get_by_test_id("composer").fill("你好")
    chat.get_by_test_id("send").click()
    told = chat.locator('[data-testid="message"][data-from="robot"]')
    expect(told.last).to_be_visible(timeout=SOON)
    phone.get_by_test_id("tab-work").click()
    phone.get_by_test_id("open-app").click()
    web = phone.frame_locator('[data-testid="web"]')
    expect(web.get_by_test_id("line").last).to_be_visible(timeout=SOON)
    assert "回执" in told.last.inner_text()
    assert "回执" in web.get_by_test_id("line").last.inner_text(), "the same person, the same state"
    web.locator("#say").fill("核对")
    web.locator("#send").click()
    expect(web.get_by_test_id("line").last).to_contain_text("东升社区", timeout=SOON)
    phone.get_by_test_id("phone-back").click()
    phone.get_by_test_id("switch-person").click()
    phone.get_by_test_id(f"persona-{WORKER}").click()
    expect(chat.get_by_test_id("switch-person")).to_have_attribute(
        "aria-label", f"{NAMES[WORKER]}，换一个人", timeout=SOON
    )
    assert violations(demo) == []


def test_somebody_who_is_in_dingtalk_only(page: Page, demo: Demo) -> None:
    new = next(one.staff_id for one in personas(demo_roster()) if one.outside)
    page.goto(f"{demo.url}/page/phone.html#as={new}")
    expect(page.get_by_test_id("phone")).to_contain_text("浙政钉里没有", timeout=SOON)


def violations(demo: Demo) -> list[str]:
    """What the gateway found wrong with the bot's calls."""
    answer = httpx.get(f"{demo.url}/sandbox/ledger", params={"after": 0, "limit": 5000}, trust_env=False)
    return [entry["summary"] for entry in answer.json()["entries"] if entry["kind"] == "violation"]
