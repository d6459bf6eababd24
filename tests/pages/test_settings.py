"""Settings: how it looks, who somebody is, and the keys of their programs."""

from playwright.sync_api import Browser, expect

from tests.api.accounts import OTHER_PASSWORD, PASSWORD
from tests.client import Server
from tests.pages.browsing import Visitor, visiting


def test_a_key_is_shown_once_and_works_until_it_is_revoked(visitor: Visitor) -> None:
    page = visitor.opens("/settings")
    page.get_by_label("What the key is for").fill("a script")
    page.get_by_role("button", name="Create a key").click()
    key = page.locator("#secret").inner_text()
    headers = {"X-API-Key": key}
    asked = visitor.server.get("/api/keys", headers=headers)
    assert asked.json()["error"]["code"] == "forbidden"
    assert key not in visitor.opens("/settings").content()
    page.get_by_role("button", name="Revoke “a script”").click()
    expect(page.get_by_text("The key is revoked.")).to_be_visible()
    expect(page.get_by_text("a script")).to_have_count(0)


def test_a_name_is_kept(visitor: Visitor) -> None:
    page = visitor.opens("/settings")
    page.get_by_label("Full name").fill("Ada <b>Lovelace</b>")
    page.locator("#profile button").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Full name")).to_have_value("Ada <b>Lovelace</b>")


def test_a_new_password_needs_the_old_one_and_keeps_this_browser(
    browser: Browser, place: Server, somebody: str
) -> None:
    with visiting(browser, place) as visitor:
        visitor.signs_in(somebody)
        page = visitor.opens("/settings")
        for current, words in ((OTHER_PASSWORD, "not your password"), (PASSWORD, "is changed")):
            page.get_by_label("Current password").fill(current)
            page.get_by_label("New password").fill(OTHER_PASSWORD)
            page.get_by_role("button", name="Change the password").click()
            expect(page.locator(".sections")).to_contain_text(words)
        assert visitor.opens("/settings").url.endswith("/settings")
    with visiting(browser, place) as visitor:
        visitor.signs_in(somebody, OTHER_PASSWORD)


def test_the_theme_and_the_language_are_chosen_without_an_account(
    browser: Browser, place: Server
) -> None:
    with visiting(browser, place) as visitor:
        page = visitor.opens("/settings")
        page.get_by_label("Dark").check()
        page.get_by_label("Language").select_option("fa")
        page.get_by_role("button", name="Save").click()
        root = page.locator("html")
        expect(root).to_have_attribute("dir", "rtl")
        expect(root).to_have_attribute("data-theme", "dark")
        expect(page.get_by_role("heading", name="تنظیمات")).to_be_visible()
        assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
