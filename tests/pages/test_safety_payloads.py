"""All payloads on every surface that shows text, in a browser that would let them run."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.api.accounts import administrator
from tests.client import Server, Upstream
from tests.pages.browsing import READY, visiting
from tests.pages.hostile import FAULT, MODEL, NAME, TEXTS, TITLES, Attacker
from tests.pages.speeding import WHOLE_LIST
from tests.pages.watching import Watch, watching
from tests.rendering.payloads import ALL, HTML, LETTING_OUT

ADMIN_LISTS = (
    "accounts/user",
    "accounts/apikey",
    "conversations/conversation",
    "conversations/turn",
)
# Raw, as no code of ours does it.
PUT_IN = "html => { document.querySelector('main').innerHTML = html }"


@pytest.fixture(scope="module")
def attacker(place: Server) -> Attacker:
    return Attacker(place)


@pytest.fixture(scope="module")
def attackers_cookies(browser: Browser, attacker: Attacker) -> Any:
    with visiting(browser, attacker.server) as visitor:
        return visitor.signs_in(NAME).context.storage_state()


@pytest.fixture
def watch(browser: Browser, attacker: Attacker, attackers_cookies: Any) -> Iterator[Watch]:
    """A window of the attacker's; nothing may have happened in it when the test is over."""
    with watching(browser, attacker.server, storage_state=attackers_cookies) as watch:
        yield watch
    assert watch.happened == []


def test_there_are_enough_of_them() -> None:
    assert len(set(ALL)) >= 60


def test_a_page_that_is_not_safe_would_be_noticed(browser: Browser, place: Server) -> None:
    with watching(browser, place) as watch:
        watch.opens("/sign-in")
        for payload in (HTML[2], HTML[15], LETTING_OUT[0], LETTING_OUT[1]):
            watch.page.evaluate(PUT_IN, payload)
            watch.settles()
            assert watch.happened, payload
            watch.happened.clear()


def test_the_policy_alone_would_let_nothing_run_or_load(browser: Browser, place: Server) -> None:
    with watching(browser, place, bypass_csp=False) as watch:
        watch.opens("/sign-in")
        for payload in TEXTS:
            # Where a page leads to is no matter of the policy.
            if "http-equiv=refresh" not in payload:
                watch.page.evaluate(PUT_IN, payload)
        watch.settles()
    assert watch.happened == []


def test_an_answer_while_it_streams_and_after_a_reload(watch: Watch, upstream: Upstream) -> None:
    steps = [{"text": f"{text}\n\n"} for text in ALL]
    upstream.script(*steps, {"text": "That was all."}, match="Everything at once")
    page = watch.opens("/c/new")
    page.wait_for_selector(READY)
    page.get_by_label("Your message").fill("\n\n".join(["Everything at once", *TEXTS]))
    page.keyboard.press("Enter")
    page.locator('.answer:not([data-state="pending"])').wait_for()
    expect(page.locator(".answer")).to_contain_text("That was all.")
    watch.settles()
    page.reload()
    watch.settles()
    expect(page.locator(".answer")).to_contain_text("That was all.")


@pytest.mark.parametrize("payloads", [HTML, LETTING_OUT], ids=["html", "letting out"])
def test_an_answer_that_is_split_at_every_byte(
    watch: Watch, upstream: Upstream, payloads: list[str]
) -> None:
    # Not more: the server sends the open block with each piece.
    characters = "\n\n".join(payload for payload in payloads[:16])
    upstream.script(*({"text": character} for character in characters), match="Bit by bit")
    page = watch.opens("/c/new")
    page.wait_for_selector(READY)
    page.get_by_label("Your message").fill("Bit by bit")
    page.keyboard.press("Enter")
    page.locator('.answer:not([data-state="pending"])').wait_for()
    watch.settles()


def test_stored_questions_and_answers_and_the_names_of_models(
    watch: Watch, attacker: Attacker
) -> None:
    page = watch.opens(attacker.everything)
    seen = page.locator(".answer").count()
    while (earlier := page.get_by_role("link", name="Earlier messages")).count():
        earlier.click()
        watch.settles()
        seen += page.locator(".answer").count()
    assert seen == len(TEXTS)


def test_the_list_the_heading_and_the_names_of_files(watch: Watch, attacker: Attacker) -> None:
    page = watch.opens("/c/new")
    rows = page.locator("#rows .row")
    page.evaluate(WHOLE_LIST)
    shown = set(rows.locator("a").all_text_contents())
    assert {title for title in TITLES if len(title) <= 80 and "  " not in title} <= shown
    page.get_by_role("link", name=HTML[2], exact=True).first.click()
    watch.settles()
    expect(page.locator("#title")).to_have_text(HTML[2])
    expect(page.locator(".file").first).to_contain_text(HTML[2])


def test_files_that_are_programs(watch: Watch, attacker: Attacker) -> None:
    page = watch.opens(attacker.pictures)
    paths = [link.get_attribute("href") for link in page.locator(".files a").all()]
    assert len(paths) == 10
    for path in paths:
        answer = page.request.get(f"{watch.server.url}{path}")
        is_kept = answer.headers.get("content-disposition", "").startswith("attachment")
        assert is_kept or answer.status == 404
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_trash_and_what_is_said_of_a_deletion(watch: Watch) -> None:
    page = watch.opens("/trash")
    expect(page.locator(".lines li")).to_have_count(30)
    row = page.locator("#rows .row", has_text="<img").first
    row.hover()
    row.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="is in the trash")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Restored")).to_be_visible()
    row.hover()
    row.get_by_role("button", name="Rename").click()
    page.keyboard.press("Escape")
    watch.settles()


def test_results_of_a_search_and_what_was_searched_for(watch: Watch) -> None:
    for asked in ("alert", "evil.example", NAME, "regex:<["):
        page = watch.opens("/c/new")
        for _ in range(40):
            page.locator("#q").fill(asked)
            page.locator("#q").press("Enter")
            watch.settles()
            if page.locator(".results a").count() or asked not in ("alert", "evil.example"):
                break
            page.wait_for_timeout(200)
        expect(page.locator("#query")).to_have_value(asked)
    assert page.title().startswith("regex:<[")


def test_what_happened_to_an_answer(watch: Watch, attacker: Attacker, upstream: Upstream) -> None:
    page = watch.opens(attacker.asks(upstream))
    expect(page.locator(".trouble .detail")).to_contain_text(FAULT[:60])
    for button in page.get_by_role("button", name="What happened").all():
        button.click()
        page.locator(".facts").last.wait_for()
    expect(page.locator(".facts").last).to_contain_text(MODEL)
    watch.settles()


def test_the_names_of_providers_and_models_to_choose_from(watch: Watch) -> None:
    known = [{"provider": "openai-compatible", "models": [MODEL, *HTML]}]
    page = watch.page
    page.route(
        "**/ui/models", lambda route: route.fulfill(json={"providers": known, "complete": True})
    )
    page.add_init_script(f"localStorage.setItem('parley.model', {MODEL!r})")
    watch.opens("/c/new")
    expect(page.locator("#model")).to_contain_text("")
    watch.settles()


def test_settings_and_addresses(watch: Watch) -> None:
    page = watch.opens("/settings")
    expect(page.locator("#profile")).to_contain_text(NAME)
    expect(page.locator("#keys .lines")).to_contain_text(NAME)
    for path in (f"/{NAME}", f"/sign-in?next=/{NAME}", f"/settings?saved={NAME}", f"/c/{NAME}"):
        watch.opens(path)


def test_the_admin_site(browser: Browser, attacker: Attacker, upstream: Upstream) -> None:
    attacker.asks(upstream)
    staff = administrator(attacker.server)
    with visiting(browser, attacker.server) as visitor:
        cookies = visitor.signs_in(staff.username).context.storage_state()
    with watching(browser, attacker.server, storage_state=cookies) as watch:
        for path in ADMIN_LISTS:
            page = watch.opens(f"/admin/{path}/")
            assert "onerror" in page.content(), path
            page.locator("#result_list tbody a").first.click()
            watch.settles()
        watch.opens(f"/admin/accounts/user/?q={NAME}")
        watch.opens("/metrics/live")
    assert watch.happened == []
