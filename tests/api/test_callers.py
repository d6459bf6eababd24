"""Who is calling, for callers without an account (C-4)."""

from collections.abc import Iterator

import httpx
import pytest
from django.test import override_settings

from accounts.callers import ANONYMOUS, SHARED_KEY
from accounts.errors import MissingCredential
from api.auth import connecting_caller
from tests.api.talking import NOBODY, problem_in
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED, StartServer

KEY = "a-shared-key-of-the-team"
GUARDED = [
    ("POST", "/sessions"),
    ("GET", f"/sessions/{NOBODY}"),
    ("DELETE", f"/sessions/{NOBODY}"),
    ("POST", f"/sessions/{NOBODY}/messages"),
    ("POST", "/api/chat/stream"),
    ("GET", "/conversations"),
    ("GET", "/models"),
    ("GET", f"/api/turns/{NOBODY}"),
    ("GET", f"/api/turns/{NOBODY}/events"),
    ("POST", f"/api/turns/{NOBODY}/stop"),
]


@pytest.fixture(scope="module")
def database(databases: Databases) -> str:
    """One for the open server and the guarded one: what one stores the other could show."""
    return databases.new("sqlite")


@pytest.fixture(scope="module")
def guarded(database: str, upstream: Upstream) -> Iterator[Server]:
    server = Server.start(database, {**UNLIMITED, "API_KEY": KEY}, upstream)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def unguarded(database: str, upstream: Upstream) -> Iterator[Server]:
    server = Server.start(database, UNLIMITED, upstream)
    yield server
    server.stop()


def _ids_of(server: Server, headers: dict[str, str]) -> dict[str, str]:
    """One of each thing that belongs to its caller: the path that shows it, by name."""
    session = server.post("/sessions", json={}, headers=headers).json()["id"]
    said = {"content": "Hello"}
    reply = server.post(f"/sessions/{session}/messages", json=said, headers=headers)
    conversation = server.post("/conversations", json={}, headers=headers).json()["id"]
    return {
        f"/sessions/{session}": "session_not_found",
        f"/api/turns/{reply.headers['X-Turn-ID']}": "turn_not_found",
        f"/api/turns/{reply.headers['X-Turn-ID']}/events": "turn_not_found",
        f"/conversations/{conversation}": "conversation_not_found",
    }


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"Cookie": "sessionid=x"}])
def test_a_call_without_a_key_is_refused(
    guarded: Server, method: str, path: str, headers: dict[str, str]
) -> None:
    """C-4.1"""
    answer = guarded.request(method, path, headers=headers, content=b"{not json")
    assert problem_in(answer, 401, "missing_api_key")["message"] == "Missing API key"


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("key", ["wrong", KEY + "x", KEY[:-1], KEY.upper(), "\xe9", f"{KEY},{KEY}"])
def test_a_call_with_a_wrong_key_is_refused(
    guarded: Server, method: str, path: str, key: str
) -> None:
    """C-4.2"""
    answer = guarded.request(method, path, headers=[(b"X-API-Key", key.encode("latin-1"))])
    assert problem_in(answer, 401, "invalid_api_key")["message"] == "Invalid API key"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", KEY, "\xff", "x" * 20_000])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bad_bearer_token_never_falls_through(
    guarded: Server, unguarded: Server, scheme: str, token: str
) -> None:
    """C-4.4"""
    sent = f"{scheme} {token}".strip().encode("latin-1")
    headers = [(b"Authorization", sent), (b"X-API-Key", KEY.encode())]
    for server in (guarded, unguarded):
        problem_in(server.post("/sessions", json={}, headers=headers), 401, "unauthorized")


def test_another_scheme_is_no_credential(guarded: Server, unguarded: Server) -> None:
    headers = {"Authorization": "Basic dXNlcjpwYXNz"}
    answer = guarded.post("/sessions", json={}, headers=headers)
    problem_in(answer, 401, "missing_api_key")
    assert unguarded.post("/sessions", json={}, headers=headers).status_code == 201


def test_the_shared_key_is_let_in(guarded: Server) -> None:
    """C-4.1"""
    answer = guarded.post("/sessions", json={}, headers={"X-API-Key": KEY})
    assert answer.status_code == 201


def test_a_key_that_matches_nothing_is_anonymous_on_an_open_server(unguarded: Server) -> None:
    """C-4.3"""
    made = unguarded.post("/sessions", json={}, headers={"X-API-Key": "whatever"})
    assert made.status_code == 201
    assert unguarded.get(f"/sessions/{made.json()['id']}").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/", "/static/ui/base.css"])
def test_some_pages_need_no_key(guarded: Server, path: str) -> None:
    """C-4.6"""
    assert guarded.get(path).status_code == 200
    assert guarded.get(path, headers={"X-API-Key": "wrong"}).status_code == 200


def test_what_belongs_to_the_shared_key_does_not_exist_for_others(
    guarded: Server, unguarded: Server
) -> None:
    """C-4.7"""
    for path, code in _ids_of(guarded, {"X-API-Key": KEY}).items():
        assert guarded.get(path, headers={"X-API-Key": KEY}).status_code == 200
        _looks_absent(unguarded.get(path), path, code)


def test_what_belongs_to_nobody_does_not_exist_for_the_shared_key(
    guarded: Server, unguarded: Server
) -> None:
    """C-4.7"""
    for path, code in _ids_of(unguarded, {}).items():
        assert unguarded.get(path).status_code == 200
        _looks_absent(guarded.get(path, headers={"X-API-Key": KEY}), path, code)


def _looks_absent(answer: httpx.Response, path: str, code: str) -> None:
    message = problem_in(answer, 404, code)["message"]
    foreign = path.split("/")[3] if path.startswith("/api") else path.split("/")[2]
    unknown = message.replace(foreign, NOBODY)
    absent = answer.request.url.copy_with(path=path.replace(foreign, NOBODY))
    again = httpx.get(absent, headers=dict(answer.request.headers), trust_env=False)
    assert problem_in(again, 404, code)["message"] == unknown


def test_someone_elses_session_cannot_be_changed(guarded: Server, unguarded: Server) -> None:
    """C-4.7"""
    session = f"/sessions/{unguarded.post('/sessions', json={}).json()['id']}"
    mine = {"X-API-Key": KEY}
    deleted = guarded.delete(session, headers=mine)
    written = guarded.post(f"{session}/messages", json={"content": "x"}, headers=mine)
    problem_in(deleted, 404, "session_not_found")
    problem_in(written, 404, "session_not_found")
    assert unguarded.get(session).json()["history"] == []


def test_the_same_idempotency_key_of_two_callers_is_two_keys(
    guarded: Server, unguarded: Server
) -> None:
    """C-10.7"""
    headers = {"X-API-Key": KEY, "Idempotency-Key": "the-same"}
    answers = [
        server.post("/api/chat/stream", json={"message": "Hello"}, headers=headers)
        for server in (guarded, unguarded)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["X-Turn-ID"] != answers[1].headers["X-Turn-ID"]


def test_no_credential_is_logged(guarded: Server) -> None:
    """C-4.8"""
    for headers in (
        {"X-API-Key": KEY},
        {"X-API-Key": "guess-7"},
        {"Authorization": "Bearer tok-7"},
    ):
        guarded.post("/sessions", json={}, headers=headers)
    assert not any(secret in guarded.log() for secret in (KEY, "guess-7", "tok-7"))


def test_outside_of_local_a_credential_is_needed(start_server: StartServer) -> None:
    """C-4.1, C-4.2"""
    server = start_server({**UNLIMITED, "APP_ENV": "production"})
    problem_in(server.post("/sessions", json={}), 401, "missing_api_key")
    answer = server.post("/sessions", json={}, headers={"X-API-Key": "any"})
    problem_in(answer, 401, "invalid_api_key")
    assert server.get("/health").json()["status"] == "ok"


async def test_a_socket_comes_in_by_the_same_rule() -> None:
    """C-4: the door that has no request."""
    with override_settings(API_KEY=KEY, ANONYMOUS_ALLOWED=False):
        scope = {"type": "websocket", "headers": [(b"x-api-key", KEY.encode())]}
        assert await connecting_caller(scope) == SHARED_KEY
        assert scope["caller_kind"] == "shared_key"
        with pytest.raises(MissingCredential):
            await connecting_caller({"type": "websocket", "headers": []})
    with override_settings(API_KEY=None, ANONYMOUS_ALLOWED=True):
        assert await connecting_caller({"type": "websocket", "headers": []}) == ANONYMOUS
