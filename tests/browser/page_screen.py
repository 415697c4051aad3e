"""The chat page on a phone, as its reader uses it. The server runs in a thread of its own, on a world of the tests."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.screen import PHONE, SOON
from tests.page import Server, serving
from tests.world import World

T = TypeVar("T")

CLIENT = """
window.dd = { getAuthCode: async () => {
  const answer = await window.phoneCode();
  if (!answer) throw new Error("not allowed");
  return { code: answer };
} };
"""
"""What the platform's client puts into the page: only here it asks the test for the code."""


class Served:
    """A server in a thread: its coroutines are run there."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server, self._loop = server, loop

    @property
    def world(self) -> World:
        return self.server.world

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@contextmanager
def served(world: World, **settings: object) -> Iterator[Served]:
    ready, ending = threading.Event(), threading.Event()
    there: list[Served] = []

    async def live() -> None:
        try:
            async with serving(world, post=True, **settings) as server:
                there.append(Served(server, asyncio.get_running_loop()))
                ready.set()
                while not ending.is_set():  # people look at a page while time goes by
                    before = time.monotonic()
                    await asyncio.sleep(0.02)
                    world.now += timedelta(seconds=time.monotonic() - before)
        finally:
            ready.set()

    with ThreadPoolExecutor(1) as pool:
        living = pool.submit(lambda: asyncio.run(live()))
        ready.wait(60)
        try:
            if there:
                yield there[0]
        finally:
            ending.set()
            living.result(60)


@dataclass
class PhonePage:
    """One open page of one person."""

    page: Page
    served: Served
    who: str
    troubles: list[str] = field(default_factory=list)

    @property
    def told(self) -> Locator:
        return self.page.get_by_test_id("line")

    @property
    def own(self) -> Locator:
        return self.page.get_by_test_id("own")

    @property
    def newest(self) -> str:
        return self.told.last.inner_text()

    def says(self, text: str) -> str:
        """Writes and sends; what the bot said to it."""
        before = self.told.count()
        self.page.locator("#say").fill(text)
        self.page.locator("#send").click()
        return self.heard(before)

    def taps(self, label: str) -> str:
        before = self.told.count()
        self.page.get_by_test_id("option").filter(has_text=label).last.click(timeout=SOON)
        return self.heard(before)

    def heard(self, before: int) -> str:
        expect(self.told.nth(before)).to_be_visible(timeout=SOON)
        expect(self.page.locator('[data-state="sending"]')).to_have_count(0, timeout=SOON)
        return "\n".join(self.told.nth(n).inner_text() for n in range(before, self.told.count()))

    def overflows(self) -> int:
        """Pixels by which the page is wider than the screen."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def flaws(self) -> list[str]:
        """What axe-core finds wrong with the page as it is now, best practices included."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]

    def small_targets(self) -> list[str]:
        """What is to be tapped and is smaller than a thumb: 44 pixels."""
        return list(
            self.page.evaluate(
                """[...document.querySelectorAll('button, a, textarea, label.file')]
                .filter((node) => node.offsetParent !== null && !node.matches('.skip'))
                .map((node) => [node.getBoundingClientRect(), node.outerHTML.slice(0, 80)])
                .filter(([box]) => box.width < 43.5 || box.height < 43.5).map(([, html]) => html)"""
            )
        )


@contextmanager
def phone(
    browser: Browser,
    served: Served,
    who: str,
    *,
    context: BrowserContext | None = None,
    code: Callable[[], str] | None = None,
    in_client: bool = True,
    wait: bool = True,
    **options: Any,
) -> Iterator[PhonePage]:
    """Opens the page on somebody's phone; in a `context` that is there already it is one more tab."""
    own = context or browser.new_context(
        **{"viewport": PHONE, "has_touch": True, "is_mobile": True, "locale": "zh-CN"} | options
    )
    own.set_default_timeout(SOON)
    page = own.new_page()
    one = PhonePage(page, served, who)
    page.on("pageerror", lambda error: one.troubles.append(str(error)))
    if in_client:
        page.expose_function("phoneCode", code or (lambda: served.server.code(one.who)))
        page.add_init_script(CLIENT)
    try:
        page.goto(f"{served.server.url}/")
        if wait:
            expect(one.told.first).to_be_visible(timeout=SOON)
        yield one
        assert not one.troubles, f"the page complained: {one.troubles}"
    finally:
        page.close()
        if context is None:
            own.close()
