"""Prompts and replies over `/ws/chat` (contracts/ws-chat.md W-2 to W-4)."""

import json
import random
import time
from typing import Any

import pytest

from tests.api.accounts import execute
from tests.api.drivers import Chat, text_of
from tests.api.scenarios import PROSE
from tests.client import Server, Upstream
from tests.conftest import StartServer

LIMIT = 10240


def _told(upstream: Upstream) -> list[str]:
    """What the provider was told last."""
    messages = upstream.requests("/chat/completions")[-1]["body"]["messages"]
    return [message["content"] for message in messages]


def _entry(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def test_a_reply_is_deltas_and_one_done_and_nothing_else(
    server: Server, upstream: Upstream
) -> None:
    """W-3, W-4.4: to a client that has asked for no more."""
    upstream.script(*({"text": letter} for letter in PROSE), {"finish": "stop"})
    with Chat(server) as chat:
        *deltas, last = chat.ask("Hello")
    assert last == {"type": "done"}
    assert all(delta.keys() == {"type", "text"} and delta["text"] for delta in deltas)
    assert text_of(deltas) == PROSE


def test_the_history_is_the_connections_own(server: Server, upstream: Upstream) -> None:
    """W-1.2"""
    with Chat(server) as first, Chat(server) as second:
        first.ask("One")
        second.ask("Other")
        first.ask("Two")
        assert _told(upstream) == ["One", "Echo: One", "Two"]
        second.ask("Another")
        assert _told(upstream) == ["Other", "Echo: Other", "Another"]
    with Chat(server) as third:
        third.ask("Three")
        assert _told(upstream) == ["Three"]


def test_a_history_is_cleared_in_its_turn(server: Server, upstream: Upstream) -> None:
    with Chat(server) as chat:
        chat.begin("tokens 4 every 30")
        chat.send(type="clear_history")
        assert chat.reply()[-1] == {"type": "done"}
        assert chat.receive() == {"type": "history_cleared"}
        chat.ask("Two")
        assert _told(upstream) == ["Two"]


def test_the_last_user_entry_is_the_prompt(server: Server, upstream: Upstream) -> None:
    """W-4.1, W-4.2"""
    unusable = [_entry("tool", "x"), _entry("user", ["x"]), _entry("user", ""), 7, None]
    entries = [_entry("system", "Be brief"), _entry("user", "One"), *unusable]
    entries += [_entry("assistant", "Two"), _entry("user", "Three")]
    with Chat(server) as chat:
        chat.send(messages=[*entries, _entry("assistant", "after"), _entry("user", "")])
        assert text_of(chat.reply()) == "Echo: Three"
        assert _told(upstream) == ["Be brief", "One", "Two", "Three"]
        chat.send(messages=[_entry("user", "ignored"), _entry("user", "Four")])
        chat.reply()
        assert _told(upstream) == ["Be brief", "One", "Two", "Three", "Echo: Three", "Four"]


def test_a_fault_leaves_the_history_as_it_was(server: Server, upstream: Upstream) -> None:
    """W-4.5, also where there was none: then the client's own is taken after all."""
    entries = [_entry("user", "One"), _entry("assistant", "Two"), _entry("user", "Three")]
    with Chat(server) as chat:
        upstream.script({"status": 500, "body": "boom"})
        chat.send(messages=entries)
        (error,) = chat.reply()
        assert (error["type"], "boom" in error["error"]) == ("error", True)
        chat.send(messages=entries)
        chat.reply()
        upstream.script({"text": "half "}, {"close": True})
        assert chat.ask("lost")[-1]["type"] == "error"
        chat.ask("Four")
        assert _told(upstream) == ["One", "Two", "Three", "Echo: Three", "Four"]


def test_prompts_that_come_during_a_reply_wait_in_order(server: Server, upstream: Upstream) -> None:
    """W-4.6"""
    with Chat(server) as chat:
        for prompt in ("tokens 5 every 20", "Two", "Three"):
            chat.begin(prompt)
        texts = [text_of(chat.reply()) for _ in range(3)]
    assert texts == ["w0 w1 w2 w3 w4", "Echo: Two", "Echo: Three"]
    assert _told(upstream)[1:] == ["w0 w1 w2 w3 w4", "Two", "Echo: Two", "Three"]


def test_a_ping_is_answered_at_once(server: Server) -> None:
    with Chat(server) as chat:
        chat.begin("tokens 30 every 30")
        first = chat.receive()
        chat.send(type="ping")
        asked = time.monotonic()
        while first["type"] == "delta":
            first = chat.receive()
        assert first == {"type": "pong"}
        assert time.monotonic() - asked < 0.5
        chat.send(type="stop")
        assert chat.reply()[-1]["stopped"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("no json", "Invalid JSON"),
        ("", "Invalid JSON"),
        ("[1]", "Invalid JSON"),
        ('"text"', "Invalid JSON"),
        ("NaN", "Invalid JSON"),
        ('{"messages": [', "Invalid JSON"),
        ("[" * 5000, "Invalid JSON"),
        (b"\xff\xfe", "Invalid JSON"),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "Invalid JSON"),
        ("{}", "Missing user message"),
        ('{"type": "shout"}', "Missing user message"),
        ('{"type": "shout", "messages": [{"role": "user", "content": "x"}]}', "Missing user"),
        ('{"type": 7}', "Missing user message"),
        ('{"messages": {"role": "user"}}', "Missing user message"),
        ('{"messages": []}', "Missing user message"),
        ('{"messages": [{"role": "assistant", "content": "x"}]}', "Missing user message"),
        ('{"messages": [{"role": "user", "content": ""}]}', "Missing user message"),
        ('{"messages": [{"role": "user", "content": 7}]}', "Missing user message"),
        ('{"messages": [{"role": "user", "content": "\\u0000"}]}', "NUL"),
        ('{"thread_id": null}', "Missing user message"),
        ('{"type": "resume"}', "was not found"),
        ('{"type": "watch", "conversation_id": "x"}', "Conversation not found"),
    ],
)
def test_a_bad_frame_is_answered_and_the_connection_stays(
    server: Server, frame: str | bytes, message: str
) -> None:
    with Chat(server) as chat:
        chat.send(frame)
        error = chat.receive()
        assert error.keys() == {"type", "error"}
        assert message in error["error"]
        assert text_of(chat.ask("Hello")) == "Echo: Hello"


def test_the_limit_counts_bytes_of_utf_8(server: Server) -> None:
    def sized(size: int, letter: str) -> str:
        frame = '{"messages": [{"role": "user", "content": "%s"}]}'
        room = size - len(frame) + 2
        text = letter * (room // len(letter.encode()))
        return frame % (text + "x" * (room - len(text.encode())))

    too_large = {"type": "error", "error": f"Message too large (max {LIMIT} bytes)"}
    with Chat(server) as chat:
        for letter in ("x", "é", "🦆"):
            assert len(sized(LIMIT, letter).encode()) == LIMIT
            chat.send(sized(LIMIT, letter))
            assert chat.reply()[-1] == {"type": "done"}
            chat.send(sized(LIMIT + 1, letter))
            assert chat.receive() == too_large
        chat.send("x" * 1024 * 1024 + "no json")
        assert chat.receive() == too_large
        assert text_of(chat.ask("Hello")) == "Echo: Hello"


def test_an_error_waits_for_the_reply_that_runs(server: Server) -> None:
    """To its client it would be the reply's end (W-3)."""
    with Chat(server) as chat:
        chat.begin("tokens 5 every 20")
        chat.send("no json")
        assert [frame["type"] for frame in chat.reply()][-1] == "done"
        assert chat.receive() == {"type": "error", "error": "Invalid JSON"}


def test_the_model_is_routed(server: Server, upstream: Upstream) -> None:
    """W-4.3, C-9: the default provider's default without one."""
    with Chat(server) as chat:
        for model, expected in (("scripted-large", "scripted-large"), (None, "scripted-small")):
            chat.ask("Hello", **({"model": model} if model else {}))
            assert upstream.requests("/chat/completions")[-1]["body"]["model"] == expected


def test_a_history_has_a_longest_length(start_server: StartServer, upstream: Upstream) -> None:
    """W-4.4: of what the provider is told; everything stays stored."""
    server = start_server({"HISTORY_MAX_LENGTH": "3"}, upstream=upstream)
    before = [_entry("user", str(number)) for number in range(5)]
    with Chat(server) as chat:
        chat.send(messages=[*before, _entry("user", "One")])
        chat.reply()
        assert _told(upstream) == ["2", "3", "4", "One"]
        chat.ask("Two")
        assert _told(upstream) == ["4", "One", "Echo: One", "Two"]
        chat.ask("Three")
        assert _told(upstream) == ["Echo: One", "Two", "Echo: Two", "Three"]
    stored = execute(server, "SELECT content FROM conversations_message ORDER BY id")
    words = ["One", "Two", "Three"]
    expected = ["2", "3", "4", *(text for word in words for text in (word, f"Echo: {word}"))]
    assert [content for (content,) in stored] == expected


def test_more_prompts_than_can_wait_are_refused(server: Server) -> None:
    with Chat(server) as chat:
        chat.begin("tokens 10 every 50")
        for number in range(20):
            chat.begin(f"{number}")
        replies = [chat.reply() for _ in range(21)]
    assert [reply[-1]["type"] for reply in replies] == ["done"] * 17 + ["error"] * 4
    assert "Too many prompts" in replies[-1][-1]["error"]


def test_a_client_that_floods_is_sent_away(server: Server) -> None:
    with Chat(server) as chat:
        chat.begin("tokens 50 every 100")
        # Or its provider would be asked after this test, and play what the next has scripted.
        chat.receive()
        for _ in range(300):
            chat.send("no json")
        assert chat.closed() == 1008


def test_rubbish_does_no_harm(server: Server) -> None:
    """Every frame is answered, or the connection would not be usable."""
    chance = random.Random()
    frame = json.dumps(
        {"type": "resume", "messages": [_entry("user", "x")], "turn_id": "a", "thread_id": "b"}
    )
    with Chat(server) as chat:
        for _ in range(200):
            cut = list(frame)
            for _ in range(chance.randint(1, 6)):
                cut[chance.randrange(len(cut))] = chance.choice('{}[]",:\\ua0\x00é7')
            chat.send("".join(cut))
            assert chat.reply()[-1]["type"] in ("done", "error")
        assert text_of(chat.ask("Hello")).endswith("Hello")


def test_the_limit_on_rates_costs_prompts_and_not_handshakes(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-5.7"""
    server = start_server({"RATE_RPS": "2", "RATE_BURST": "2"}, upstream=upstream)
    with Chat(server), Chat(server), Chat(server), Chat(server) as chat:
        frames = [chat.ask("Hello")[-1] for _ in range(4)]
        refusal = frames[-1]
        assert (refusal["type"], refusal["error"]) == ("error", "Rate limit exceeded")
        assert 0 < refusal["retry_after"] <= 0.5
        time.sleep(refusal["retry_after"])
        assert chat.ask("Hello")[-1] == {"type": "done"}
