"""The same message sent twice to a session (C-10.7)."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.talking import new_session, problem_in
from tests.client import Server, Upstream


def _sent(
    server: Server, session: str, content: str, key: str | None = None, **fields: Any
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"content": content, **fields}
    return server.post(f"{session}/messages", json=body, headers=headers)


@pytest.mark.parametrize("key", ["a", "!~", "x" * 255])
def test_the_same_message_is_asked_once(server: Server, upstream: Upstream, key: str) -> None:
    session, key = new_session(server), (key + uuid4().hex)[-255:]
    first, again = (_sent(server, session, "Hello", key) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert first.headers["X-Turn-ID"] == again.headers["X-Turn-ID"]
    assert len(upstream.requests("/chat/completions")) == 1


@pytest.mark.parametrize("fields", [{"role": "system"}, {"memory_limit": 3}, {"options": {"a": 1}}])
def test_the_same_key_with_another_body_is_a_mismatch(
    server: Server, upstream: Upstream, fields: dict[str, Any]
) -> None:
    session, key = new_session(server), uuid4().hex
    _sent(server, session, "Hello", key)
    problem_in(_sent(server, session, "Hello", key, **fields), 422, "idempotency_mismatch")
    problem_in(_sent(server, session, "Hello!", key), 422, "idempotency_mismatch")
    assert len(upstream.requests("/chat/completions")) == 1
    assert len(server.get(session).json()["history"]) == 2


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"two words", b"caf\xc3\xa9", b"\xff", b"a\tb"])
def test_a_key_of_the_wrong_form_is_a_validation_error(server: Server, key: bytes) -> None:
    session = new_session(server)
    headers = [(b"Idempotency-Key", key)]
    answer = server.post(f"{session}/messages", json={"content": "Hello"}, headers=headers)
    problem_in(answer, 422, "validation_error")
    assert server.get(session).json()["history"] == []


@pytest.mark.parametrize("limit", [2, 1])
def test_a_repeated_message_is_answered_as_before_though_its_answer_was_dropped(
    server: Server, limit: int
) -> None:
    session, key = new_session(server, memory_limit=limit), uuid4().hex
    first = _sent(server, session, "One", key).json()
    _sent(server, session, "Two")
    again = _sent(server, session, "One", key).json()
    assert again["message"] == first["message"]
    assert again["usage"] == first["usage"]
    assert again["provider"] == first["provider"]


def test_what_failed_before_any_text_may_be_asked_again(server: Server, upstream: Upstream) -> None:
    session, key = new_session(server), uuid4().hex
    upstream.script({"status": 400})
    problem_in(_sent(server, session, "Hello", key), 502, "provider_error")
    again = _sent(server, session, "Hello", key)
    assert again.json()["message"]["content"] == "Echo: Hello"
    assert len(server.get(session).json()["history"]) == 2


def test_what_failed_after_some_text_is_told_again(server: Server, upstream: Upstream) -> None:
    session, key = new_session(server), uuid4().hex
    upstream.script({"text": "half"}, {"close": True})
    first, again = (_sent(server, session, "Hello", key) for _ in range(2))
    assert first.json()["error"] == again.json()["error"]
    problem_in(again, 502, "provider_error")
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_refused_message_does_not_use_up_its_key(server: Server) -> None:
    session, key = new_session(server), uuid4().hex
    problem_in(_sent(server, session, "", key), 422, "validation_error")
    problem_in(_sent(server, session, "x", key, provider="no"), 400, "provider_not_found")
    assert _sent(server, session, "Hello", key).status_code == 200
