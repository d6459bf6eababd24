"""`GET /health` (C-6)."""

import datetime as dt
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest

from chatproject.health_checks import FRESH_SECONDS
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED, StartServer, found
from tests.services import free_port

TOTALS = ("requests_total", "responses_total", "errors_total")


def _totals(server: Server) -> list[int]:
    health = server.get("/health").json()
    return [health[name] for name in TOTALS]


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
        time.sleep(FRESH_SECONDS)
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
    for path in ("/health", "/", "/docs", "/static/ui/base.css", "/metrics", "/admin/"):
        server.get(path)
    assert _totals(server) == [3, 3, 0]


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
    assert _totals(server) == [3, 3, 1]


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


def test_a_flood_of_calls_is_one_look(start_server: StartServer, upstream: Upstream) -> None:
    """Or anybody could keep the database and Ollama busy without a credential."""
    server = start_server(upstream=upstream)
    began, before = time.monotonic(), len(upstream.requests("/api/tags"))
    with ThreadPoolExecutor(16) as pool, httpx.Client(trust_env=False, timeout=30) as client:
        answers = list(pool.map(lambda _: client.get(f"{server.url}/health"), range(300)))
    seconds = time.monotonic() - began
    assert {answer.json()["ollama"] for answer in answers} == {"connected"}
    # One for each second that has begun, and one for the background look at the provider.
    assert len(upstream.requests("/api/tags")) - before <= seconds / FRESH_SECONDS + 2


def test_the_providers_are_told_apart_and_do_not_count(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-6.1, C-6.2: they are neither in `checks` nor in `status`."""
    address, key = f"http://127.0.0.1:{free_port()}/v1", "sk-a-secret-key"
    server = start_server({"OPENAI_API_KEY": key, "OPENAI_BASE_URL": address}, upstream=upstream)
    health = _known(server)
    assert health["providers"] == {
        "openai": "unreachable",
        "openai-compatible": "ok",
        "ollama": "ok",
    }
    assert (health["status"], health["checks"]) == ("ok", {"database": "ok", "ollama": "ok"})


def _known(server: Server) -> dict[str, Any]:
    """The health once the first look at the providers is over."""
    deadline = time.monotonic() + 10
    while "unknown" in (health := server.get("/health").json())["providers"].values():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found: dict[str, Any] = health
    return found


def test_without_providers_but_the_demo_nothing_is_said_of_them(
    start_server: StartServer,
) -> None:
    assert start_server().get("/health").json()["providers"] == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/health/live", {"status": "ok"}), ("/health/ready", {"status": "ready"})],
)
def test_a_server_lives_and_is_ready(server: Server, path: str, body: dict[str, str]) -> None:
    answer = server.get(path)
    assert (answer.status_code, answer.json()) == (200, body)
    assert server.request("HEAD", path).status_code == 200


@pytest.mark.postgresql
def test_a_server_whose_database_is_gone_lives_and_is_not_ready(
    start_server: StartServer, databases: Databases
) -> None:
    """C-6.1, C-6.2"""
    url = found(lambda: databases.new("postgresql"))
    server = start_server(database_url=url)
    databases.postgres.drop_database(url.rpartition("/")[2])
    time.sleep(FRESH_SECONDS)
    answer = server.get("/health/ready")
    assert answer.status_code == 503
    body = answer.json()
    assert body["status"] == "not ready"
    assert body["checks"]["turns"] == "ok"
    assert body["checks"]["database"] not in ("", "ok")
    assert server.get("/health/live").status_code == 200
    health = server.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
