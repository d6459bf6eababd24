"""Keys as they are looked up: seldom, never for longer than five seconds, and without a trace."""

import datetime as dt
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import keys, services
from accounts.keyring import (
    CACHE_SECONDS,
    KEYRING,
    MOST_ENTRIES,
    UNKNOWN,
    Keyring,
    digest_of,
    store_uses,
)
from accounts.keys import NewKey
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ring(clock: Clock) -> Keyring:
    return Keyring(clock)


@pytest.fixture
def user() -> Iterator[User]:
    yield User.objects.create(username=f"user-{uuid4().hex}")
    KEYRING.forget()


def _queries(ring: Keyring, secret: str, *, times: int = 1) -> int:
    with CaptureQueriesContext(connection) as queries:
        for _ in range(times):
            ring.find(secret)
    return len(queries)


def test_a_key_is_its_user_but_no_administrator(ring: Keyring, user: User) -> None:
    """A program gets no more rights than it needs."""
    user.roles = ["admin"]
    user.allowed_products = ["p"]
    user.save()
    issued = keys.issue_key(user.id, NewKey("k", allowed_models=["m"]))
    known = ring.find(issued.secret)
    assert known is not None
    assert known.caller is not None
    assert (known.caller.user_id, known.caller.key_id) == (user.id, issued.row.id)
    assert known.caller.workspace == f"user:{user.id}"
    assert known.caller.allowed_models == ("m",)
    assert known.caller.allowed_products == ("p",)
    assert not known.caller.is_admin


def test_a_key_is_read_once_in_five_seconds(ring: Keyring, clock: Clock, user: User) -> None:
    secret = keys.issue_key(user.id, NewKey("k")).secret
    assert _queries(ring, secret, times=50) == 1
    assert ring.peek(secret) is not UNKNOWN
    clock.now += CACHE_SECONDS + 0.01
    assert ring.peek(secret) is UNKNOWN
    assert _queries(ring, secret, times=50) == 1


def test_asking_often_does_not_keep_an_entry_alive(ring: Keyring, clock: Clock, user: User) -> None:
    """A key that another process has revoked is dead after five seconds."""
    issued = keys.issue_key(user.id, NewKey("k"))
    ring.find(issued.secret)
    ApiKey.objects.filter(id=issued.row.id).update(revoked_at=timezone.now())
    while clock.now < 1000 + CACHE_SECONDS:
        ring.find(issued.secret)
        clock.now += 0.1
    clock.now += 0.1
    found = ring.find(issued.secret)
    assert found is not None
    assert not found.is_good


@pytest.mark.parametrize("secret", ["", "parley", "x", "parley_" + "x" * 1000, "PARLEY_abc"])
def test_what_cannot_be_a_key_is_never_looked_up(ring: Keyring, secret: str) -> None:
    assert _queries(ring, secret) == 0
    assert ring.peek(secret) is None
    assert ring.find(secret) is None


def test_guesses_are_remembered_too_and_forgotten_when_there_are_many(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guessing costs no query for each repetition, and no memory without end."""
    assert _queries(ring, "parley_guess", times=10) == 1
    monkeypatch.setattr("accounts.keyring.MOST_ENTRIES", 10)
    for number in range(30):
        ring.find(f"parley_{number}")
    assert len(ring._misses) <= 10
    assert MOST_ENTRIES > 10


@pytest.mark.parametrize(
    "how", ["revoked", "all revoked", "everything revoked", "user inactive", "user changed"]
)
def test_a_change_in_this_process_counts_at_once(
    user: User, how: str, django_capture_on_commit_callbacks: type
) -> None:
    issued = keys.issue_key(user.id, NewKey("k"))
    before = KEYRING.find(issued.secret)
    assert before is not None
    assert before.is_good
    with django_capture_on_commit_callbacks(execute=True):
        match how:
            case "revoked":
                keys.revoke_key(user.id, issued.row.id)
            case "all revoked":
                assert keys.revoke_keys(ApiKey.objects.filter(user=user)) == 1
            case "everything revoked":
                services.revoke_everything(user)
            case "user inactive":
                services.change_user(user, {"is_active": False})
            case _:
                services.change_user(user, {"allowed_products": ["p"]})
    after = KEYRING.find(issued.secret)
    assert after is not None
    if how == "user changed":
        assert after.caller is not None
        assert after.caller.allowed_products == ("p",)
    else:
        assert not after.is_good


def test_what_was_read_before_a_change_does_not_outlive_it(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is read, the key is revoked, and only then is the entry made."""
    ring, issued = Keyring(), keys.issue_key(user.id, NewKey("k"))
    from accounts import keyring

    read = keyring._stored

    def overtaken(digest: str) -> keyring.KnownKey | None:
        found = read(digest)
        ApiKey.objects.update(revoked_at=timezone.now())
        ring.forget()
        return found

    monkeypatch.setattr(keyring, "_stored", overtaken)
    ring.find(issued.secret)
    monkeypatch.setattr(keyring, "_stored", read)
    found = ring.find(issued.secret)
    assert found is not None
    assert not found.is_good


def test_an_expired_key_is_no_good_while_it_is_remembered(ring: Keyring, user: User) -> None:
    issued = keys.issue_key(user.id, NewKey("k", expires_at=timezone.now() + dt.timedelta(days=1)))
    found = ring.find(issued.secret)
    assert found is not None
    assert found.is_good
    ApiKey.objects.update(expires_at=timezone.now() - dt.timedelta(microseconds=1))
    ring.forget()
    found = ring.find(issued.secret)
    assert found is not None
    assert found.has_expired
    assert not found.is_good


def test_a_use_is_noted_without_a_write(ring: Keyring, user: User) -> None:
    issued = keys.issue_key(user.id, NewKey("k"))
    ring.find(issued.secret)
    assert _queries(ring, issued.secret, times=100) == 0
    uses = ring.take_uses()
    assert uses.keys() == {issued.row.id}
    assert ring.take_uses() == {}
    store_uses(uses)
    issued.row.refresh_from_db()
    assert issued.row.last_used_at == uses[issued.row.id]


def test_a_refused_key_is_not_used(ring: Keyring, user: User) -> None:
    issued = keys.issue_key(user.id, NewKey("k"))
    keys.revoke_key(user.id, issued.row.id)
    ring.find(issued.secret)
    ring.find("parley_guess")
    assert ring.take_uses() == {}


def test_the_latest_use_wins_whichever_worker_writes_last(user: User) -> None:
    row = keys.issue_key(user.id, NewKey("k")).row
    late, early = timezone.now(), timezone.now() - dt.timedelta(minutes=1)
    for moment in (late, early):
        store_uses({row.id: moment})
    row.refresh_from_db()
    assert row.last_used_at == late
    store_uses({uuid4(): late})


def test_the_row_holds_a_digest_and_the_shown_beginning(user: User) -> None:
    issued = keys.issue_key(user.id, NewKey("k"))
    [stored] = ApiKey.objects.filter(user=user).values()
    assert issued.secret not in str(stored)
    assert stored["digest"] == digest_of(issued.secret)
    assert issued.secret.startswith(stored["prefix"])
    # What is not shown must still be too long to guess.
    assert len(issued.secret) - len(stored["prefix"]) >= 32
