"""Browser origins (C-8, C-6.8)."""

from collections.abc import Iterator

import httpx
import pytest

from tests.api.talking import NOBODY, announced
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, StartServer

LISTED = "https://app.example"
ASKED = "Access-Control-Request-Method"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture(scope="module")
def guarded(databases: Databases) -> Iterator[Server]:
    env = {**UNLIMITED, "CORS_ORIGINS": f"{LISTED}, http://second.example:81", "API_KEY": "key"}
    server = Server.start(databases.new("sqlite"), env)
    yield server
    server.stop()


def _preflight(server: Server, path: str, method: str, headers: str, origin: str) -> httpx.Response:
    asked = {ASKED: method, "Access-Control-Request-Headers": headers, "Origin": origin}
    return server.request("OPTIONS", path, headers=asked)


@pytest.mark.parametrize("origin", [LISTED, "http://second.example:81"])
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/sessions", "POST"),
        (f"/sessions/{NOBODY}", "DELETE"),
        (f"/conversations/{NOBODY}", "PATCH"),
    ],
)
def test_a_listed_origin_may_ask_first_without_a_credential(
    guarded: Server, origin: str, path: str, method: str
) -> None:
    sent = "content-type, x-api-key, authorization, x-request-id, idempotency-key, last-event-id"
    answer = _preflight(guarded, path, method, sent, origin)
    assert answer.status_code in (200, 204)
    assert answer.headers[ALLOWED] == origin
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert set(sent.split(", ")) <= set(allowed)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/sessions", 201),
        ("POST", "/api/chat/stream", 200),
        ("GET", f"/sessions/{NOBODY}", 404),
        ("GET", "/nothing", 404),
        ("PUT", "/sessions", 405),
        ("POST", f"/sessions/{NOBODY}/messages", 422),
    ],
)
def test_every_answer_to_a_listed_origin_can_be_read(
    guarded: Server, method: str, path: str, status: int
) -> None:
    headers = {"Origin": LISTED, "X-API-Key": "key"}
    answer = guarded.request(method, path, json={"message": "Hello"}, headers=headers)
    assert answer.status_code == status
    _is_readable(answer)


def test_a_refused_credential_can_be_read(guarded: Server) -> None:
    answer = guarded.post("/sessions", json={}, headers={"Origin": LISTED})
    assert answer.status_code == 401
    _is_readable(answer)


def test_a_body_that_is_too_large_can_be_read_of(guarded: Server) -> None:
    """A page that uploads too much is to learn why."""
    headers = {"Origin": LISTED, "X-API-Key": "key"}
    answer = announced(guarded, "/sessions", 2**40, headers)
    assert answer.status_code == 413
    _is_readable(answer)


def _is_readable(answer: httpx.Response) -> None:
    assert answer.headers[ALLOWED] == LISTED
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "origin" in answer.headers["Vary"].lower()
    exposed = answer.headers["Access-Control-Expose-Headers"].lower()
    assert {"x-request-id", "retry-after"} <= set(exposed.split(", "))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example",
        f"{LISTED}.evil.example",
        f"{LISTED}:444",
        "https://x.app.example",
        "null",
        "nonsense",
        "http://[",
        f"{LISTED}, {LISTED}",
        "",
    ],
)
def test_another_origin_gets_no_allow_header(guarded: Server, origin: str) -> None:
    headers = {"Origin": origin, "X-API-Key": "key"}
    answer = guarded.post("/sessions", json={}, headers=headers)
    assert answer.status_code == 201
    assert ALLOWED not in answer.headers
    asked = _preflight(guarded, "/sessions", "POST", "x-api-key", origin)
    assert asked.status_code < 500
    assert ALLOWED not in asked.headers


@pytest.mark.parametrize("origin", ["null", "https://evil.example", LISTED])
def test_health_answers_every_origin(guarded: Server, origin: str) -> None:
    """C-6.8"""
    answer = guarded.get("/health", headers={"Origin": origin})
    # A page that sends credentials cannot read an answer for `*`.
    expected = ["*"], [origin]
    assert answer.headers.get_list(ALLOWED) in (expected[1:] if origin == LISTED else expected)


def test_the_default_origins_are_two_of_this_machine(server: Server) -> None:
    for origin in ("http://localhost:5173", "http://localhost:3000"):
        answer = server.post("/sessions", json={}, headers={"Origin": origin})
        assert answer.headers[ALLOWED] == origin
    answer = server.post("/sessions", json={}, headers={"Origin": "http://localhost:8080"})
    assert ALLOWED not in answer.headers


def test_a_star_allows_all_origins_without_credentials(start_server: StartServer) -> None:
    server = start_server({**UNLIMITED, "CORS_ORIGINS": "*"})
    for origin in ("https://any.example", "null"):
        answers = [
            server.post("/sessions", json={}, headers={"Origin": origin}),
            _preflight(server, "/sessions", "POST", "content-type", origin),
        ]
        for answer in answers:
            assert answer.headers[ALLOWED] in ("*", origin)
            assert "Access-Control-Allow-Credentials" not in answer.headers
