"""The list while it is looked at: more of it, what changes elsewhere, days, and taking back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.accounts import Account, signed_up
from tests.client import Server
from tests.conversations.exports import conversation, file_of, message
from tests.pages.browsing import READY, Visitor, visiting

LINES = {"Content-Type": "application/x-ndjson"}


def _begin(owner: Account, ages: dict[str, timedelta]) -> None:
    """Conversations by their titles, and how long ago they changed."""
    lines, now = [], datetime.now(UTC)
    for title, age in ages.items():
        changed = (now - age).isoformat()
        row = conversation(title=title, created_at=changed, updated_at=changed)
        lines += [row, message(row)]
    headers = owner.headers | LINES
    owner.server.post("/api/import", content=file_of(*lines), headers=headers).raise_for_status()


@pytest.fixture(scope="module")
def owner(place: Server) -> Account:
    """Somebody with a hundred conversations: the first part holds forty."""
    owner = signed_up(place)
    _begin(owner, {f"Old {number}": timedelta(hours=number) for number in range(100)})
    return owner


@pytest.fixture(scope="module")
def cookies(browser: Browser, owner: Account) -> Any:
    with visiting(browser, owner.server) as visitor:
        return visitor.signs_in(owner.username).context.storage_state()


@pytest.fixture
def reader(browser: Browser, owner: Account, cookies: Any) -> Iterator[Visitor]:
    """Has scrolled to the end of the list."""
    with visiting(browser, owner.server, storage_state=cookies) as reader:
        page = reader.opens("/c/new")
        page.wait_for_selector(READY)
        page.get_by_role("button", name="Show more").scroll_into_view_if_needed()
        expect(page.get_by_role("link", name="Old 99")).to_be_attached()
        yield reader


def _titles(page: Page) -> list[str]:
    return page.locator("#rows .row:visible a").all_text_contents()


def test_what_was_loaded_stays_when_something_new_is_said(reader: Visitor) -> None:
    page = reader.page
    before = _titles(page)
    reader.asks("Something new")
    reader.sees("Echo")
    expect(page.locator("#rows a").first).to_have_text("Something new")
    assert _titles(page) == ["Something new", *before]
    days = page.locator("#rows .day:visible").all_text_contents()
    assert len(days) == len(set(days))


def test_what_was_deleted_far_down_is_taken_back_to_the_top(reader: Visitor) -> None:
    page = reader.page
    before = _titles(page)
    row = page.locator(".row", has_text="Old 77")
    row.hover()
    row.get_by_role("button", name="Delete").click()
    expect(row).to_be_hidden()
    expect(page.get_by_role("link", name="Old 78")).to_be_focused()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Restored")).to_be_visible()
    before.remove("Old 77")
    assert _titles(page) == ["Old 77", *before]


def test_a_day_without_conversations_has_no_heading(browser: Browser, place: Server) -> None:
    owner = signed_up(place)
    _begin(owner, {"Lone": timedelta(days=40), "Other": timedelta(days=80)})
    with visiting(browser, place) as visitor:
        page = visitor.signs_in(owner.username)
        page.wait_for_selector(READY)
        expect(page.locator(".day:visible")).to_have_count(2)
        row = page.locator(".row", has_text="Lone")
        row.hover()
        row.get_by_role("button", name="Delete").click()
        expect(page.locator(".day:visible")).to_have_count(1)


@pytest.mark.parametrize("hours", [13, -11])
def test_days_are_those_of_the_reader(browser: Browser, place: Server, hours: int) -> None:
    """Half an hour before and after a midnight that is nobody's in Greenwich."""
    zone = f"Etc/GMT{-hours:+d}"
    local = datetime.now(UTC) + timedelta(hours=hours)
    since = timedelta(hours=local.hour, minutes=local.minute)
    owner = signed_up(place)
    ages = {"After": since - timedelta(minutes=1), "Before": since + timedelta(minutes=30)}
    _begin(owner, {title: max(age, timedelta()) for title, age in ages.items()})
    with visiting(browser, place, timezone_id=zone) as visitor:
        visitor.signs_in(owner.username)
        items = visitor.page.locator("#rows li")
        texts = ["Today", "After", "Yesterday", "Before"]
        expect(items).to_have_text(texts)
        visitor.page.reload()
        visitor.page.wait_for_selector(READY)
        expect(items).to_have_text(texts)


def test_a_cookie_that_names_no_zone_does_no_harm(place: Server, owner: Account) -> None:
    for zone in ("", "Nowhere/Else", "../../etc/passwd", "America", "x" * 9000, "\u0130"):
        cookie = {"Cookie": f"parley_zone={zone}".encode()}
        answer = place.get("/c/new", headers={"Accept": "text/html", **owner.headers, **cookie})
        assert answer.status_code == 200
