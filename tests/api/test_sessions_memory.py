"""What a session remembers (S-5)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.talking import new_session
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED

SYSTEM = "You are a kettle. ☕"


@pytest.fixture(scope="module")
def prompted(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    env = {**UNLIMITED, "INITIAL_SYSTEM_PROMPT": SYSTEM, "MEMORY_DEFAULT": "2"}
    server = Server.start(databases.new("sqlite"), env, upstream)
    yield server
    server.stop()


def _history(server: Server, session: str, *contents: str, **fields: Any) -> list[str]:
    """What is remembered once these were said."""
    history: list[dict[str, str]] = []
    for content in contents:
        body = {"content": content, **fields}
        history = server.post(f"{session}/messages", json=body).json()["history"]
        assert server.get(session).json()["history"] == history
    return [said["content"] for said in history]


def _sent(upstream: Upstream) -> list[tuple[str, str]]:
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [(said["role"], said["content"]) for said in messages]


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (1, ["Echo: B"]),
        (2, ["B", "Echo: B"]),
        (3, ["Echo: A", "B", "Echo: B"]),
        (4, ["A", "Echo: A", "B", "Echo: B"]),
        (50, ["A", "Echo: A", "B", "Echo: B"]),
    ],
)
def test_the_oldest_messages_beyond_the_limit_are_dropped(
    server: Server, upstream: Upstream, limit: int, kept: list[str]
) -> None:
    """S-5.1"""
    session = new_session(server, memory_limit=limit)
    assert _history(server, session, "A", "B") == kept
    _history(server, session, "C")
    assert [content for _, content in _sent(upstream)] == [*kept, "C"]


def test_the_default_limit_is_ten_messages(server: Server) -> None:
    """S-5.1"""
    session = new_session(server)
    assert _history(server, session, *"ABCDEFG")[:2] == ["C", "Echo: C"]


def test_a_limit_of_the_message_acts_at_once_and_only_then(server: Server) -> None:
    """S-5.1, S-5.2"""
    session = new_session(server, memory_limit=4)
    assert len(_history(server, session, "A", "B")) == 4
    assert _history(server, session, "C", memory_limit=1) == ["Echo: C"]
    assert _history(server, session, "D") == ["Echo: C", "D", "Echo: D"]
    assert _history(server, session, "E") == ["D", "Echo: D", "E", "Echo: E"]


def test_a_higher_limit_of_the_message_lasts_for_its_turn(server: Server) -> None:
    """S-5.2"""
    session = new_session(server, memory_limit=2)
    assert len(_history(server, session, "A", "B", memory_limit=4)) == 4
    assert _history(server, session, "C") == ["C", "Echo: C"]


def test_the_system_prompt_is_sent_first_and_never_shown(
    prompted: Server, upstream: Upstream
) -> None:
    """S-5.3"""
    session = new_session(prompted, memory_limit=1)
    for content, before in (("A", []), ("B", [("assistant", "Echo: A")])):
        assert _history(prompted, session, content) == [f"Echo: {content}"]
        assert _sent(upstream) == [("system", SYSTEM), *before, ("user", content)]


def test_the_system_prompt_does_not_count(prompted: Server, upstream: Upstream) -> None:
    """S-5.3"""
    session = new_session(prompted)
    assert _history(prompted, session, "A", "B") == ["B", "Echo: B"]
    _history(prompted, session, "C")
    expected = [("system", SYSTEM), ("user", "B"), ("assistant", "Echo: B"), ("user", "C")]
    assert _sent(upstream) == expected


def test_the_fallback_gets_the_system_prompt_too(prompted: Server, upstream: Upstream) -> None:
    """S-4.4, S-5.3"""
    upstream.script({"status": 400})
    _history(prompted, new_session(prompted, fallback_provider="ollama"), "A")
    messages = upstream.requests("/api/chat")[-1]["body"]["messages"]
    assert [said["content"] for said in messages] == [SYSTEM, "A"]


def test_prompts_are_not_logged(prompted: Server) -> None:
    _history(prompted, new_session(prompted, metadata={"x": "meta-7777"}), "a secret wish-7777")
    assert "7777" not in prompted.log()
    assert "kettle" not in prompted.log()
