"""What a client sees when a provider fails, is full, or lends its models tools."""

import json
from collections.abc import Iterator

import pytest

from tests.api.drivers import Chat, text_of
from tests.client import Server, Upstream
from tests.conftest import StartServer
from tests.mcp_server import McpWorld, served


@pytest.fixture
def world() -> Iterator[McpWorld]:
    with served("answer") as world:
        yield world


@pytest.fixture
def resilient(start_server: StartServer, upstream: Upstream, world: McpWorld) -> Server:
    env = {
        "PROVIDER_RETRIES": "1",
        "PROVIDER_FAILURES": "3",
        "PROVIDER_PLACES": "1",
        "DEMO_DELAY_SECONDS": "0",
        "MCP_TOOL_SERVERS": json.dumps({"box": world.url}),
    }
    return start_server(env, upstream=upstream)


def test_a_client_sees_what_keeps_its_answer_waiting(resilient: Server, upstream: Upstream) -> None:
    """One server for all of it: starting one takes longer than all these questions."""
    _a_fault_that_passes_is_not_seen(resilient, upstream)
    _who_waits_for_a_place_is_told(resilient)
    _tools_are_called_in_between(resilient, upstream)
    _a_fallback_of_the_request_answers(resilient, upstream)
    _a_provider_that_keeps_failing_is_left_alone(resilient, upstream)


def _attempts(server: Server, turn_id: str) -> list[tuple[str, str]]:
    turn = server.get(f"/api/turns/{turn_id}").json()
    return [(attempt["provider"], attempt["outcome"]) for attempt in turn["attempts"]]


def _a_fault_that_passes_is_not_seen(server: Server, upstream: Upstream) -> None:
    upstream.script({"status": 503})
    answer = server.post("/api/chat/stream", json={"message": "Hello"})
    assert "event: done" in answer.text
    turn_id = answer.headers["X-Turn-ID"]
    assert [outcome for _, outcome in _attempts(server, turn_id)] == ["refused", "completed"]


def _who_waits_for_a_place_is_told(server: Server) -> None:
    with Chat(server) as first, Chat(server) as second:
        first.begin("tokens 10 every 50", events=True)
        assert first.receive()["type"] == "turn"
        while first.receive()["type"] != "delta":
            pass
        frames = second.ask("And me?", events=True)
        first.reply()
    assert next(frame for frame in frames if frame["type"] == "queued")["position"] == 0
    assert text_of(frames) == "Echo: And me?"


def _tools_are_called_in_between(server: Server, upstream: Upstream) -> None:
    call = {"name": "box__answer", "arguments": '{"query": "tides"}'}
    delta = {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": call}]}
    chunk = json.dumps({"choices": [{"index": 0, "delta": delta}]})
    upstream.script({"raw": f"data: {chunk}\n\n"}, {"finish": "tool_calls"})
    with Chat(server) as chat:
        frames = chat.ask("When?", events=True)
    asked = upstream.requests("/chat/completions")[-1]["body"]
    assert asked["messages"][-1] == {
        "role": "tool",
        "tool_call_id": "c1",
        "content": "To tides: \nshort",
    }
    assert asked["tools"][0]["function"]["name"] == "box__answer"
    tools = [(frame["status"], frame["call_id"]) for frame in frames if frame["type"] == "tool"]
    assert tools == [("running", "c1"), ("completed", "c1")]
    assert text_of(frames) == "Echo: When?"


def _a_fallback_of_the_request_answers(server: Server, upstream: Upstream) -> None:
    upstream.script({"status": 401})
    header = {"X-Fallback-Providers": "demo"}
    answer = server.post("/api/chat/stream", json={"message": "Hello"}, headers=header)
    providers = [provider for provider, _ in _attempts(server, answer.headers["X-Turn-ID"])]
    assert providers[-1] == "demo" and len(providers) == 2
    wrong = {"X-Fallback-Providers": "demo, nobody"}
    many = {"X-Fallback-Providers": ",".join(f"demo/{number}" for number in range(9))}
    for header in (wrong, many):
        refused = server.post("/api/chat/stream", json={"message": "Hello"}, headers=header)
        assert (refused.status_code, refused.json()["error"]["code"]) == (422, "validation_error")


def _a_provider_that_keeps_failing_is_left_alone(server: Server, upstream: Upstream) -> None:
    for _ in range(3):
        upstream.script({"refuse": True})
    header = {"X-Fallback-Providers": "demo"}
    outcomes = []
    for _ in range(4):
        answer = server.post("/api/chat/stream", json={"message": "Hello"}, headers=header)
        outcomes.append(_attempts(server, answer.headers["X-Turn-ID"])[0][1])
    assert outcomes[-1] == "resting"
    assert outcomes[0] != "resting"
