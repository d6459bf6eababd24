"""`GET /health` (C-6)."""

import datetime as dt
import socket
import time
from contextlib import closing

from tests.client import Server, Upstream
from tests.conftest import UNLIMITED, StartServer
from tests.services import free_port

TOTALS = ("requests_total", "responses_total", "errors_total")


def _totals(server: Server) -> list[int]:
    health = server.get("/health").json()
    return [health[name] for name in TOTALS]


def _come_to(server: Server, expected: list[int]) -> None:
    """A request is counted once its answer is over, which is just after it can be read."""
    deadline = time.monotonic() + 2
    while _totals(server) != expected and time.monotonic() < deadline:
        time.sleep(0.02)
    assert _totals(server) == expected


def test_a_healthy_server_is_ok(server: Server) -> None:
    """C-6.1, C-6.2, C-6.3, C-1.4"""
    answer = server.get("/health")
    health = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert (health["status"], health["ok"], health["ollama"]) == ("ok", True, "connected")
    assert health["checks"] == {"database": "ok", "ollama": "ok"}
    assert isinstance(health["uptime_seconds"], float)
    assert all(isinstance(health[name], int) for name in TOTALS)
    taken = dt.datetime.fromisoformat(health["timestamp"])
    assert taken.utcoffset() == dt.timedelta(0)
    assert abs(taken - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=10)


def test_without_ollama_nothing_is_said_of_it(start_server: StartServer) -> None:
    """C-6.2, C-6.3"""
    health = start_server().get("/health").json()
    assert "ollama" not in health
    assert health["checks"] == {"database": "ok"}


def test_an_ollama_that_answers_badly_is_an_error(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-6.1, C-6.3"""
    server = start_server({"OLLAMA_URL": f"{upstream.url}/nowhere"})
    _is_degraded(server, "error")


def test_an_ollama_and_a_redis_that_are_gone_are_said_to_be(start_server: StartServer) -> None:
    """C-6.1, C-6.2, C-6.3"""
    redis_url = f"redis://user:hidden@127.0.0.1:{free_port()}/0"
    gone = f"http://127.0.0.1:{free_port()}"
    server = start_server({"OLLAMA_URL": gone, "REDIS_URL": redis_url})
    _is_degraded(server, "disconnected")
    answer = server.get("/health")
    assert answer.json()["checks"]["redis"] not in ("", "ok")
    assert "hidden" not in answer.text


def test_a_silent_ollama_is_given_up(start_server: StartServer) -> None:
    """C-6.3: at most 5 s."""
    port = free_port()
    server = start_server({"OLLAMA_URL": f"http://127.0.0.1:{port}"})
    with closing(socket.create_server(("127.0.0.1", port))):
        began = time.monotonic()
        _is_degraded(server, "disconnected")
    assert time.monotonic() - began < 6


def _is_degraded(server: Server, ollama: str) -> None:
    answer = server.get("/health")
    health = answer.json()
    assert answer.status_code == 200
    assert (health["status"], health["ok"], health["ollama"]) == ("degraded", False, ollama)
    assert health["checks"]["database"] == "ok"
    assert health["checks"]["ollama"] not in ("", "ok")


def test_api_requests_are_counted_and_pages_are_not(start_server: StartServer) -> None:
    """C-6.5"""
    server = start_server({**UNLIMITED, "METRICS_ENABLED": "true"})
    session = server.post("/sessions", json={}).json()["id"]
    server.post(f"/sessions/{session}/messages", json={"content": "Hello"})
    server.post(f"/sessions/{session}/messages", json={})
    for path in ("/health", "/", "/docs", "/static/home.css", "/metrics", "/admin/"):
        server.get(path)
    _come_to(server, [3, 3, 0])


def test_a_failed_answer_is_counted_as_an_error(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-6.5: 500 and above."""
    server = start_server(UNLIMITED, upstream=upstream)
    session = server.post("/sessions", json={}).json()["id"]
    upstream.script({"status": 400})
    failed = server.post(f"/sessions/{session}/messages", json={"content": "Hello"})
    assert failed.status_code == 502
    assert server.get(f"/sessions/{session}x").status_code == 422
    _come_to(server, [3, 3, 1])


def test_nothing_is_counted_without_metrics(start_server: StartServer) -> None:
    """C-6.7"""
    server = start_server({**UNLIMITED, "METRICS_ENABLED": "false"})
    server.post("/sessions", json={})
    assert server.get("/health").json()["status"] == "ok"
    assert _totals(server) == [0, 0, 0]


def test_health_costs_no_token(start_server: StartServer) -> None:
    """C-6.4"""
    server = start_server({"RATE_RPS": "0.01", "RATE_BURST": "1", "API_KEY": "key"})
    assert {server.get("/health").status_code for _ in range(10)} == {200}
