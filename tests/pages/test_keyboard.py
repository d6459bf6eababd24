"""Everything by the keyboard only: signing in, asking, stopping, moving on, deleting, undoing."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.api.accounts import PASSWORD
from tests.client import Server
from tests.pages.browsing import READY, visiting

FOCUSED = "element => element === document.activeElement"
# Of what the keyboard is on: there is a ring around it.
RING = "getComputedStyle(document.activeElement).outlineStyle"


def _tab_to(page: Page, target: Locator, *, key: str = "Tab", most: int = 60) -> None:
    """As many times as it takes; what is on the way shows that it is reached."""
    target.wait_for(state="attached")
    for _ in range(most):
        if target.evaluate(FOCUSED):
            assert page.evaluate(RING) != "none"
            return
        page.keyboard.press(key)
    raise AssertionError(f"{target} is not reached by {key}")


def test_a_whole_visit_without_a_pointer(browser: Browser, place: Server, somebody: str) -> None:
    with visiting(browser, place) as visitor:
        page = visitor.opens("/sign-in")
        expect(page.get_by_label("Name")).to_be_focused()
        page.keyboard.type(somebody)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(READY)

        expect(page.get_by_label("Your message")).to_be_focused()
        page.keyboard.type("The first one")
        page.keyboard.press("Enter")
        visitor.sees("Echo: The first one")
        _tab_to(page, page.get_by_role("link", name="New conversation"), key="Shift+Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(READY)

        expect(page.get_by_label("Your message")).to_be_focused()
        page.keyboard.type("tokens 900 every 20")
        page.keyboard.press("Enter")
        page.get_by_text("w5", exact=False).last.wait_for()
        _tab_to(page, page.get_by_role("button", name="Stop"))
        page.keyboard.press("Enter")
        expect(page.locator(".answer .meta")).to_contain_text("Stopped")
        expect(page.get_by_label("Your message")).to_be_focused()

        _tab_to(page, page.get_by_role("link", name="The first one"), key="Shift+Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#title")).to_have_text("The first one")

        _tab_to(page, page.get_by_role("button", name="Delete “The first one”"))
        page.keyboard.press("Enter")
        undo = page.get_by_role("button", name="Undo")
        _tab_to(page, undo)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="The first one")).to_be_visible()
