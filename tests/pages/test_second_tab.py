"""The same conversation in two tabs, and a tab whose network was away."""

from playwright.sync_api import expect

from tests.client import Upstream
from tests.pages.browsing import READY, Visitor


def test_what_is_asked_in_one_tab_is_seen_in_the_other(
    visitor: Visitor, upstream: Upstream
) -> None:
    visitor.asks("First")
    visitor.sees("Echo: First")
    other = Visitor(visitor.page.context.new_page(), visitor.server)
    other.page.goto(visitor.page.url)
    other.page.wait_for_selector(READY)
    upstream.script({"text": "Half"}, {"sleep": 1.5}, {"text": " and whole"}, match="Second")
    visitor.asks("Second")
    expect(other.page.locator(".said").last).to_have_text("Second")
    expect(other.page.get_by_role("button", name="Stop")).to_be_visible()
    visitor.sees("Half and whole")
    other.sees("Half and whole")
    visitor.page.get_by_role("button", name="Answer again").last.click()
    expect(other.page.locator(".versions")).to_contain_text("2/2")
    other.page.get_by_role("button", name="Previous version").click()
    expect(visitor.page.locator(".versions")).to_contain_text("1/2")
    assert not other.complaints


def test_a_tab_that_was_offline_says_so_and_catches_up(visitor: Visitor) -> None:
    visitor.asks("First")
    visitor.sees("Echo: First")
    page = visitor.page
    away = Visitor(page.context.new_page(), visitor.server)
    away.page.route_web_socket("**/ws/chat", lambda socket: socket.close())
    away.page.goto(page.url)
    away.page.wait_for_selector(READY)
    away.page.route("**/messages*", lambda route: route.abort())
    expect(away.page.get_by_text("Not connected.")).to_be_visible()
    visitor.asks("Second")
    visitor.sees("Echo: Second")
    away.page.unroute("**/messages*")
    away.sees("Echo: Second")
    expect(away.page.locator("#lost")).to_be_hidden()
