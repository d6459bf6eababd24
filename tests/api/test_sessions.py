"""contracts/sessions.md, rule by rule."""

import datetime as dt
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.client import Server, Upstream
from tests.conftest import QUICK, UNLIMITED, StartServer


def a_session(server: Server, **fields: Any) -> str:
    answer = server.post("/sessions", json=fields)
    assert answer.status_code == 201, answer.text
    session: str = answer.json()["id"]
    return session


def send(server: Server, session: str, content: str = "Hello", **fields: Any) -> httpx.Response:
    return server.post(f"/sessions/{session}/messages", json={"content": content, **fields})


def contents(answer: httpx.Response) -> list[str]:
    return [message["content"] for message in answer.json()["history"]]


def error_of(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["detail"] == body["error"]["message"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return answer.status_code, body["error"]["code"]


def told(upstream: Upstream) -> list[tuple[str, str]]:
    """What the provider was told last, as (role, content)."""
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [(message["role"], message["content"]) for message in messages]


def test_an_empty_object_makes_a_session(server: Server) -> None:
    """S-1.1"""
    session = server.post("/sessions", json={}).json()
    created = dt.datetime.fromisoformat(session.pop("created_at"))
    assert created.utcoffset() == dt.timedelta(0)
    assert session.pop("id")
    assert session == {
        "provider": None,
        "fallback_provider": None,
        "memory_limit": 10,
        "metadata": {},
    }


def test_a_session_keeps_what_it_was_given(server: Server) -> None:
    """Names are trimmed and in lower case; metadata is as given."""
    metadata = {"topic": "démo", "nested": {"n": [1, 2.5, None, True]}, "big": 2**70}
    fields = {"provider": " OLLAMA ", "fallback_provider": " Nowhere ", "memory_limit": 3}
    session = server.post("/sessions", json={**fields, "metadata": metadata}).json()
    shown = server.get(f"/sessions/{session['id']}").json()
    for answer in (session, shown):
        assert (answer["provider"], answer["fallback_provider"]) == ("ollama", "nowhere")
        assert (answer["memory_limit"], answer["metadata"]) == (3, metadata)
    assert shown["history"] == []


def test_null_equals_leaving_out(server: Server) -> None:
    nulls = {"provider": None, "fallback_provider": None, "memory_limit": None, "metadata": None}
    session = server.post("/sessions", json=nulls).json()
    assert (session["memory_limit"], session["metadata"]) == (10, {})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"memory_limit": 0}, "memory_limit: Input should be greater than or equal to 1"),
        ({"memory_limit": "5"}, "memory_limit: Input should be a valid integer"),
        ({"memory_limit": 1.5}, "memory_limit: Input should be a valid"),
        ({"memory_limit": True}, "memory_limit: Input should be a valid"),
        ({"metadata": []}, "metadata: Input should be a valid"),
        ({"metadata": "x"}, "metadata: Input should be a valid"),
        ({"provider": 5}, "provider: Input should be a valid string"),
        ({"fallback_provider": {}}, "fallback_provider: Input should be a valid string"),
    ],
)
def test_a_session_of_the_wrong_form_is_refused(
    server: Server, body: dict[str, Any], reason: str
) -> None:
    """S-1.2, S-1.3, C-3.2, C-3.3"""
    answer = server.post("/sessions", json=body)
    assert error_of(answer) == (422, "validation_error")
    assert answer.json()["detail"].startswith(f"Request validation failed: {reason}")
    (fault,) = answer.json()["error"]["details"]["errors"]
    assert fault["loc"] == [reason.partition(":")[0]]
    assert set(fault) == {"loc", "msg", "type"}


def test_several_faults_are_told_at_once(server: Server) -> None:
    detail = server.post("/sessions", json={"memory_limit": 0, "metadata": 1}).json()["detail"]
    assert detail.count("; ") == 1
    assert "memory_limit: " in detail and "metadata: " in detail


def test_a_memory_limit_above_the_maximum_is_refused(server: Server) -> None:
    answer = server.post("/sessions", json={"memory_limit": 51})
    assert error_of(answer) == (400, "invalid_memory_limit")
    assert answer.json()["error"]["details"] == {"requested": 51, "maximum": 50}


@pytest.mark.parametrize("name", ["nobody", "openai", ""])
def test_an_unknown_provider_is_refused(server: Server, name: str) -> None:
    """S-1.4"""
    answer = server.post("/sessions", json={"provider": name})
    assert error_of(answer) == (400, "provider_not_found")


def test_a_default_provider_that_is_not_configured_is_503(start_server: StartServer) -> None:
    """S-1.5, C-9.4: the server starts all the same."""
    server = start_server({"DEFAULT_PROVIDER": "openai"})
    assert error_of(server.post("/sessions", json={})) == (503, "provider_not_available")
    session = a_session(server, provider="demo")
    assert send(server, session).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_no_uuid_is_422(server: Server, method: str) -> None:
    """S-2, S-3"""
    answer = server.request(method, "/sessions/nonsense")
    assert error_of(answer) == (422, "validation_error")
    assert "path.session_id: Input should be a valid" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_session_is_404(server: Server, method: str) -> None:
    answer = server.request(method, f"/sessions/{uuid4()}")
    assert error_of(answer) == (404, "session_not_found")


def test_a_deleted_session_is_gone(server: Server) -> None:
    session = a_session(server)
    send(server, session)
    gone = server.delete(f"/sessions/{session}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert gone.headers["X-Request-ID"]
    for answer in (
        server.get(f"/sessions/{session}"),
        server.delete(f"/sessions/{session}"),
        send(server, session),
    ):
        assert error_of(answer) == (404, "session_not_found")


def test_a_conversation_of_another_dialect_is_no_session(server: Server) -> None:
    conversation = server.post("/conversations", json={}).json()["id"]
    assert server.get(f"/sessions/{conversation}").status_code == 404


def test_a_reply_has_everything(server: Server) -> None:
    """S-4, S-4.8, S-4.9"""
    session = a_session(server)
    reply = send(server, session, "Good morning").json()
    assert reply["session_id"] == session
    assert (reply["provider"], reply["provider_source"]) == ("openai-compatible", "default")
    assert reply["message"]["role"] == "assistant"
    assert reply["message"]["content"] == "Echo: Good morning"
    assert reply["message"]["metadata"] == {"finish_reason": "stop"}
    assert reply["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    assert [(m["role"], m["content"], m["metadata"]) for m in reply["history"]] == [
        ("user", "Good morning", None),
        ("assistant", "Echo: Good morning", None),
    ]
    assert server.get(f"/sessions/{session}").json()["history"] == reply["history"]


@pytest.mark.parametrize("body", [{}, {"message": "Hello"}])
def test_content_is_required(server: Server, body: dict[str, Any]) -> None:
    """S-4.1"""
    answer = server.post(f"/sessions/{a_session(server)}/messages", json=body)
    assert error_of(answer) == (422, "validation_error")
    assert answer.json()["detail"] == "Request validation failed: content: Field required"


@pytest.mark.parametrize(
    "fields",
    [
        {"content": ""},
        {"content": 5},
        {"role": 5},
        {"options": []},
        {"options": {"model": 5}},
        {"memory_limit": 0},
        {"provider": []},
    ],
)
def test_a_message_of_the_wrong_form_is_refused(server: Server, fields: dict[str, Any]) -> None:
    body = {"content": "Hello", **fields}
    answer = server.post(f"/sessions/{a_session(server)}/messages", json=body)
    assert error_of(answer) == (422, "validation_error")


def test_form_comes_before_existence_and_existence_before_meaning(server: Server) -> None:
    """S-4.10"""
    nowhere = str(uuid4())
    assert error_of(send(server, nowhere, "")) == (422, "validation_error")
    assert error_of(send(server, nowhere, memory_limit=500)) == (404, "session_not_found")
    assert error_of(send(server, nowhere, provider="nobody")) == (404, "session_not_found")
    session = a_session(server)
    assert error_of(send(server, session, memory_limit=500)) == (400, "invalid_memory_limit")
    assert error_of(send(server, session, provider="nobody")) == (400, "provider_not_found")


def test_the_provider_is_the_bodys_or_the_sessions_or_the_default(server: Server) -> None:
    """S-4.2"""
    session = a_session(server, provider="ollama")
    sources = [
        (reply["provider"], reply["provider_source"])
        for reply in (
            send(server, session, provider=" Demo ").json(),
            send(server, session).json(),
            send(server, a_session(server)).json(),
        )
    ]
    assert sources == [
        ("demo", "request"),
        ("ollama", "session_default"),
        ("openai-compatible", "default"),
    ]


def test_options_are_forwarded(server: Server, upstream: Upstream) -> None:
    """S-4.3"""
    options = {"model": "scripted-large", "temperature": 0.2, "x_unknown": {"a": [1]}}
    send(server, a_session(server), options=options)
    asked = upstream.requests("/chat/completions")[-1]["body"]
    assert {name: asked[name] for name in options} == options


def test_the_provider_is_told_the_history(server: Server, upstream: Upstream) -> None:
    session = a_session(server)
    send(server, session, "One")
    send(server, session, "Two", role="user")
    assert told(upstream) == [("user", "One"), ("assistant", "Echo: One"), ("user", "Two")]


def test_a_system_message_is_told_and_not_shown(server: Server, upstream: Upstream) -> None:
    """S-2"""
    session = a_session(server)
    reply = send(server, session, "Be brief", role="system")
    assert [message["role"] for message in reply.json()["history"]] == ["assistant"]
    send(server, session, "Hello")
    assert ("system", "Be brief") in told(upstream)
    shown = server.get(f"/sessions/{session}").json()["history"]
    assert [message["role"] for message in shown] == ["assistant", "user", "assistant"]


def test_the_fallback_answers_in_the_place_of_the_provider(
    server: Server, upstream: Upstream
) -> None:
    """S-4.4: without options.model, with everything else."""
    session = a_session(server, fallback_provider="ollama")
    upstream.script({"status": 500, "body": "boom"})
    options = {"model": "scripted-large", "temperature": 0.5}
    reply = send(server, session, options=options).json()
    assert (reply["provider"], reply["provider_source"]) == ("ollama", "fallback")
    asked = upstream.requests("/api/chat")[-1]["body"]
    assert asked["model"] != "scripted-large"
    assert asked["options"] == {"temperature": 0.5}


def test_the_bodys_fallback_wins_over_the_sessions(server: Server, upstream: Upstream) -> None:
    session = a_session(server, fallback_provider="ollama")
    upstream.script({"status": 500, "body": "boom"})
    assert send(server, session, fallback_provider="demo").json()["provider"] == "demo"


@pytest.mark.parametrize("fallback", ["nobody", "openai"])
def test_a_fallback_that_is_not_there_is_told(
    server: Server, upstream: Upstream, fallback: str
) -> None:
    upstream.script({"status": 500, "body": "boom"})
    answer = send(server, a_session(server), fallback_provider=fallback)
    assert error_of(answer) == (502, "provider_error")
    message = "Primary provider failed and fallback provider is not available."
    assert answer.json()["detail"] == message


def test_a_fallback_that_fails_too_tells_its_own_fault(server: Server, upstream: Upstream) -> None:
    upstream.script({"status": 500, "body": "first"})
    upstream.script({"status": 500, "body": {"error": "second"}})
    session = a_session(server)
    answer = send(server, session, fallback_provider="ollama")
    assert error_of(answer) == (502, "provider_error")
    assert "second" in answer.json()["detail"]
    assert server.get(f"/sessions/{session}").json()["history"] == []


def test_a_fault_without_fallback_says_who_failed(server: Server, upstream: Upstream) -> None:
    """S-4.5"""
    upstream.script({"status": 429, "body": {"error": {"message": "slow down"}}})
    answer = send(server, a_session(server), provider="openai-compatible")
    assert error_of(answer) == (502, "provider_error")
    assert "slow down" in answer.json()["detail"]
    assert answer.json()["error"]["details"] == {
        "provider": "openai-compatible",
        "source": "request",
        "fallback_provider": None,
    }


def test_a_fallback_equal_to_the_provider_is_none(server: Server, upstream: Upstream) -> None:
    upstream.script({"status": 500, "body": "boom"})
    answer = send(server, a_session(server), fallback_provider="OpenAI-Compatible")
    assert "boom" in answer.json()["detail"]
    assert len(upstream.requests("/chat/completions")) == 1


def test_waiting_is_bounded(server: Server, upstream: Upstream) -> None:
    """S-4.7: also for an answer that drips."""
    upstream.script(*[step for _ in range(40) for step in ({"text": "x"}, {"sleep": 0.2})])
    answer = send(server, a_session(server))
    assert error_of(answer) == (502, "provider_error")
    assert answer.elapsed < dt.timedelta(seconds=4)


def test_the_oldest_messages_are_dropped_at_once(server: Server, upstream: Upstream) -> None:
    """S-5.1, S-5.2"""
    session = a_session(server, memory_limit=4)
    for text in ("One", "Two", "Three"):
        reply = send(server, session, text)
    assert contents(reply) == ["Two", "Echo: Two", "Three", "Echo: Three"]
    assert contents(send(server, session, "Four", memory_limit=1)) == ["Echo: Four"]
    assert contents(send(server, session, "Five")) == ["Echo: Four", "Five", "Echo: Five"]
    assert told(upstream) == [("assistant", "Echo: Four"), ("user", "Five")]


def test_sessions_do_not_share_memory(server: Server, upstream: Upstream) -> None:
    """S-5.4"""
    send(server, a_session(server), "Mine")
    send(server, a_session(server), "Yours")
    assert told(upstream) == [("user", "Yours")]


def test_the_system_prompt_is_told_first_and_never_counts(
    start_server: StartServer, upstream: Upstream
) -> None:
    """S-5.3, and MEMORY_DEFAULT and MEMORY_MAX"""
    env = {"INITIAL_SYSTEM_PROMPT": "Be kind.", "MEMORY_DEFAULT": "2", "MEMORY_MAX": "3"}
    server = start_server({**UNLIMITED, **QUICK, **env}, upstream=upstream)
    session = a_session(server)
    send(server, session, "One")
    reply = send(server, session, "Two")
    assert told(upstream)[0] == ("system", "Be kind.")
    assert told(upstream)[1:] == [("user", "One"), ("assistant", "Echo: One"), ("user", "Two")]
    assert contents(reply) == ["Two", "Echo: Two"]
    assert error_of(server.post("/sessions", json={"memory_limit": 4}))[0] == 400
