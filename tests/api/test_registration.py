"""Who may create users, and what a user may be (T-2)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.api.accounts import (
    PASSWORD,
    Account,
    administrator,
    bearer,
    by_key,
    everything_stored,
    login,
    register,
    signed_in,
    signed_up,
    unused_name,
)
from tests.api.talking import problem_in
from tests.client import Server
from tests.conftest import UNLIMITED, StartServer

FIELDS = {"id", "username", "email", "full_name", "roles", "allowed_products", "allowed_agents"}
FIELDS |= {"is_active", "token_version", "created_at", "updated_at", "last_login_at"}
NOT_ADMIN = "Administrator privileges required to create users"


@pytest.fixture
def admin(server: Server) -> Account:
    return administrator(server)


def test_the_first_user_is_an_administrator_and_the_door_closes_behind(
    start_server: StartServer, database_url: str
) -> None:
    """T-2.1, T-2.2"""
    server = start_server(UNLIMITED, database_url=database_url)
    first = register(server, "ann", roles=["editor"], is_active=False)
    assert first.status_code == 201
    assert "admin" in first.json()["roles"]
    assert first.json()["is_active"]
    refused = register(server, "bob")
    assert problem_in(refused, 403, "forbidden")["message"] == NOT_ADMIN
    assert login(server, "bob").status_code == 401
    assert register(server, "bob", by=signed_in(server, "ann")).status_code == 201


def test_of_twenty_first_users_at_once_one_is_let_in(
    start_server: StartServer, database_url: str
) -> None:
    """T-2.1"""
    server = start_server(UNLIMITED, database_url=database_url)
    names = [f"first-{number}" for number in range(20)]
    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(lambda name: register(server, name), names))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201, *[403] * 19]
    assert everything_stored(server, "accounts_user").count("first-") == 1


def test_of_ten_users_of_one_name_at_once_one_is_stored(admin: Account) -> None:
    """T-2.3: the others are conflicts, not failures."""
    name = unused_name()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: register(admin.server, name, by=admin), range(10)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 9]


def test_of_ten_users_of_one_address_at_once_one_is_stored(admin: Account) -> None:
    """T-2.3"""
    email = f"{unused_name()}@example.org"
    spellings = [email, email.upper()] * 5
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda sent: register(admin.server, unused_name(), by=admin, email=sent), spellings
            )
        )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 9]


def test_the_answer_is_the_user_and_nothing_of_the_password(admin: Account) -> None:
    """T-2, T-2.4"""
    sent: dict[str, Any] = {
        "email": f"{unused_name()}@example.org",
        "full_name": "Ann Ünïcode 安",
        "roles": ["editor"],
        "allowed_products": ["p1"],
        "allowed_agents": ["a1", "a2"],
    }
    answer = register(admin.server, unused_name(), by=admin, **sent)
    user = answer.json()
    assert answer.status_code == 201
    assert user.keys() == FIELDS
    assert {name: user[name] for name in sent} == sent
    assert user["is_active"] is True
    assert (user["token_version"], user["last_login_at"]) == (1, None)
    assert str(UUID(user["id"])) == user["id"]
    assert datetime.fromisoformat(user["created_at"]).utcoffset() is not None
    assert PASSWORD not in answer.text
    assert "pbkdf2" not in answer.text


def test_what_is_left_out_is_empty(admin: Account) -> None:
    """T-2"""
    user = register(admin.server, unused_name(), by=admin).json()
    assert [user["email"], user["full_name"]] == [None, None]
    assert [user["roles"], user["allowed_products"], user["allowed_agents"]] == [[], [], []]


@pytest.mark.parametrize("which", ["nobody", "a user", "a key", "a browser's cookie"])
def test_only_an_administrators_token_creates_users(server: Server, which: str) -> None:
    """T-2.1: a key of an administrator is no access token."""
    headers = {}
    if which == "a user":
        headers = signed_up(server, roles=["editor", "Admin"]).headers
    elif which == "a key":
        headers = by_key(administrator(server).new_key())
    elif which == "a browser's cookie":
        headers = {"Cookie": "sessionid=x"}
    body = {"username": unused_name(), "password": PASSWORD}
    refused = server.post("/api/auth/register", json=body, headers=headers)
    assert problem_in(refused, 403, "forbidden")["message"] == NOT_ADMIN


@pytest.mark.parametrize("sent", ["Bearer x.y.z", "Bearer", "Basic YTpi"])
def test_a_bad_token_creates_no_users(admin: Account, sent: str) -> None:
    """T-2.1"""
    body = {"username": unused_name(), "password": PASSWORD}
    headers = {"Authorization": sent}
    problem_in(
        admin.server.post("/api/auth/register", json=body, headers=headers), 401, "unauthorized"
    )


def test_a_refresh_token_creates_no_users(admin: Account) -> None:
    """T-2.1"""
    body = {"username": unused_name(), "password": PASSWORD}
    answer = admin.server.post("/api/auth/register", json=body, headers=bearer(admin.refresh))
    problem_in(answer, 401, "unauthorized")


def test_a_taken_name_is_a_conflict(admin: Account) -> None:
    """T-2.3"""
    answer = register(admin.server, admin.username, by=admin)
    assert problem_in(answer, 409, "conflict")["message"] == "Username already exists"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}@example.org", "{}@example.org"),
        ("{}@Example.org", "{}@eXAMPLE.ORG"),
        ("{}.Ann@example.org", "{}.aNN@example.org"),
    ],
)
def test_a_taken_address_is_a_conflict_in_any_case(admin: Account, first: str, second: str) -> None:
    """T-2.3"""
    name = unused_name()
    made = register(admin.server, unused_name(), by=admin, email=first.format(name))
    again = register(admin.server, unused_name(), by=admin, email=second.format(name))
    assert made.status_code == 201
    assert problem_in(again, 409, "conflict")["message"] == "Email already exists"


def test_many_users_have_no_address(admin: Account) -> None:
    for email in (None, None):
        assert register(admin.server, unused_name(), by=admin, email=email).status_code == 201


@pytest.mark.parametrize("spelling", ["\uff22\uff4f\uff42-{}", "\U0001d401ob-{}", "Bob-{}"])
def test_a_name_that_looks_the_same_is_the_same(server: Server, spelling: str) -> None:
    """Names are kept in NFKC; any spelling signs in."""
    admin, number = administrator(server), unused_name()
    made = register(server, f"Bob-{number}", by=admin)
    assert made.json()["username"] == f"Bob-{number}"
    again = register(server, spelling.format(number), by=admin)
    assert problem_in(again, 409, "conflict")["message"] == "Username already exists"
    assert login(server, spelling.format(number)).status_code == 200


def test_no_password_reaches_the_log(server: Server) -> None:
    """T-2.4, C-4.8"""
    secret = "kangaroo-lantern-58"
    someone = signed_up(server, password=secret)
    login(server, someone.username, secret + "x")
    register(server, unused_name(), secret)
    assert secret not in server.log()
    assert someone.access not in server.log()
    assert someone.refresh not in server.log()
    assert "pbkdf2" not in server.log()
    assert secret not in everything_stored(server, "accounts_user")
