"""What the browser tests have in common: one Chromium for the tests of a file, one demo, and its
page on both screens.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.bot_process import Demo, zicha_demo
from tests.browser.screen import Screen, chromium, screen


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Demo]:
    with zicha_demo(tmp_path_factory.mktemp("demo") / "data") as running_demo:
        yield running_demo


@pytest.fixture
def desk(browser: Browser, demo: Demo) -> Iterator[Screen]:
    with screen(browser, demo.url) as one:
        yield one


@pytest.fixture
def phone(browser: Browser, demo: Demo) -> Iterator[Screen]:
    with screen(browser, demo.url, phone=True) as one:
        yield one
