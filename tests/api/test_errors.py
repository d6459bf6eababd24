"""The error envelope, and requests that no client of good will would send (C-1, C-3)."""

import socket
from typing import Any

import httpx
import pytest

from tests.api.talking import NOBODY, is_refused, problem_in
from tests.client import Server

DEEP = 100_000


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/sessionsx",
        f"/sessions/{NOBODY}/nothing",
        f"/sessions/{NOBODY}/messages/1",
        "/api",
        "/api/turns",
        f"/api/turns/{NOBODY}/nothing",
        "/health/nothing",
        "//sessions",
        "/Sessions",
        "/health%0A",
        "/sessions%00",
        "/%ff%fe",
        "/%F0%9F%92%A9",
        "/..%2f..%2fetc%2fpasswd",
        "/static/..%2f..%2fmanage.py",
        "/static/",
        "//evil.example/",
        "/" + "a" * 60_000,
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_not_found(server: Server, method: str, path: str) -> None:
    """C-1.2"""
    # As bytes, because httpx would tidy up what this is about.
    url = httpx.URL(server.url).copy_with(raw_path=path.encode())
    problem_in(httpx.request(method, url, trust_env=False), 404, "not_found")


@pytest.mark.parametrize("path", ["/sessions", f"/sessions/{NOBODY}", "/health", "/models"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_slash_at_the_end_never_redirects(server: Server, method: str, path: str) -> None:
    """C-1.1"""
    answer = server.request(method, f"{path}/", json={})
    assert answer.status_code == 404 or answer.status_code == 405
    assert is_refused(answer)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/sessions", {"POST"}),
        (f"/sessions/{NOBODY}", {"GET", "DELETE"}),
        (f"/sessions/{NOBODY}/messages", {"POST"}),
        (f"/api/turns/{NOBODY}", {"GET"}),
        (f"/api/turns/{NOBODY}/events", {"GET"}),
        (f"/api/turns/{NOBODY}/stop", {"POST"}),
        ("/health", {"GET"}),
        ("/api/chat/stream", {"POST"}),
        ("/conversations", {"GET", "POST"}),
        (f"/conversations/{NOBODY}", {"GET", "PATCH", "DELETE"}),
        (f"/conversations/{NOBODY}/messages", {"GET", "POST"}),
        (f"/conversations/{NOBODY}/stream", {"GET"}),
        ("/models", {"GET"}),
        ("/", {"GET"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "TRACE"])
def test_a_wrong_method_is_told_the_right_ones(
    server: Server, method: str, path: str, allowed: set[str]
) -> None:
    """C-1.2"""
    if method in allowed:
        return
    answer = server.request(method, path)
    problem_in(answer, 405, "method_not_allowed")
    named = {name.strip() for name in answer.headers["Allow"].split(",")}
    assert named - {"HEAD", "OPTIONS"} == allowed


@pytest.mark.parametrize("path", ["/sessions", f"/sessions/{NOBODY}", "/health", "/nothing"])
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_are_answered_in_place(server: Server, method: str, path: str) -> None:
    answer = server.request(method, path)
    assert answer.status_code < 300 or answer.status_code in (404, 405)
    assert answer.headers["X-Request-ID"]
    assert method == "OPTIONS" or not answer.content


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"not json",
        b"[]",
        b"null",
        b'"text"',
        b"7",
        b"{} {}",
        b"{'content': 'x'}",
        b'{"content": NaN}',
        b'{"content": "\xff"}',
        b'{"other": "\xed\xa0\x80"}',
        '{"content": "x"}'.encode("utf-16"),
        b'{"content": "\\ud800"}',
        b'{"other": {"x": ["\\udfff"]}}',
        b"\x00",
        b"[" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b'{"metadata":' + b'{"a":' * 500 + b"1" + b"}" * 501,
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("path", ["/sessions", f"/sessions/{NOBODY}/messages"])
def test_what_is_no_json_object_is_a_validation_error(
    server: Server, path: str, body: bytes
) -> None:
    """C-3.4, C-3.7"""
    headers = {"Content-Type": "application/json"}
    error = problem_in(server.post(path, content=body, headers=headers), 422, "validation_error")
    assert error["message"].startswith("Request validation failed: ")


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({}, ["content: Field required"]),
        ({"content": ""}, ["content: String should have at least 1 character"]),
        ({"content": 7}, ["content: Input should be a valid "]),
        (
            {"content": "x", "memory_limit": 0},
            ["memory_limit: Input should be greater than or equal to 1"],
        ),
        (
            {"memory_limit": "a", "options": 1},
            [
                "content: Field required",
                "memory_limit: Input should be a valid ",
                "options: Input should be a valid ",
            ],
        ),
    ],
)
def test_a_validation_error_names_each_fault(
    server: Server, body: dict[str, Any], reasons: list[str]
) -> None:
    """C-3.2, C-3.3"""
    answer = server.post(f"/sessions/{NOBODY}/messages", json=body)
    error = problem_in(answer, 422, "validation_error")
    said = error["message"].removeprefix("Request validation failed: ").split("; ")
    assert len(said) == len(reasons)
    assert all(any(text.startswith(reason) for text in said) for reason in reasons)
    faults = error["details"]["errors"]
    assert {".".join(fault["loc"]) for fault in faults} == {text.split(":")[0] for text in reasons}
    assert all(fault.keys() == {"loc", "msg", "type"} for fault in faults)


def test_a_fault_in_the_path_says_so(server: Server) -> None:
    """C-3.2"""
    error = problem_in(server.get("/sessions/nonsense"), 422, "validation_error")
    assert error["message"].startswith("Request validation failed: path.session_id: ")
    assert error["details"]["errors"][0]["loc"] == ["path", "session_id"]


@pytest.mark.parametrize("text", ["nul \0 here", "\x01\x1b", "\u2028\ufeff\ufffe", "🏳️‍🌈 ‏שלום‏"])
def test_any_character_is_kept_or_refused(server: Server, text: str) -> None:
    """C-3.7"""
    metadata = {"text": text, text: [text]}
    made = server.post("/sessions", json={"metadata": metadata})
    if made.status_code != 201:
        problem_in(made, 422, "validation_error")
        assert "\0" in text
        return
    assert server.get(f"/sessions/{made.json()['id']}").json()["metadata"] == metadata


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data"},
        {"Content-Type": "application/json; charset=nonsense"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
        {"Accept": "text/html"},
        {"Accept": "nonsense"},
        {"Accept-Language": "xx-\xff"},
        {"Cookie": "sessionid=x; csrftoken=y"},
        {"Cookie": "=;=;\xff"},
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "nonsense"},
        {"Expect": "100-continue"},
        {"Idempotency-Key": "\xff"},
        {"Last-Event-ID": "nonsense"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
    ids=repr,
)
def test_odd_headers_do_no_harm(server: Server, headers: dict[str, str]) -> None:
    """C-1.3, C-1.5, C-3.7"""
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = server.post("/sessions", content=b"{}", headers=raw)
    assert answer.status_code == 201 or is_refused(answer)


@pytest.mark.parametrize(
    "request_line",
    [b"GET /\xff\xfe HTTP/1.1", b"GET /health?\xff=%ff HTTP/1.1", b"FOO /sessions HTTP/1.1"],
)
def test_bytes_that_no_client_sends_are_not_a_server_error(
    server: Server, request_line: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        status = int(line.makefile("rb").readline().split()[1])
    assert status < 500


def test_unknown_fields_are_ignored(server: Server) -> None:
    """C-1.3"""
    assert server.post("/sessions", json={"nonsense": {"a": [None]}}).status_code == 201


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", ""])
def test_answers_are_json_whatever_is_asked_for(server: Server, accept: str) -> None:
    """C-1.3"""
    answer = server.post("/sessions", json={}, headers={"Accept": accept})
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/json"
