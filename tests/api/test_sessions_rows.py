"""Sessions without their messages (S-1, S-2, S-3)."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.api.talking import NOBODY, is_refused, problem_in
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED, StartServer

FIELDS = {"id", "provider", "fallback_provider", "memory_limit", "created_at", "metadata"}
NO_UUID = ["nonsense", "1", "%00", "%ff", "%20", NOBODY + "0", NOBODY[:-1], "0" * 5000, "..%5c"]


@pytest.fixture(scope="module")
def unready(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """Its default provider is not configured; other settings are not the defaults either."""
    env = {"DEFAULT_PROVIDER": "openai", "MEMORY_DEFAULT": "3", "MEMORY_MAX": "4"}
    server = Server.start(databases.new("sqlite"), {**UNLIMITED, **env}, upstream)
    yield server
    server.stop()


@pytest.mark.parametrize("body", [{}, dict.fromkeys(FIELDS), {"nonsense": 1}])
def test_an_empty_object_makes_a_session(server: Server, body: dict[str, Any]) -> None:
    """S-1.1, C-1.4"""
    answer = server.post("/sessions", json=body)
    session = answer.json()
    assert answer.status_code == 201
    assert session.keys() == FIELDS
    assert (session["provider"], session["fallback_provider"]) == (None, None)
    assert (session["memory_limit"], session["metadata"]) == (10, {})
    assert session["id"] == str(UUID(session["id"]))
    made = dt.datetime.fromisoformat(session["created_at"])
    assert made.utcoffset() == dt.timedelta(0)
    assert abs(made - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=10)


def test_a_session_is_made_as_asked(server: Server) -> None:
    """S-1.1, S-1.6, C-9.5"""
    metadata = {"topic": "demo", "n": [1, 2.5, -0.125, True, None, {"": ""}], "ü": "✓"}
    asked = {"provider": "  Demo ", "fallback_provider": " Nobody-Knows\t", "memory_limit": 7}
    session = server.post("/sessions", json={**asked, "metadata": metadata}).json()
    assert (session["provider"], session["fallback_provider"]) == ("demo", "nobody-knows")
    assert (session["memory_limit"], session["metadata"]) == (7, metadata)
    assert server.get(f"/sessions/{session['id']}").json() == {**session, "history": []}


@pytest.mark.parametrize("number", [2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30])
def test_large_numbers_in_metadata_are_kept_or_refused(server: Server, number: float) -> None:
    """S-1, C-3.7"""
    answer = server.post("/sessions", json={"metadata": {"n": number}})
    if answer.status_code != 201:
        assert is_refused(answer)
        return
    assert answer.json()["metadata"] == {"n": number}
    read = server.get(f"/sessions/{answer.json()['id']}")
    assert read.json()["metadata"] == {"n": number}


@pytest.mark.parametrize(
    "body",
    [
        {"memory_limit": 0},
        {"memory_limit": -1},
        {"memory_limit": "5"},
        {"memory_limit": 1.5},
        {"memory_limit": True},
        {"memory_limit": []},
        {"metadata": []},
        {"metadata": "text"},
        {"metadata": 0},
        {"metadata": False},
        {"provider": 7},
        {"provider": {}},
        {"fallback_provider": ["demo"]},
    ],
    ids=repr,
)
def test_a_field_of_the_wrong_type_is_a_validation_error(
    server: Server, body: dict[str, Any]
) -> None:
    """S-1.2, S-1.3"""
    error = problem_in(server.post("/sessions", json=body), 422, "validation_error")
    (name,) = body
    assert error["message"].startswith(f"Request validation failed: {name}: Input should be ")
    assert error["details"]["errors"][0]["loc"] == [name]


@pytest.mark.parametrize("limit", [51, 10**6, 2**31, 2**63, 2**64, 10**30])
def test_a_memory_limit_above_the_highest_is_invalid(server: Server, limit: int) -> None:
    """S-1.2"""
    answer = server.post("/sessions", json={"memory_limit": limit})
    error = problem_in(answer, 400, "invalid_memory_limit")
    assert error["details"] == {"requested": limit, "maximum": 50}
    assert server.post("/sessions", json={"memory_limit": 50}).status_code == 201


@pytest.mark.parametrize("provider", ["nobody", "openai", "mcp-agent", "", " ", "x" * 9000])
def test_a_provider_that_is_not_there_is_refused(server: Server, provider: str) -> None:
    """S-1.4"""
    answer = server.post("/sessions", json={"provider": provider})
    problem_in(answer, 400, "provider_not_found")


@pytest.mark.parametrize("name", ["x" * 100_000, "", "\u0130\ufb01", "../../etc"])
def test_any_fallback_is_taken_at_first(server: Server, name: str) -> None:
    """S-1.6"""
    assert server.post("/sessions", json={"fallback_provider": name}).status_code == 201


@pytest.mark.parametrize("session_id", NO_UUID, ids=lambda name: name[:12])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_no_uuid_is_a_validation_error(
    server: Server, method: str, session_id: str
) -> None:
    """S-2, S-3"""
    answer = server.request(method, f"/sessions/{session_id}")
    problem_in(answer, 422, "validation_error")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_session_is_not_found(server: Server, method: str) -> None:
    """S-2, S-3"""
    error = problem_in(server.request(method, f"/sessions/{NOBODY}"), 404, "session_not_found")
    assert NOBODY in error["message"]


def test_a_conversation_is_no_session(server: Server) -> None:
    conversation = server.post("/conversations", json={}).json()["id"]
    for method in ("GET", "DELETE"):
        answer = server.request(method, f"/sessions/{conversation}")
        problem_in(answer, 404, "session_not_found")
    assert server.get(f"/conversations/{conversation}").status_code == 200


def test_a_deleted_session_is_gone(server: Server) -> None:
    """S-3"""
    path = f"/sessions/{server.post('/sessions', json={}).json()['id']}"
    server.post(f"{path}/messages", json={"content": "Hello"})
    deleted = server.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for answer in (
        server.delete(path),
        server.get(path),
        server.post(f"{path}/messages", json={"content": "x"}),
    ):
        problem_in(answer, 404, "session_not_found")


def test_without_a_usable_default_a_provider_must_be_named(unready: Server) -> None:
    """S-1.5, C-9.4"""
    problem_in(unready.post("/sessions", json={}), 503, "provider_not_available")
    assert unready.post("/sessions", json={"provider": "demo"}).status_code == 201
    answer = unready.post("/sessions", json={"provider": "openai"})
    problem_in(answer, 400, "provider_not_found")


def test_the_form_is_looked_at_before_the_provider(unready: Server) -> None:
    answer = unready.post("/sessions", json={"memory_limit": 0})
    problem_in(answer, 422, "validation_error")


def test_limits_are_those_of_the_settings(unready: Server) -> None:
    """S-1.2: MEMORY_DEFAULT and MEMORY_MAX."""
    made = unready.post("/sessions", json={"provider": "demo"}).json()
    assert made["memory_limit"] == 3
    answer = unready.post("/sessions", json={"provider": "demo", "memory_limit": 5})
    error = problem_in(answer, 400, "invalid_memory_limit")
    assert error["details"] == {"requested": 5, "maximum": 4}


def test_without_any_provider_the_demo_is_the_default(start_server: StartServer) -> None:
    """C-9.1, C-9.6"""
    server = start_server({**UNLIMITED, "DEMO_DELAY_SECONDS": "0"})
    session = server.post("/sessions", json={}).json()["id"]
    answers = [
        server.post(f"/sessions/{session}/messages", json={"content": "Why?"}).json()
        for _ in range(2)
    ]
    assert (answers[0]["provider"], answers[0]["provider_source"]) == ("demo", "default")
    assert "Why?" in answers[0]["message"]["content"]
    assert answers[0]["message"]["content"] == answers[1]["message"]["content"]
