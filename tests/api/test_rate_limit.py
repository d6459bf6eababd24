"""What a request costs, and what the refused are told (C-5)."""

import math
import time
from collections.abc import Callable, Iterator

import pytest

from tests.api.limits import (
    ADMIN_TOKEN,
    BEHIND_PROXY,
    BURST,
    PATH,
    STATE_HEADERS,
    STINGY,
    accepted,
    asked,
    is_allowed,
    new_address,
    new_key,
    operator,
    sleep_until,
    use_up,
    via,
    wait_in,
    with_bearer,
    with_key,
)
from tests.api.talking import NOBODY, announced
from tests.client import Databases, Server
from tests.conftest import StartServer

ORIGIN = "https://app.example"
ABOVE_THE_CAP = 2**40


@pytest.fixture(scope="module")
def stingy(databases: Databases) -> Iterator[Server]:
    env = {**STINGY, **BEHIND_PROXY, "CORS_ORIGINS": ORIGIN}
    server = Server.start(databases.new("sqlite"), env)
    yield server
    server.stop()


def test_a_bucket_starts_full_and_is_used_up(stingy: Server) -> None:
    """C-5"""
    assert asked(stingy, via(new_address()), BURST + 2) == [404] * BURST + [429] * 2


def test_two_addresses_without_a_key_do_not_share(stingy: Server) -> None:
    """C-5.1"""
    use_up(stingy, via(new_address()))
    assert asked(stingy, via(new_address()), BURST) == [404] * BURST


@pytest.mark.parametrize("with_credential", [with_key, with_bearer])
def test_two_addresses_with_the_same_credential_share(
    stingy: Server, with_credential: Callable[[str], dict[str, str]]
) -> None:
    """C-5.1, C-4.3: on an open server also a key that nobody knows is an identity."""
    credential = new_key()
    use_up(stingy, with_credential(credential))
    wait_in(stingy.get(PATH, headers=with_credential(credential)))
    assert is_allowed(stingy, with_credential(new_key()))


def test_another_key_does_not_help_an_address_that_is_used_up(stingy: Server) -> None:
    """C-5.1: all identities must have a token."""
    address = new_address()
    statuses = [asked(stingy, with_key(new_key(), address))[0] for _ in range(BURST + 5)]
    assert accepted(statuses) == BURST
    assert not is_allowed(stingy, via(address))


def test_a_refused_request_takes_no_token_from_its_other_identity(stingy: Server) -> None:
    """C-5.1: who floods with somebody's key from a used up address does not lock them out."""
    address, key = new_address(), new_key()
    use_up(stingy, via(address))
    assert accepted(asked(stingy, with_key(key, address), 10)) == 0
    assert asked(stingy, with_key(key), BURST) == [404] * BURST


def test_an_empty_credential_is_none(stingy: Server) -> None:
    """C-5.1"""
    use_up(stingy, with_key(""))
    assert asked(stingy, with_key(""), BURST) == [404] * BURST


def test_a_refusal_has_exactly_this_body_and_header(stingy: Server) -> None:
    """C-5.3, C-2.1"""
    answer = use_up(stingy, {**via(new_address()), "X-Request-ID": "mine-7"})
    wait = wait_in(answer)
    assert 990 < wait <= 1000
    assert isinstance(wait, float)
    assert answer.headers["X-Request-ID"] == "mine-7"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1", "/v1/anything"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refusal_on_v1_is_in_the_form_of_openai(stingy: Server, path: str, method: str) -> None:
    """C-5.3"""
    here = via(new_address())
    wait = wait_in(use_up(stingy, here))
    answer = stingy.request(method, path, headers=here)
    assert answer.status_code == 429
    assert abs(int(answer.headers["Retry-After"]) - math.ceil(wait)) <= 1
    assert answer.json().keys() == {"error"}
    error = answer.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limited")
    assert isinstance(error["message"], str)


def test_a_path_that_only_looks_like_v1_is_refused_as_any_other(stingy: Server) -> None:
    """C-5.3"""
    here = via(new_address())
    use_up(stingy, here)
    wait_in(stingy.get("/v10/models", headers=here))


def test_answers_tell_what_is_left(stingy: Server) -> None:
    here = via(new_address())
    for left in (2, 1, 0, 0):
        headers = stingy.get(PATH, headers=here).headers
        limit, remaining, reset = (int(headers[name]) for name in STATE_HEADERS)
        assert (limit, remaining) == (BURST, left)
        # Each token takes a thousand seconds to come back; some of one may have.
        assert (BURST - left) * 1000 - 5 <= reset <= (BURST - left) * 1000


def test_the_tightest_bucket_is_the_one_that_is_told_of(stingy: Server) -> None:
    address = new_address()
    asked(stingy, via(address), 2)
    answer = stingy.get(PATH, headers=with_key(new_key(), address))
    assert answer.headers["RateLimit-Remaining"] == "0"


def test_a_page_of_a_listed_origin_can_read_a_refusal(stingy: Server) -> None:
    """C-8"""
    answer = use_up(stingy, {**via(new_address()), "Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    exposed = answer.headers["Access-Control-Expose-Headers"].lower().split(", ")
    assert {"x-request-id", "retry-after", *map(str.lower, STATE_HEADERS)} <= set(exposed)


def test_a_preflight_costs_nothing(stingy: Server) -> None:
    """C-8"""
    here = {**via(new_address()), "Origin": ORIGIN}
    preflight = {**here, "Access-Control-Request-Method": "POST"}
    for _ in range(BURST + 2):
        assert stingy.request("OPTIONS", "/sessions", headers=preflight).status_code in (200, 204)
    assert asked(stingy, here, BURST + 1) == [404] * BURST + [429]
    assert stingy.request("OPTIONS", "/sessions", headers=preflight).status_code in (200, 204)


def test_an_options_that_is_no_preflight_costs_a_token(stingy: Server) -> None:
    """C-8: or a flood of them would be free."""
    here = via(new_address())
    answers = [stingy.request("OPTIONS", PATH, headers=here) for _ in range(BURST + 1)]
    wait_in(answers[-1])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", PATH),
        ("PUT", "/sessions"),
        ("DELETE", f"/sessions/{NOBODY}"),
        ("POST", "/sessions"),
        ("GET", "/conversations"),
        ("GET", f"/api/turns/{NOBODY}"),
        ("POST", "/api/auth/refresh"),
        ("GET", "/admin/bypass"),
        ("POST", "/admin/bypass"),
        ("DELETE", "/admin/bypass/x"),
        ("GET", "/nothing/at/all/"),
        ("GET", "/healthy"),
        ("GET", "/metrics-of-mine"),
        ("GET", "/staticky"),
    ],
)
def test_a_call_of_any_kind_costs_a_token(stingy: Server, method: str, path: str) -> None:
    """C-5, C-5.5: unknown paths too, and whatever the answer would have been."""
    here = via(new_address())
    assert stingy.request(method, path, headers=here).status_code != 429
    assert asked(stingy, here, BURST) == [404] * (BURST - 1) + [429]
    refused = stingy.request(method, path, headers=here)
    assert refused.status_code == 429
    assert (refused.content == b"") == (method == "HEAD")


def test_a_body_that_is_too_large_costs_a_token(stingy: Server) -> None:
    """C-1.6"""
    here = via(new_address())
    for _ in range(BURST):
        assert announced(stingy, "/sessions", ABOVE_THE_CAP, here).status_code == 413
    wait_in(announced(stingy, "/sessions", ABOVE_THE_CAP, here))


def test_a_wrong_admin_token_costs_tokens_until_it_is_refused(stingy: Server) -> None:
    """C-5.5: the token cannot be guessed at any faster than that."""
    here = {**operator(new_address()), "X-Admin-Token": "guess"}
    statuses = [stingy.get("/admin/bypass", headers=here).status_code for _ in range(BURST + 1)]
    assert statuses == [401] * BURST + [429]
    here["X-Admin-Token"] = ADMIN_TOKEN
    wait_in(stingy.get("/admin/bypass", headers=here))


@pytest.mark.parametrize(("rps", "burst"), [(0.5, 1), (2.5, 2), (4.0, 3)])
def test_one_request_is_allowed_after_the_wait(
    start_server: StartServer, rps: float, burst: int
) -> None:
    """C-5.4"""
    server = start_server({"RATE_RPS": str(rps), "RATE_BURST": str(burst)})
    wait = wait_in(use_up(server, {}))
    until = time.monotonic() + wait
    assert 0 < wait <= 1 / rps
    sleep_until(until - wait / 2)
    if time.monotonic() < until - wait / 4:
        assert not is_allowed(server, {})
    sleep_until(until)
    seen = asked(server, {}, 2)
    late = time.monotonic() - until
    assert seen[0] == 404
    # A machine that stands still meanwhile has earned more than the one.
    assert seen[1] == 429 or late * rps >= 1


def test_a_bucket_never_holds_more_than_its_size(start_server: StartServer) -> None:
    """C-5"""
    server = start_server({"RATE_RPS": "5", "RATE_BURST": "2"})
    use_up(server, {})
    time.sleep(1.2)
    began = time.monotonic()
    statuses = asked(server, {}, 5)
    assert accepted(statuses) >= 2
    assert accepted(statuses) <= 2 + (time.monotonic() - began) * 5
