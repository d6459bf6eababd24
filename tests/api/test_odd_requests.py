"""Requests that nobody's client sends: each was found by attacking a running server."""

import time

import pytest

from accounts.models import User
from tests.api.accounts import PASSWORD, administrator, by_key, unused_name
from tests.api.talking import problem_in
from tests.client import Server
from tests.conftest import StartServer

FORM = "application/x-www-form-urlencoded"
CSRF = {"Content-Type": FORM, "Cookie": f"csrftoken={'a' * 32}"}


@pytest.mark.parametrize("path", ["/sessions/x", "/conversations", "/api/keys", "/", "/admin/"])
def test_a_cookie_with_a_nul_is_no_session(server: Server, path: str) -> None:
    """C-3.7"""
    answer = server.get(path, headers={"Cookie": 'sessionid="aaaaaaaaaaaa\\000"'})
    assert answer.status_code < 500


@pytest.mark.parametrize("path", ["/sessions", "/api/chat/stream", "/api/auth/login"])
def test_a_charset_that_does_not_exist_changes_nothing(server: Server, path: str) -> None:
    """C-2.1, C-3.7"""
    odd = {"Content-Type": "application/json; charset*=bogus''x"}
    answer = server.post(path, content=b"[]", headers=odd)
    assert answer.status_code == 422
    assert answer.headers["X-Request-ID"]
    accept = {"Accept": "text/plain; q*=bogus''x"}
    assert server.get("/metrics", headers=accept).status_code == 200


@pytest.mark.parametrize("name", ["a" + "\u0315\u0300" * 300_000, "\ufdfa" * 500_000])
@pytest.mark.parametrize("call", ["login", "register"])
def test_a_name_of_megabytes_is_refused_unread(server: Server, call: str, name: str) -> None:
    """Folding it would keep the whole process busy for minutes."""
    administrator(server)
    began = time.monotonic()
    body = {"username": name, "password": "x"}
    headers = administrator(server).headers if call == "register" else {}
    answer = server.post(f"/api/auth/{call}", json=body, headers=headers)
    assert answer.status_code == (401 if call == "login" else 422)
    assert time.monotonic() - began < 10


def test_a_form_of_a_million_fields_is_refused_unread(server: Server) -> None:
    large = server.post("/admin/login/", content=b"a=1&" * 500_000, headers=CSRF)
    problem_in(large, 413, "payload_too_large")
    many = server.post("/admin/login/", content=b"a&" * 5_000, headers=CSRF)
    assert many.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer\tx")],
        [("Authorization", "Basic x"), ("Authorization", "Bearer bad")],
        [("Authorization", "Bearer bad"), ("Authorization", "Basic x")],
    ],
)
def test_a_bearer_cannot_hide(server: Server, headers: list[tuple[str, str]]) -> None:
    """C-4.4"""
    problem_in(server.get("/conversations", headers=headers), 401, "unauthorized")


def test_another_sites_page_cannot_make_itself_the_administrator(
    start_server: StartServer,
) -> None:
    server = start_server()
    body = {"username": "mallory", "password": PASSWORD}
    foreign = {"Origin": "http://evil.example", "Content-Type": "text/plain"}
    problem_in(server.post("/api/auth/register", json=body, headers=foreign), 403, "forbidden")
    own = {"Origin": server.url}
    assert server.post("/api/auth/register", json=body, headers=own).status_code == 201


@pytest.mark.parametrize("rps", [1e-320, 1e-308, 1e-7])
def test_a_rate_too_slow_for_numbers_is_refused(server: Server, rps: float) -> None:
    made = {"name": "k", "rate_rps": rps, "rate_burst": 1}
    answer = server.post("/api/keys", json=made, headers=administrator(server).headers)
    problem_in(answer, 422, "validation_error")


def test_the_slowest_key_can_be_used(start_server: StartServer) -> None:
    server = start_server()
    key = by_key(administrator(server).new_key(rate_rps=1e-6, rate_burst=1))
    assert server.get("/conversations", headers=key).status_code == 200
    assert server.get("/conversations", headers=key).status_code == 429


def test_health_takes_credentials_from_nobody(server: Server) -> None:
    """C-6.8, C-8"""
    answer = server.get("/health", headers={"Origin": "https://evil.example"})
    assert answer.headers["Access-Control-Allow-Origin"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_staff_cannot_spell_out_texts_by_filters(start_server: StartServer) -> None:
    server = start_server()
    admin = administrator(server)
    token = server.get("/admin/login/").cookies["csrftoken"]
    form = {"username": admin.username, "password": PASSWORD, "csrfmiddlewaretoken": token}
    signed = server.post("/admin/login/?next=/admin/", data=form)
    assert signed.status_code == 302
    turns = "/admin/conversations/turn/"
    assert server.get(turns).status_code == 200
    for lookup in ("text__contains=x", "digest__startswith=a", "status__exact=%00", "fault=%00"):
        assert server.get(f"{turns}?{lookup}").status_code in (200, 302, 400)
    hidden = server.get(f"{turns}?text__contains=x")
    assert hidden.status_code in (302, 400)


@pytest.mark.django_db
def test_a_change_of_ones_password_undoes_nothing_else() -> None:
    """Hashing takes a while: an administrator may take the role away meanwhile."""
    user = User.objects.create_superuser(unused_name(), PASSWORD)
    stale = User.objects.get(id=user.id)
    User.objects.filter(id=user.id).update(roles=[], is_active=False)
    stale.set_password(PASSWORD + "!")
    stale.save()
    stored = User.objects.get(id=user.id)
    assert (stored.roles, stored.is_active) == ([], False)
    assert stored.check_password(PASSWORD + "!")
    assert stored.token_version == 2
