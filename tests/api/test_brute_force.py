"""Guessing passwords: slowed down for who guesses, not for who knows (issue 3, point 5)."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, cycle

import httpx
import pytest

from tests.api.limits import BEHIND_PROXY, new_address, new_network, via, wait_in
from tests.api.talking import problem_in
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, StartServer, found
from tests.services import RedisServer

LOGIN, REGISTER = "/api/auth/login", "/api/auth/register"
PASSWORD = "correct horse battery staple"
TRIES_PER_NAME, TRIES_PER_ADDRESS = 10, 50
AT_ONCE = 24
# The counts are kept for five minutes.
LONGEST = 300


@pytest.fixture(scope="module")
def guarded(databases: Databases) -> Iterator[Server]:
    server = Server.start(databases.new("sqlite"), {**UNLIMITED, **BEHIND_PROXY})
    _administrator(server)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def administrator(guarded: Server) -> dict[str, str]:
    """The headers of one, from an address of their own."""
    answer = _guess(guarded, "the-admin", new_address(), PASSWORD)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def name(guarded: Server, administrator: dict[str, str]) -> str:
    """A user whom nobody has guessed at."""
    username = f"user-{secrets.token_hex(4)}"
    answer = _register(guarded, username, new_address(), administrator)
    assert answer.status_code == 201, answer.text
    return username


def _administrator(server: Server) -> None:
    assert _register(server, "the-admin", new_address(), {}).status_code == 201


def _register(
    server: Server, username: str, address: str, headers: dict[str, str]
) -> httpx.Response:
    body = {"username": username, "password": PASSWORD}
    return server.post(REGISTER, json=body, headers={**via(address), **headers})


def _guess(server: Server, username: str, address: str, password: str = "wrong") -> httpx.Response:
    body = {"username": username, "password": password}
    return server.post(LOGIN, json=body, headers=via(address))


def _fail(server: Server, username: str, address: str) -> None:
    """A failure that is not refused."""
    problem_in(_guess(server, username, address), 401, "unauthorized")


def _refusal(guess: Callable[[], httpx.Response], tries: int = TRIES_PER_NAME) -> httpx.Response:
    """The first refusal, which comes after so many failures."""
    failures = 0
    while (answer := guess()).status_code != 429:
        failures += 1
        # A new window may begin on the way.
        assert failures < 2 * tries
    assert failures >= tries
    return answer


def test_who_guesses_is_refused_from_there_even_with_the_right_password(
    guarded: Server, name: str
) -> None:
    here = new_address()
    _refusal(lambda: _guess(guarded, name, here))
    for password in ("wrong", PASSWORD):
        refused = _guess(guarded, name, here, password)
        assert 0 < wait_in(refused) <= LONGEST
        assert refused.headers["X-Request-ID"]
    assert _guess(guarded, name, new_address(), PASSWORD).status_code == 200
    assert _guess(guarded, "the-admin", here, PASSWORD).status_code == 200


def test_a_refusal_is_in_the_form_of_every_other(guarded: Server) -> None:
    """C-5.3; a name that does not exist is refused alike, or it would tell which ones do."""
    here, absent = new_address(), f"absent-{secrets.token_hex(4)}"
    assert isinstance(wait_in(_refusal(lambda: _guess(guarded, absent, here))), float)


def test_the_right_password_is_never_slowed_down(guarded: Server, name: str) -> None:
    here = new_address()
    for _ in range(TRIES_PER_NAME + 2):
        assert _guess(guarded, name, here, PASSWORD).status_code == 200


def test_neither_a_spoofed_hop_nor_another_host_is_another_place(
    guarded: Server, name: str
) -> None:
    """C-5.2; a /64 of IPv6 is one place."""
    network = new_network()
    hosts = (f"{new_address()}, {network}::{number:x}" for number in count(1))
    wait_in(_refusal(lambda: _guess(guarded, name, next(hosts))))


def test_guessing_many_at_once_is_no_way_around(start_server: StartServer) -> None:
    """The failures that are still being computed count too, or nearly so."""
    # Here a password costs what it costs.
    guarded = start_server({**BEHIND_PROXY, "DJANGO_SETTINGS_MODULE": "chatproject.settings"})
    _administrator(guarded)
    name, here = "the-admin", new_address()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(lambda _: _guess(guarded, name, here).status_code, range(AT_ONCE)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= TRIES_PER_NAME + 5


def test_an_address_that_guesses_at_many_names_is_refused(guarded: Server, name: str) -> None:
    here = new_address()
    with ThreadPoolExecutor(4) as pool:
        absent = (f"absent-{number}" for number in range(TRIES_PER_ADDRESS))
        statuses = list(pool.map(lambda who: _guess(guarded, who, here).status_code, absent))
    assert statuses == [401] * TRIES_PER_ADDRESS
    wait_in(_guess(guarded, name, here, PASSWORD))
    assert _guess(guarded, name, new_address(), PASSWORD).status_code == 200


def test_a_flood_of_sign_ups_is_refused(guarded: Server, administrator: dict[str, str]) -> None:
    """T-2.1: nobody but an administrator may; who tries all the time is not even told so."""
    here = new_address()
    wait_in(_refusal(lambda: _register(guarded, "me", here, {}), TRIES_PER_ADDRESS))
    problem_in(_register(guarded, "me", new_address(), {}), 403, "forbidden")
    # Who may is not held up by those who may not.
    username = f"user-{secrets.token_hex(4)}"
    assert _register(guarded, username, here, administrator).status_code == 201


def test_guesses_at_the_admin_site_are_counted(guarded: Server) -> None:
    """Issue 3, point 5: by one count for the API and the site."""
    here = new_address()
    for _ in range(TRIES_PER_NAME - 1):
        assert _site_login(guarded, here, "wrong").status_code == 200
        _fail(guarded, "the-admin", here)
        if _guess(guarded, "the-admin", here, PASSWORD).status_code == 429:
            break
    assert _site_login(guarded, here).status_code != 302
    assert _site_login(guarded, new_address()).status_code == 302


def _site_login(server: Server, address: str, password: str = PASSWORD) -> httpx.Response:
    """302 for who is let in."""
    with httpx.Client(base_url=server.url, headers=via(address), trust_env=False) as browser:
        page = browser.get("/admin/login/")
        form = {
            "username": "the-admin",
            "password": password,
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            "next": "/admin/",
        }
        assert page.status_code == 200
        return browser.post("/admin/login/", data=form)


@pytest.mark.redis
def test_guesses_on_one_process_count_on_another(
    start_server: StartServer, databases: Databases, redis_url: str
) -> None:
    """With Redis the counts are everybody's."""
    url, env = databases.new("sqlite"), {**UNLIMITED, **BEHIND_PROXY, "REDIS_URL": redis_url}
    first, second = (start_server(env, database_url=url) for _ in range(2))
    username, here = f"absent-{secrets.token_hex(4)}", new_address()
    turns = cycle((first, second))
    _refusal(lambda: _guess(next(turns), username, here))
    for server in (first, second):
        wait_in(_guess(server, username, here))


@pytest.mark.redis
def test_guesses_count_while_redis_is_away(start_server: StartServer) -> None:
    redis = found(RedisServer.started)
    server = start_server({**UNLIMITED, **BEHIND_PROXY, "REDIS_URL": redis.url})
    _administrator(server)
    redis.stop()
    here = new_address()
    _refusal(lambda: _guess(server, "the-admin", here))
    wait_in(_guess(server, "the-admin", here, PASSWORD))
    assert _guess(server, "the-admin", new_address(), PASSWORD).status_code == 200
