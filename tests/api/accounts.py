"""People with accounts, for tests: registered, signed in, and holding keys."""

import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from chatproject.database import database_settings
from tests.client import QUICK_SETTINGS, Server, run_manage

PASSWORD = "correct horse battery 7"
OTHER_PASSWORD = "staple wagon orchard 9"


@dataclass(frozen=True)
class Account:
    """Someone who is signed in at a server."""

    server: Server
    id: str
    username: str
    access: str
    refresh: str
    password: str = PASSWORD

    @property
    def headers(self) -> dict[str, str]:
        return bearer(self.access)

    def new_key(self, **fields: Any) -> dict[str, Any]:
        """The answer to a request for a key, which holds the key itself."""
        body = {"name": "a program", **fields}
        answer = self.server.post("/api/keys", json=body, headers=self.headers)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def key_rows(self) -> list[dict[str, Any]]:
        """What the list of keys shows of them."""
        answer = self.server.get("/api/keys", headers=self.headers)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def change(self, code: str) -> None:
        """What an operator does in `manage.py shell` with this user, called `user` there."""
        lookup = "from accounts.models import User; from accounts import services; "
        manage(self.server, f"{lookup}user = User.objects.get(id={self.id!r}); {code}")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def by_key(key: dict[str, Any]) -> dict[str, str]:
    return {"X-API-Key": str(key["key"])}


def unused_name() -> str:
    return f"user-{uuid4().hex[:12]}"


def register(
    server: Server,
    username: str,
    password: str = PASSWORD,
    *,
    by: Account | None = None,
    **fields: Any,
) -> httpx.Response:
    body = {"username": username, "password": password, **fields}
    return server.post("/api/auth/register", json=body, headers=by.headers if by else {})


def login(server: Server, username: str, password: str = PASSWORD) -> httpx.Response:
    return server.post("/api/auth/login", json={"username": username, "password": password})


def signed_in(server: Server, username: str, password: str = PASSWORD) -> Account:
    answer = login(server, username, password)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    user = server.get("/api/auth/me", headers=bearer(access)).json()
    return Account(server, user["id"], user["username"], access, refresh, password)


def signed_up(server: Server, username: str | None = None, **fields: Any) -> Account:
    """Someone new, whom the server's administrator has made."""
    answer = register(server, username or unused_name(), by=administrator(server), **fields)
    assert answer.status_code == 201, answer.text
    return signed_in(server, answer.json()["username"], fields.get("password", PASSWORD))


_administrators: dict[str, tuple[float, Account]] = {}
# Less than an access token lives.
_RENEWED_SECONDS = 600.0


def administrator(server: Server) -> Account:
    """The same for all tests of a server: nobody may sign this one out."""
    made_at, known = _administrators.get(server.url, (0.0, None))
    if known is not None and time.monotonic() < made_at + _RENEWED_SECONDS:
        return known
    if known is not None:
        account = signed_in(server, known.username)
    else:
        name = unused_name()
        if register(server, name).status_code != 201:
            # Another test was first.
            model = "from accounts.models import User; "
            manage(server, f"{model}User.objects.create_superuser({name!r}, {PASSWORD!r})")
        account = signed_in(server, name)
    _administrators[server.url] = time.monotonic(), account
    return account


def manage(server: Server, code: str) -> str:
    """What `manage.py shell` prints for this code, with the server's settings."""
    with tempfile.TemporaryDirectory(prefix="parley-manage-") as folder:
        env = {**QUICK_SETTINGS, "DATABASE_URL": database_of(server)}
        done = run_manage("shell", "--no-imports", "-c", code, folder=Path(folder), env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def database_of(server: Server) -> str:
    return server._env["DATABASE_URL"]


def execute(server: Server, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What another program finds, or changes, in the server's database; `?` are the values."""
    url = database_of(server)
    if not url.startswith("sqlite"):
        with psycopg.connect(url, autocommit=True) as connection:
            # Without values a `%` is an operator.
            cursor = connection.execute(statement.replace("?", "%s").encode(), values or None)
            return cursor.fetchall() if cursor.description else []
    with closing(sqlite3.connect(database_settings(url)["NAME"], timeout=20)) as file, file:
        return file.execute(statement, values).fetchall()


def everything_stored(server: Server, *tables: str) -> str:
    """All values of these tables, as one text to look in."""
    return "\n".join(
        str(row) for table in tables for row in execute(server, f"SELECT * FROM {table}")
    )
