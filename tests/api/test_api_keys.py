"""API keys: made, listed and revoked by their user, and what they open (issue 3)."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.accounts import (
    Account,
    administrator,
    by_key,
    everything_stored,
    signed_up,
)
from tests.api.talking import NOBODY, problem_in
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, StartServer, found

FIELDS = {"id", "name", "prefix", "allowed_models", "rate_rps", "rate_burst", "created_at"}
FIELDS |= {"expires_at", "last_used_at"}


def _in(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat()


@pytest.fixture(scope="module")
def ann(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def bob(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def guarded(database_kind: str, databases: Databases) -> Iterator[Server]:
    """Where nobody asks without a credential."""
    url = found(lambda: databases.new(database_kind))
    server = Server.start(url, {**UNLIMITED, "APP_ENV": "production"})
    yield server
    server.stop()


def test_a_key_is_shown_once(ann: Account) -> None:
    made = ann.new_key(name="nightly 安")
    secret = made["key"]
    assert made.keys() == FIELDS | {"key"}
    assert len(secret) > 40
    assert made["name"] == "nightly 安"
    assert secret.startswith(made["prefix"])
    assert len(made["prefix"]) < 16
    [listed] = [row for row in ann.key_rows() if row["id"] == made["id"]]
    assert listed == {name: value for name, value in made.items() if name != "key"}


def test_a_key_is_stored_as_a_hash_only(ann: Account) -> None:
    made = ann.new_key()
    assert ann.server.post("/sessions", json={}, headers=by_key(made)).status_code == 201
    stored = everything_stored(ann.server, "accounts_apikey", "accounts_user")
    assert made["prefix"] in stored
    assert made["key"] not in stored
    assert made["key"].removeprefix(made["prefix"]) not in stored
    assert made["key"] not in ann.server.log()


def test_keys_are_all_different_and_newest_first(bob: Account) -> None:
    made = [bob.new_key(name=f"key {number}") for number in range(3)]
    assert len({key["key"] for key in made}) == 3
    assert [row["id"] for row in bob.key_rows()][:3] == [key["id"] for key in reversed(made)]


def test_what_a_key_writes_its_user_reads(ann: Account, bob: Account) -> None:
    """C-4: a key is its user, and nobody else."""
    key = by_key(ann.new_key())
    path = f"/sessions/{ann.server.post('/sessions', json={}, headers=key).json()['id']}"
    assert ann.server.get(path, headers=ann.headers).status_code == 200
    assert ann.server.get(path, headers=by_key(ann.new_key())).status_code == 200
    for other in (bob.headers, by_key(bob.new_key()), {}):
        problem_in(ann.server.get(path, headers=other), 404, "session_not_found")


@pytest.mark.parametrize("credential", ["token", "key"])
def test_a_foreign_key_cannot_be_told_from_an_unknown_one(
    ann: Account, bob: Account, credential: str
) -> None:
    theirs = bob.new_key()
    foreign = ann.server.delete(f"/api/keys/{theirs['id']}", headers=ann.headers)
    unknown = ann.server.delete(f"/api/keys/{NOBODY}", headers=ann.headers)
    message = problem_in(unknown, 404, "not_found")["message"]
    assert problem_in(foreign, 404, "not_found")["message"] == message.replace(NOBODY, theirs["id"])
    assert foreign.headers.keys() == unknown.headers.keys()
    assert theirs["id"] not in {row["id"] for row in ann.key_rows()}
    used = by_key(theirs) if credential == "key" else bob.headers
    assert bob.server.get("/conversations", headers=used).status_code == 200


@pytest.mark.parametrize("key_id", ["x", "1", "%00", "..", "%F0%9F%A6%98"])
def test_what_is_no_id_of_a_key_is_not_found_or_invalid(ann: Account, key_id: str) -> None:
    answer = ann.server.delete(f"/api/keys/{key_id}", headers=ann.headers)
    assert answer.status_code in {404, 405, 422}
    problem_in(answer, answer.status_code, answer.json()["error"]["code"])


def test_a_revoked_key_is_gone_from_the_next_request_on(ann: Account) -> None:
    """An open server does not take it for anonymous."""
    made = ann.new_key()
    path = f"/api/keys/{made['id']}"
    assert ann.server.get("/conversations", headers=by_key(made)).status_code == 200
    answer = ann.server.delete(path, headers=ann.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    for method, target in (("GET", "/conversations"), ("POST", "/sessions"), ("GET", "/api/keys")):
        refused = ann.server.request(method, target, headers=by_key(made))
        assert problem_in(refused, 401, "invalid_api_key")["message"] == "Invalid API key"
    assert made["id"] not in {row["id"] for row in ann.key_rows()}
    problem_in(ann.server.delete(path, headers=ann.headers), 404, "not_found")


def test_an_expired_key_is_refused_on_an_open_server(ann: Account) -> None:
    """Also one that was good a moment ago, and is kept in memory."""
    made = ann.new_key(expires_at=_in(1.5))
    assert ann.server.get("/conversations", headers=by_key(made)).status_code == 200
    time.sleep(1.6)
    refused = ann.server.get("/conversations", headers=by_key(made))
    problem_in(refused, 401, "invalid_api_key")
    assert ann.server.get("/conversations", headers=ann.headers).status_code == 200


def test_a_guarded_server_lets_keys_in_and_no_others(guarded: Server) -> None:
    """C-4.1, C-4.2"""
    admin = administrator(guarded)
    made = admin.new_key()
    assert guarded.post("/sessions", json={}, headers=by_key(made)).status_code == 201
    assert guarded.post("/sessions", json={}, headers=admin.headers).status_code == 201
    for wrong in (made["key"][:-1], made["key"] + "x", made["key"].upper(), made["prefix"]):
        answer = guarded.post("/sessions", json={}, headers={"X-API-Key": wrong})
        problem_in(answer, 401, "invalid_api_key")
    problem_in(guarded.get("/api/keys"), 401, "missing_api_key")
    guarded.delete(f"/api/keys/{made['id']}", headers=admin.headers)
    problem_in(guarded.post("/sessions", json={}, headers=by_key(made)), 401, "invalid_api_key")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": None},
        {"name": ""},
        {"name": "x" * 101},
        {"name": 7},
        {"name": "a\0b"},
        {"allowed_models": "m"},
        {"allowed_models": [7]},
        {"expires_at": "tomorrow"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2999-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-23:59"},
        {"rate_rps": 1},
        {"rate_burst": 1},
        {"rate_rps": 0, "rate_burst": 1},
        {"rate_rps": -1, "rate_burst": 1},
        {"rate_burst": 0, "rate_rps": 1},
        {"rate_burst": 10**30, "rate_rps": 1},
    ],
    ids=str,
)
def test_a_form_that_is_wrong_makes_no_key(ann: Account, fields: dict[str, Any]) -> None:
    """C-3.2"""
    before = len(ann.key_rows())
    body = {"name": "a program", **fields}
    answer = ann.server.post("/api/keys", json=body, headers=ann.headers)
    problem_in(answer, 422, "validation_error")
    assert len(ann.key_rows()) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_rate_that_is_no_number_makes_no_key(ann: Account, number: str) -> None:
    body = f'{{"name": "x", "rate_rps": {number}, "rate_burst": 1}}'
    answer = ann.server.post("/api/keys", content=body, headers=ann.headers)
    problem_in(answer, 422, "validation_error")


@pytest.mark.parametrize("call", [("GET", ""), ("POST", ""), ("DELETE", f"/{NOBODY}")])
def test_keys_and_the_anonymous_manage_no_keys(ann: Account, call: tuple[str, str]) -> None:
    method, path = call
    body = json.dumps({"name": "x"})
    headers = by_key(ann.new_key())
    answer = ann.server.request(method, f"/api/keys{path}", content=body, headers=headers)
    problem_in(answer, 403, "forbidden")
    answer = ann.server.request(method, f"/api/keys{path}", content=body)
    assert answer.status_code == 401
    problem_in(answer, 401, answer.json()["error"]["code"])


def test_the_last_use_is_stored_in_time_and_not_with_each_request(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server(UNLIMITED, database_url=database_url)
    admin = administrator(server)
    used, unused = admin.new_key(name="used"), admin.new_key(name="unused")
    for _ in range(20):
        assert server.get("/conversations", headers=by_key(used)).status_code == 200
    by_name = {row["name"]: row["last_used_at"] for row in admin.key_rows()}
    assert by_name == {"used": None, "unused": None}
    server.restart()
    by_name = {row["name"]: row["last_used_at"] for row in admin.key_rows()}
    assert by_name["unused"] is None
    assert dt.datetime.fromisoformat(by_name["used"]).utcoffset() == dt.timedelta(0)
    assert unused["last_used_at"] is None
