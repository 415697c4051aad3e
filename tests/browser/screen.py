"""The chat page as a person uses it: see, tap, type. Playwright with the Chromium of this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from handlers.texts import arriving

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SOON = 60_000
"""Milliseconds within which the bot answers on a busy machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no browser here (looked for {', '.join(names)})")
    expect.set_options(timeout=SOON)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Screen:
    """One person's window."""

    page: Page

    @property
    def log(self) -> Locator:
        return self.page.get_by_test_id("messages")

    @property
    def said(self) -> Locator:
        """What the person sent, in this chat."""
        return self.log.locator('[data-testid="message"][data-from="me"]')

    @property
    def told(self) -> Locator:
        """What the bot said, in this chat."""
        return self.log.locator('[data-testid="message"][data-from="robot"]')

    def become(self, staff_id: str) -> None:
        """Opens the page anew as this person; done when their chat with the bot is drawn."""
        self.page.goto(f"{self.page.url.split('?')[0].split('#')[0]}?{staff_id}#as={staff_id}&chat=direct")
        expect(self.log.locator('[data-testid="message"], .empty').first).to_be_attached(timeout=SOON)
        self.page.wait_for_timeout(100)

    def opens(self, chat: str) -> None:
        """Another chat of the same person."""
        self.page.get_by_test_id(f"chat-{chat}").click()
        expect(self.page.get_by_test_id(f"chat-{chat}")).to_have_attribute("aria-current", "true")
        expect(self.log.locator('[data-testid="message"], .empty').first).to_be_attached(timeout=SOON)
        self.page.wait_for_timeout(100)

    def types(self, words: str) -> str:
        """Writes and sends; what the bot said to it, as one text."""
        before = self.told.count()
        self.page.get_by_test_id("composer").fill(words)
        self.page.get_by_test_id("send").click()
        return self._heard(before)

    def taps(self, label: str, *, answers: int = 1) -> str:
        """The newest button with these words; what the bot said to it, in so many messages."""
        before = self.told.count()
        self.log.get_by_test_id("reply-button").filter(has_text=label).last.click(timeout=SOON)
        return self._heard(before, answers)

    def sends(self, *files: str, way: str = "file") -> str:
        """Sends files through the button of the composer, `way` «image» through that for pictures."""
        before = self.told.count()
        self.page.get_by_test_id(f"{way}-input").set_input_files(list(files))
        return self._heard(before)

    def sends_sample(self) -> str:
        """Sends the picture that lies ready for visitors."""
        before = self.told.count()
        self.page.get_by_test_id("sample").click()
        return self._heard(before)

    def _heard(self, before: int, answers: int = 1) -> str:
        expect(self.told.nth(before + answers - 1)).to_be_visible(timeout=SOON)
        expect(self.said.last.locator(".read-mark")).to_have_text("已读", timeout=SOON)
        self.page.wait_for_timeout(150)  # an answer of several messages is complete
        if self.told.last.inner_text().startswith(arriving.TAKEN):  # a file on a slow machine: its answer comes after
            expect(self.told.last).not_to_contain_text(arriving.TAKEN)
        return "\n".join(self.told.nth(n).inner_text() for n in range(before, self.told.count()))

    def overflows(self) -> int:
        """Pixels by which the page is wider than the screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        log = self.page.evaluate(
            "(() => { const log = document.querySelector('.messages');"
            " return log ? log.scrollWidth - log.clientWidth : 0 })()"
        )
        return max(int(wide), int(log))


@contextmanager
def screen(browser: Browser, url: str, *, phone: bool = False) -> Iterator[Screen]:
    size = PHONE if phone else DESKTOP
    context = browser.new_context(viewport=size, has_touch=phone, is_mobile=phone, locale="zh-CN")
    context.set_default_timeout(SOON)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    try:
        page.goto(url)
        expect(page.get_by_test_id("person-search")).to_be_visible(timeout=SOON)
        yield Screen(page)
        assert not troubles, f"the page complained: {troubles}"
    finally:
        context.close()
