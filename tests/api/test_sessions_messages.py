"""Messages of sessions: who is asked, with what, and what comes back (S-4)."""

import datetime as dt
import json
from typing import Any

import pytest

from tests.api.talking import (
    NOBODY,
    OPENAI_WIRE,
    asked_of,
    is_refused,
    new_session,
    problem_in,
    reply_to,
    said,
)
from tests.client import Server, Upstream


def test_a_message_is_answered(server: Server) -> None:
    """S-4, S-4.8, S-4.9, C-1.4"""
    session = new_session(server)
    reply = reply_to(server, session, "Good morning")
    message, history = reply["message"], reply["history"]
    assert reply.keys() == {
        "session_id",
        "provider",
        "provider_source",
        "message",
        "usage",
        "history",
    }
    assert reply["session_id"] == session.split("/")[-1]
    assert (reply["provider"], reply["provider_source"]) == ("openai-compatible", "default")
    assert reply["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    assert message.keys() == {"role", "content", "created_at", "metadata"}
    assert (message["role"], message["content"]) == ("assistant", "Echo: Good morning")
    assert message["metadata"]["finish_reason"] == "stop"
    assert [(line["role"], line["content"], line["metadata"]) for line in history] == [
        ("user", "Good morning", None),
        ("assistant", "Echo: Good morning", None),
    ]
    assert history[-1]["created_at"] == message["created_at"]
    moments = [dt.datetime.fromisoformat(line["created_at"]) for line in history]
    assert moments == sorted(moments)
    assert {moment.utcoffset() for moment in moments} == {dt.timedelta(0)}
    assert server.get(session).json()["history"] == history


@pytest.mark.parametrize("body", [{}, {"message": "Hello"}, {"content": None, "options": {}}])
def test_a_message_without_content_is_refused(server: Server, body: dict[str, Any]) -> None:
    """S-4.1"""
    answer = server.post(f"{new_session(server)}/messages", json=body)
    error = problem_in(answer, 422, "validation_error")
    if "content" not in body:
        assert error["message"] == "Request validation failed: content: Field required"


@pytest.mark.parametrize(
    "fields",
    [
        {"content": ""},
        {"content": 7},
        {"content": ["Hello"]},
        {"content": "\ud800"},
        {"role": 7},
        {"role": []},
        {"options": []},
        {"options": "x"},
        {"options": {"model": 7}},
        {"memory_limit": 0},
        {"memory_limit": "5"},
        {"memory_limit": True},
        {"provider": 7},
        {"fallback_provider": {}},
    ],
    ids=repr,
)
def test_a_field_of_the_wrong_type_is_refused(
    server: Server, upstream: Upstream, fields: dict[str, Any]
) -> None:
    """S-4.1, S-1.2"""
    session = new_session(server)
    # Not httpx's own JSON, which cannot hold a lone surrogate.
    body = json.dumps({"content": "Hello", **fields})
    answer = server.post(f"{session}/messages", content=body)
    problem_in(answer, 422, "validation_error")
    assert server.get(session).json()["history"] == []
    assert upstream.requests("/completions") == []


@pytest.mark.parametrize("limit", [51, 2**64, 10**30])
def test_a_limit_above_the_highest_is_invalid(server: Server, limit: int) -> None:
    """S-4.1, S-1.2"""
    answer = said(server, new_session(server), memory_limit=limit)
    error = problem_in(answer, 400, "invalid_memory_limit")
    assert error["details"] == {"requested": limit, "maximum": 50}


@pytest.mark.parametrize("role", ["user", "tool", "x" * 5000, "⚙", ""])
def test_a_role_is_any_text(server: Server, upstream: Upstream, role: str) -> None:
    """S-4.1"""
    history = reply_to(server, new_session(server), role=role)["history"]
    assert history[0]["role"] == role
    assert asked_of(upstream, OPENAI_WIRE)["messages"] == [{"role": role, "content": "Hello"}]


def test_messages_of_the_system_are_hidden(server: Server, upstream: Upstream) -> None:
    """S-2, S-4.9"""
    session = new_session(server)
    reply = reply_to(server, session, "Be brief", role="system")
    assert [line["role"] for line in reply["history"]] == ["assistant"]
    assert server.get(session).json()["history"] == reply["history"]
    reply_to(server, session)
    sent = asked_of(upstream, OPENAI_WIRE)["messages"]
    assert [line["role"] for line in sent] == ["system", "assistant", "user"]


def test_the_provider_gets_what_was_said_before(server: Server, upstream: Upstream) -> None:
    """S-4.3, S-5.4"""
    session, other = new_session(server), new_session(server)
    for content in ("One", "Two"):
        reply_to(server, session, content)
        reply_to(server, other, f"Other {content}")
    reply_to(server, session, "Three")
    assert [line["content"] for line in asked_of(upstream, OPENAI_WIRE)["messages"]] == [
        "One",
        "Echo: One",
        "Two",
        "Echo: Two",
        "Three",
    ]


def test_options_go_to_the_provider_unchanged(server: Server, upstream: Upstream) -> None:
    """S-4.3"""
    options = {"temperature": 0.2, "stop": ["x"], "own": {"a": [None, True]}, "n": 1, "ü": "✓"}
    reply_to(server, new_session(server), options={**options, "model": "scripted-large"})
    sent = asked_of(upstream, OPENAI_WIRE)
    assert sent["model"] == "scripted-large"
    assert {name: sent[name] for name in options} == options


@pytest.mark.parametrize(
    "options",
    [
        {"stream": False},
        {"stream": None},
        {"stream_options": None},
        {"messages": []},
        {"model": None},
        {"model": ""},
        {"model": "x" * 20_000},
        {"tool_name": "chat"},
        {"n": 10**30},
        {"": ""},
    ],
    ids=lambda options: repr(options)[:40],
)
def test_odd_options_do_no_harm(server: Server, options: dict[str, Any]) -> None:
    """S-4.3, C-3.7"""
    reply = reply_to(server, new_session(server), options=options)
    assert reply["message"]["content"] == "Echo: Hello"


def test_the_form_comes_first_then_the_session_then_the_meaning(server: Server) -> None:
    """S-4.10"""
    for path, body, status, code in (
        (f"/sessions/{NOBODY}", {"memory_limit": 51}, 422, "validation_error"),
        ("/sessions/nonsense", {"content": "x"}, 422, "validation_error"),
        (f"/sessions/{NOBODY}", {"content": "x", "memory_limit": 51}, 404, "session_not_found"),
        (f"/sessions/{NOBODY}", {"content": "x", "provider": "no"}, 404, "session_not_found"),
    ):
        problem_in(server.post(f"{path}/messages", json=body), status, code)


@pytest.mark.parametrize(
    "text",
    [
        "  \n Hi \t\r\n ",
        "\u200f🏳️‍🌈 e\u0301 \u00e9\u2028",
        "\ufeff\ufeff",
        "\n",
        "</script>&amp;\\n",
    ],
)
def test_a_reply_is_kept_byte_for_byte(server: Server, upstream: Upstream, text: str) -> None:
    """S-4.9"""
    upstream.script({"text": text})
    session = new_session(server)
    reply = reply_to(server, session, text)
    assert reply["message"]["content"] == text
    stored = server.get(session).json()["history"]
    assert [line["content"] for line in stored] == [text, text]


def test_without_a_count_of_tokens_there_is_no_usage(server: Server, upstream: Upstream) -> None:
    """S-4.8"""
    upstream.script({"text": "Hi"}, {"finish": "length"})
    reply = reply_to(server, new_session(server))
    assert reply["usage"] is None
    assert reply["message"]["metadata"]["finish_reason"] == "length"


def test_a_nul_in_a_reply_does_no_harm(server: Server, upstream: Upstream) -> None:
    """C-3.7"""
    upstream.script({"text": "a\0b"})
    assert said(server, new_session(server)).status_code in (200, 502)


def test_a_message_of_a_megabyte_is_answered(server: Server) -> None:
    content = "word " * 200_000
    assert (
        reply_to(server, new_session(server), content)["message"]["content"] == f"Echo: {content}"
    )


@pytest.mark.parametrize("content", ["a\0b", "\x01", "{{x}}", "%s %n", "'; DROP TABLE x; --"])
def test_any_content_is_answered_or_refused(server: Server, content: str) -> None:
    """C-3.7"""
    answer = said(server, new_session(server), content)
    if answer.status_code == 200:
        assert answer.json()["history"][0]["content"] == content
    else:
        assert is_refused(answer)
