"""One return from the village to the city, as a visitor of the demo plays it: five people, buttons, scans."""

import io
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from bot.demo import roster as demo
from bot.demo.roster import demo_roster, personas
from tests.bot_process import Demo
from tests.browser.screen import SOON, Screen

pytestmark = pytest.mark.browser

WORKER, VILLAGE, TOWNSHIP, COUNTY, CITY = (one.staff_id for one in personas(demo_roster())[:5])
STAMPED = str(Path(demo.__file__).parent / demo.STAMPED)


def stamped_and_up(desk: Screen) -> str:
    """From the confirmed table to the office above, with the scan the page has ready."""
    assert "还不能确认" not in desk.types("确认反馈表")
    assert "这是什么" in desk.sends_sample()
    assert "已盖章" in desk.taps("盖章的反馈表")
    return desk.taps("1 上报")


def accepted(desk: Screen, named: str) -> str:
    """Looked at with its table and its scan, then accepted."""
    assert named in desk.types("接收")
    desk.taps(named)
    expect(desk.told.locator(".kind-image img").last).to_be_visible(timeout=SOON)
    return desk.taps("1 接收")


def test_the_grid_worker_is_the_last_of_the_village(phone: Screen) -> None:
    phone.become(WORKER)
    phone.types("你好")
    phone.taps("都没有")
    phone.taps("都看过，没有")
    assert "回执" in phone.taps("不需要")


def test_the_villages_coordinator_hands_up_from_the_phone(phone: Screen) -> None:
    phone.become(VILLAGE)
    assert "可以核对" in phone.types("待办")
    assert "零报告" in phone.taps("核对")
    phone.taps("确认反馈表")
    assert "这是什么" in phone.sends(STAMPED, way="image"), "a photograph out of the phone"
    picture = phone.said.last.locator("img")
    expect(picture).to_be_visible()
    assert phone.overflows() == 0
    assert "已盖章" in phone.taps("盖章的反馈表")
    assert "已上报给" in phone.taps("1 上报")
    assert phone.overflows() == 0


def test_the_township_accepts_and_hands_up_its_own(desk: Screen) -> None:
    desk.become(TOWNSHIP)
    assert "东升社区" in desk.types("待办")
    assert "已接收" in accepted(desk, "东升社区")
    assert "已上报给" in stamped_and_up(desk)


def test_the_county_accepts_and_hands_up_everything(desk: Screen) -> None:
    desk.become(COUNTY)
    assert "紫金街道" in desk.types("待办")
    assert "已接收" in accepted(desk, "紫金街道")
    assert "已上报给" in stamped_and_up(desk)


def test_the_city_has_it(desk: Screen, demo: Demo, tmp_path: Path) -> None:
    desk.become(CITY)
    assert "莲都区" in desk.types("待办")
    assert "已接收" in accepted(desk, "莲都区")
    progress = desk.types("进度")
    assert "莲都区 93/93（100%），15/15" in progress
    card = desk.log.get_by_test_id("file-card").last
    with desk.page.expect_download() as coming:
        card.click()
    coming.value.save_as(tmp_path / "table.xlsx")
    sheet = load_workbook(io.BytesIO((tmp_path / "table.xlsx").read_bytes())).active
    assert sheet is not None
    assert "紫金街道" in "".join(str(cell or "") for row in sheet.iter_rows(values_only=True) for cell in row)
    answer = httpx.get(f"{demo.url}/sandbox/ledger", params={"after": 0, "limit": 5000}, trust_env=False)
    assert [entry["summary"] for entry in answer.json()["entries"] if entry["kind"] == "violation"] == []


def test_a_file_that_is_not_wanted_is_told(desk: Screen, tmp_path: Path) -> None:
    desk.become(WORKER)
    (tmp_path / "说明.docx").write_bytes(b"PK anything")
    assert "没有保存" in desk.sends(str(tmp_path / "说明.docx"))
    expect(desk.said.last.get_by_test_id("file-card")).to_be_visible()
