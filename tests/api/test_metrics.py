"""`GET /metrics` (C-6.5 to C-6.8)."""

import re
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.client import Server, Upstream
from tests.conftest import UNLIMITED, StartServer

TOTALS = {
    "requests_total": "parley_http_requests_total",
    "responses_total": "parley_http_responses_total",
    "errors_total": "parley_http_errors_total",
}
PROMETHEUS = {"params": {"format": "prometheus"}}


def samples(server: Server) -> dict[str, dict[tuple[str, ...], float]]:
    """By name, and by the values of their labels in the order of the labels' names."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(server.get("/metrics", **PROMETHEUS).text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def read(server: Server) -> dict[str, Any]:
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"] == "application/json"
    metrics: dict[str, Any] = answer.json()
    return metrics


def test_both_forms_and_the_health_page_tell_the_same(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-6.5, C-6.6: each as soon as its answer begins."""
    server = start_server(UNLIMITED, upstream=upstream)
    session = server.post("/sessions", json={}).json()["id"]
    server.post(f"/sessions/{session}/messages", json={"content": "Hello"})
    server.get(f"/sessions/{session}")
    upstream.script({"status": 400})
    server.post(f"/sessions/{session}/messages", json={"content": "Hello"})
    server.request("PURGE", "/sessions")
    server.get("/nowhere/at/all")
    for page in ("/", "/docs", "/static/ui/base.css", "/health/live", "/health/ready", "/admin/"):
        server.get(page)
    metrics = read(server)
    assert metrics["requests_by_method"] == {"GET": 2, "OTHER": 1, "POST": 3}
    assert metrics["responses_by_status"] == {"200": 2, "201": 1, "404": 1, "405": 1, "502": 1}
    assert [metrics[name] for name in TOTALS] == [6, 6, 1]
    assert metrics["request_latency_avg_ms"] > 0
    assert metrics["uptime_seconds"] > 0
    assert metrics.keys() == {
        *TOTALS,
        "requests_by_method",
        "responses_by_status",
        "request_latency_avg_ms",
        "uptime_seconds",
    }
    health, text = server.get("/health").json(), samples(server)
    for name, series in TOTALS.items():
        assert health[name] == metrics[name] == sum(text[series].values())


def test_the_text_has_types_and_totals_before_the_first_request(
    start_server: StartServer,
) -> None:
    """C-6.6"""
    answer = start_server().get("/metrics", **PROMETHEUS)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for series in TOTALS.values():
        assert f"# TYPE {series} counter\n" in answer.text
        assert re.search(rf"^{series}(\{{[^}}]*\}})? 0\.0$", answer.text, re.MULTILINE)
    assert "_created" not in answer.text


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/plain", "text/plain"),
        ("text/plain; version=0.0.4", "text/plain"),
        ("application/openmetrics-text; version=1.0.0", "text/plain"),
        ("TEXT/PLAIN, application/json", "text/plain"),
        ("text/html, text/plain;q=0.5, */*;q=0.1", "text/plain"),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.4,*/*;q=0.1", "text"),
        ("application/json;q=0.1, text/plain", "text/plain"),
        ("*/*", "application/json"),
        ("*/*, text/plain", "application/json"),
        ("application/json, text/plain", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain;q=0, text/html", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("text/html", "application/json"),
        (";;, /q=,,text", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_form_is_the_one_that_is_asked_for_first(
    server: Server, accept: str, media: str
) -> None:
    """C-6.6"""
    answer = server.get("/metrics", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(media)


def test_the_query_wins_over_the_header(server: Server) -> None:
    """C-6.6"""
    answer = server.get("/metrics", headers={"Accept": "application/json"}, **PROMETHEUS)
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    other = server.get("/metrics", params={"format": "yaml"})
    assert other.headers["Content-Type"] == "application/json"


def test_head_is_answered_and_other_methods_are_not(server: Server) -> None:
    """C-3.1"""
    answer = server.request("HEAD", "/metrics")
    assert (answer.status_code, answer.content) == (200, b"")
    assert server.post("/metrics").status_code == 405


def test_without_metrics_there_is_no_page_and_nothing_is_counted(
    start_server: StartServer, upstream: Upstream
) -> None:
    """C-6.7"""
    server = start_server({**UNLIMITED, "METRICS_ENABLED": "false"}, upstream=upstream)
    session = server.post("/sessions", json={}).json()["id"]
    server.post(f"/sessions/{session}/messages", json={"content": "Hello"})
    for options in ({}, PROMETHEUS):
        answer = server.get("/metrics", **options)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"
    health = server.get("/health").json()
    assert [health[name] for name in TOTALS] == [0, 0, 0]
    assert health["uptime_seconds"] > 0


def test_no_label_is_what_a_client_makes_up(start_server: StartServer) -> None:
    """Or a client could fill the memory with series."""
    server = start_server(UNLIMITED)
    for number in range(20):
        server.get(f"/sessions/made-up-{number}")
        server.get(f"/made/up/{number}")
    server.request("PURGE", "/sessions")
    text = server.get("/metrics", **PROMETHEUS).text.lower()
    assert "purge" not in text
    assert "made" not in text
    routes = {labels[1] for labels in samples(server)["parley_http_response_start_seconds_count"]}
    assert routes == {"sessions", "sessions/<str:session_id>", "unmatched"}


def test_a_turn_leaves_its_outcome_its_speed_and_its_tokens(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server(UNLIMITED, upstream=upstream)
    server.post("/api/chat/stream", json={"message": "one two three"})
    upstream.script({"status": 400})
    server.post("/api/chat/stream", json={"message": "Hello"})
    found = samples(server)
    assert found["parley_turns_total"] == {
        ("completed", "openai-compatible"): 1,
        ("failed", "openai-compatible"): 1,
    }
    assert found["parley_turn_first_text_seconds_count"] == {("openai-compatible",): 1}
    assert found["parley_tokens_total"] == {
        ("completion", "openai-compatible"): 4,
        ("prompt", "openai-compatible"): 3,
    }


def test_running_turns_and_their_followers_are_seen_while_they_last(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server(UNLIMITED, upstream=upstream)
    body = {"message": "tokens 20 every 50"}
    with httpx.stream("POST", f"{server.url}/api/chat/stream", json=body) as answer:
        lines = answer.iter_lines()
        next(lines)
        found = samples(server)
        for _ in lines:
            pass
    assert found["parley_turns_running"] == {(): 1}
    assert found["parley_followers"] == {(): 1}
    after = samples(server)
    assert after["parley_followers"] == {(): 0}
    assert after["parley_turns_running"] == {(): 0}
    assert after["parley_log_flush_seconds_count"][()] >= 1


def test_the_latency_of_a_stream_ends_where_its_answer_begins(
    start_server: StartServer, upstream: Upstream
) -> None:
    server = start_server(UNLIMITED, upstream=upstream)
    server.post("/api/chat/stream", json={"message": "tokens 20 every 100"})
    assert read(server)["request_latency_avg_ms"] < 1500


def test_refusals_of_the_rate_limit_are_counted(start_server: StartServer) -> None:
    server = start_server({"RATE_RPS": "0.01", "RATE_BURST": "1"})
    answers = [server.get("/conversations").status_code for _ in range(3)]
    assert answers == [200, 429, 429]
    assert samples(server)["parley_rate_limit_refusals_total"] == {(): 2}
