"""A server that is restarted in the middle of an answer, as the page shows it."""

from playwright.sync_api import Browser, expect

from tests.client import Upstream
from tests.conftest import StartServer
from tests.pages.browsing import visiting


def test_what_had_come_is_kept_and_the_page_says_what_to_do(
    browser: Browser, start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({"TURN_DRAIN_SECONDS": "0"}, upstream=upstream)
    with visiting(browser, server) as visitor:
        page = visitor.opens("/c/new")
        visitor.asks("tokens 500 every 20")
        page.get_by_text("w5", exact=False).last.wait_for()
        server.restart()
        expect(page.locator(".trouble")).to_contain_text("The server was restarted", timeout=15_000)
        expect(page.locator(".answer .blocks")).to_contain_text("w5")
        expect(page.locator("#lost")).to_be_hidden()
        visitor.complaints.clear()
