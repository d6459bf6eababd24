"""The list of conversations: names, the trash and back, search that jumps to the message."""

from playwright.sync_api import expect

from tests.api.accounts import signed_in
from tests.pages.browsing import Visitor


def test_a_conversation_is_renamed_in_the_list(visitor: Visitor) -> None:
    visitor.asks("Plans for the garden")
    visitor.sees("Echo")
    page = visitor.page
    page.get_by_role("link", name="Plans for the garden").hover()
    page.get_by_role("button", name="Rename “Plans for the garden”").click()
    page.get_by_label("New name of this conversation").fill("Garden")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("Garden")
    page.reload()
    expect(page.get_by_role("link", name="Garden")).to_be_visible()


def test_deleting_can_be_undone_at_once_and_from_the_trash(visitor: Visitor) -> None:
    visitor.asks("Not needed any more")
    visitor.sees("Echo")
    page = visitor.page
    row = page.get_by_role("link", name="Not needed any more")
    for undo in ("Undo", "Take back"):
        row.hover()
        page.get_by_role("button", name="Delete “Not needed any more”").click()
        expect(row).to_have_count(0)
        if undo == "Take back":
            page.get_by_role("link", name="Trash").click()
        page.get_by_role("button", name=undo).click()
        expect(row).to_be_visible()


def test_a_search_leads_to_the_message(visitor: Visitor) -> None:
    visitor.asks("The walrus and the carpenter")
    visitor.sees("Echo")
    page = visitor.page
    page.get_by_role("link", name="New conversation").click()
    box = page.locator("#q")
    # The index follows what is said within a second or so.
    for _ in range(20):
        box.fill("walrus")
        box.press("Enter")
        page.wait_for_url("**/search?q=walrus")
        if page.locator(".results mark").count():
            break
        page.wait_for_timeout(250)
    page.locator(".results a", has_text="You").first.click()
    target = page.locator(".question:target")
    expect(target).to_contain_text("The walrus and the carpenter")
    expect(target).to_be_in_viewport()


def test_the_list_and_the_threads_api_show_the_same(visitor: Visitor) -> None:
    visitor.asks("Shared with programs")
    visitor.sees("Echo")
    name = visitor.opens("/settings").locator("#profile strong").inner_text()
    account = signed_in(visitor.server, name)
    threads = visitor.server.get("/api/threads", headers=account.headers).json()["items"]
    assert "Shared with programs" in [thread["title"] for thread in threads]
