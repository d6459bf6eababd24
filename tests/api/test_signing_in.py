"""Passwords, signing in, and the forms of the calls (T-2)."""

import json
from typing import Any

import pytest

from tests.api.accounts import (
    OTHER_PASSWORD,
    PASSWORD,
    Account,
    administrator,
    execute,
    login,
    register,
    signed_in,
    signed_up,
    unused_name,
)
from tests.api.talking import is_refused, problem_in
from tests.client import Server

LONG = "pAss7 " * 171


def _short(value: object) -> str:
    return ascii(value)[:40]


@pytest.fixture
def admin(server: Server) -> Account:
    return administrator(server)


@pytest.fixture(scope="module")
def ann(server: Server) -> Account:
    return signed_up(server)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("k4nga7x", "too short"),
        ("", "too short"),
        ("82736455190283", "entirely numeric"),
        ("٣٤٥٦٧٨٩٠١٢٣٤", "entirely numeric"),
        ("password123", "too common"),
        ("annette-of-arendelle", "too similar to the username"),
        ("Annette-Of-Arendell3", "too similar to the username"),
        ("Beatrice Kiddo", "too similar to the full name"),
        ("wolpertinger@example.org", "too similar to the email"),
        (LONG[:1025], "1024 characters"),
        ("ü" * 500 + LONG[:525], "1024 characters"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_password_that_the_validators_refuse_is_told_why(
    admin: Account, password: str, reason: str
) -> None:
    """T-2.4"""
    about = {"full_name": "Beatrice Kiddo", "email": "wolpertinger@example.org"}
    answer = register(admin.server, "annette-of-arendelle", password, by=admin, **about)
    problem = problem_in(answer, 400, "invalid_password")
    assert reason in problem["message"]
    assert not password or password not in answer.text
    assert (
        execute(admin.server, "SELECT 1 FROM accounts_user WHERE email = ?", about["email"]) == []
    )


def test_all_reasons_are_given_at_once(admin: Account) -> None:
    """T-2.4"""
    problem = problem_in(
        register(admin.server, unused_name(), "12345", by=admin), 400, "invalid_password"
    )
    for reason in ("too short", "too common", "entirely numeric"):
        assert reason in problem["message"]


@pytest.mark.parametrize(
    "password",
    [LONG[:1024], "пароль-для-Анны", "🦘🪔 kangaroo", "  blanks around  ", "Ångström-é-ﬁne"],
    ids=["1024", "cyrillic", "emoji", "blanks", "composed"],
)
def test_a_good_password_signs_in_just_as_it_is(admin: Account, password: str) -> None:
    """T-2.4"""
    server, name = admin.server, unused_name()
    assert register(server, name, password, by=admin).status_code == 201
    assert login(server, name, password).status_code == 200
    assert login(server, name, password + " ").status_code == 401


@pytest.mark.parametrize("field", ["username", "password", "full_name"])
@pytest.mark.parametrize("text", ["a\0b-kangaroo", "a\ud800b-kangaroo"], ids=["nul", "surrogate"])
def test_text_that_cannot_be_stored_is_a_fault_of_the_form(
    admin: Account, field: str, text: str
) -> None:
    """C-3.7"""
    body = {"username": unused_name(), "password": PASSWORD, field: text}
    escaped = json.dumps(body)
    answer = admin.server.post("/api/auth/register", content=escaped, headers=admin.headers)
    problem_in(answer, 422, "validation_error")


@pytest.mark.parametrize(
    "fields",
    [
        {"username": None},
        {"username": ""},
        {"username": " "},
        {"username": " ann"},
        {"username": "ann\n"},
        {"username": "ann\u202e"},
        {"username": "a" * 151},
        {"username": "\ufdfa" * 150},
        {"username": "\u00a8"},
        {"username": 7},
        {"username": ["ann"]},
        {"password": None},
        {"password": 12345678},
        {"email": "ann"},
        {"email": "ann@"},
        {"email": "@example.org"},
        {"email": "ann@example.org\nbcc: x"},
        {"email": "a" * 250 + "@example.org"},
        {"email": 7},
        {"full_name": "x" * 256},
        {"roles": "admin"},
        {"roles": [1]},
        {"roles": [""]},
        {"roles": {"admin": True}},
        {"allowed_products": "p"},
        {"allowed_agents": [None]},
        {"is_active": "yes"},
        {"is_active": None},
    ],
    ids=_short,
)
def test_a_form_that_is_wrong_is_refused(admin: Account, fields: dict[str, Any]) -> None:
    """T-2, C-3.2: the fault names the field."""
    body = {"username": unused_name(), "password": PASSWORD, **fields}
    answer = admin.server.post("/api/auth/register", json=body, headers=admin.headers)
    problem = problem_in(answer, 422, "validation_error")
    assert problem["message"].startswith(f"Request validation failed: {next(iter(fields))}")


@pytest.mark.parametrize("call", ["register", "login", "refresh"])
def test_what_is_missing_is_named(admin: Account, call: str) -> None:
    """C-3.3"""
    answer = admin.server.post(f"/api/auth/{call}", json={}, headers=admin.headers)
    missing = {"refresh": ["refresh_token"]}.get(call, ["username", "password"])
    faults = "; ".join(f"{name}: Field required" for name in missing)
    message = problem_in(answer, 422, "validation_error")["message"]
    assert message == f"Request validation failed: {faults}"


@pytest.mark.parametrize("call", ["register", "login", "refresh"])
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 50_000])
def test_a_body_that_is_no_object_is_refused(admin: Account, call: str, body: bytes) -> None:
    """C-3.4, C-3.7"""
    answer = admin.server.post(f"/api/auth/{call}", content=body, headers=admin.headers)
    assert answer.status_code == 422
    assert is_refused(answer)


def test_signing_in_gives_tokens_that_work_and_notes_when(ann: Account) -> None:
    """T-2, T-2.6"""
    before = ann.server.get("/api/auth/me", headers=ann.headers).json()["last_login_at"]
    answer = login(ann.server, ann.username)
    tokens = answer.json()
    assert answer.status_code == 200
    assert tokens.keys() == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "refresh_expires_in",
    }
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 900)
    assert tokens["refresh_expires_in"] == 604_800
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    after = ann.server.get("/api/auth/me", headers=headers)
    assert after.status_code == 200
    assert after.json()["last_login_at"] > before


def test_whoever_cannot_sign_in_is_told_the_same(server: Server, ann: Account) -> None:
    """T-2: unknown, wrong and inactive."""
    idle = unused_name()
    assert register(server, idle, by=administrator(server), is_active=False).status_code == 201
    answers = [
        login(server, unused_name()),
        login(server, ann.username, PASSWORD.upper()),
        login(server, ann.username.upper(), PASSWORD + "x"),
        login(server, idle),
        login(server, "a\u0301" * 3000),
        login(server, ann.username, "x" * 1_000_000),
    ]
    bodies = [problem_in(answer, 401, "unauthorized") for answer in answers]
    assert {body["message"] for body in bodies} == {"Invalid credentials"}
    assert all(body == bodies[0] for body in bodies)
    kept = [dict(answer.headers) for answer in answers]
    assert {frozenset(headers) for headers in kept} == {frozenset(kept[0])}


def test_signing_in_needs_no_token_and_looks_at_none(ann: Account) -> None:
    """T-1"""
    body = {"username": ann.username, "password": ann.password}
    headers = {"Authorization": "Bearer rubbish", "X-API-Key": "rubbish"}
    assert ann.server.post("/api/auth/login", json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("call", ["register", "login", "refresh", "logout"])
def test_another_method_is_not_allowed(server: Server, call: str) -> None:
    """C-1.2"""
    answer = server.get(f"/api/auth/{call}")
    problem_in(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_new_password_replaces_the_old_one(server: Server) -> None:
    ann = signed_up(server)
    ann.change(f"user.set_password({OTHER_PASSWORD!r}); user.save()")
    assert login(server, ann.username).status_code == 401
    assert signed_in(server, ann.username, OTHER_PASSWORD).id == ann.id
