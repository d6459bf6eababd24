"""What can be changed afterwards, and what a provider keeps: messages and state (T-4.7, T-6)."""

from typing import Any

import pytest

from tests.api.accounts import Account, signed_up
from tests.api.talking import OPENAI_WIRE, asked_of, problem_in
from tests.api.threads import (
    DONE_MARK,
    MESSAGE_FIELDS,
    MODEL,
    Thread,
    call,
    chunk,
    events,
    file,
    new_thread,
    statuses,
    stored_files,
)
from tests.client import Databases, Server, Upstream
from tests.conftest import StartServer

STATE_FIELDS = {"id", "thread_id", "provider", "conversation_id", "payload"}
STATE_FIELDS |= {"created_at", "updated_at"}


@pytest.fixture(scope="module")
def owner(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture
def thread(owner: Account) -> Thread:
    return new_thread(owner)


def changed(thread: Thread, message_id: str, **fields: Any) -> Any:
    return call(thread.owner, "PATCH", f"{thread.path}/messages/{message_id}", json=fields)


def state(thread: Thread, at: str | None = None) -> Any:
    """What a provider calls the thread."""
    query = {"provider": at} if at else {}
    return call(thread.owner, "GET", f"/api/provider-threads/{thread.id}", params=query)


def set_state(thread: Thread, at: str | None = None, **body: Any) -> Any:
    query = {"provider": at} if at else {}
    path = f"/api/provider-threads/{thread.id}"
    return call(thread.owner, "PUT", path, params=query, json=body)


def test_a_message_is_changed_in_what_is_given(thread: Thread) -> None:
    """T-4.7"""
    sent = thread.ask("One").json()
    answer = changed(thread, sent["id"], status="error", error_code="e" * 200, tokens_count=7)
    row = answer.json()
    assert (answer.status_code, sorted(row)) == (200, sorted(MESSAGE_FIELDS))
    expected = {**sent, "status": "error", "error_code": "e" * 128, "tokens_count": 7}
    assert row == {**expected, "updated_at": row["updated_at"]}
    assert row["updated_at"] > sent["updated_at"]
    assert changed(thread, sent["id"], text="Two", status=None).json()["status"] == "error"
    assert thread.messages()[0]["text"] == "Two"


@pytest.mark.parametrize("status", ["queued", "processing", "ready", "error"])
def test_every_status_can_be_set(thread: Thread, status: str) -> None:
    """T-4.7"""
    sent = thread.ask("One").json()
    assert changed(thread, sent["id"], status=status).json()["status"] == status


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"text": ""}, 400, "invalid_text"),
        ({"text": " \n\u3000"}, 400, "invalid_text"),
        ({"status": "done"}, 422, "validation_error"),
        ({"status": 1}, 422, "validation_error"),
        ({"tokens_count": "x"}, 422, "validation_error"),
        ({"text": 5}, 422, "validation_error"),
    ],
)
def test_a_change_that_is_wrong_changes_nothing(
    thread: Thread, fields: dict[str, Any], status: int, code: str
) -> None:
    """T-4.7"""
    sent = thread.ask("One").json()
    problem_in(changed(thread, sent["id"], **{"error_code": "e", **fields}), status, code)
    assert thread.messages()[0] == sent


def test_a_message_of_another_thread_is_not_found(thread: Thread) -> None:
    """T-4.7"""
    elsewhere = new_thread(thread.owner).ask("One").json()
    problem_in(changed(thread, elsewhere["id"], status="error"), 404, "message_not_found")


def test_what_was_changed_is_what_the_provider_is_told(thread: Thread, upstream: Upstream) -> None:
    """T-4.4, T-4.7"""
    sent = thread.ask("One").json()
    changed(thread, sent["id"], text="Uno")
    thread.ask("Two").raise_for_status()
    assert asked_of(upstream, OPENAI_WIRE)["messages"][0]["content"] == "Uno"


def test_state_is_created_and_replaced(thread: Thread) -> None:
    """T-6"""
    error = problem_in(state(thread), 404, "provider_state_not_found")
    assert error["message"] == "Provider thread state not found"
    first = set_state(thread, conversation_id="c1", payload={"a": 1})
    assert (first.status_code, first.json().keys()) == (200, STATE_FIELDS)
    about = {"thread_id": thread.id, "provider": "openai-compatible"}
    assert first.json() | about | {"conversation_id": "c1", "payload": {"a": 1}} == first.json()
    second = set_state(thread, conversation_id="c2", payload={"b": 2}).json()
    assert (second["id"], second["created_at"]) == (first.json()["id"], first.json()["created_at"])
    assert (second["conversation_id"], second["payload"]) == ("c2", {"b": 2})
    assert state(thread).json() == second


def test_the_provider_of_a_state_is_the_bodys_else_the_querys(thread: Thread) -> None:
    """T-6"""
    both = set_state(thread, "ollama", conversation_id="c1", provider="openai")
    assert both.json()["provider"] == "openai"
    assert set_state(thread, "ollama", conversation_id="c2").json()["provider"] == "ollama"
    assert state(thread, "openai").json()["conversation_id"] == "c1"
    assert state(thread, "ollama").json()["conversation_id"] == "c2"
    problem_in(state(thread), 404, "provider_state_not_found")


@pytest.mark.parametrize("fields", [{}, {"conversation_id": 5}, {"payload": []}], ids=str)
def test_a_state_that_is_wrong_is_refused(thread: Thread, fields: dict[str, Any]) -> None:
    """C-3.2"""
    given = {"conversation_id": "c1", **fields} if fields else {}
    problem_in(set_state(thread, **given), 422, "validation_error")
    problem_in(state(thread), 404, "provider_state_not_found")


@pytest.mark.parametrize("inside", [True, False])
def test_a_conversation_of_the_providers_is_kept_and_told(
    thread: Thread, upstream: Upstream, inside: bool
) -> None:
    """T-6.1, T-4.4: at the top of a chunk or in its `message_metadata`."""
    name = {"conversation_id": "conv-7"}
    said = {"message_metadata": name} if inside else name
    upstream.script(chunk("Hi"), chunk(finish="stop", **said), DONE_MARK)
    thread.ask("One", model_label="Small").raise_for_status()
    stored = state(thread).json()
    assert stored["conversation_id"] == "conv-7"
    assert stored["payload"] == {"model": MODEL, "model_label": "Small"}
    thread.ask("Two").raise_for_status()
    assert asked_of(upstream, OPENAI_WIRE)["conversation_id"] == "conv-7"


def test_a_conversation_that_was_set_is_told(thread: Thread, upstream: Upstream) -> None:
    """T-4.4, T-6"""
    set_state(thread, conversation_id="set", payload={})
    set_state(thread, "ollama", conversation_id="ollamas")
    thread.stream("One").raise_for_status()
    assert asked_of(upstream, OPENAI_WIRE)["conversation_id"] == "set"


def test_the_models_of_all_providers_are_listed_the_default_ones_first(owner: Account) -> None:
    """T-6"""
    found = call(owner, "GET", "/api/models").json()
    ids = ["scripted-small", "scripted-large", "scripted:latest", "gpt-oss:20b"]
    assert found == {"models": ids, "cards": [{"id": model, "name": model} for model in ids]}


def test_demo_is_listed_where_it_is_the_default(start_server: StartServer) -> None:
    """T-6"""
    someone = signed_up(start_server({"DEFAULT_PROVIDER": "demo"}))
    found = call(someone, "GET", "/api/models").json()
    assert found == {
        "models": ["demo"],
        "cards": [{"id": "demo", "name": found["cards"][0]["name"]}],
    }


def test_a_provider_that_is_down_is_left_out_of_the_models_and_all_of_them_are_a_502(
    start_server: StartServer, upstream: Upstream
) -> None:
    """T-6"""
    dead = {"CHAT_LLM_API_BASE": f"{upstream.url}/nowhere"}
    half = signed_up(start_server(dead, upstream=upstream))
    models = call(half, "GET", "/api/models").json()["models"]
    assert models == ["scripted:latest", "gpt-oss:20b"]
    none = signed_up(start_server({**dead, "DEFAULT_PROVIDER": "openai-compatible"}))
    error = problem_in(call(none, "GET", "/api/models"), 502, "provider_error")
    assert "Not here: /nowhere" in error["message"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_without_a_model_messages_are_accepted_and_wait(
    kind: str, start_server: StartServer, databases: Databases, upstream: Upstream
) -> None:
    """T-4.6, T-6"""
    server = start_server(
        {"CHAT_LLM_ENABLED": "false"}, upstream=upstream, database_url=databases.new(kind)
    )
    thread = new_thread(signed_up(server))
    plain, later = thread.ask("One"), thread.ask("Two", headers={"Prefer": "respond-async"})
    assert (plain.status_code, later.status_code) == (201, 202)
    streamed = events(thread.stream("Three", attachments=[file("a.txt", b"a")]))
    assert statuses(streamed) == ["queued", "completed", "[DONE]"]
    rows = thread.messages()
    assert [(row["text"], row["status"]) for row in rows] == [
        (text, "queued") for text in ("One", "Two", "Three")
    ]
    assert plain.json() == rows[0]
    assert len(stored_files(server)) == len(rows[2]["attachments"]) == 1
    assert thread.get()["title"] == f"{MODEL}: One"
    problem_in(call(thread.owner, "GET", "/api/models"), 503, "llm_disabled")
    assert [seen for seen in upstream.requests() if seen["method"] == "POST"] == []
