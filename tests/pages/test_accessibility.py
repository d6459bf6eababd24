"""axe-core finds nothing serious on any page: light and dark, in both directions."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.api.accounts import administrator
from tests.client import Server, Upstream
from tests.pages.axe import serious_faults
from tests.pages.browsing import READY, Visitor, visiting
from tests.rendering.answers import long_answer

WINDOWS = (
    {"locale": "en-GB", "color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
    {"locale": "fa-IR", "color_scheme": "dark", "viewport": {"width": 360, "height": 740}},
)
PATHS = ("/c/new", "/settings", "/search?q=tides", "/trash", "/metrics/live", "/nowhere")


@pytest.fixture(scope="module")
def cookies(browser: Browser, place: Server) -> Any:
    """Of an administrator, who sees every page."""
    with visiting(browser, place) as visitor:
        return visitor.signs_in(administrator(place).username).context.storage_state()


@pytest.fixture(scope="module")
def windows(browser: Browser, place: Server, cookies: Any) -> Iterator[list[Visitor]]:
    """One for each of `WINDOWS`."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(visiting(browser, place, storage_state=cookies, **window))
            for window in WINDOWS
        ]


@pytest.mark.parametrize("path", PATHS)
def test_every_page_can_be_used_by_everybody(windows: list[Visitor], path: str) -> None:
    for visitor in windows:
        assert serious_faults(visitor.opens(path)) == []


def test_a_conversation_with_all_that_an_answer_may_hold(
    windows: list[Visitor], upstream: Upstream
) -> None:
    upstream.script({"text": long_answer(6000)}, match="Everything, please")
    upstream.script({"status": 500}, match="Fail, please")
    wide, narrow = windows
    page = wide.opens("/c/new")
    wide.asks("Everything, please")
    expect(page.locator(".answer .code").first).to_be_visible()
    page.locator('.answer:not([data-state="pending"])').wait_for()
    wide.asks("Fail, please")
    page.locator(".trouble").wait_for()
    page.locator("[data-facts]").last.click()
    page.locator(".facts").wait_for()
    assert serious_faults(page) == []
    assert serious_faults(narrow.opens(page.url.removeprefix(wide.server.url))) == []


def test_the_list_that_has_slid_in(windows: list[Visitor]) -> None:
    page = windows[1].opens("/c/new")
    page.wait_for_selector(READY)
    page.locator('[data-drawer="open"]').click()
    expect(page.locator("#q")).to_be_in_viewport()
    assert serious_faults(page) == []


def test_signing_in_and_being_refused(browser: Browser, place: Server) -> None:
    for window in WINDOWS:
        with visiting(browser, place, **window) as visitor:
            page = visitor.opens("/sign-in")
            page.locator("form .primary").click()
            expect(page.get_by_role("alert").first).to_be_visible()
            assert serious_faults(page) == []
