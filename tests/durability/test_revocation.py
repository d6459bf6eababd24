"""Revoking on one worker, seen on two: at once for tokens, within five seconds for keys."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.api.accounts import (
    OTHER_PASSWORD,
    Account,
    by_key,
    signed_up,
)
from tests.client import Databases, Server
from tests.conftest import UNLIMITED, found

PERMITTED_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
PATHS = ("/conversations", "/sessions/00000000-0000-4000-8000-000000000000")


def _sign_out(account: Account, key_id: str) -> None:
    answer = account.server.post("/api/auth/logout", headers=account.headers)
    assert answer.status_code == 204


def _delete_key(account: Account, key_id: str) -> None:
    answer = account.server.delete(f"/api/keys/{key_id}", headers=account.headers)
    assert answer.status_code == 204


def _change(code: str) -> Callable[[Account, str], None]:
    return lambda account, key_id: account.change(code)


CHANGES = {
    "sign-out": _sign_out,
    "key deletion": _delete_key,
    "password change": _change(f"user.set_password({OTHER_PASSWORD!r}); user.save()"),
    "deactivation": _change("services.change_user(user, {'is_active': False})"),
    "role change": _change("services.change_user(user, {'roles': []})"),
    "everything": _change("services.revoke_everything(user)"),
}
ENDS_TOKENS = set(CHANGES) - {"key deletion"}
ENDS_KEYS = {"key deletion", "deactivation", "everything"}


@pytest.fixture(scope="module")
def workers(database_kind: str, databases: Databases) -> Iterator[tuple[Server, Server]]:
    """Two processes on one database."""
    url = found(lambda: databases.new(database_kind))
    first, second = (Server.start(url, UNLIMITED) for _ in range(2))
    yield first, second
    first.stop()
    second.stop()


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_revoked_is_refused_by_both_workers(
    workers: tuple[Server, Server], name: str
) -> None:
    """Issue 3: tokens at the next request, keys within five seconds."""
    account = signed_up(workers[0], roles=["editor"])
    made = account.new_key()
    for worker in workers:
        for headers in (account.headers, by_key(made)):
            assert worker.get(PATHS[0], headers=headers).status_code == 200
    CHANGES[name](account, made["id"])
    done = time.monotonic()
    for worker in workers:
        for path in PATHS:
            status = worker.get(path, headers=account.headers).status_code
            assert (status == 401) is (name in ENDS_TOKENS)
    if name == "key deletion":
        assert workers[0].get(PATHS[0], headers=by_key(made)).status_code == 401
    if name in ENDS_KEYS:
        good = _last_accepted(workers, by_key(made), done)
        assert max(good) <= PERMITTED_SECONDS
        print(f"\n{name}: the key was last good after {good[0]:.2f} s and {good[1]:.2f} s")
    else:
        assert workers[1].get(PATHS[0], headers=by_key(made)).status_code == 200


def _last_accepted(
    workers: tuple[Server, Server], headers: dict[str, str], since: float
) -> list[float]:
    """For each worker; they are asked all the time, as that must not keep the key alive."""
    good = [0.0 for _ in workers]
    refused: set[int] = set()
    while len(refused) < len(workers):
        for number, worker in enumerate(workers):
            asked = time.monotonic() - since
            assert asked < PATIENCE_SECONDS
            if worker.get(PATHS[0], headers=headers).is_success:
                good[number] = asked
            else:
                refused.add(number)
        time.sleep(0.02)
    return good
