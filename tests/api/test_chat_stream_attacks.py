"""What no client of good will sends to the chat stream and to conversations (C-1.2, C-3)."""

from typing import Any

import httpx
import pytest

from tests.api.talking import is_refused, problem_in
from tests.client import Server, Upstream
from tests.sse import parse

NOBODY = "0f2a1c34-5b6d-4e7f-8a90-123456789abc"
CHAT = "/api/chat/stream"
DEEP = 100_000
BODIES = [
    ("POST", CHAT, 422),
    ("POST", "/conversations", 400),
    ("PATCH", f"/conversations/{NOBODY}", 400),
    ("POST", f"/conversations/{NOBODY}/messages", 400),
]
WRONG_TYPES: list[Any] = [0, 10**400, 1.5, True, [], ["x"], {}, {"text": "x"}]


def post(server: Server, method: str, path: str, body: bytes, **headers: str) -> httpx.Response:
    return server.request(
        method, path, content=body, headers={"Content-Type": "application/json", **headers}
    )


def at(server: Server, method: str, path: str) -> httpx.Response:
    """The path byte for byte: httpx would tidy it up."""
    url = httpx.URL(server.url).copy_with(raw_path=path.encode())
    return httpx.request(method, url, trust_env=False, timeout=30.0)


@pytest.mark.parametrize(("method", "path", "status"), BODIES)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b'{"message": "x", "default_model": "x"} {}',
        b'{"message": "\xff", "default_model": "\xff"}',
        b'{"message": "\\ud800", "default_model": "\\ud800"}',
        b'{"message": "x", "default_model": "x", "other": ["\\udfff\\ud83d"]}',
        b'{"message": "x", "default_model": "x", "\\ud800": 1}',
        '{"message": "x", "default_model": "x"}'.encode("utf-16"),
        b"[" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    ],
    ids=lambda body: repr(body[:40]) if isinstance(body, bytes) else None,
)
def test_what_is_no_json_object_is_refused(
    server: Server, method: str, path: str, status: int, body: bytes
) -> None:
    """C-3.4, C-3.7"""
    error = problem_in(post(server, method, path, body), status, "validation_error")
    assert error["message"].startswith("Request validation failed: ")
    assert all(fault.keys() == {"loc", "msg", "type"} for fault in error["details"]["errors"])


@pytest.mark.parametrize("value", WRONG_TYPES, ids=lambda value: repr(value)[:20])
@pytest.mark.parametrize(
    ("method", "path", "status", "field"),
    [
        ("POST", CHAT, 422, "message"),
        ("POST", CHAT, 422, "previous_response_id"),
        ("POST", "/conversations", 400, "default_model"),
        ("PATCH", f"/conversations/{NOBODY}", 400, "default_model"),
        ("POST", f"/conversations/{NOBODY}/messages", 400, "message"),
        ("POST", f"/conversations/{NOBODY}/messages", 400, "model"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(
    server: Server, method: str, path: str, status: int, field: str, value: Any
) -> None:
    """C-3.2, C-3.3"""
    answer = server.request(method, path, json={"message": "x", field: value})
    error = problem_in(answer, status, "validation_error")
    assert f"{field}: Input should be a valid" in error["message"]
    assert error["details"]["errors"][0]["loc"] == [field]


@pytest.mark.parametrize(("method", "path", "status"), [BODIES[0], *BODIES[2:]])
def test_a_field_that_is_missing_is_named(
    server: Server, method: str, path: str, status: int
) -> None:
    error = problem_in(server.request(method, path, json={}), status, "validation_error")
    field = "default_model" if method == "PATCH" else "message"
    assert error["message"] == f"Request validation failed: {field}: Field required"


@pytest.mark.parametrize("blank", ["", " ", "\t\r\n", "\u3000\u00a0\u2028"])
def test_a_blank_message_is_too_short(server: Server, blank: str) -> None:
    """B-1, C-3.3"""
    error = problem_in(server.post(CHAT, json={"message": blank}), 422, "validation_error")
    reason = "message: String should have at least 1 character"
    assert error["message"] == f"Request validation failed: {reason}"


@pytest.mark.parametrize(
    "text",
    ["\x01\x1b[31m", "\ufeff\ufffe\uffff", "🏳️‍🌈 ‏שלום‏", "data: x\n\nevent: done\n", "x" * 300_000],
    ids=lambda text: repr(text[:12]),
)
def test_any_message_comes_back_as_it_is(server: Server, upstream: Upstream, text: str) -> None:
    """B-2.6, C-3.7"""
    *deltas, done = parse(server.post(CHAT, json={"message": text}).content)
    assert "".join(event.data for event in deltas) == f"Echo: {text}"
    assert [event.event for event in (deltas[0], done)] == ["delta", "done"]
    sent = upstream.requests("/chat/completions")[-1]["body"]["messages"][-1]
    assert sent == {"role": "user", "content": text}


@pytest.mark.parametrize("after", ["x\0", "\0", "resp_" + "0" * 31 + "\0"])
def test_a_nul_in_a_previous_id_is_no_server_error(server: Server, after: str) -> None:
    """C-3.7: kept, and so unknown, or refused."""
    answer = server.post(CHAT, json={"message": "x", "previous_response_id": after})
    assert answer.status_code in {404, 422}
    assert is_refused(answer)


@pytest.mark.parametrize(
    "after",
    ["resp_123", NOBODY, "%00", "../..", "' OR 1=1 --", "RESP_" + "0" * 32, "r" * 100_000, "🦆"],
    ids=lambda after: after[:12],
)
def test_any_other_unknown_previous_id_is_404(server: Server, after: str) -> None:
    answer = server.post(CHAT, json={"message": "x", "previous_response_id": after})
    problem_in(answer, 404, "previous_response_not_found")


@pytest.mark.parametrize("path", [CHAT, "/conversations", f"/conversations/{NOBODY}/stream", "/"])
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_ask_nobody(
    server: Server, upstream: Upstream, method: str, path: str
) -> None:
    answer = server.request(method, path)
    assert answer.status_code < 300 or answer.status_code in {404, 405}
    assert answer.headers["X-Request-ID"]
    assert upstream.requests("/chat/completions") == []


@pytest.mark.parametrize(
    "path",
    [
        f"{CHAT}/",
        "/conversations/",
        f"/conversations/{NOBODY}/",
        f"/conversations/{NOBODY}/stream/",
        f"/conversations/{NOBODY}%00",
        "/conversations/%00/messages",
        "/conversations/%ff%fe/stream",
        "/conversations/%ED%A0%80",
        f"/conversations/..%2f{NOBODY}",
        "/conversations/a%2Fb/stream",
        "/conversations/" + "a" * 60_000,
        f"/conversations/{NOBODY}%D9%A0",
        "/conversations/{}",
        "/conversations/%0a",
        "/Conversations",
        "/models/",
    ],
    ids=lambda path: path[:40],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_odd_path_is_a_refusal_in_place(server: Server, method: str, path: str) -> None:
    """C-1.1, C-3.7"""
    answer = at(server, method, path)
    assert answer.status_code in {404, 405}
    assert is_refused(answer)


@pytest.mark.parametrize(
    "query",
    ["?model=%00", "?model=%ff", "?model=%ED%A0%80", "?model=", "?model=a&model=b", "?model[]=x"],
)
def test_an_odd_query_is_no_server_error(server: Server, query: str) -> None:
    conversation = server.post("/conversations", json={}).json()["id"]
    server.post(f"/conversations/{conversation}/messages", json={"message": "x"})
    answer = at(server, "GET", f"/conversations/{conversation}/stream{query}")
    if answer.status_code == 200:
        assert b'"done":true' in answer.content
    else:
        problem_in(answer, 400, "validation_error")


@pytest.mark.parametrize(
    "last_id",
    [
        "x",
        "0",
        "..",
        f"{NOBODY}.1.1",
        "7c1e5a2b9d3f4e60817263549a0bcdef.1.1",
        "9" * 5000,
        "\xff",
        "1.2.3.4",
    ],
    ids=lambda last_id: repr(last_id[:12]),
)
def test_an_odd_last_event_id_is_no_server_error(server: Server, last_id: str) -> None:
    conversation = server.post("/conversations", json={}).json()["id"]
    server.post(f"/conversations/{conversation}/messages", json={"message": "x"})
    answer = server.get(
        f"/conversations/{conversation}/stream",
        headers={"Last-Event-ID": last_id.encode("latin-1")},
    )
    assert answer.status_code == 200 or is_refused(answer)


@pytest.mark.parametrize("seen", ["0.0", "999999.0", "0.999999", "1" * 4000 + ".1"])
def test_a_forged_cursor_never_asks_again(server: Server, upstream: Upstream, seen: str) -> None:
    """C-10.5"""
    conversation = server.post("/conversations", json={}).json()["id"]
    server.post(f"/conversations/{conversation}/messages", json={"message": "x"})
    path = f"/conversations/{conversation}/stream"
    turn = server.get(path).headers["X-Turn-ID"]
    last_id = f"{turn.replace('-', '')}.{seen}"
    answer = server.get(path, headers={"Last-Event-ID": last_id})
    assert answer.status_code < 500
    assert len(upstream.requests("/chat/completions")) == 1


def test_headers_that_come_twice_do_no_harm(server: Server) -> None:
    twice = [("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    twice += [("X-API-Key", "a"), ("X-API-Key", "b"), ("Idempotency-Key", "a")]
    twice += [("Last-Event-ID", "a"), ("Last-Event-ID", "b")]
    answer = httpx.post(
        f"{server.url}{CHAT}", content=b'{"message": "x"}', headers=twice, trust_env=False
    )
    assert answer.status_code == 200
