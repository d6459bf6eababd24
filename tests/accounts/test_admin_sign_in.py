"""The way into the admin site, over a live server: its form, its throttle, its pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.client import Databases, Server
from tests.conftest import UNLIMITED

PASSWORD = "correct horse battery staple"
SIGN_IN = "/admin/login/?next=/admin/"
LOCKED_OUT = "Too many failed attempts. Try again in"


@pytest.fixture(scope="module")
def database(databases: Databases) -> str:
    return databases.new("sqlite")


@pytest.fixture(scope="module")
def live(database: str) -> Iterator[Server]:
    server = Server.start(database, UNLIMITED)
    registered = server.post("/api/auth/register", json={"username": "ada", "password": PASSWORD})
    assert registered.status_code == 201, registered.text
    yield server
    server.stop()


@pytest.fixture
def browser(live: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live.url, trust_env=False, timeout=30) as client:
        yield client


def _posted(browser: httpx.Client, path: str, fields: dict[str, str]) -> httpx.Response:
    """The answer to a form that was opened before."""
    form = browser.get(path).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token is not None
    return browser.post(path, data={**fields, "csrfmiddlewaretoken": token[1]})


def _tried(browser: httpx.Client, username: str, password: str = PASSWORD) -> httpx.Response:
    return _posted(browser, SIGN_IN, {"username": username, "password": password})


def _new_user(server: Server, username: str, **fields: object) -> None:
    ada = {"username": "ada", "password": PASSWORD}
    token = server.post("/api/auth/login", json=ada).json()["access_token"]
    body = {"username": username, "password": PASSWORD, **fields}
    bearer = {"Authorization": f"Bearer {token}"}
    assert server.post("/api/auth/register", json=body, headers=bearer).status_code == 201


@pytest.mark.parametrize(
    "page",
    [
        *("", "accounts/user/", "accounts/apikey/", "accounts/ratelimitbypass/"),
        *("conversations/conversation/", "conversations/turn/"),
    ],
)
def test_an_administrator_signs_in_and_opens_every_list(browser: httpx.Client, page: str) -> None:
    answer = _tried(browser, "ada")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert browser.get(f"/admin/{page}").status_code == 200


@pytest.mark.parametrize(
    ("username", "fields"),
    [("plain", {"roles": ["editor"]}), ("idle", {"roles": ["admin"], "is_active": False})],
)
def test_nobody_else_gets_in(
    live: Server, browser: httpx.Client, username: str, fields: dict[str, object]
) -> None:
    _new_user(live, username, **fields)

    answer = _tried(browser, username)

    assert answer.status_code == 200 and "Please enter the correct username" in answer.text
    assert browser.get("/admin/").status_code == 302


def test_who_guesses_is_slowed_down_and_told_for_how_long(
    live: Server, browser: httpx.Client
) -> None:
    _new_user(live, "guessed", roles=["admin"])
    for _ in range(10):
        assert "Please enter the correct" in _tried(browser, "guessed", "a guess").text

    answer = _tried(browser, "guessed")

    assert answer.status_code == 200 and LOCKED_OUT in answer.text
    assert browser.get("/admin/").status_code == 302
    assert _tried(browser, "ada").status_code == 302


def test_failures_at_the_api_count_here_too(live: Server, browser: httpx.Client) -> None:
    _new_user(live, "attacked", roles=["admin"])
    for _ in range(10):
        body = {"username": "attacked", "password": "a guess"}
        assert live.post("/api/auth/login", json=body).status_code == 401

    assert LOCKED_OUT in _tried(browser, "attacked").text


def test_a_key_made_here_works_until_it_is_revoked_and_is_written_nowhere(
    live: Server, browser: httpx.Client, database: str
) -> None:
    _tried(browser, "ada")
    user_id = re.search(
        r"accounts/user/([0-9a-f-]{36})/", browser.get("/admin/accounts/user/?q=ada").text
    )
    assert user_id is not None

    fields = {"user": user_id[1], "name": "laptop"}
    shown = _posted(browser, "/admin/accounts/apikey/add/", fields)

    secret = re.search(r"parley_[\w-]{40,}", shown.text)
    assert shown.status_code == 200 and secret is not None
    assert "no-store" in shown.headers["Cache-Control"]
    assert _status_with(live, secret[0]) == 200
    browser.get("/admin/")
    assert secret[0] not in live.log()
    assert secret[0].encode() not in _bytes_of(database)

    _revoke_all(browser)
    assert _status_with(live, secret[0]) == 401


def _status_with(server: Server, secret: str) -> int:
    return server.get("/conversations", headers={"X-API-Key": secret}).status_code


def _revoke_all(browser: httpx.Client) -> None:
    rows = browser.get("/admin/accounts/apikey/").text
    key_id = re.search(r"accounts/apikey/([0-9a-f-]{36})/", rows)
    assert key_id is not None
    chosen = {"action": "revoke", "_selected_action": key_id[1]}
    assert _posted(browser, "/admin/accounts/apikey/", chosen).status_code == 302


def _bytes_of(database: str) -> bytes:
    """All that the database has on disk, its write-ahead log included."""
    file = Path(database.removeprefix("sqlite:///"))
    return b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
