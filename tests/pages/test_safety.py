"""What keeps a page safe: its policy, the proof that it is ours, and other people's rows."""

import pytest

from chatproject.routes import ROUTES, Access
from tests.api.accounts import administrator, signed_up
from tests.api.talking import NOBODY
from tests.client import Server

HTML = {"Accept": "text/html"}
PAGES = ("/", "/c/new", "/sign-in", "/search", "/trash", "/settings", f"/c/{NOBODY}")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_allows_nothing_but_what_comes_from_here(place: Server, path: str) -> None:
    answer = place.get(path, headers={**HTML, **administrator(place).headers})
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "no-store" in answer.headers["Cache-Control"]


def test_another_sites_page_can_ask_nothing(place: Server) -> None:
    """Without an account, too, where no cookie would be needed."""
    for path in ("/ui/ask", f"/ui/conversations/{NOBODY}/ask"):
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
