"""P6 and follow(): what runs on one worker is followed and stopped from another."""

import threading
import time

import pytest

from tests.client import Server, Upstream
from tests.conftest import StartServer
from tests.durability.streams import new_conversation, words
from tests.sse import Event, read


def _stream(server: Server, path: str, into: list[Event]) -> threading.Thread:
    def run() -> None:
        with server._http.stream("GET", path) as response:
            into.extend(read(response))

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def workers(
    start_server: StartServer, upstream: Upstream, database_url: str
) -> tuple[Server, Server]:
    """Two processes on one database."""
    first = start_server(upstream=upstream, database_url=database_url)
    return first, start_server(upstream=upstream, database_url=database_url)


def test_a_turn_is_followed_from_another_worker(
    workers: tuple[Server, Server], upstream: Upstream
) -> None:
    first, second = workers
    conversation = new_conversation(first, "tokens 60 every 20")
    with first._http.stream("GET", f"/conversations/{conversation}/stream") as response:
        turn_id = response.headers["X-Turn-ID"]
        elsewhere: list[Event] = []
        thread = _stream(second, f"/api/turns/{turn_id}/events", elsewhere)
        here = list(read(response))
    thread.join()
    joined = "".join(event.data for event in elsewhere if event.event == "delta")
    assert elsewhere[-1].event == "done"
    assert here[-1].data.startswith('{"done":true')
    assert joined.count("text") == 60
    assert second.get(f"/api/turns/{turn_id}").json()["text"] == words(60)
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_turn_is_stopped_from_another_worker_within_a_second(
    workers: tuple[Server, Server],
) -> None:
    first, second = workers
    conversation = new_conversation(first, "tokens 1000 every 10")
    with first._http.stream("GET", f"/conversations/{conversation}/stream") as response:
        turn_id = response.headers["X-Turn-ID"]
        events = read(response)
        for _ in range(20):
            next(events)
        asked = time.monotonic()
        assert second.post(f"/api/turns/{turn_id}/stop").status_code == 202
        last = list(events)[-1]
        took = time.monotonic() - asked
    assert took < 1.5
    assert '"stopped":true' in last.data
    turn = second.get(f"/api/turns/{turn_id}").json()
    assert turn["status"] == "stopped"
    assert words(1000).startswith(turn["text"]) and turn["text"]
    messages = second.get(f"/conversations/{conversation}/messages").json()["messages"]
    assert messages[-1]["content"] == turn["text"]


def test_a_turn_of_a_dead_worker_is_ended_by_another(workers: tuple[Server, Server]) -> None:
    first, second = workers
    conversation = new_conversation(first, "tokens 1000 every 10")
    with first._http.stream("GET", f"/conversations/{conversation}/stream") as response:
        turn_id = response.headers["X-Turn-ID"]
        events = read(response)
        for _ in range(50):
            next(events)
        followed: list[Event] = []
        thread = _stream(second, f"/api/turns/{turn_id}/events", followed)
        first.kill()
    thread.join(timeout=25)
    assert followed[-1].event == "error"
    assert "interrupted" in followed[-1].data
    turn = second.get(f"/api/turns/{turn_id}").json()
    assert turn["status"] == "interrupted"
    assert words(1000).startswith(turn["text"]) and turn["text"]
