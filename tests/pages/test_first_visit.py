"""The very first visitor, signing in and out, and going on without an account."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect

from tests.api.accounts import OTHER_PASSWORD, PASSWORD
from tests.client import Server
from tests.conftest import StartServer
from tests.pages.axe import serious_faults
from tests.pages.browsing import visiting


def test_the_first_visitor_creates_the_administrator_and_chats(
    browser: Browser, start_server: StartServer
) -> None:
    server = start_server({"DEMO_DELAY_SECONDS": "0", "APP_ENV": "production"})
    with visiting(browser, server) as visitor:
        page = visitor.opens("/")
        assert page.url == f"{server.url}/"
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill("short")
        page.get_by_role("button", name="Create the administrator").click()
        expect(page.get_by_role("alert")).to_contain_text("too short")
        assert serious_faults(page) == []
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Create the administrator").click()
        visitor.asks("Is anybody there?")
        visitor.sees("This is the demo provider.")
        page.get_by_role("link", name="Settings").click()
        expect(page.get_by_role("link", name="Administration")).to_be_visible()
        assert visitor.opens("/setup").url == f"{server.url}/"


def test_a_visitor_without_an_account_is_told_who_sees_what_is_said(
    browser: Browser, start_server: StartServer
) -> None:
    server = start_server({"DEMO_DELAY_SECONDS": "0"})
    with visiting(browser, server) as visitor:
        page = visitor.opens("/")
        page.get_by_role("link", name="Go on without an account").click()
        expect(page.locator(".hint")).to_contain_text("You are not signed in")
        visitor.asks("Is anybody there?")
        visitor.sees("Is anybody there?")


def test_pages_lead_to_signing_in_where_an_account_is_needed(start_server: StartServer) -> None:
    server = start_server({"APP_ENV": "production"})
    for path in ("/c/new", "/search?q=a", "/trash", "/settings"):
        answer = server.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/sign-in?next={quote(path)}"


def test_signing_in_needs_the_password_and_signing_out_ends_it(
    browser: Browser, place: Server, somebody: str
) -> None:
    with visiting(browser, place) as visitor:
        page = visitor.opens("/sign-in?next=/settings")
        page.get_by_label("Name").fill(somebody)
        page.get_by_label("Password").fill(OTHER_PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("No account has this name and password.")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text(f"Signed in as {somebody}")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        assert page.url == f"{place.url}/sign-in"


@pytest.mark.parametrize("given", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(place: Server, given: str) -> None:
    page = place.get("/sign-in", params={"next": given}).text
    assert 'name="next" value="/"' in page


def test_a_form_from_before_somebody_signed_in_is_out_of_date(place: Server) -> None:
    answer = place.post("/sign-in", data={"username": "ada", "password": PASSWORD})
    assert answer.status_code == 403
    assert "This page is out of date" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
