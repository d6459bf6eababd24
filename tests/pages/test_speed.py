"""A page stays quick: with a very long answer on its way, and with thousands of conversations."""

from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, expect

from tests.api.accounts import Account, execute, signed_up
from tests.client import Server, Upstream
from tests.pages.browsing import READY, Visitor, visiting
from tests.pages.speeding import WHOLE_LIST, traced
from tests.rendering.answers import long_answer

# In milliseconds: longer, and typing or scrolling is felt to hang.
LONGEST_TASK = 200
CONVERSATIONS = 5_000
TOKEN = 4


def test_a_long_answer_never_blocks_the_page(
    visitor: Visitor, browser: Browser, upstream: Upstream
) -> None:
    text = long_answer(300_000)
    steps: list[dict[str, Any]] = []
    for start in range(0, len(text), 300 * TOKEN):
        steps += [{"text": text[start : start + 300 * TOKEN]}, {"sleep": 0.015}]
    upstream.script(*steps, {"text": "\n\nThe end."}, match="At length, please")
    page = visitor.page
    page.wait_for_selector(READY)
    with traced(browser, page) as trace:
        visitor.asks("At length, please")
        page.locator('.answer:not([data-state="pending"])').wait_for(timeout=60_000)
    expect(page.locator(".answer")).to_contain_text("The end.")
    assert trace.longest < LONGEST_TASK


def test_a_list_of_thousands_scrolls_to_its_end(browser: Browser, place: Server) -> None:
    owner = signed_up(place)
    _fill(owner)
    with visiting(browser, place) as visitor:
        page = visitor.signs_in(owner.username)
        page.wait_for_selector(READY)
        with traced(browser, page) as trace:
            page.evaluate(WHOLE_LIST)
        assert page.locator("#rows .row").count() == CONVERSATIONS
    assert trace.longest < LONGEST_TASK


def _fill(owner: Account) -> None:
    """As many copies of one conversation, each a minute older than the one before."""
    made = owner.server.post("/api/threads", json={"title": "0"}, headers=owner.headers).json()
    table = "conversations_conversation"
    names = execute(owner.server, f"SELECT name FROM pragma_table_info('{table}')")
    changed = {
        "id": "lower(hex(randomblob(16)))",
        "title": "'Conversation ' || i",
        "updated_at": "datetime(updated_at, '-' || i || ' minutes')",
        "message_count": "1",
    }
    values = ", ".join(changed.get(name, name) for (name,) in names)
    numbers = (
        f"WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT {CONVERSATIONS})"
    )
    id = UUID(made["id"]).hex
    execute(
        owner.server,
        f"INSERT INTO {table} {numbers} SELECT {values} FROM {table}, n WHERE id = ?",
        id,
    )
