"""Tokens: what they say, and which ones are refused with which words (T-1, T-2)."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from tests.api.accounts import (
    Account,
    administrator,
    bearer,
    execute,
    login,
    signed_in,
    signed_up,
    unused_name,
)
from tests.api.forging import REFUSED, SECRET, claims_in, minted
from tests.api.talking import NOBODY, problem_in
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, StartServer, found

SETTINGS = {"CHAT_JWT_SECRET_KEY": SECRET, "CHAT_JWT_AUDIENCE": "chat", "CHAT_JWT_ISSUER": "us"}
TIMES = {"CHAT_ACCESS_TOKEN_EXPIRE_MINUTES": "7", "CHAT_REFRESH_TOKEN_EXPIRE_MINUTES": "70"}
INVALID = "Could not validate credentials"


@pytest.fixture(scope="module")
def keyed(database_kind: str, databases: Databases) -> Iterator[Server]:
    """A server whose secret the tests know."""
    url = found(lambda: databases.new(database_kind))
    server = Server.start(url, {**UNLIMITED, **SETTINGS, **TIMES})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def ann(keyed: Server) -> Account:
    return signed_up(keyed, roles=["editor"], allowed_products=["p"], allowed_agents=["a"])


def _me(server: Server, token: str | bytes) -> httpx.Response:
    sent = token.encode() if isinstance(token, str) else token
    return server.get("/api/auth/me", headers=[(b"Authorization", b"Bearer " + sent)])


def _refreshed(server: Server, token: str) -> httpx.Response:
    return server.post("/api/auth/refresh", json={"refresh_token": token})


def test_tokens_say_what_the_contract_lists(ann: Account) -> None:
    """T-1, T-2.6: signed with the operator's secret, for as long as the operator says."""
    for token, kind, minutes in ((ann.access, "access", 7), (ann.refresh, "refresh", 70)):
        assert jwt.get_unverified_header(token)["alg"] == "HS256"
        claims = jwt.decode(token, SECRET, ["HS256"], audience="chat", issuer="us")
        issued = claims.pop("iat")
        assert abs(issued - time.time()) < 3600
        assert (claims.pop("nbf"), claims.pop("exp")) == (issued, issued + minutes * 60)
        assert claims == {
            "sub": ann.id,
            "username": ann.username,
            "type": kind,
            "iss": "us",
            "aud": "chat",
            "token_version": 1,
            "roles": ["editor"],
            "products": ["p"],
            "agents": ["a"],
        }
    tokens = login(ann.server, ann.username).json()
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (420, 4200)


def test_without_settings_the_issuer_is_ours_and_there_is_no_audience(server: Server) -> None:
    """T-1"""
    claims = claims_in(administrator(server).access)
    assert claims["iss"] == "gwp-chat"
    assert "aud" not in claims
    assert claims["exp"] - claims["iat"] == 900


def test_a_token_that_is_minted_rightly_is_accepted(ann: Account) -> None:
    """What the refused ones below differ from."""
    assert _me(ann.server, minted(ann.access, {})).json()["id"] == ann.id
    assert _refreshed(ann.server, minted(ann.refresh, {})).status_code == 200


@pytest.mark.parametrize("how", REFUSED)
def test_a_token_that_is_not_ours_is_refused_everywhere(ann: Account, how: str) -> None:
    """T-1, T-2, C-4.4: as access token, as refresh token, and on the other surfaces."""
    server, access = ann.server, REFUSED[how](ann.access)
    assert problem_in(_me(server, access), 401, "unauthorized")["message"] == INVALID
    headers = [(b"Authorization", b"Bearer " + access.encode())]
    for path in ("/conversations", "/api/keys", f"/sessions/{NOBODY}"):
        problem_in(server.get(path, headers=headers), 401, "unauthorized")
    problem = problem_in(_refreshed(server, REFUSED[how](ann.refresh)), 401, "unauthorized")
    assert problem["message"] == "Invalid refresh token"


def test_tokens_of_one_kind_are_not_the_other(ann: Account) -> None:
    """T-1"""
    problem = problem_in(_me(ann.server, ann.refresh), 401, "unauthorized")
    assert problem["message"] == INVALID
    problem = problem_in(_refreshed(ann.server, ann.access), 401, "unauthorized")
    assert problem["message"] == "Invalid refresh token"


@pytest.mark.parametrize("version", [0, 2, -1, 10**30, "1", [1]], ids=str)
def test_a_token_of_another_version_has_been_revoked(ann: Account, version: Any) -> None:
    """T-1, T-2"""
    access = minted(ann.access, {"token_version": version})
    refresh = minted(ann.refresh, {"token_version": version})
    problem = problem_in(_me(ann.server, access), 401, "unauthorized")
    assert problem["message"] == "Token has been revoked"
    problem = problem_in(_refreshed(ann.server, refresh), 401, "unauthorized")
    assert problem["message"] == "Refresh token has been revoked"


def test_a_token_of_nobody_is_refused(ann: Account) -> None:
    """T-1: the user is gone, or inactive."""
    access = minted(ann.access, {"sub": NOBODY})
    refresh = minted(ann.refresh, {"sub": NOBODY})
    problem = problem_in(_me(ann.server, access), 401, "unauthorized")
    assert problem["message"] == "Inactive or missing user"
    problem = problem_in(_refreshed(ann.server, refresh), 401, "unauthorized")
    assert problem["message"] == "Invalid refresh token"


@pytest.mark.parametrize(
    "statement", ["UPDATE accounts_user SET is_active = false", "DELETE FROM accounts_user"]
)
def test_a_token_ends_with_its_user(keyed: Server, statement: str) -> None:
    """T-1: at the next request, whoever has changed the row."""
    bob = signed_up(keyed)
    assert _me(keyed, bob.access).status_code == 200
    execute(keyed, f"{statement} WHERE username = ?", bob.username)
    problem = problem_in(_me(keyed, bob.access), 401, "unauthorized")
    assert problem["message"] == "Inactive or missing user"
    problem_in(keyed.get("/conversations", headers=bob.headers), 401, "unauthorized")
    problem = problem_in(_refreshed(keyed, bob.refresh), 401, "unauthorized")
    assert problem["message"] == "Invalid refresh token"


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (None, "Missing Authorization header"),
        (b"Basic YTpi", "Invalid authorization scheme"),
        (b"Token abc", "Invalid authorization scheme"),
        (b"Bearer", "Invalid authorization scheme"),
        (b"bearer", "Invalid authorization scheme"),
        (b"Bearerabc", "Invalid authorization scheme"),
        (b"\xff\xfe", "Invalid authorization scheme"),
        (b"Bearer \xff\xfe", INVALID),
        (b"Bearer " + b"%00" * 50, INVALID),
    ],
)
@pytest.mark.parametrize("call", ["GET me", "POST logout"])
def test_what_is_wrong_with_the_header_is_said(
    ann: Account, call: str, sent: bytes | None, message: str
) -> None:
    """T-1"""
    method, _, path = call.partition(" ")
    headers = [] if sent is None else [(b"Authorization", sent)]
    answer = ann.server.request(method, f"/api/auth/{path}", headers=headers)
    assert problem_in(answer, 401, "unauthorized")["message"] == message


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_the_scheme_is_read_as_http_has_it(ann: Account, scheme: str) -> None:
    """RFC 9110, 11.1: names of schemes have no case, and blanks may be many."""
    headers = {"Authorization": scheme + ann.access}
    assert ann.server.get("/api/auth/me", headers=headers).status_code == 200


@pytest.mark.parametrize("credential", ["X-API-Key", "nothing"])
def test_only_an_access_token_shows_the_user(ann: Account, credential: str) -> None:
    """C-4.5"""
    headers = {"X-API-Key": ann.new_key()["key"]} if credential == "X-API-Key" else {}
    answer = ann.server.get("/api/auth/me", headers=headers)
    problem = problem_in(answer, 401, "unauthorized")
    assert problem["message"] == "Missing Authorization header"


def test_refreshed_tokens_work_and_say_what_is_true_now(keyed: Server) -> None:
    """T-2"""
    bob = signed_up(keyed)
    tokens = _refreshed(keyed, bob.refresh).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 420)
    assert _me(keyed, tokens["access_token"]).json()["id"] == bob.id
    assert _refreshed(keyed, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_algorithm_is_the_operators_and_no_other(
    start_server: StartServer, algorithm: str
) -> None:
    """T-1; the prefix of the threads API holds for signing in too."""
    env = {"CHAT_JWT_SECRET_KEY": SECRET, "CHAT_JWT_ALGORITHM": algorithm}
    server = start_server({**UNLIMITED, **env})
    ann = administrator(server)
    assert jwt.get_unverified_header(ann.access)["alg"] == algorithm
    problem_in(_me(server, minted(ann.access, {}, alg="HS256")), 401, "unauthorized")


def test_the_prefix_moves_signing_in(start_server: StartServer) -> None:
    """configuration.md: `CHAT_API_PREFIX`, and keys are not below it."""
    server = start_server({**UNLIMITED, "CHAT_API_PREFIX": "/v2/chat"})
    body = {"username": unused_name(), "password": "correct horse battery 7"}
    assert server.post("/v2/chat/auth/register", json=body).status_code == 201
    access = server.post("/v2/chat/auth/login", json=body).json()["access_token"]
    assert server.get("/v2/chat/auth/me", headers=bearer(access)).status_code == 200
    assert server.get("/api/keys", headers=bearer(access)).status_code == 200
    problem_in(server.post("/api/auth/login", json=body), 404, "not_found")


def test_tokens_outlive_the_process_and_hold_on_every_worker(
    start_server: StartServer, database_url: str
) -> None:
    """configuration.md: the secret is made once, and kept in the database."""
    first = start_server(UNLIMITED, database_url=database_url)
    ann = administrator(first)
    second = start_server(UNLIMITED, database_url=database_url)
    assert _me(second, ann.access).json()["id"] == ann.id
    elsewhere = signed_in(second, ann.username)
    first.restart()
    for token in (ann.access, elsewhere.access):
        assert _me(first, token).json()["id"] == ann.id
    assert _refreshed(first, ann.refresh).status_code == 200
