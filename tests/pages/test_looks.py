"""How the pages look and can be reached: narrow, dark, right to left, and by the keyboard only."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.client import Server
from tests.pages.browsing import READY, Visitor, visiting

PATHS = ("/c/new", "/search?q=moon", "/trash", "/settings")


def _overflows(page: Page) -> bool:
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )


@pytest.mark.parametrize("locale", ["en-GB", "fa-IR"])
def test_nothing_is_wider_than_a_narrow_page(
    browser: Browser, place: Server, signed_in_state: Any, locale: str
) -> None:
    window = {"viewport": {"width": 360, "height": 700}, "locale": locale}
    with visiting(browser, place, storage_state=signed_in_state, **window) as visitor:
        for path in PATHS:
            assert not _overflows(visitor.opens(path)), path


def test_on_a_narrow_page_the_list_slides_in_and_escape_closes_it(
    browser: Browser, place: Server, signed_in_state: Any
) -> None:
    window = {"viewport": {"width": 360, "height": 700}}
    with visiting(browser, place, storage_state=signed_in_state, **window) as visitor:
        page = visitor.opens("/c/new")
        page.wait_for_selector(READY)
        search = page.locator("#q")
        expect(search).not_to_be_in_viewport()
        page.get_by_role("button", name="Show conversations").click()
        expect(search).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(search).not_to_be_in_viewport()
        expect(page.get_by_role("button", name="Show conversations")).to_be_focused()


def test_a_dark_system_gets_a_dark_page(browser: Browser, place: Server) -> None:
    with visiting(browser, place, color_scheme="dark") as visitor:
        page = visitor.opens("/sign-in")
        colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        red, green, blue = (int(part) for part in colour.strip("rgb()").split(","))
        assert max(red, green, blue) < 60


def test_everything_can_be_done_by_the_keyboard(visitor: Visitor) -> None:
    page = visitor.opens("/")
    page.wait_for_selector(READY)
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type("First line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second line")
    page.keyboard.press("Enter")
    visitor.sees("second line")
    answer = page.get_by_role("button", name="What happened")
    for _ in range(12):
        if answer.evaluate("button => button === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_be_visible()


def test_the_first_thing_to_reach_skips_to_the_content(visitor: Visitor) -> None:
    page = visitor.opens("/settings")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_each_message_has_its_own_direction(visitor: Visitor) -> None:
    visitor.asks("سلام، API چیست؟")
    visitor.sees("Echo")
    direction = "element => getComputedStyle(element).direction"
    assert visitor.page.locator(".said").last.evaluate(direction) == "rtl"
    assert visitor.page.locator(".answer p").first.evaluate(direction) == "ltr"
