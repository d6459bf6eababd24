"""What ends a credential, which credential counts, and the browser's session (C-4, T-2.5)."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.api.accounts import (
    OTHER_PASSWORD,
    Account,
    administrator,
    by_key,
    login,
    register,
    signed_in,
    signed_up,
    unused_name,
)
from tests.api.talking import NOBODY, problem_in
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED, found
from tests.sse import parse

SHARED = "the-shared-key-of-the-team"
PLAIN = {"/conversations", "/api/keys", "/api/auth/me"}


@pytest.fixture(scope="module")
def ann(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def bob(server: Server) -> Account:
    return signed_up(server)


@pytest.fixture(scope="module")
def guarded(database_kind: str, databases: Databases, upstream: Upstream) -> Iterator[Server]:
    """A server with a shared key."""
    url = found(lambda: databases.new(database_kind))
    server = Server.start(url, {**UNLIMITED, "API_KEY": SHARED}, upstream)
    yield server
    server.stop()


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_signing_out_ends_every_token_and_no_key(server: Server, body: bytes) -> None:
    """T-2.5"""
    carl = signed_up(server)
    elsewhere, key = signed_in(server, carl.username), by_key(carl.new_key())
    answer = server.post("/api/auth/logout", content=body, headers=carl.headers)
    assert (answer.status_code, answer.content) == (204, b"")
    for account in (carl, elsewhere):
        for path in PLAIN:
            problem = problem_in(server.get(path, headers=account.headers), 401, "unauthorized")
            assert problem["message"] == "Token has been revoked"
        body_of = {"refresh_token": account.refresh}
        problem = problem_in(server.post("/api/auth/refresh", json=body_of), 401, "unauthorized")
        assert problem["message"] == "Refresh token has been revoked"
    problem_in(server.post("/api/auth/logout", headers=carl.headers), 401, "unauthorized")
    again = signed_in(server, carl.username)
    me = server.get("/api/auth/me", headers=again.headers).json()
    assert me["token_version"] == 2
    assert server.get("/conversations", headers=key).status_code == 200


CHANGES = {
    "password": f"user.set_password({OTHER_PASSWORD!r}); user.save()",
    "roles": "services.change_user(user, {'roles': ['editor']})",
    "active": "services.change_user(user, {'is_active': False})",
    "everything": "services.revoke_everything(user)",
    "gone": "user.delete()",
}


def test_what_an_operator_changes_ends_tokens_at_once(server: Server) -> None:
    """Issue 3: from a process of the operator's own."""
    people = {name: signed_up(server, roles=["admin"]) for name in CHANGES}
    for carl in people.values():
        assert server.get("/conversations", headers=carl.headers).status_code == 200
    people["gone"].change(
        "; ".join(
            f"user = User.objects.get(id={people[name].id!r}); {code}"
            for name, code in CHANGES.items()
        )
    )
    for carl in people.values():
        for path in PLAIN:
            problem_in(server.get(path, headers=carl.headers), 401, "unauthorized")
        tokens = {"refresh_token": carl.refresh}
        problem_in(server.post("/api/auth/refresh", json=tokens), 401, "unauthorized")
        problem_in(register(server, unused_name(), by=carl), 401, "unauthorized")


def test_two_users_see_nothing_of_each_other(ann: Account, bob: Account) -> None:
    """C-4.7"""
    server = ann.server
    session = server.post("/sessions", json={}, headers=ann.headers).json()["id"]
    hello = {"content": "Hello"}
    turn = server.post(f"/sessions/{session}/messages", json=hello, headers=ann.headers)
    turn_id = turn.headers["X-Turn-ID"]
    made = server.post("/conversations", json={}, headers=ann.headers).json()["id"]
    calls = [
        ("GET", f"/sessions/{session}", session),
        ("DELETE", f"/sessions/{session}", session),
        ("POST", f"/sessions/{session}/messages", session),
        ("GET", f"/api/turns/{turn_id}", turn_id),
        ("GET", f"/api/turns/{turn_id}/events", turn_id),
        ("POST", f"/api/turns/{turn_id}/stop", turn_id),
        ("GET", f"/conversations/{made}", made),
        ("PATCH", f"/conversations/{made}", made),
        ("DELETE", f"/conversations/{made}", made),
        ("GET", f"/conversations/{made}/messages", made),
        ("POST", f"/conversations/{made}/messages", made),
        ("GET", f"/conversations/{made}/stream", made),
    ]
    body = {**hello, "message": "Hello", "default_model": "x"}
    for method, path, row in calls:
        for headers in (bob.headers, by_key(bob.new_key()), {}):
            sent = body if method in {"POST", "PATCH"} else None
            foreign = server.request(method, path, headers=headers, json=sent)
            absent = server.request(method, path.replace(row, NOBODY), headers=headers, json=sent)
            assert foreign.status_code == 404, path
            assert _without_id(foreign, row) == _without_id(absent, NOBODY)
    listed = server.get("/conversations", headers=bob.headers).text
    assert made not in listed
    for path in (f"/sessions/{session}", f"/conversations/{made}", f"/api/turns/{turn_id}"):
        assert server.get(path, headers=ann.headers).status_code == 200


def _without_id(answer: httpx.Response, row: str) -> str:
    text = answer.text.replace(answer.headers["X-Request-ID"], "")
    return text.replace(row, "")


def test_a_response_of_someone_else_is_not_continued(
    ann: Account, bob: Account, upstream: Upstream
) -> None:
    """C-4.7"""
    body = {"message": "Hello"}
    answer = ann.server.post("/api/chat/stream", json=body, headers=ann.headers)
    previous = parse(answer.content)[-1].data
    asked = len(upstream.requests("/chat/completions"))
    again = {**body, "previous_response_id": previous}
    for headers in (bob.headers, {}):
        refused = ann.server.post("/api/chat/stream", json=again, headers=headers)
        problem_in(refused, 404, "previous_response_not_found")
    assert len(upstream.requests("/chat/completions")) == asked
    mine = ann.server.post("/api/chat/stream", json=again, headers=ann.headers)
    assert mine.status_code == 200


def test_a_token_wins_over_a_key(ann: Account, bob: Account) -> None:
    """C-4: in this order, and a bad one never falls through (C-4.4)."""
    server, key = ann.server, by_key(bob.new_key())
    made = server.post("/sessions", json={}, headers={**ann.headers, **key}).json()["id"]
    assert server.get(f"/sessions/{made}", headers=ann.headers).status_code == 200
    problem_in(server.get(f"/sessions/{made}", headers=key), 404, "session_not_found")
    bad = {"Authorization": "Bearer x.y.z", **key}
    for path in ("/conversations", "/api/keys", f"/sessions/{made}", f"/api/turns/{NOBODY}"):
        problem_in(server.get(path, headers=bad), 401, "unauthorized")


def test_a_guarded_server_knows_each_credential(guarded: Server) -> None:
    """C-4.1, C-4.2, C-4.7"""
    admin = administrator(guarded)
    key, shared = by_key(admin.new_key()), {"X-API-Key": SHARED}
    made = guarded.post("/sessions", json={}, headers=key).json()["id"]
    assert guarded.get(f"/sessions/{made}", headers=admin.headers).status_code == 200
    problem_in(guarded.get(f"/sessions/{made}", headers=shared), 404, "session_not_found")
    problem_in(guarded.get(f"/sessions/{made}"), 401, "missing_api_key")
    problem_in(guarded.get("/api/keys", headers=shared), 403, "forbidden")
    problem_in(guarded.get("/api/auth/me", headers=shared), 401, "unauthorized")
    assert login(guarded, admin.username).status_code == 200


def _browser(account: Account) -> httpx.Client:
    """Signed in at the admin site."""
    browser = httpx.Client(base_url=account.server.url, trust_env=False, timeout=30.0)
    page = browser.get("/admin/login/")
    assert page.status_code == 200
    form = {"username": account.username, "password": account.password}
    form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
    assert browser.post("/admin/login/?next=/admin/", data=form).status_code == 302
    return browser


@pytest.fixture
def staff(server: Server) -> Account:
    return signed_up(server, roles=["admin"])


def test_a_browser_that_is_signed_in_is_the_user(staff: Account) -> None:
    """C-4, third: reading works as it is, writing needs the page's token."""
    with closing(_browser(staff)) as browser:
        assert browser.get("/api/keys").status_code == 200
        for path, body in (("/sessions", {}), ("/api/keys", {"name": "k"})):
            problem_in(browser.post(path, json=body), 403, "forbidden")
            proof = {"X-CSRFToken": browser.cookies["csrftoken"]}
            assert browser.post(path, json=body, headers=proof).status_code == 201
            wrong = {"X-CSRFToken": "x" * 64}
            problem_in(browser.post(path, json=body, headers=wrong), 403, "forbidden")
        chat = {"message": "Hello"}
        problem_in(browser.post("/api/chat/stream", json=chat), 403, "forbidden")
        assert browser.post("/api/chat/stream", json=chat, headers=proof).status_code == 200
        [key] = staff.key_rows()
        problem_in(browser.delete(f"/api/keys/{key['id']}"), 403, "forbidden")
        assert browser.delete(f"/api/keys/{key['id']}", headers=proof).status_code == 204
        problem_in(browser.get("/api/auth/me"), 401, "unauthorized")


def test_another_credential_beside_the_cookie_needs_no_proof(staff: Account, bob: Account) -> None:
    """C-1.5, C-4: and the stronger one is who asks."""
    with closing(_browser(staff)) as browser:
        for headers in (bob.headers, by_key(bob.new_key())):
            made = browser.post("/sessions", json={}, headers=headers)
            assert made.status_code == 201
            path = f"/sessions/{made.json()['id']}"
            assert browser.get(path, headers=bob.headers).status_code == 200
            problem_in(browser.get(path), 404, "session_not_found")
        bad = {"Authorization": "Bearer x"}
        problem_in(browser.get("/conversations", headers=bad), 401, "unauthorized")


@pytest.mark.parametrize("how", ["token logout", "page logout", "password"])
def test_a_browsers_session_ends_with_the_tokens(staff: Account, how: str) -> None:
    """Issue 3; on an open server whoever was signed in is then anonymous, and sees no keys."""
    with closing(_browser(staff)) as browser:
        assert browser.get("/api/keys").status_code == 200
        proof = {"X-CSRFToken": browser.cookies["csrftoken"]}
        if how == "token logout":
            staff.server.post("/api/auth/logout", headers=staff.headers)
        elif how == "page logout":
            answer = browser.post("/admin/logout/", headers={**proof, "Referer": staff.server.url})
            assert answer.status_code in {200, 302}
        else:
            staff.change(f"user.set_password({OTHER_PASSWORD!r}); user.save()")
        assert browser.get("/api/keys").status_code == 401
        assert browser.post("/api/keys", json={"name": "k"}, headers=proof).status_code == 401
