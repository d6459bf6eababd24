"""What happens to running turns when the database goes away, and when the server is told to."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.client import Server, Upstream, migrate
from tests.conftest import StartServer, found
from tests.durability.streams import new_conversation, words
from tests.services import PostgresServer
from tests.sse import read


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL that a test may stop."""
    postgres = found(PostgresServer.started)
    yield postgres
    postgres.stop()


@pytest.mark.postgresql
def test_an_answer_outlives_an_outage_of_the_database(
    start_server: StartServer, upstream: Upstream, own_postgres: PostgresServer
) -> None:
    """All connections are lost in the middle, and new ones refused until after the end."""
    url = own_postgres.create_database("outage")
    migrate(url)
    server = start_server(upstream=upstream, database_url=url)
    turn_id, thread, seen = _ask(server, "tokens 100 every 20")
    own_postgres.halt()
    health = httpx.get(f"{server.url}/health").json()
    time.sleep(3)
    own_postgres.resume()
    thread.join(30)
    assert health["status"] == "degraded"
    assert '"done":true' in seen[-1]
    turn = server.get(f"/api/turns/{turn_id}").json()
    assert (turn["status"], turn["text"]) == ("completed", words(100))
    assert new_conversation(server, "again")
    assert server.get("/health").json()["checks"]["database"] == "ok"


def _ask(server: Server, prompt: str) -> tuple[str, threading.Thread, list[str]]:
    """A stream that is read in a thread: its turn, the thread, and the data read."""
    conversation = new_conversation(server, prompt)
    seen: list[str] = []
    begun = threading.Event()

    def run() -> None:
        path = f"/conversations/{conversation}/stream"
        # A server that ends in an outage cuts the line.
        with suppress(httpx.RemoteProtocolError), server._http.stream("GET", path) as response:
            seen.append(response.headers["X-Turn-ID"])
            for event in read(response):
                seen.append(event.data)
                begun.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(10)
    return seen[0], thread, seen


def test_a_server_that_is_told_to_end_lets_its_turns_end(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({"TURN_DRAIN_SECONDS": "8"}, upstream=upstream)
    turn_id, thread, seen = _ask(server, "tokens 60 every 20")
    assert server.terminate() in (0, -signal.SIGTERM)
    thread.join(10)
    assert '"done":true' in seen[-1]
    server.restart()
    turn = server.get(f"/api/turns/{turn_id}").json()
    assert (turn["status"], turn["text"]) == ("completed", words(60))


def test_a_turn_longer_than_the_grace_is_kept_as_far_as_it_came(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({"TURN_DRAIN_SECONDS": "0.5"}, upstream=upstream)
    turn_id, thread, seen = _ask(server, "tokens 1000 every 20")
    started = time.monotonic()
    server.terminate()
    assert time.monotonic() - started < 5
    thread.join(10)
    assert "error" in seen[-1]
    server.restart()
    turn = server.get(f"/api/turns/{turn_id}").json()
    assert turn["status"] == "interrupted"
    assert words(1000).startswith(turn["text"])
    assert len(turn["text"].split()) >= len(seen) - 3


@pytest.mark.postgresql
def test_followers_of_another_workers_turn_are_let_go(
    start_server: StartServer, upstream: Upstream, own_postgres: PostgresServer
) -> None:
    """The turn runs elsewhere: its followers can go there, and need not wait for the end."""
    url = own_postgres.create_database("drain")
    migrate(url)
    running = start_server(upstream=upstream, database_url=url)
    ending = start_server({"TURN_DRAIN_SECONDS": "20"}, upstream=upstream, database_url=url)
    turn_id, thread, seen = _ask(running, "tokens 150 every 20")
    with ending._http.stream("GET", f"/api/turns/{turn_id}/events") as response:
        pieces = response.iter_bytes()
        last = next(pieces)
        started = time.monotonic()
        ending.terminate()
        last = [last, *pieces][-1]
    assert time.monotonic() - started < 3
    assert last.startswith(b":")
    thread.join(10)
    assert '"done":true' in seen[-1]


def test_a_turn_that_nobody_follows_gets_its_grace_too(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server({"TURN_DRAIN_SECONDS": "8"}, upstream=upstream)
    conversation = new_conversation(server, "tokens 60 every 20")
    with httpx.stream("GET", f"{server.url}/conversations/{conversation}/stream") as response:
        turn_id = response.headers["X-Turn-ID"]
        next(response.iter_bytes())
    server.terminate()
    server.restart()
    turn = server.get(f"/api/turns/{turn_id}").json()
    assert (turn["status"], turn["text"]) == ("completed", words(60))


@pytest.mark.postgresql
def test_a_server_ends_though_its_database_is_away(
    start_server: StartServer, upstream: Upstream, own_postgres: PostgresServer
) -> None:
    url = own_postgres.create_database("away")
    migrate(url)
    env = {"TURN_DRAIN_SECONDS": "0.5"}
    server = start_server(env, upstream=upstream, database_url=url)
    _, thread, _ = _ask(server, "tokens 1000 every 20")
    own_postgres.halt()
    started = time.monotonic()
    server.terminate(seconds=60)
    assert time.monotonic() - started < 40
    thread.join(10)
