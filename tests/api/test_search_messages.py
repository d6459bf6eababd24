"""Search in everything that a caller has said and heard: `GET /api/search/messages`."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.accounts import Account, administrator, by_key, signed_up, unused_name
from tests.api.talking import NOBODY, new_session, problem_in
from tests.api.threads import Json, Thread, eventually, new_thread
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED, StartServer, found

PATH = "/api/search/messages"
MODES = ("auto", "semantic", "words", "regex")
SHARED = {"X-API-Key": "the-shared-key-of-the-team"}
ITEM = {"conversation", "message", "snippet", "snippet_html", "highlights", "why", "similarity"}


@pytest.fixture(scope="module")
def ann(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def bob(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def thread(ann: Account) -> Thread:
    """Of a product and an agent, and in the words index."""
    thread = new_thread(ann, metadata={"product": "shop", "agent": "clerk"})
    assert thread.ask("The quokka is a <b>small</b> wallaby").status_code == 201
    eventually(lambda: len(items(ann, "quokka", mode="words")) == 3)
    return thread


@pytest.fixture(scope="module")
def shelves(ann: Account) -> list[Thread]:
    """Two threads with five and with two messages, and a title each, that have the same word."""
    threads = [new_thread(ann), new_thread(ann)]
    for thread, texts in zip(threads, (["one", "two"], ["three"]), strict=True):
        for text in texts:
            assert thread.ask(f"Periwinkle {text}").status_code == 201
    eventually(lambda: len(items(ann, "periwinkle", mode="words", limit=100)) == 8)
    return threads


def searched(account: Account | Server, q: str, **query: Any) -> Json:
    """The page for someone, or for nobody in particular."""
    server = account if isinstance(account, Server) else account.server
    headers = {} if isinstance(account, Server) else account.headers
    return page_of(server.get(PATH, params={"q": q, **query}, headers=headers))


def page_of(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    page: Json = answer.json()
    return page


def items(account: Account | Server, q: str, **query: Any) -> list[Json]:
    found: list[Json] = searched(account, q, **query)["items"]
    return found


def message_ids(page: Json) -> list[str | None]:
    return [item["message"] and item["message"]["id"] for item in page["items"]]


def test_a_message_is_found_with_its_place(ann: Account, thread: Thread) -> None:
    params = {"q": "Quokka", "mode": "words", "role": "user"}
    answer = ann.server.get(PATH, params=params, headers=ann.headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    page, row, question = page_of(answer), thread.get(), thread.question()
    rest = {name: value for name, value in page.items() if name != "items"}
    assert rest == {"next": None, "mode": "words", "degraded": None, "complete": True}
    [item] = page["items"]
    assert item.keys() == ITEM
    wanted = {"id": thread.id, "title": row["title"], "surface": "threads", "product": "shop"}
    wanted |= {"agent": "clerk", "updated_at": row["updated_at"]}
    assert item["conversation"] == wanted
    told = {"id": question["id"], "role": "user", "model": "scripted-small", "status": "ready"}
    assert item["message"] == told | {"created_at": question["created_at"]}
    assert (item["why"], item["similarity"]) == (["words"], None)


@pytest.mark.parametrize("mode", ["auto", "words", "regex"])
def test_a_snippet_shows_what_was_looked_for(ann: Account, thread: Thread, mode: str) -> None:
    """Its HTML holds no other mark-up, whatever the text has."""
    [item] = items(ann, "quokka", mode=mode, role="user")
    assert item["snippet"] == "The quokka is a <b>small</b> wallaby"
    assert [item["snippet"][start:end] for start, end in item["highlights"]] == ["quokka"]
    shown = "The <mark>quokka</mark> is a &lt;b&gt;small&lt;/b&gt; wallaby"
    assert item["snippet_html"] == shown


def test_a_title_is_found_too_and_is_no_message(ann: Account, thread: Thread) -> None:
    found = items(ann, "quokka", mode="words")
    [title] = [item for item in found if item["message"] is None]
    assert title["conversation"]["id"] == thread.id
    assert "quokka" in title["snippet"]


def test_words_are_found_however_they_are_written(ann: Account, thread: Thread) -> None:
    for q in ("QUOKKA wallaby", '"the quokka is"', "wallab*", "quökka"):
        assert thread.question()["id"] in message_ids(searched(ann, q, mode="words")), q
    assert items(ann, "quokka -wallaby", mode="words", role="user") == []


def test_an_expression_is_one_only_where_it_is_asked_for(ann: Account, thread: Thread) -> None:
    page = searched(ann, r"qu.{2}ka\s+is", mode="regex", role="user")
    assert message_ids(page) == [thread.question()["id"]]
    assert page["items"][0]["why"] == ["regex"]
    assert items(ann, r"qu.{2}ka\s+is", mode="words") == []
    for broken in ("(", "*", r"(a)\1", "(?=a)"):
        answer = ann.server.get(PATH, params={"q": broken, "mode": "regex"}, headers=ann.headers)
        problem_in(answer, 400, "invalid_regex")


def test_a_server_without_the_model_says_so(ann: Account, thread: Thread) -> None:
    semantic, auto = (searched(ann, "quokka", mode=mode) for mode in ("semantic", "auto"))
    assert (semantic["items"], semantic["mode"]) == ([], "semantic")
    assert (auto["mode"], auto["degraded"]) == ("auto", semantic["degraded"])
    assert thread.question()["id"] in message_ids(auto)
    assert semantic["degraded"]


@pytest.mark.parametrize("mode", ["words", "regex"])
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("role", "assistant", "system"),
        ("model", "scripted-small", "other"),
        ("provider", " OpenAI-Compatible", "ollama"),
        ("product", "shop", "garage"),
        ("agent", "clerk", "shop"),
        ("surface", "threads", "sessions"),
        ("from", "2020-01-02", "2099-01-02T03:04:05+02:00"),
        ("to", "2099-01-02T03:04:05Z", "2020-01-02"),
        ("conversation", "its own", NOBODY),
    ],
)
def test_filters_keep_what_they_name(
    ann: Account, thread: Thread, mode: str, name: str, right: str, wrong: str
) -> None:
    found = items(ann, "quokka", mode=mode, **{name: right.replace("its own", thread.id)})
    assert {item["conversation"]["id"] for item in found} == {thread.id}
    assert items(ann, "quokka", mode=mode, **{name: wrong}) == []


def test_a_day_lasts_until_its_end(ann: Account, thread: Thread) -> None:
    day = thread.question()["created_at"][:10]
    assert items(ann, "quokka", mode="words", **{"from": day, "to": day})


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"mode": "auto", "limit": 3}, 8),
        ({"mode": "words", "limit": 3}, 8),
        ({"mode": "regex", "limit": 3}, 8),
        ({"mode": "words", "limit": 1, "group": "conversation"}, 2),
    ],
    ids=str,
)
def test_pages_hold_every_match_once(
    ann: Account, shelves: list[Thread], query: Json, number: int
) -> None:
    whole = searched(ann, "periwinkle", **{**query, "limit": 100})
    page = searched(ann, "periwinkle", **query)
    seen = page["items"]
    while page["next"] is not None and len(seen) <= number:
        page = searched(ann, "periwinkle", **query, cursor=page["next"])
        seen += page["items"]
    assert whole["next"] is None
    assert seen == whole["items"]
    assert len(seen) == number


@pytest.mark.parametrize("mode", ["auto", "words", "regex"])
def test_conversations_may_be_shown_once_each(
    ann: Account, shelves: list[Thread], mode: str
) -> None:
    grouped = items(ann, "periwinkle", mode=mode, group="conversation")
    counted = [(item["conversation"]["id"], item["more"] + 1) for item in grouped]
    assert sorted(counted) == [(shelves[0].id, 5), (shelves[1].id, 3)]


@pytest.mark.parametrize("mode", ["auto", "words", "regex"])
def test_a_cursor_is_good_for_its_own_search_only(
    ann: Account, shelves: list[Thread], mode: str
) -> None:
    given = searched(ann, "periwinkle", mode=mode, limit=1)["next"]
    query = {"q": "periwinkle", "mode": mode, "role": "user"}
    for cursor in (given, "nonsense", "0", "e30=", "\u0661", "x" * 2000):
        params = {**query, "cursor": cursor}
        answer = ann.server.get(PATH, params=params, headers=ann.headers)
        problem_in(answer, 400, "invalid_cursor")


def test_scores_are_told_to_who_asks(ann: Account, thread: Thread) -> None:
    for item in items(ann, "quokka", mode="words", scores="true"):
        assert item.keys() == ITEM | {"score", "scores"}
        assert isinstance(item["score"], float)
        assert item["scores"]


def test_no_answer_holds_the_whole_of_a_long_text(ann: Account) -> None:
    thread = new_thread(ann)
    text = f"Axolotl {'swims ' * 400}in the lake"
    assert thread.ask(text).status_code == 201
    [item] = eventually(lambda: items(ann, "axolotl", mode="words", role="user"))
    assert len(item["snippet"]) < 400
    assert "lake" not in item["snippet_html"]


def test_an_edited_message_is_found_by_its_new_text_alone(ann: Account) -> None:
    thread = new_thread(ann)
    thread.ask("The numbat eats termites")
    eventually(lambda: items(ann, "numbat", mode="words", role="user"))
    path = f"{thread.path}/messages/{thread.question()['id']}"
    ann.server.patch(path, json={"text": "The tamandua eats ants"}, headers=ann.headers)
    eventually(lambda: items(ann, "tamandua", mode="words", role="user"))
    for mode in ("auto", "words", "regex"):
        assert items(ann, "numbat", mode=mode, role="user") == []
        assert len(items(ann, "tamandua", mode=mode, role="user")) == 1


def test_what_is_deleted_is_out_of_sight_at_once_and_comes_back(ann: Account) -> None:
    """T-3.2"""
    thread = new_thread(ann)
    thread.ask("The bilby digs")
    eventually(lambda: items(ann, "bilby", mode="words", role="user"))
    thread.change(is_deleted=True)
    for mode in MODES:
        assert items(ann, "bilby", mode=mode) == []
    ann.server.patch(thread.path, json={"is_deleted": False}, headers=ann.headers)
    eventually(lambda: items(ann, "bilby", mode="words", role="user"))


@pytest.mark.parametrize("mode", MODES)
def test_someone_elses_text_is_found_by_nobody_else(
    ann: Account, bob: Account, thread: Thread, mode: str
) -> None:
    """C-4.7: not by its very words, nor by its id, nor by an expression that is everything."""
    text = thread.question()["text"]
    for stranger in (bob, administrator(ann.server), ann.server):
        for q in (text, "quokka", ".*"):
            found = items(stranger, q, mode=mode, limit=100)
            assert thread.id not in {item["conversation"]["id"] for item in found}
            assert items(stranger, q, mode=mode, conversation=thread.id) == []


def test_a_list_that_narrows_later_hides_what_it_lacks(server: Server) -> None:
    """T-3.4"""
    person = signed_up(server)
    closed, still_open = (new_thread(person, metadata={"product": name}) for name in ("x", "fine"))
    for thread in (closed, still_open):
        thread.ask("The kowari hunts")
    eventually(lambda: len(items(person, "kowari", mode="words", role="user")) == 2)
    person.change("user.allowed_products = ['fine']; user.save()")
    for query in ({"mode": "words"}, {"mode": "regex"}, {}, {"conversation": closed.id}):
        found = {row["conversation"]["id"] for row in items(person, "kowari", **query)}
        assert found == (set() if "conversation" in query else {still_open.id})


def test_a_key_and_a_browser_search_as_their_user(ann: Account, thread: Thread) -> None:
    """C-4"""
    query = {"q": "quokka", "mode": "words"}
    page = page_of(ann.server.get(PATH, params=query, headers=by_key(ann.new_key())))
    assert len(page["items"]) == 3
    staff = administrator(ann.server)
    kept = new_thread(staff, title="About a potoroo")
    query["q"] = "potoroo"
    eventually(lambda: items(staff, **query))
    with httpx.Client(base_url=ann.server.url, trust_env=False, timeout=30.0) as browser:
        browser.get("/admin/login/")
        form = {"username": staff.username, "password": staff.password}
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        browser.post("/admin/login/?next=/admin/", data=form)
        [item] = page_of(browser.get(PATH, params=query))["items"]
        assert item["conversation"]["id"] == kept.id


def test_all_who_are_anonymous_search_in_what_they_share(server: Server) -> None:
    """C-4.7"""
    word = unused_name().removeprefix("user-")
    server.post(f"{new_session(server)}/messages", json={"content": f"about {word}"})
    eventually(lambda: items(server, word, mode="words"))


@pytest.fixture(scope="module")
def guarded(database_kind: str, databases: Databases, upstream: Upstream) -> Iterator[Server]:
    env = {**UNLIMITED, "API_KEY": SHARED["X-API-Key"], "CHAT_API_PREFIX": "/elsewhere"}
    server = Server.start(found(lambda: databases.new(database_kind)), env, upstream)
    yield server
    server.stop()


def test_the_shared_key_has_a_workspace_of_its_own_to_search(guarded: Server) -> None:
    """C-4.1, C-4.7; the path is the same wherever the threads are."""
    session = guarded.post("/sessions", json={}, headers=SHARED).json()["id"]
    said = {"content": "The platypus glows"}
    guarded.post(f"/sessions/{session}/messages", json=said, headers=SHARED)
    query = {"params": {"q": "platypus", "mode": "words"}}
    eventually(lambda: page_of(guarded.get(PATH, **query, headers=SHARED))["items"])
    problem_in(guarded.get(PATH, **query), 401, "missing_api_key")


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"q": None}, "q: Field required"),
        ({"q": ""}, "q: String should have at least 1 character"),
        ({"q": " \t"}, "q: String should not be blank"),
        ({"q": "x" * 1001}, "q: String should have at most 1000 characters"),
        ({"q": "a\0b"}, "q: Input should be a valid string"),
        ({"mode": "best"}, "mode: Input should be 'auto', 'semantic', 'words' or 'regex'"),
        ({"conversation": "mine"}, "conversation: Input should be a valid UUID"),
        ({"from": "yesterday"}, "from: Input should be a valid date"),
        ({"to": "2026-01-02T03:04:05"}, "to: Input should be a valid date"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to: Input should be a valid date"),
        ({"limit": "0"}, "limit: Input should be greater than or equal to 1"),
        ({"limit": "101"}, "limit: Input should be less than or equal to 100"),
        ({"group": "owner"}, "group: Input should be 'conversation'"),
        ({"scores": "perhaps"}, "scores: Input should be a valid boolean"),
    ],
    ids=str,
)
def test_a_query_that_cannot_be_read_is_refused(server: Server, query: Json, fault: str) -> None:
    """C-3.2, C-3.3"""
    given = {name: value for name, value in {"q": "x", **query}.items() if value is not None}
    error = problem_in(server.get(PATH, params=given), 422, "validation_error")
    assert error["message"].startswith(f"Request validation failed: query.{fault}")


def test_search_that_is_off_says_so(start_server: StartServer) -> None:
    off = start_server({"CHAT_SEARCH_ENABLED": "false"})
    problem_in(off.get(PATH, params={"q": "x"}), 503, "search_disabled")
    owner = administrator(off)
    answer = off.post("/api/search/threads", json={"phrase": "x"}, headers=owner.headers)
    problem_in(answer, 503, "search_disabled")
    problem_in(off.post("/api/search/threads", json={"phrase": "x"}), 401, "unauthorized")
