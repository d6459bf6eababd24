"""A key for some models asks no other: refused before anything is asked or stored (issue 3)."""

from collections.abc import Callable

import httpx
import pytest

from tests.api.accounts import Account, by_key, execute, signed_up
from tests.api.talking import problem_in
from tests.client import Server, Upstream

Headers = dict[str, str]
Ask = Callable[[Server, Headers, str], httpx.Response]

OTHERS = ["scripted-large", "SCRIPTED-SMALL", "ollama/scripted:latest"]


@pytest.fixture(scope="module")
def ann(server: Server) -> Account:
    return signed_up(server)


def _in_a_session(server: Server, headers: Headers, model: str) -> httpx.Response:
    session = server.post("/sessions", json={}, headers=headers).json()["id"]
    body = {"content": "Hello", "options": {"model": model}}
    return server.post(f"/sessions/{session}/messages", json=body, headers=headers)


def _in_a_conversation(server: Server, headers: Headers, model: str) -> httpx.Response:
    made = server.post("/conversations", json={"default_model": model}, headers=headers)
    return _streamed(server, headers, made.json()["id"] if made.is_success else "", made)


def _by_the_message(server: Server, headers: Headers, model: str) -> httpx.Response:
    small = {"default_model": "scripted-small"}
    made = server.post("/conversations", json=small, headers=headers).json()["id"]
    body = {"message": "Hello", "model": model}
    said = server.post(f"/conversations/{made}/messages", json=body, headers=headers)
    return server.get(f"/conversations/{made}/stream", headers=headers) if said.is_success else said


def _by_the_stream(server: Server, headers: Headers, model: str) -> httpx.Response:
    small = {"default_model": "scripted-small"}
    made = server.post("/conversations", json=small, headers=headers).json()["id"]
    server.post(f"/conversations/{made}/messages", json={"message": "Hello"}, headers=headers)
    query = {"model": model}
    return server.get(f"/conversations/{made}/stream", params=query, headers=headers)


def _streamed(
    server: Server, headers: Headers, conversation: str, made: httpx.Response
) -> httpx.Response:
    if not conversation:
        return made
    path = f"/conversations/{conversation}"
    said = server.post(f"{path}/messages", json={"message": "Hello"}, headers=headers)
    return server.get(f"{path}/stream", headers=headers) if said.is_success else said


WAYS: dict[str, Ask] = {
    "a session": _in_a_session,
    "a conversation": _in_a_conversation,
    "a message": _by_the_message,
    "a stream": _by_the_stream,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_models_of_a_key_are_answered(ann: Account, way: str) -> None:
    key = by_key(ann.new_key(allowed_models=["scripted-large", "scripted-small"]))
    assert WAYS[way](ann.server, key, "scripted-large").status_code == 200


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", OTHERS)
def test_another_model_is_refused(ann: Account, upstream: Upstream, way: str, model: str) -> None:
    key = by_key(ann.new_key(allowed_models=["scripted-small"]))
    turns = execute(ann.server, "SELECT count(*) FROM conversations_turn")
    problem_in(WAYS[way](ann.server, key, model), 403, "forbidden")
    assert execute(ann.server, "SELECT count(*) FROM conversations_turn") == turns
    assert upstream.requests("/chat/completions") == upstream.requests("/api/chat") == []


@pytest.mark.parametrize("way", WAYS)
def test_the_same_user_without_such_a_key_may_ask_for_it(ann: Account, way: str) -> None:
    assert WAYS[way](ann.server, ann.headers, "scripted-large").status_code == 200
    assert WAYS[way](ann.server, by_key(ann.new_key()), "scripted-large").status_code == 200


def test_the_default_model_is_a_model_too(ann: Account, upstream: Upstream) -> None:
    """`/api/chat/stream` names none: the provider's first is `scripted-small`."""
    body = {"message": "Hello"}
    good = by_key(ann.new_key(allowed_models=["scripted-small"]))
    other = by_key(ann.new_key(allowed_models=["scripted-large"]))
    answer = ann.server.post("/api/chat/stream", json=body, headers=good)
    assert answer.status_code == 200, answer.text
    assert len(upstream.requests("/chat/completions")) == 1
    problem_in(ann.server.post("/api/chat/stream", json=body, headers=other), 403, "forbidden")
    session = ann.server.post("/sessions", json={}, headers=other).json()["id"]
    path = f"/sessions/{session}/messages"
    problem_in(ann.server.post(path, json={"content": "Hello"}, headers=other), 403, "forbidden")
    assert ann.server.get(f"/sessions/{session}", headers=other).json()["history"] == []
    assert len(upstream.requests("/chat/completions")) == 1
