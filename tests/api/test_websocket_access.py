"""Who may open `/ws/chat`, from where, and for how long (W-1.1, C-4, C-8)."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from api.websocket.sockets import MOST_OF_USER
from tests.api.accounts import (
    Account,
    administrator,
    bearer,
    by_key,
    manage,
    signed_up,
)
from tests.api.drivers import Chat, text_of
from tests.client import Databases, Server, Upstream
from tests.conftest import UNLIMITED, StartServer

LISTED = "https://chat.example.org"


@pytest.fixture(scope="module")
def guarded(databases: Databases, upstream: Upstream) -> Iterator[Server]:
    env = {**UNLIMITED, "API_KEY": "shared", "CORS_ORIGINS": LISTED, "TURN_DRAIN_SECONDS": "0"}
    server = Server.start(databases.new("sqlite"), env, upstream)
    yield server
    server.stop()


@pytest.fixture
def account(guarded: Server) -> Account:
    return signed_up(guarded)


@pytest.fixture
def cookie(account: Account) -> dict[str, str]:
    return _cookie(account)


def _refused(server: Server, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as caught, Chat(server, **options):
        pass
    return caught.value.response.status_code


def _cookie(account: Account) -> dict[str, str]:
    """The cookie of a browser in which the user has signed in."""
    code = (
        "from accounts.models import User; from accounts.sessions import SessionStore; "
        f"user = User.objects.get(id={account.id!r}); store = SessionStore(); "
        "store['_auth_user_id'] = str(user.pk); "
        "store['_auth_user_backend'] = 'django.contrib.auth.backends.ModelBackend'; "
        "store['_auth_user_hash'] = user.get_session_auth_hash(); "
        "store.create(); print(store.session_key)"
    )
    return {"Cookie": f"sessionid={manage(account.server, code).strip().splitlines()[-1]}"}


def _may_ask(server: Server, **options: Any) -> bool:
    with Chat(server, **options) as chat:
        return text_of(chat.ask("Hello")) == "Echo: Hello"


def test_every_credential_opens_a_connection(
    guarded: Server, account: Account, cookie: dict[str, str]
) -> None:
    key = account.new_key()
    assert _may_ask(guarded, headers={"X-API-Key": "shared"})
    assert _may_ask(guarded, headers=by_key(key))
    assert _may_ask(guarded, headers=account.headers)
    assert _may_ask(guarded, headers=cookie)
    assert _may_ask(guarded, query="?api_key=shared")
    assert _may_ask(guarded, query=f"?api_key={key['key']}")
    assert _may_ask(guarded, query=f"?token={account.access}")


def test_without_a_good_credential_there_is_no_connection(guarded: Server) -> None:
    wrong = {"X-API-Key": "wrong"}
    for options in (
        {},
        {"headers": wrong},
        {"query": "?api_key=wrong"},
        {"query": "?token=wrong"},
        {"headers": {**bearer("wrong"), "X-API-Key": "shared"}},
        {"headers": bearer("wrong"), "query": "?api_key=shared"},
        {"headers": {"Cookie": "sessionid=wrong"}},
        {"headers": wrong, "query": "?api_key=shared"},
    ):
        assert _refused(guarded, **options) == 401, options


def test_no_credential_of_a_query_is_logged(guarded: Server) -> None:
    assert _refused(guarded, query="?api_key=not-to-be-logged-1") == 401
    with Chat(guarded, query="?token=&api_key=shared&x=not-to-be-logged-2"):
        pass
    assert "not-to-be-logged" not in guarded.log()
    assert '"path": "/ws/chat"' in guarded.log()


def test_only_the_servers_own_pages_and_listed_ones_may_connect(
    guarded: Server, cookie: dict[str, str]
) -> None:
    """C-8: any page could connect with the cookie of whoever looks at it."""
    other_name = guarded.url.replace("127.0.0.1", "localhost")
    for origin in (guarded.url, LISTED, "http://localhost:8001"):
        assert _may_ask(guarded, origin=origin, headers=cookie)
    assert _refused(guarded, origin=other_name, headers=cookie) == 403
    for origin in ("https://evil.example", "null", "rubbish", "http://127.0.0.1:1", f"{LISTED}:8"):
        assert _refused(guarded, origin=origin, headers=cookie) == 403
        assert _refused(guarded, origin=origin, headers={"X-API-Key": "shared"}) == 403


def test_a_foreign_page_that_is_let_in_comes_without_its_cookie(
    start_server: StartServer,
) -> None:
    server = start_server({"API_KEY": "shared", "CORS_ORIGINS": "*"})
    cookie = _cookie(administrator(server))
    assert _refused(server, origin="https://evil.example", headers=cookie) == 401
    with Chat(server, origin="https://evil.example", query="?api_key=shared"):
        pass
    with Chat(server, origin=server.url, headers=cookie):
        pass


def test_there_is_one_path(guarded: Server) -> None:
    for path in ("/other", "/", "-not"):
        assert _refused(guarded, query=path) == 404
    assert guarded.get("/ws/chat").status_code == 404


def test_what_is_revoked_closes_its_connection_within_five_seconds(
    guarded: Server, account: Account, cookie: dict[str, str]
) -> None:
    """Also while a reply runs, and when another process has done it."""
    key, other = account.new_key(), signed_up(guarded)
    good = by_key(account.new_key())
    of_nobody = [by_key(key), account.headers, cookie, by_key(other.new_key())]
    with ExitStack() as stack:
        chats = [stack.enter_context(Chat(guarded, headers=headers)) for headers in of_nobody]
        still_good = stack.enter_context(Chat(guarded, headers=good))
        for chat in chats:
            chat.begin("tokens 300 every 50")
            chat.receive()
        other.change("services.change_user(user, {'is_active': False})")
        guarded.delete(f"/api/keys/{key['id']}", headers=account.headers)
        guarded.post("/api/auth/logout", headers=account.headers)
        done = time.monotonic()
        assert [chat.closed() for chat in chats] == [4401] * 4
        assert time.monotonic() - done <= 5.0
        assert text_of(still_good.ask("Hello")) == "Echo: Hello"


def test_a_user_has_so_many_connections_and_no_more(guarded: Server, account: Account) -> None:
    with ExitStack() as chats:
        for _ in range(MOST_OF_USER - 1):
            chats.enter_context(Chat(guarded, headers=account.headers))
        with Chat(guarded, headers=account.headers):
            assert _refused(guarded, headers=account.headers) == 429
            assert _may_ask(guarded, headers=signed_up(guarded).headers)
        time.sleep(0.2)
        assert _may_ask(guarded, headers=account.headers)
