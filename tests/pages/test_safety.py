"""What keeps a page safe: its policy, the proof that it is ours, and other people's rows."""

import re

import pytest

from chatproject.routes import ROUTES, Access
from tests.api.accounts import administrator, signed_up
from tests.api.talking import NOBODY
from tests.client import ROOT, Server, Upstream
from tests.pages.browsing import Visitor

HTML = {"Accept": "text/html"}
PAGES = ("/", "/c/new", "/sign-in", "/search", "/trash", "/settings", f"/c/{NOBODY}")
PAYLOAD = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "[link](javascript:document.title='owned') ![i](https://tracker.example/i.png)"
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_allows_nothing_but_what_comes_from_here(place: Server, path: str) -> None:
    answer = place.get(path, headers={**HTML, **administrator(place).headers})
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" in answer.headers["Cache-Control"]


def test_no_template_has_a_script_or_a_style_of_its_own() -> None:
    inline = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)
    for template in (ROOT / "templates" / "ui").glob("*.html"):
        assert not inline.search(template.read_text()), template.name


def test_html_enters_a_page_in_one_place_only() -> None:
    """Each sink: what is written there comes from the server, rendered and sanitised."""
    sinks = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|srcdoc")
    found = {
        script.name: len(sinks.findall(script.read_text()))
        for script in (ROOT / "static" / "ui").glob("*.js")
        if sinks.search(script.read_text())
    }
    assert found == {"html.js": 2}


def test_text_is_marked_as_safe_in_two_places_only() -> None:
    marks = re.compile(r"mark_safe\(|\|safe\b|autoescape off|format_html")
    files = [*(ROOT / "api" / "pages").glob("*.py"), *(ROOT / "templates" / "ui").glob("*.html")]
    found = {file.name for file in files if marks.search(file.read_text())}
    assert found == {"shown.py", "searching.py"}


def test_nothing_that_a_model_or_a_user_says_becomes_part_of_the_page(
    visitor: Visitor, upstream: Upstream
) -> None:
    requests: list[str] = []
    visitor.page.on("request", lambda request: requests.append(request.url))
    upstream.script(*({"text": character} for character in PAYLOAD), match="<script>")
    visitor.asks(PAYLOAD)
    visitor.sees("link")
    visitor.page.reload()
    visitor.opens("/search?q=owned")
    assert visitor.page.title() == "owned · Search · Parley"
    assert visitor.page.locator("article script, article img, li script").count() == 0
    assert all(url.startswith(visitor.server.url) for url in requests)


def test_another_sites_page_can_ask_nothing(place: Server) -> None:
    """Without an account, too, where no cookie would be needed."""
    for path in ("/ui/conversations", f"/ui/conversations/{NOBODY}/ask"):
        answer = place.post(path, content=b"{}", headers={"Content-Type": "text/plain"})
        assert answer.status_code == 403


def test_the_pages_of_a_conversation_are_its_owners_only(place: Server) -> None:
    owner, other = signed_up(place), signed_up(place)
    thread = place.post("/api/threads", json={"title": "Mine"}, headers=owner.headers).json()
    path = f"/c/{thread['id']}"
    assert place.get(path, headers={**HTML, **owner.headers}).status_code == 200
    assert place.get(path, headers={**HTML, **other.headers}).status_code == 404
    assert "Mine" not in place.get(path, headers={**HTML, **other.headers}).text


def test_pages_are_no_api_but_asking_costs_a_token() -> None:
    """C-5.5"""
    paths = {path: route for path, route in ROUTES.items() if path.startswith(("ui/", "c/"))}
    limited = {path.rpartition("/")[2] for path, route in paths.items() if route.is_api}
    assert limited == {"ask", "again"}
    assert all(route.access is not Access.EVERYONE for route in paths.values())
