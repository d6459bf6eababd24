"""Looking at turns, following them and stopping them (C-10.3, C-10.4, C-10.6)."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests import sse
from tests.api.talking import NOBODY, problem_in
from tests.client import Server, Upstream

FIELDS = {"id", "status", "text", "provider", "model", "usage", "error", "attempts"}
FIELDS |= {"created_at", "finished_at"}


def _asked(server: Server, prompt: str) -> str:
    """The path of a turn that is over."""
    answer = server.post("/api/chat/stream", json={"message": prompt})
    return f"/api/turns/{answer.headers['X-Turn-ID']}"


@contextmanager
def _running(server: Server, prompt: str) -> Iterator[str]:
    """The path of a turn that has begun to answer."""
    asked = {"message": prompt}
    with httpx.stream("POST", f"{server.url}/api/chat/stream", json=asked, timeout=30) as answer:
        next(sse.read(answer))
        yield f"/api/turns/{answer.headers['X-Turn-ID']}"


def _events(answer: httpx.Response) -> list[tuple[str, Any]]:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    return [(event.event, json.loads(event.data)) for event in sse.parse(answer.content)]


def _text(events: list[tuple[str, Any]]) -> str:
    text = ""
    for name, data in events:
        if name == "reset":
            text = data["text"]
        elif name == "delta":
            text += data["text"]
    return text


def _when_over(server: Server, path: str) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while (turn := server.get(path).json())["status"] in ("queued", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    found: dict[str, Any] = turn
    return found


def test_a_turn_that_is_over_can_be_looked_at(server: Server) -> None:
    """C-10.1, C-10.3, C-1.4"""
    path = _asked(server, "Good morning")
    turn = server.get(path).json()
    assert turn.keys() == FIELDS
    assert (turn["id"], turn["status"]) == (str(UUID(path.split("/")[-1])), "completed")
    assert (turn["text"], turn["error"]) == ("Echo: Good morning", None)
    assert (turn["provider"], turn["model"]) == ("openai-compatible", "scripted-small")
    assert turn["usage"]["total_tokens"] == 5
    assert len(turn["attempts"]) == 1
    assert turn["created_at"] <= turn["finished_at"]
    assert turn["finished_at"].endswith(("Z", "+00:00"))


def test_a_message_of_a_session_is_a_turn(server: Server) -> None:
    """C-10.1"""
    session = server.post("/sessions", json={}).json()["id"]
    answer = server.post(f"/sessions/{session}/messages", json={"content": "Hi"})
    turn = server.get(f"/api/turns/{answer.headers['X-Turn-ID']}").json()
    assert turn["text"] == answer.json()["message"]["content"]


def test_a_failed_turn_says_why(server: Server, upstream: Upstream) -> None:
    """C-10.3"""
    upstream.script({"text": "half "}, {"close": True})
    path = _asked(server, "Hello")
    turn = server.get(path).json()
    assert (turn["status"], turn["text"]) == ("failed", "half ")
    assert turn["error"]
    assert _events(server.get(f"{path}/events"))[-1][0] == "error"


@pytest.mark.parametrize("turn_id", [NOBODY, "nonsense", "%00", "%ff", "0" * 32, "1" * 9000])
@pytest.mark.parametrize(("method", "end"), [("GET", ""), ("GET", "/events"), ("POST", "/stop")])
def test_an_unknown_turn_is_not_found(server: Server, method: str, end: str, turn_id: str) -> None:
    """C-10.3"""
    answer = server.request(method, f"/api/turns/{turn_id}{end}")
    problem_in(answer, 404, "turn_not_found")


def test_a_turn_is_followed_from_the_start(server: Server) -> None:
    """C-10.4"""
    answer = server.get(f"{_asked(server, 'Good morning')}/events")
    events = _events(answer)
    assert answer.headers["X-Turn-ID"]
    assert _text(events) == "Echo: Good morning"
    assert events[-1][0] == "done"
    assert {name for name, _ in events} <= {"delta", "status", "reset", "done"}


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_turn_is_followed_from_each_cursor(server: Server, way: str) -> None:
    """C-10.4"""
    path = f"{_asked(server, 'tokens 12 every 5')}/events"
    seen = sse.parse(server.get(path).content)
    text = ""
    for number, event in enumerate(seen[:-1]):
        text = _text([("delta", {"text": text}), (event.event, json.loads(event.data))])
        options: dict[str, Any] = {"headers": {"Last-Event-ID": event.id}}
        rest = _events(server.get(path, **(options if way == "header" else _after(event.id))))
        assert _text([("delta", {"text": text}), *rest]) == _text(_named(seen)), number
        assert rest[-1][0] == "done"


def _after(cursor: str) -> dict[str, Any]:
    return {"params": {"after": cursor}}


def _named(events: list[sse.Event]) -> list[tuple[str, Any]]:
    return [(event.event, json.loads(event.data)) for event in events]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "0",
        "-1",
        "1.2.3",
        "\u0661",
        "9" * 5000,
        "7c1e5a2b9d3f4e60817263549a0bcdef.1.0",
        "{id}.99999999999999999999.999",
        "{id}.-1.-1",
        "{id}.1",
        "{id}.1.0.0",
        "{id}.1.999999",
    ],
    ids=lambda cursor: repr(cursor[:20]),
)
def test_a_cursor_that_cannot_be_served_resets(server: Server, cursor: str) -> None:
    """C-10.4"""
    path = _asked(server, "Good morning")
    cursor = cursor.replace("{id}", path.split("/")[-1].replace("-", ""))
    events = _events(server.get(f"{path}/events", params={"after": cursor}))
    assert "reset" in {name for name, _ in events}
    assert _text([("delta", {"text": "what I have"}), *events]) == "Echo: Good morning"
    assert events[-1][0] == "done"


def test_a_running_turn_is_followed_to_its_end(server: Server) -> None:
    """C-10.3, C-10.4"""
    with _running(server, "tokens 20 every 20") as path:
        running = server.get(path).json()
        events = _events(server.get(f"{path}/events"))
    assert (running["status"], running["finished_at"]) == ("running", None)
    assert _text(events) == " ".join(f"w{number}" for number in range(20))
    assert server.get(path).json()["status"] == "completed"


def test_a_stopped_turn_keeps_what_it_said(server: Server) -> None:
    """C-10.6"""
    with _running(server, "tokens 500 every 10") as path:
        stopped = server.post(f"{path}/stop")
        began = time.monotonic()
        turn = _when_over(server, path)
        assert time.monotonic() - began < 1
    assert stopped.status_code == 202
    assert turn["status"] == "stopped"
    assert turn["text"].startswith("w0")
    events = _events(server.get(f"{path}/events"))
    assert (_text(events), events[-1][0]) == (turn["text"], "done")
    assert server.get(path).json() == turn


def test_a_turn_that_hangs_is_stopped_too(server: Server, upstream: Upstream) -> None:
    """C-10.6"""
    upstream.script({"text": "one "}, {"hang": True})
    with _running(server, "Hello") as path:
        server.post(f"{path}/stop")
        began = time.monotonic()
        turn = _when_over(server, path)
        assert time.monotonic() - began < 1
    assert (turn["status"], turn["text"]) == ("stopped", "one ")


def test_a_turn_that_is_over_is_not_stopped(server: Server) -> None:
    """C-10.6"""
    path = _asked(server, "Hello")
    before = server.get(path).json()
    stopped = server.post(f"{path}/stop")
    assert stopped.status_code == 200
    assert server.get(path).json() == before
    assert server.get(path).json()["status"] == "completed"


def test_a_turn_may_be_stopped_twice(server: Server) -> None:
    """C-10.6"""
    with _running(server, "tokens 500 every 10") as path:
        statuses = [server.post(f"{path}/stop").status_code for _ in range(2)]
        assert _when_over(server, path)["status"] == "stopped"
    assert statuses[0] == 202
    assert statuses[1] in (200, 202)
    assert server.post(f"{path}/stop").status_code == 200
