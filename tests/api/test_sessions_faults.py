"""Providers that fail, and the fallback (S-4.4 to S-4.7)."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.talking import new_session, problem_in, said
from tests.client import Server, Upstream
from tests.conftest import QUICK

BAD: list[dict[str, Any]] = [{"status": 400, "body": {"error": {"message": "Out of luck: 77"}}}]
FAULTS: list[list[dict[str, Any]]] = [
    BAD,
    [{"status": 500, "body": "plain words"}],
    [{"status": 429, "headers": {"Retry-After": "1"}}],
    [{"status": 302, "headers": {"Location": "/v1/models"}}],
    [{"empty": True}],
    [{"rubbish": True}],
    [{"reset": True}],
    [{"refuse": True}],
    [{"error": "Out of luck: 77"}],
]
PARTIAL: list[list[dict[str, Any]]] = [
    [{"text": "half "}, {"close": True}],
    [{"text": "half "}, {"reset": True}],
    [{"text": "half "}, {"error": "Out of luck: 77"}],
]


@pytest.mark.parametrize("steps", FAULTS + PARTIAL, ids=repr)
def test_a_provider_that_fails_is_an_error_and_nothing_is_stored(
    server: Server, upstream: Upstream, steps: list[dict[str, Any]]
) -> None:
    """S-4.5, S-4.6, C-9.9"""
    session = new_session(server)
    history = said(server, session, "Before").json()["history"]
    upstream.script(*steps, match="failing")
    error = problem_in(said(server, session, "failing", memory_limit=1), 502, "provider_error")
    assert error["details"] == {
        "provider": "openai-compatible",
        "source": "default",
        "fallback_provider": None,
    }
    assert server.get(session).json()["history"] == history
    said(server, session, "After")
    sent = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    assert [line["content"] for line in sent] == ["Before", "Echo: Before", "After"]


@pytest.mark.parametrize("steps", [BAD, FAULTS[-1], PARTIAL[-1]], ids=repr)
def test_the_words_of_the_upstream_are_passed_on(
    server: Server, upstream: Upstream, steps: list[dict[str, Any]]
) -> None:
    """S-4.5"""
    upstream.script(*steps, match="failing")
    error = problem_in(said(server, new_session(server), "failing"), 502, "provider_error")
    assert "Out of luck: 77" in error["message"]


@pytest.mark.parametrize("steps", PARTIAL, ids=repr)
def test_after_the_first_text_nobody_else_is_asked(
    server: Server, upstream: Upstream, steps: list[dict[str, Any]]
) -> None:
    """S-4.4 as the design has it: never two answers glued together."""
    upstream.script(*steps)
    answer = said(server, new_session(server), fallback_provider="ollama")
    problem_in(answer, 502, "provider_error")
    assert upstream.requests("/api/chat") == []
    turn = server.get(f"/api/turns/{answer.headers['X-Turn-ID']}").json()
    assert turn["text"] == "half "


@pytest.mark.parametrize("steps", FAULTS, ids=repr)
def test_the_fallback_is_asked_with_the_same_messages(
    server: Server, upstream: Upstream, steps: list[dict[str, Any]]
) -> None:
    """S-4.4"""
    session = new_session(server)
    said(server, session, "Before")
    upstream.script(*steps)
    options = {"model": "scripted-large", "temperature": 0.5}
    reply = said(server, session, fallback_provider=" Ollama ", options=options).json()
    assert (reply["provider"], reply["provider_source"]) == ("ollama", "fallback")
    assert reply["message"]["content"] == "Echo: Hello"
    first, second = (upstream.requests(wire)[-1]["body"] for wire in ("/completions", "/api/chat"))
    assert first["messages"] == second["messages"]
    assert (first["model"], second["model"]) == ("scripted-large", "gpt-oss:20b")
    assert [line["content"] for line in server.get(session).json()["history"]] == [
        "Before",
        "Echo: Before",
        "Hello",
        "Echo: Hello",
    ]


@pytest.mark.parametrize(
    ("in_session", "in_body", "asked"),
    [("ollama", None, "ollama"), ("nobody", "ollama", "ollama"), ("ollama", "demo", "demo")],
)
def test_the_body_names_the_fallback_before_the_session_does(
    server: Server, upstream: Upstream, in_session: str, in_body: str | None, asked: str
) -> None:
    """S-4.4"""
    session = new_session(server, fallback_provider=in_session)
    upstream.script(*BAD)
    reply = said(server, session, fallback_provider=in_body).json()
    assert (reply["provider"], reply["provider_source"]) == (asked, "fallback")


def test_a_fallback_that_is_not_needed_is_not_asked(server: Server, upstream: Upstream) -> None:
    """S-1.6, S-4.4"""
    reply = said(server, new_session(server, fallback_provider="nobody")).json()
    assert reply["provider_source"] == "default"
    assert upstream.requests("/api/chat") == []


@pytest.mark.parametrize("fallback", ["nobody", "openai", "mcp-agent", "x" * 2000])
def test_a_fallback_that_is_not_there_is_said_to_be_missing(
    server: Server, upstream: Upstream, fallback: str
) -> None:
    """S-4.4, S-4.6"""
    session = new_session(server, fallback_provider=fallback)
    upstream.script(*BAD)
    error = problem_in(said(server, session), 502, "provider_error")
    message = "Primary provider failed and fallback provider is not available."
    assert error["message"] == message
    assert server.get(session).json()["history"] == []


def test_a_fallback_that_fails_too_has_the_last_word(server: Server, upstream: Upstream) -> None:
    """S-4.4, S-4.6"""
    session = new_session(server, fallback_provider="ollama")
    upstream.script({"status": 400, "body": {"error": {"message": "First words"}}})
    upstream.script({"status": 400, "body": {"error": "Last words"}})
    error = problem_in(said(server, session), 502, "provider_error")
    assert "Last words" in error["message"]
    assert "First words" not in error["message"]
    assert server.get(session).json()["history"] == []


def test_a_fallback_that_is_the_provider_itself_is_none(server: Server, upstream: Upstream) -> None:
    """S-4.4, S-4.5"""
    upstream.script(*BAD, match="failing")
    session = new_session(server, fallback_provider="OpenAI-Compatible")
    error = problem_in(said(server, session, "failing"), 502, "provider_error")
    assert "Out of luck: 77" in error["message"]
    assert len(upstream.requests("/completions")) == 1


@pytest.mark.parametrize("steps", [[{"hang": True}], [{"text": "a"}, {"hang": True}]], ids=repr)
def test_waiting_for_a_silent_provider_ends(
    server: Server, upstream: Upstream, steps: list[dict[str, Any]]
) -> None:
    """S-4.7, S-4.6"""
    upstream.script(*steps)
    _fails_in_time(server, "Hello")


def test_waiting_for_a_slow_provider_ends(server: Server) -> None:
    """S-4.7"""
    _fails_in_time(server, "tokens 100 every 100")


def _fails_in_time(server: Server, content: str) -> None:
    session = new_session(server)
    began = time.monotonic()
    answer = said(server, session, content)
    allowed = float(QUICK["PROVIDER_TIMEOUT_SECONDS"])
    assert allowed - 0.5 < time.monotonic() - began < allowed + 3
    problem_in(answer, 502, "provider_error")
    assert server.get(session).json()["history"] == []


def test_a_session_deleted_while_it_waits_is_not_found(server: Server) -> None:
    """S-3"""
    session = new_session(server)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(said, server, session, "tokens 10 every 100")
        time.sleep(0.4)
        assert server.delete(session).status_code == 204
        problem_in(asked.result(), 404, "session_not_found")
    problem_in(server.get(session), 404, "session_not_found")
