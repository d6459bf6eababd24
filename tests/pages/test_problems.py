"""What a browser is shown where there is nothing, or where the server has failed."""

import pytest
from django.test import RequestFactory

from chatproject.urls import handler404, handler500
from tests.client import Server

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nowhere", "/settings/nothing", "/static/none.js", "/c/a/b"])
def test_an_address_that_leads_nowhere_has_a_page_with_the_way_back(
    place: Server, path: str
) -> None:
    answer = place.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "Nothing was found here" in answer.text
    assert 'href="/"' in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Request-ID"]


def test_it_speaks_the_readers_language(place: Server) -> None:
    page = place.get("/nowhere", headers={**BROWSER, "Accept-Language": "fa"}).text
    assert 'lang="fa" dir="rtl"' in page
    assert "چیزی اینجا پیدا نشد" in page


@pytest.mark.parametrize("path", ["/api/nothing", "/sessions/a/b/c", "/v1/nothing", "/ui/nothing"])
def test_an_api_answers_a_browser_too_in_its_own_form(place: Server, path: str) -> None:
    """C-1.2"""
    answer = place.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html"])
def test_a_program_gets_no_page(place: Server, accept: str) -> None:
    answer = place.get("/nowhere", headers={"Accept": accept})
    assert answer.json()["error"]["code"] == "not_found"


def test_a_failure_is_a_page_for_a_browser_only() -> None:
    """C-3.5"""
    ask = RequestFactory().get
    for path, accept, kind in (
        ("/search", BROWSER["Accept"], "text/html"),
        ("/search", "*/*", "application/json"),
        ("/sessions", BROWSER["Accept"], "application/json"),
    ):
        answer = handler500(ask(path, HTTP_ACCEPT=accept))
        assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (500, kind)
    assert handler404(ask("/x", HTTP_ACCEPT="*/*"), Exception()).status_code == 404
