"""Versions on the page: answers and questions side by side, kept over a reload, found by search."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Locator, Page, expect

from conversations.versions import Versions
from tests.api.accounts import signed_up
from tests.api.threads import MODEL, Thread, call, eventually, new_thread
from tests.client import Server, Upstream
from tests.pages.browsing import Visitor


def _answer(page: Page) -> Locator:
    return page.locator(".answer").last


def _two_answers(visitor: Visitor, upstream: Upstream) -> Page:
    upstream.script({"text": "The **first** try"}, match="Say something")
    upstream.script({"text": "The *second* try"}, match="Say something")
    visitor.asks("Say something")
    visitor.sees("The first try")
    visitor.page.get_by_role("button", name="Answer again").click()
    visitor.sees("The second try")
    return visitor.page


def test_another_answer_stands_beside_the_first_and_the_choice_is_kept(
    visitor: Visitor, upstream: Upstream
) -> None:
    page = _two_answers(visitor, upstream)
    expect(_answer(page).locator(".versions")).to_contain_text("2/2")
    previous = page.get_by_role("button", name="Previous version")
    previous.focus()
    page.keyboard.press("Enter")
    expect(_answer(page)).to_contain_text("The first try")
    expect(_answer(page).locator(".versions")).to_contain_text("1/2")
    expect(page.get_by_role("button", name="Next version")).to_be_focused()
    page.reload()
    expect(page.locator(".answer")).to_have_count(1)
    expect(_answer(page)).to_contain_text("The first try")
    visitor.asks("And now?")
    visitor.sees("Echo: And now?")
    said = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    assert [message["content"] for message in said] == [
        "Say something",
        "The **first** try",
        "And now?",
    ]


def test_an_edited_question_has_its_own_answer_and_the_old_ones_come_back(
    visitor: Visitor, upstream: Upstream
) -> None:
    visitor.asks("One")
    visitor.sees("Echo: One")
    visitor.asks("Two")
    visitor.sees("Echo: Two")
    page = visitor.page
    page.get_by_label("Your message").fill("Half a thought")
    page.get_by_role("button", name="Edit and ask again").first.click()
    expect(page.get_by_label("Your message")).to_have_value("One")
    page.get_by_label("Your message").fill("Uno")
    page.keyboard.press("Enter")
    visitor.sees("Echo: Uno")
    expect(page.get_by_label("Your message")).to_have_value("Half a thought")
    expect(page.locator(".message")).to_have_count(2)
    assert len(upstream.requests("/chat/completions")[-1]["body"]["messages"]) == 1
    page.get_by_role("button", name="Previous version").click()
    expect(page.locator(".message")).to_have_count(4)
    expect(_answer(page)).to_contain_text("Echo: Two")
    page.get_by_role("button", name="Next version").click()
    expect(page.locator(".said")).to_have_text(["Uno"])


def test_editing_is_left_with_escape(visitor: Visitor) -> None:
    visitor.asks("One")
    visitor.sees("Echo: One")
    page = visitor.page
    page.get_by_role("button", name="Edit and ask again").click()
    expect(page.get_by_text("You are editing a question.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("You are editing a question.")).to_be_hidden()
    expect(page.get_by_label("Your message")).to_have_value("")


def test_a_hit_in_an_earlier_version_shows_it_and_leads_on_from_there(
    visitor: Visitor, upstream: Upstream
) -> None:
    page = _two_answers(visitor, upstream)
    here = page.url
    page.get_by_role("button", name="Previous version").click()
    expect(_answer(page)).to_contain_text("The first try")
    later = page.get_by_role("button", name="Next version").get_attribute("data-choose")
    visitor.page.goto(f"{here}?at={later}#m-{later}")
    expect(_answer(page)).to_contain_text("The second try")
    expect(page.get_by_text("This is an earlier version.")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_hidden()
    page.get_by_role("button", name="Go on from here").click()
    expect(page.get_by_label("Your message")).to_be_visible()
    expect(_answer(page)).to_contain_text("The second try")


def test_an_answer_that_fails_leaves_the_one_that_there_is(
    visitor: Visitor, upstream: Upstream
) -> None:
    visitor.asks("Stay with me")
    visitor.sees("Echo: Stay with me")
    upstream.script({"status": 400}, match="Stay with me")
    page = visitor.page
    page.get_by_role("button", name="Answer again").click()
    expect(page.locator(".trouble")).to_be_visible()
    page.reload()
    expect(page.locator(".answer").first).to_contain_text("Echo: Stay with me")
    expect(page.locator(".trouble")).to_be_visible()


def test_copying_gives_the_markdown(visitor: Visitor, upstream: Upstream) -> None:
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = _two_answers(visitor, upstream)
    page.get_by_role("button", name="Copy the answer").click()
    expect(page.locator("#toast")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "The *second* try"


def test_what_happened_names_the_request(visitor: Visitor) -> None:
    with visitor.page.expect_response("**/ui/ask") as asked:
        visitor.asks("Who was that?")
    visitor.sees("Echo")
    visitor.page.get_by_role("button", name="What happened").click()
    expect(visitor.page.locator(".facts")).to_contain_text(asked.value.headers["x-request-id"])


def test_a_conversation_is_saved_as_a_file(visitor: Visitor) -> None:
    visitor.asks("Keep this")
    visitor.sees("Echo: Keep this")
    page = visitor.page
    page.locator("#export summary").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Markdown").click()
    assert "Echo: Keep this" in saved.value.path().read_text()


def test_another_answer_above_an_edited_question_ends_editing_and_keeps_the_text(
    visitor: Visitor,
) -> None:
    visitor.asks("One")
    visitor.sees("Echo: One")
    visitor.asks("Two")
    visitor.sees("Echo: Two")
    page = visitor.page
    page.get_by_role("button", name="Edit and ask again").last.click()
    page.get_by_label("Your message").fill("Two, much longer")
    page.get_by_role("button", name="Answer again").first.click()
    expect(_answer(page).locator(".versions")).to_contain_text("2/2")
    expect(page.get_by_text("You are editing a question.")).to_be_hidden()
    expect(page.get_by_label("Your message")).to_have_value("Two, much longer")
    page.get_by_label("Your message").press("Enter")
    visitor.sees("Echo: Two, much longer")


def test_versions_are_counted_in_the_digits_of_the_language() -> None:
    item = {"versions": Versions(number=2, total=13, previous=None, next=None)}
    with translation.override("fa"):
        assert "۲/۱۳" in render_to_string("ui/versions.html", {"item": item})


def test_what_the_provider_remembers_is_left_out_of_another_version(
    place: Server, upstream: Upstream
) -> None:
    thread = new_thread(signed_up(place))
    question = thread.ask("Remember me").json()["id"]
    state = {"conversation_id": "theirs"}
    call(thread.owner, "PUT", f"/api/provider-threads/{thread.id}", json=state).raise_for_status()
    for path, body, told in (
        ("ask", {"text": "Two"}, "theirs"),
        ("again", {}, None),
        ("ask", {"text": "Three", "instead_of": question}, None),
    ):
        sent = _sent(thread, upstream, path, {**body, "model": MODEL})
        assert sent.get("conversation_id") == told


def _sent(thread: Thread, upstream: Upstream, path: str, body: dict[str, str]) -> Any:
    """What the provider is sent for what the page sends."""
    before = len(upstream.requests("/chat/completions"))
    token = {"X-CSRFToken": "c" * 32, "Cookie": f"csrftoken={'c' * 32}"}
    headers = {**thread.owner.headers, **token}
    page = f"/ui/conversations/{thread.id}"
    asked = thread.owner.server.post(f"{page}/{path}", json=body, headers=headers)
    assert asked.status_code == 202
    return eventually(lambda: upstream.requests("/chat/completions")[before:])[0]["body"]
