"""Asking on the page: an answer that streams, is stopped, survives a reload, and is asked again."""

from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Browser, Route, expect

from api.pages.shown import Facts
from conversations.models import Turn
from tests.client import Server, Upstream
from tests.pages.browsing import READY, Visitor, visiting


def test_an_answer_streams_in_as_blocks_and_is_the_same_after_a_reload(
    visitor: Visitor, upstream: Upstream
) -> None:
    upstream.script(
        {"text": "# Tides\n\n```python\nmoon = 1\n```\n\n"},
        {"sleep": 2.5},
        {"text": "*High* water"},
    )
    visitor.asks("Why are there tides?")
    page = visitor.page
    expect(page.get_by_text("characters per second")).to_be_visible()
    expect(page.get_by_role("heading", name="Tides", exact=True).last).to_be_visible()
    visitor.sees("High water")
    expect(page.locator("#title")).to_have_text("Why are there tides?")
    expect(page.locator("#announcer")).to_have_text("The answer is complete.")
    shown = page.locator(".answer .blocks").inner_text()
    page.reload()
    assert page.locator(".answer .blocks").inner_text() == shown
    expect(page.locator(".answer code .hl-o")).to_have_text("=")


def test_waiting_is_visible_from_the_first_moment(visitor: Visitor, upstream: Upstream) -> None:
    upstream.script({"sleep": 2.0}, {"text": "At last"})
    visitor.asks("Are you slow?")
    expect(visitor.page.locator("[data-progress-text]")).to_contain_text("Waiting for")
    expect(visitor.page.locator("[data-progress-text]")).to_contain_text(" s")
    visitor.sees("At last")


def test_stopping_keeps_what_has_come(visitor: Visitor) -> None:
    visitor.asks("tokens 400 every 20")
    page = visitor.page
    page.get_by_text("w5", exact=False).last.wait_for()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".answer .meta")).to_contain_text("Stopped")
    expect(page.locator(".answer .blocks")).to_contain_text("w5")
    page.wait_for_selector(READY)


def test_a_reload_in_the_middle_shows_the_answer_going_on(visitor: Visitor) -> None:
    visitor.asks("tokens 200 every 20")
    page = visitor.page
    page.get_by_text("w5", exact=False).last.wait_for()
    page.reload()
    expect(page.locator('.answer[data-state="pending"]')).to_be_visible()
    visitor.sees("w199")
    assert page.locator(".answer").count() == 1


def test_a_lost_connection_is_said_and_taken_up_again(visitor: Visitor) -> None:
    page = visitor.page
    page.context.route("**/events*", lambda route: route.abort())
    visitor.asks("tokens 20 every 20")
    expect(page.get_by_text("The connection was lost.")).to_be_visible()
    page.context.unroute("**/events*")
    visitor.sees("w19")
    expect(page.locator("#lost")).to_be_hidden()
    visitor.complaints.clear()


def test_a_question_that_did_not_arrive_is_kept_and_asked_once(
    visitor: Visitor, upstream: Upstream
) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    # The question arrives, and its answer gets lost: the worst case.
    page.context.route("**/ask", lambda route: (route.fetch(), route.abort()))
    page.get_by_label("Your message").fill("Only once, please")
    page.keyboard.press("Enter")
    expect(page.locator("#refusal")).to_contain_text("The server cannot be reached.")
    expect(page.get_by_label("Your message")).to_have_value("Only once, please")
    page.context.unroute("**/ask")
    visitor.asks("Only once, please")
    visitor.sees("Echo: Only once, please")
    assert len(upstream.requests("/chat/completions")) == 1


def test_asking_again_replaces_the_answer(visitor: Visitor, upstream: Upstream) -> None:
    upstream.script({"text": "The first try"}, match="Say something")
    upstream.script({"text": "The second try"}, match="Say something")
    visitor.asks("Say something")
    visitor.sees("The first try")
    visitor.page.get_by_role("button", name="Answer again").click()
    visitor.sees("The second try")
    visitor.page.reload()
    expect(visitor.page.locator(".answer")).to_have_count(1)
    expect(visitor.page.locator(".answer")).to_contain_text("The second try")


def test_a_failure_is_told_in_plain_words_and_can_be_tried_again(
    visitor: Visitor, upstream: Upstream
) -> None:
    upstream.script({"status": 400}, match="Be difficult")
    upstream.script({"text": "Here you are"}, match="Be difficult")
    visitor.asks("Be difficult")
    page = visitor.page
    expect(page.locator(".trouble")).to_contain_text("The provider refused the question.")
    page.get_by_role("button", name="What happened").click()
    expect(page.locator(".facts")).to_contain_text("refused (400)")
    page.get_by_role("button", name="Try again").click()
    visitor.sees("Here you are")
    expect(page.locator(".trouble")).to_have_count(0)


def test_what_happened_names_the_provider_the_model_and_the_tokens(visitor: Visitor) -> None:
    visitor.asks("How many tokens?")
    visitor.sees("Echo: How many tokens?")
    visitor.page.get_by_role("button", name="What happened").click()
    facts = visitor.page.locator(".facts")
    for text in ("openai-compatible", "scripted-small", "completed", "Tokens asked"):
        expect(facts).to_contain_text(text)


def test_a_draft_stays_with_its_conversation(visitor: Visitor) -> None:
    visitor.asks("First")
    visitor.sees("Echo: First")
    page = visitor.page
    page.get_by_label("Your message").fill("Half a thou")
    page.get_by_role("link", name="New conversation").click()
    expect(page.get_by_label("Your message")).to_have_value("")
    page.get_by_role("link", name="First").click()
    expect(page.get_by_label("Your message")).to_have_value("Half a thou")


def test_another_model_is_chosen_and_kept(visitor: Visitor, upstream: Upstream) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    model = page.get_by_label("Model")
    page.locator('option[value="openai-compatible/scripted-large"]').wait_for(state="attached")
    model.select_option("openai-compatible/scripted-large")
    visitor.asks("Who are you?")
    visitor.sees("Echo: Who are you?")
    (asked,) = upstream.requests("/chat/completions")
    assert asked["body"]["model"] == "scripted-large"
    page.reload()
    expect(model).to_have_value("openai-compatible/scripted-large")


def test_what_is_typed_while_a_question_is_sent_stays(visitor: Visitor) -> None:
    page = visitor.page
    page.wait_for_selector(READY)
    held: list[Route] = []
    page.route("**/ui/ask", lambda route: held.append(route))
    box = page.get_by_label("Your message")
    box.fill("One")
    with page.expect_request("**/ui/ask"):
        page.keyboard.press("Enter")
    box.press_sequentially(" and two")
    held[0].continue_()
    visitor.sees("Echo: One")
    expect(page.locator(".said")).to_have_text(["One"])
    expect(box).to_have_value("and two")
    page.reload()
    expect(box).to_have_value("and two")


def test_a_question_that_is_tried_again_is_shown_once(visitor: Visitor, upstream: Upstream) -> None:
    upstream.script({"status": 400}, match="Boom")
    upstream.script({"text": "Half"}, {"sleep": 1.0}, {"text": " and whole"}, match="Boom")
    visitor.asks("Boom")
    page = visitor.page
    page.get_by_role("button", name="Try again").click()
    expect(page.locator('.answer[data-state="pending"]')).to_contain_text("Half")
    assert page.locator(".question").count() == 1
    visitor.sees("Half and whole")
    expect(page.locator(".question")).to_have_count(1)


def test_stopping_can_be_tried_again(visitor: Visitor) -> None:
    page = visitor.page
    page.route("**/stop", lambda route: route.abort())
    visitor.asks("tokens 400 every 20")
    stop = page.get_by_role("button", name="Stop")
    stop.click()
    expect(page.locator("#refusal")).to_contain_text("The server cannot be reached.")
    page.unroute("**/stop")
    stop.click(timeout=3_000)
    expect(page.locator(".answer")).to_have_attribute("data-state", "stopped")
    visitor.complaints.clear()


def test_another_answer_whose_beginning_is_lost_is_asked_for_once(
    visitor: Visitor, upstream: Upstream
) -> None:
    visitor.asks("Bill me")
    visitor.sees("Echo: Bill me")
    page = visitor.page
    # As long as the page does not learn of it in another way.
    page.route("**/messages*", lambda route: route.abort())
    page.route("**/again", lambda route: (route.fetch(), route.abort()), times=1)
    again = page.get_by_role("button", name="Answer again")
    again.click()
    expect(page.locator("#refusal")).to_contain_text("The server cannot be reached.")
    again.click()
    expect(page.locator(".versions")).to_contain_text("2/2")
    assert len(upstream.requests("/chat/completions")) == 2
    visitor.complaints.clear()


def test_a_draft_is_its_writers_only_and_gone_when_they_sign_out(
    browser: Browser, place: Server, signed_in_state: Any, somebody: str
) -> None:
    drafts = "Object.keys(localStorage).filter(name => name.startsWith('parley.draft.')).length"
    with visiting(browser, place) as visitor:
        page = visitor.signs_in(somebody)
        page.wait_for_selector(READY)
        page.get_by_label("Your message").fill("What do I earn?")
        state = page.context.storage_state()
        mine = {"storage_state": {**signed_in_state, "origins": state["origins"]}}
        with visiting(browser, place, **mine) as other:
            other.opens("/").wait_for_selector(READY)
            assert other.page.evaluate(drafts) == 1
            expect(other.page.get_by_label("Your message")).to_have_value("")
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/sign-in*")
        assert page.evaluate(drafts) == 0


def test_what_happened_names_the_outcome_of_a_tool_in_the_language_of_the_page() -> None:
    used = {"source": "s", "name": "n", "arguments": "{}", "outcome": "timeout", "text": ""}
    turn = Turn(status="completed", tools_used=[used])
    facts = Facts(turn=turn, attempts=[], usage={"prompt_tokens": 12}, seconds=None)
    with translation.override("fa"):
        page = render_to_string("ui/facts.html", {"facts": facts})
    assert "دیر شد" in page
    assert "timeout" not in page
    assert "۱۲" in page
