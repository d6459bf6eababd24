"""P2: the same key, one effect."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.client import Server, Upstream
from tests.conftest import StartServer
from tests.sse import parse

AT_ONCE = 20


def _post(server: Server, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return httpx.post(f"{server.url}{path}", json=body, headers=headers, timeout=30)


def _posted_at_once(servers: list[Server], path: str, body: dict[str, Any]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [
            pool.submit(_post, servers[number % len(servers)], path, body, "one-key")
            for number in range(AT_ONCE)
        ]
        return [job.result() for job in jobs]


def test_twenty_equal_messages_at_once_ask_once(server: Server, upstream: Upstream) -> None:
    session = server.post("/sessions", json={}).json()["id"]
    body = {"content": "tokens 20 every 10"}
    answers = _posted_at_once([server], f"/sessions/{session}/messages", body)
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["X-Turn-ID"] for answer in answers}) == 1
    assert len(upstream.requests("/chat/completions")) == 1
    assert len(server.get(f"/sessions/{session}").json()["history"]) == 2


@pytest.mark.postgresql
def test_twenty_equal_messages_to_two_workers_ask_once(
    start_server: StartServer, upstream: Upstream, database_url: str
) -> None:
    workers = [start_server(upstream=upstream, database_url=database_url) for _ in range(2)]
    session = workers[0].post("/sessions", json={}).json()["id"]
    body = {"content": "tokens 20 every 10"}
    answers = _posted_at_once(workers, f"/sessions/{session}/messages", body)
    assert [answer.status_code for answer in answers] == [200] * AT_ONCE
    assert len({answer.json()["message"]["content"] for answer in answers}) == 1
    assert len({answer.headers["X-Turn-ID"] for answer in answers}) == 1
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_stream_with_a_used_key_is_the_same_stream(server: Server, upstream: Upstream) -> None:
    first = _post(server, "/api/chat/stream", {"message": "Hello"}, "stream-key")
    again = _post(server, "/api/chat/stream", {"message": "Hello"}, "stream-key")
    texts = [
        "".join(event.data for event in parse(answer.content) if event.event == "delta")
        for answer in (first, again)
    ]
    assert texts == ["Echo: Hello"] * 2
    assert parse(first.content)[-1].data == parse(again.content)[-1].data
    assert len(upstream.requests("/chat/completions")) == 1


def test_a_key_with_another_body_is_refused(server: Server) -> None:
    assert _post(server, "/api/chat/stream", {"message": "One"}, "other").status_code == 200
    refused = _post(server, "/api/chat/stream", {"message": "Two"}, "other")
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "idempotency_mismatch"


def test_a_turn_that_failed_before_any_text_may_be_asked_again(
    server: Server, upstream: Upstream
) -> None:
    session = server.post("/sessions", json={}).json()["id"]
    path, body = f"/sessions/{session}/messages", {"content": "Try"}
    upstream.script({"status": 500, "body": {"error": {"message": "overloaded"}}})
    assert _post(server, path, body, "again").status_code == 502
    answer = _post(server, path, body, "again")
    assert answer.status_code == 200
    assert answer.json()["message"]["content"] == "Echo: Try"
    assert len(upstream.requests("/chat/completions")) == 2


def test_a_key_that_is_not_visible_ascii_is_refused(server: Server) -> None:
    refused = _post(server, "/api/chat/stream", {"message": "One"}, "with space")
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "validation_error"
