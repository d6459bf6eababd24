"""contracts/common.md: what holds for every API."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import Server
from tests.conftest import StartServer

MEBIBYTE = 1024 * 1024
BODIES = [
    ("POST", "/sessions", 422),
    ("POST", "/api/chat/stream", 422),
    ("POST", "/conversations", 400),
]


def raw(server: Server, request: bytes) -> bytes:
    """The answer to bytes as they are."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(request)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize("path", ["/health", "/sessions/x", "/nowhere", "/", "/static/none"])
def test_every_answer_has_a_request_id(server: Server, path: str) -> None:
    """C-2.1, C-2.2"""
    ids = {server.get(path).headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3
    assert server.get(path, headers={"X-Request-ID": "mine-1"}).headers["X-Request-ID"] == "mine-1"


@pytest.mark.parametrize("sent", ["", "x" * 129, "with space", "ünïcode", "tab\there"])
def test_an_odd_request_id_is_replaced(server: Server, sent: str) -> None:
    answer = server.get("/nowhere", headers={"X-Request-ID": sent.encode()})
    assert answer.headers["X-Request-ID"] not in ("", sent)
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_request_id_is_trimmed(server: Server) -> None:
    request = (
        b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-ID:   abc  \r\nConnection: close\r\n\r\n"
    )
    assert b"\r\nx-request-id: abc\r\n" in raw(server, request)


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/sessions/",
        "/conversations/",
        "/health/",
        "/api/chat/stream/",
        "/models/",
        "/%ff",
    ],
)
def test_an_unknown_path_is_404(server: Server, path: str) -> None:
    """C-1.1, C-1.2"""
    answer = server.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/sessions", {"POST"}),
        ("PUT", "/sessions/x", {"GET", "HEAD", "DELETE"}),
        ("GET", "/sessions/x/messages", {"POST"}),
        ("DELETE", "/api/chat/stream", {"POST"}),
        ("DELETE", "/conversations", {"GET", "HEAD", "POST"}),
        ("POST", "/conversations/x/stream", {"GET"}),
        ("POST", "/models", {"GET", "HEAD"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("GET", "/api/turns/x/stop", {"POST"}),
        ("OPTIONS", "/sessions", {"POST"}),
    ],
)
def test_a_wrong_method_is_405_with_allow(
    server: Server, method: str, path: str, allowed: set[str]
) -> None:
    answer = server.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


ODD = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b'{"metadata": {"a": "\\ud800"}}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b"{" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"a":' * 300 + b"1" + b"}" * 300,
    b'{"metadata": {"a\\u0000": 1}}',
]


@pytest.mark.parametrize("body", ODD, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize(("method", "path", "status"), BODIES)
def test_an_odd_body_is_a_validation_error(
    server: Server, method: str, path: str, status: int, body: bytes
) -> None:
    """C-3.4, C-3.7"""
    answer = server.request(method, path, content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "validation_error")
    assert answer.json()["detail"].startswith("Request validation failed: ")


def test_the_content_type_does_not_matter(server: Server) -> None:
    answer = server.post("/sessions", content=b"{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/sessions", "/api/chat/stream"])
def test_a_body_that_is_announced_too_large_is_refused_unread(server: Server, path: str) -> None:
    """C-1.6"""
    length = 20 * MEBIBYTE + 1
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    answer = raw(server, head.encode())
    assert answer.startswith(b"HTTP/1.1 413 ")
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert body["error"]["code"] == "payload_too_large"
    assert f"x-request-id: {body['request_id']}".encode() in answer


@pytest.mark.parametrize("path", ["/sessions", "/api/chat/stream"])
def test_a_body_that_grows_too_large_is_refused(server: Server, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(21):
            yield b" " * MEBIBYTE

    assert server.post(path, content=pieces()).status_code == 413


def test_a_large_body_is_accepted(server: Server) -> None:
    note = "x" * (19 * MEBIBYTE)
    answer = server.post("/sessions", json={"metadata": {"note": note}})
    assert answer.json()["metadata"]["note"] == note


def test_no_answer_needs_a_cookie(server: Server) -> None:
    """C-1.5"""
    answer = server.post("/sessions", json={}, headers={"Cookie": "sessionid=x; csrftoken=y"})
    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers


GUARDED = ["/conversations", "/models", "/sessions/x", "/api/turns/x", "/api/turns/x/events"]


@pytest.fixture(scope="module")
def keyed(databases: Any) -> Iterator[Server]:
    server = Server.start(databases.new("sqlite"), {"API_KEY": "schlüssel-1"})
    yield server
    server.stop()


@pytest.mark.parametrize("path", GUARDED)
def test_without_a_key_is_401(keyed: Server, path: str) -> None:
    """C-4.1, C-4.2"""
    key = "schlüssel-1".encode()
    expected = [
        ({}, "missing_api_key", "Missing API key"),
        ({"X-API-Key": ""}, "missing_api_key", "Missing API key"),
        ({"X-API-Key": "wrong"}, "invalid_api_key", "Invalid API key"),
        ({"Authorization": "Bearer wrong"}, "unauthorized", "Could not validate credentials"),
        ({"Authorization": "Bearer x", "X-API-Key": key}, "unauthorized", "Could not"),
    ]
    for headers, code, message in expected:
        answer = keyed.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert answer.json()["detail"].startswith(message)


def test_the_shared_key_opens(keyed: Server) -> None:
    headers = {"X-API-Key": "schlüssel-1".encode()}
    assert keyed.post("/sessions", json={}, headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/health", "/", "/docs", "/openapi.json"])
def test_what_is_for_everybody_is_not_guarded(keyed: Server, path: str) -> None:
    """C-4.6"""
    assert keyed.get(path).status_code == 200


def test_in_production_a_key_is_needed(start_server: StartServer) -> None:
    server = start_server({"APP_ENV": "production"})
    assert server.get("/conversations").json()["error"]["code"] == "missing_api_key"
    wrong = server.get("/conversations", headers={"X-API-Key": "any"})
    assert wrong.json()["error"]["code"] == "invalid_api_key"


def test_where_anonymous_calls_are_allowed_any_key_is_anonymous(server: Server) -> None:
    """C-4.3, C-4.4"""
    assert server.get("/conversations", headers={"X-API-Key": "any"}).status_code == 200
    bad = server.get("/conversations", headers={"Authorization": "Bearer x"})
    assert (bad.status_code, bad.json()["error"]["code"]) == (401, "unauthorized")


def test_listed_origins_are_let_in(server: Server) -> None:
    """C-8"""
    origin = "http://localhost:5173"
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    preflight = server.request("OPTIONS", "/sessions", headers={"Origin": origin, **asked})
    assert preflight.status_code in (200, 204)
    assert preflight.headers["Access-Control-Allow-Origin"] == origin
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "x-api-key" in preflight.headers["Access-Control-Allow-Headers"]
    answer = server.post("/sessions", json={}, headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    exposed = answer.headers["Access-Control-Expose-Headers"].lower()
    assert "x-request-id" in exposed and "retry-after" in exposed


def test_other_origins_are_not(server: Server) -> None:
    answer = server.post("/sessions", json={}, headers={"Origin": "http://elsewhere"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_all_origins_come_without_credentials(start_server: StartServer) -> None:
    server = start_server({"CORS_ORIGINS": "*"})
    answer = server.get("/conversations", headers={"Origin": "http://elsewhere"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
