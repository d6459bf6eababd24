"""Request ids (C-2)."""

from contextlib import closing
from http.client import HTTPConnection

import pytest

from tests.client import Server

PATHS = ["/health", "/nothing", "/", "/openapi.json", "/docs"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_an_id_of_its_own(server: Server, path: str) -> None:
    """C-2.1, C-2.2"""
    first, second = server.get(path), server.get(path)
    assert first.headers["X-Request-ID"]
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


@pytest.mark.parametrize("given", ["a", "~!#", "x" * 128, "{}<>\"';"])
@pytest.mark.parametrize("path", PATHS)
def test_a_usable_id_comes_back(server: Server, path: str, given: str) -> None:
    """C-2.2"""
    answer = server.get(path, headers={"X-Request-ID": given})
    assert answer.headers.get_list("X-Request-ID") == [given]


@pytest.mark.parametrize(
    "given", [b"", b"x" * 129, b"two words", b"tab\there", b"caf\xc3\xa9", b"\xff"]
)
def test_an_unusable_id_is_replaced(server: Server, given: bytes) -> None:
    """C-2.2, C-2.3"""
    answer = server.get("/nothing", headers=[(b"X-Request-ID", given)])
    fresh = answer.headers["X-Request-ID"]
    assert fresh.isascii()
    assert fresh.encode() != given.strip()
    assert answer.json()["request_id"] == fresh


@pytest.mark.parametrize(("given", "same"), [("  mine\t ", True), (" \t ", False)])
def test_an_id_is_trimmed(server: Server, given: str, same: bool) -> None:
    """C-2.2"""
    # Not httpx, which refuses to send the spaces.
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as line:
        line.request("GET", "/health", headers={"X-Request-ID": given})
        fresh = line.getresponse().headers["X-Request-ID"]
    assert fresh.strip()
    assert (fresh == "mine") is same


def test_two_ids_are_answered_with_one(server: Server) -> None:
    answer = server.get("/health", headers=[("X-Request-ID", "one"), ("X-Request-ID", "two")])
    assert len(answer.headers.get_list("X-Request-ID")) == 1


def test_streams_and_empty_answers_have_an_id(server: Server) -> None:
    """C-2.1"""
    headers = {"X-Request-ID": "mine"}
    stream = server.post("/api/chat/stream", json={"message": "Hello"}, headers=headers)
    session = server.post("/sessions", json={}).json()["id"]
    deleted = server.delete(f"/sessions/{session}", headers=headers)
    assert (stream.status_code, deleted.status_code) == (200, 204)
    assert stream.headers["X-Request-ID"] == deleted.headers["X-Request-ID"] == "mine"


def test_a_preflight_has_an_id(server: Server) -> None:
    """C-2.1"""
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    answer = server.request("OPTIONS", "/sessions", headers={**asked, "X-Request-ID": "mine"})
    assert answer.headers["X-Request-ID"] == "mine"
