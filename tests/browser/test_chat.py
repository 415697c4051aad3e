"""The demo as its visitor meets it: a page in a browser, people to be, buttons to tap. One demo for all, its clock only
goes forward, so the order of the tests is the order of the story."""

import io
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import APIResponse, Browser, Route, expect

from bot.demo.roster import demo_roster, personas
from tests.bot_process import Demo
from tests.browser.screen import SOON, Screen, screen
from tests.world import id_number

pytestmark = pytest.mark.browser

ZIJIN = "cidDemoZijin=="
CHONGTOU = "cidDemoChongtou=="
STAFF, VILLAGE, COORDINATOR, _COUNTY, _CITY, COMPREHENSIVE, COMMON, NEWCOMER, _GUEST = (
    one.staff_id for one in personas(demo_roster())
)
NAMES = {one.staff_id: one.name for one in demo_roster().people}


def _chat(asking: httpx.Client, who: str) -> list[dict[str, object]]:
    answer = asking.get("/sandbox/messages", params={"as": who, "chat": "direct"}).raise_for_status()
    return list(answer.json()["messages"])


def violations(demo: Demo) -> list[str]:
    answer = httpx.get(f"{demo.url}/sandbox/ledger", params={"after": 0, "limit": 5000}, trust_env=False)
    return [entry["summary"] for entry in answer.json()["entries"] if entry["kind"] == "violation"]


def test_from_the_greeting_to_the_receipt_by_tapping(desk: Screen, demo: Demo) -> None:
    """Everything by buttons but the greeting and the person's own number."""
    desk.page.get_by_test_id(f"persona-{STAFF}").click()
    expect(desk.log).to_be_visible()
    assert NAMES[STAFF] in desk.types("你好")
    desk.taps("只有个人信息")
    desk.taps("手机")
    assert "手机、微信" in desk.taps("微信")
    desk.taps("选好了")
    desk.taps("都清理了")
    desk.taps("1 密接人员清单")
    desk.taps("上级下发")
    review = desk.taps("用于密接人员排查工作")
    assert "密接人员清单" in review
    assert "通过微信传输" in review
    desk.taps("1 对")
    desk.taps("看过了")
    pledge = desk.taps("现在签", answers=3)
    assert "本人郑重承诺" in pledge
    number = id_number("253")
    received = desk.types(f"{NAMES[STAFF]} {number}")
    assert number[-2:] in received
    assert number not in received
    receipt = desk.taps("确认签署并提交")
    assert "ZC-0523-" in receipt
    assert "承诺书已签署" in receipt
    assert violations(demo) == []
    sent = desk.said.count()
    print(f"\nmessages with data and a new pledge, by tapping: {sent}")
    assert sent <= 15


def test_the_number_can_be_taken_back(desk: Screen) -> None:
    """What the bot asks for after the number, done on the page: the chat keeps no number."""
    desk.become(STAFF)
    number = desk.said.filter(has_text=id_number("253"))
    expect(number).to_have_count(1)
    number.locator(".bubble").click(button="right")
    desk.page.get_by_text("撤回", exact=True).click()
    expect(number).to_have_count(0)
    expect(desk.log.get_by_text("你撤回了一条消息")).to_be_visible()


def test_the_coordinator_downloads_the_table(desk: Screen, tmp_path: Path) -> None:
    desk.become(COORDINATOR)
    assert "已完成 **15** 人" in desk.types("进度") or "已完成 15 人" in desk.told.last.inner_text()
    desk.taps("导出 反馈表")
    card = desk.log.get_by_test_id("file-card").last
    expect(card).to_be_visible(timeout=SOON)
    with desk.page.expect_download() as coming:
        card.click()
    assert coming.value.suggested_filename.endswith(".xlsx")
    coming.value.save_as(tmp_path / "反馈表.xlsx")
    sheet = load_workbook(io.BytesIO((tmp_path / "反馈表.xlsx").read_bytes())).active
    assert sheet is not None
    lines = ["|".join(str(cell or "") for cell in row) for row in sheet.iter_rows(values_only=True)]
    assert any("涉疫数据使用安全自查情况反馈表" in line for line in lines)
    mine = [line for line in lines if NAMES[STAFF] in line]
    assert len(mine) == 1
    assert "密接人员清单" in mine[0]
    assert "通过微信传输" in mine[0]


def test_nothing_to_report_on_a_phone(phone: Screen, demo: Demo) -> None:
    """A thumb, a small screen, nothing beyond its edge."""
    assert phone.overflows() == 0
    phone.page.get_by_test_id(f"persona-{COMMON}").click()
    phone.page.get_by_test_id("chat-direct").click()
    expect(phone.log).to_be_visible()
    phone.types("你好")
    assert phone.overflows() == 0
    for label in ("都没有", "都看过，没有"):
        phone.taps(label)
        assert phone.overflows() == 0
    assert "零报告" in phone.taps("不需要")
    sent = phone.said.count()
    print(f"\nmessages with nothing to report, by tapping: {sent}")
    assert sent <= 4
    phone.page.get_by_test_id("back").click()
    expect(phone.page.get_by_test_id("chat-direct")).to_be_visible()
    assert phone.overflows() == 0
    assert violations(demo) == []


def test_long_options_and_chips_fit_a_phone(phone: Screen) -> None:
    phone.become(COMPREHENSIVE)
    phone.types("你好")
    phone.taps("只有个人信息")
    assert phone.overflows() == 0
    for words in ("微信 手机 浙政钉 网盘", "都清理了", "密接人员清单", "上级下发"):
        phone.types(words)
        assert phone.overflows() == 0
    screen_width = 390
    for chip in phone.log.get_by_test_id("reply-button").all():
        box = chip.bounding_box()
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= screen_width)
    assert phone.log.get_by_test_id("composer").count() == 0  # the composer stands below the log, not in it
    expect(phone.page.get_by_test_id("composer")).to_be_in_viewport()


def test_an_old_button_is_told_apart(desk: Screen) -> None:
    desk.become(COMPREHENSIVE)
    before = desk.told.count()
    desk.log.get_by_test_id("reply-button").filter(has_text="只有工作信息").first.click()
    expect(desk.told.nth(before)).to_contain_text("已经答过", timeout=SOON)


def test_somebody_in_no_roster_finds_their_unit(desk: Screen, browser: Browser, demo: Demo) -> None:
    desk.become(NEWCOMER)
    assert "名册里还没有您" in desk.types("你好")
    assert "紫金街道" in desk.types("zijin")
    desk.taps("1 莲都区 紫金街道")
    assert NAMES[COORDINATOR] in desk.taps("周新来")
    with screen(browser, demo.url) as other:
        other.become(COORDINATOR)
        other.taps("1 是，加入")
    expect(desk.told.last).to_contain_text("周新来您好", timeout=SOON)
    expect(desk.told.last.get_by_test_id("reply-button").first).to_be_visible()


def test_what_is_said_while_the_chat_is_being_loaded_stays(desk: Screen, demo: Demo) -> None:
    """A slow gateway: the person has written and read the answer before the chat as it was arrives."""
    held: list[tuple[Route, APIResponse]] = []
    desk.page.route("**/sandbox/messages?*", lambda route: held.append((route, route.fetch())))
    desk.page.goto(f"{demo.url}/?{VILLAGE}#as={VILLAGE}&chat=direct")
    with desk.page.expect_response("**/sandbox/say"):
        desk.page.get_by_test_id("composer").fill("帮助")
        desk.page.get_by_test_id("send").click()
    with httpx.Client(base_url=demo.url, trust_env=False, timeout=60) as asking:
        while not any(one["from"] == "robot" for one in _chat(asking, VILLAGE)):
            desk.page.wait_for_timeout(100)
    for route, answer in held:
        route.fulfill(response=answer)
    expect(desk.said).to_have_count(1)
    expect(desk.told.first).to_be_visible(timeout=SOON)
    desk.page.wait_for_timeout(300)
    expect(desk.said.last).to_contain_text("帮助")


def test_a_week_before_the_deadline(desk: Screen, demo: Demo) -> None:
    """Half an hour after the demo begins: whoever is unfinished and the groups hear of it, whoever is done does not."""
    desk.become(COORDINATOR)
    desk.opens(ZIJIN)
    bound = desk.types("@自查助手 绑定")
    assert "已绑定" in bound
    desk.become(STAFF)
    finished = desk.told.count()
    desk.page.get_by_test_id("clock-advance-hour").first.click()
    expect(desk.page.get_by_test_id("clock-now")).to_contain_text("10:", timeout=SOON)
    expect(desk.page.locator("#clock")).not_to_have_class("clock gliding", timeout=SOON)
    desk.page.wait_for_timeout(600)
    assert desk.told.count() == finished
    desk.opens(ZIJIN)
    expect(desk.told.last).to_contain_text("还有7天", timeout=SOON)
    expect(desk.told.last).to_contain_text("已完成15人")
    desk.become(COMPREHENSIVE)
    expect(desk.told.last).to_contain_text("还有一周截止", timeout=SOON)
    begun = desk.told.count()
    desk.taps("继续")
    expect(desk.told.nth(begun)).to_contain_text("拿来做什么")
    desk.opens(CHONGTOU)
    expect(desk.told.last).to_contain_text("云和县 崇头镇")
    desk.become(COMMON)
    assert "还有一周截止" not in desk.log.inner_text()
    assert violations(demo) == []
