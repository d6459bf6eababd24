"""API keys with a rate of their own."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.api.limits import (
    BEHIND_PROXY,
    BURST,
    PATH,
    STINGY,
    asked,
    is_allowed,
    new_address,
    new_key,
    operator,
    use_up,
    via,
    with_bearer,
    with_key,
)
from tests.api.talking import problem_in
from tests.client import Databases, Server

PASSWORD = "correct horse battery staple"
SLOW = 0.0001
ADMIN, MEMBER = "the-admin", "a-member"
FREE = "198.51.100.7"
Issue = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def stingy(databases: Databases) -> Iterator[Server]:
    server = Server.start(databases.new("sqlite"), {**STINGY, **BEHIND_PROXY})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def tokens(stingy: Server) -> dict[str, str]:
    """Access tokens by username, to be used from an address that is never refused."""
    stingy.post("/admin/bypass", json={"ip": FREE}, headers=operator())
    _register(stingy, ADMIN, via(FREE))
    admin = _signed_in(stingy, ADMIN)
    _register(stingy, MEMBER, with_bearer(admin, FREE))
    return {ADMIN: admin, MEMBER: _signed_in(stingy, MEMBER)}


@pytest.fixture
def issued(stingy: Server, tokens: dict[str, str]) -> Issue:
    """`issued(username, rate_rps=…, rate_burst=…)`: the answer to a wish for a key."""

    def issue(username: str, **rate: Any) -> httpx.Response:
        headers = with_bearer(tokens[username], FREE)
        return stingy.post("/api/keys", json={"name": "mine", **rate}, headers=headers)

    return issue


def _register(server: Server, username: str, headers: Mapping[str, str]) -> None:
    body = {"username": username, "password": PASSWORD}
    answer = server.post("/api/auth/register", json=body, headers=headers)
    assert answer.status_code == 201, answer.text


def _signed_in(server: Server, username: str) -> str:
    body = {"username": username, "password": PASSWORD}
    answer = server.post("/api/auth/login", json=body, headers=via(FREE))
    token: str = answer.json()["access_token"]
    return token


def _key(issued: Issue, username: str, **rate: Any) -> str:
    answer = issued(username, **rate)
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["key"]
    return key


def test_a_lower_rate_of_its_own_holds(stingy: Server, issued: Issue) -> None:
    key = _key(issued, MEMBER, rate_rps=SLOW, rate_burst=1)
    answer = stingy.get(PATH, headers=with_key(key))
    assert (answer.status_code, answer.headers["RateLimit-Limit"]) == (404, "1")
    refused = stingy.get(PATH, headers=with_key(key))
    assert refused.json()["retry_after"] > 1000
    assert refused.headers["RateLimit-Limit"] == "1"


def test_a_lower_rate_of_its_own_does_not_lower_the_address(stingy: Server, issued: Issue) -> None:
    key, address = _key(issued, MEMBER, rate_rps=SLOW, rate_burst=1), new_address()
    assert asked(stingy, with_key(key, address), 5) == [404] + [429] * 4
    assert asked(stingy, via(address), BURST) == [404] * (BURST - 1) + [429]


def test_a_higher_rate_of_its_own_is_not_held_back_by_the_address(
    stingy: Server, issued: Issue
) -> None:
    key, address = _key(issued, ADMIN, rate_rps=0.001, rate_burst=10), new_address()
    use_up(stingy, via(address))
    assert asked(stingy, with_key(key, address), 11) == [404] * 10 + [429]
    assert not is_allowed(stingy, with_key(key))


def test_a_higher_rate_of_its_own_is_for_that_key_alone(stingy: Server, issued: Issue) -> None:
    key, address = _key(issued, ADMIN, rate_rps=0.001, rate_burst=10), new_address()
    asked(stingy, with_key(key, address), 10)
    assert asked(stingy, with_key(new_key(), address), BURST + 1) == [404] * BURST + [429]
    for similar in (key[:-1], f"{key}x", key.upper()):
        assert not is_allowed(stingy, with_key(similar, address))


def test_a_key_without_a_rate_has_the_servers(stingy: Server, issued: Issue) -> None:
    key = _key(issued, MEMBER)
    statuses = [asked(stingy, with_key(key))[0] for _ in range(BURST + 1)]
    assert statuses == [404] * BURST + [429]


def test_a_revoked_key_has_lost_its_rate(
    stingy: Server, issued: Issue, tokens: dict[str, str]
) -> None:
    made = issued(ADMIN, rate_rps=0.001, rate_burst=10).json()
    key, admin = with_key(made["key"], new_address()), with_bearer(tokens[ADMIN], FREE)
    assert is_allowed(stingy, key)
    assert stingy.delete(f"/api/keys/{made['id']}", headers=admin).status_code == 204
    assert asked(stingy, key, 9).count(404) <= BURST


@pytest.mark.parametrize(
    "rate",
    [
        {"rate_rps": 0.002, "rate_burst": BURST},
        {"rate_rps": 0.001, "rate_burst": BURST + 1},
        {"rate_rps": 1_000_000, "rate_burst": 1_000_000},
    ],
)
def test_a_user_cannot_grant_themselves_more(issued: Issue, rate: dict[str, float]) -> None:
    problem_in(issued(MEMBER, **rate), 403, "forbidden")


@pytest.mark.parametrize(
    "rate",
    [
        {"rate_rps": 0, "rate_burst": 1},
        {"rate_rps": -1, "rate_burst": 1},
        {"rate_rps": 1e300, "rate_burst": 1},
        {"rate_rps": "NaN", "rate_burst": 1},
        {"rate_rps": "fast", "rate_burst": 1},
        {"rate_rps": 0.001, "rate_burst": 0},
        {"rate_rps": 0.001, "rate_burst": 1.5},
        {"rate_rps": 0.001, "rate_burst": 10**30},
        {"rate_rps": 0.001},
        {"rate_burst": 1},
    ],
)
def test_a_rate_that_is_none_is_refused(issued: Issue, rate: dict[str, Any]) -> None:
    problem_in(issued(ADMIN, **rate), 422, "validation_error")


def test_the_smallest_rates_are_kept_exactly(stingy: Server, issued: Issue) -> None:
    """A rate may be so small that a token takes longer than the server lives."""
    key = _key(issued, ADMIN, rate_rps=1e-6, rate_burst=1)
    assert asked(stingy, with_key(key), 3) == [404, 429, 429]
