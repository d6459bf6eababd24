"""Tokens in this process: the secret behind them, and the rows they are held against."""

import threading

import jwt
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts import secrets, services
from accounts.authentication import user_of_token
from accounts.errors import InactiveUser, InvalidToken, RevokedToken
from accounts.models import StoredSecret, User
from accounts.tokens import AccessToken, RefreshToken, claims_of, token_for

pytestmark = pytest.mark.django_db


class _Forgetful(dict[str, str]):
    """Each who asks is a process of its own: only the value just made is found."""

    def __contains__(self, name: object) -> bool:
        return False


@pytest.fixture(autouse=True)
def _unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test's database has secrets of its own."""
    monkeypatch.setattr(secrets, "_known", {})


@pytest.fixture
def user() -> User:
    return User.objects.create(username="ann", roles=["editor"])


def test_the_secret_is_made_once_and_is_long() -> None:
    """configuration.md: `CHAT_JWT_SECRET_KEY`."""
    made = secrets.jwt_secret()
    assert len(made) >= 64
    secrets._known.clear()
    assert secrets.jwt_secret() == made
    assert StoredSecret.objects.get(name="jwt").value == made
    assert secrets.django_secret() != made


def test_the_operators_secret_wins(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    """configuration.md"""
    theirs = "a-secret-of-the-operator-that-is-long-enough"
    monkeypatch.setattr(settings, "CHAT_JWT_SECRET_KEY", theirs)
    token = token_for(user, AccessToken)
    claims = jwt.decode(token, theirs, algorithms=["HS256"], issuer="gwp-chat")
    assert claims["sub"] == str(user.id)
    assert not StoredSecret.objects.filter(name="jwt").exists()


@pytest.mark.django_db(transaction=True)
def test_workers_that_start_together_agree_on_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """configuration.md: made once, whoever asks first."""
    monkeypatch.setattr(secrets, "_known", _Forgetful())
    found: list[str] = []

    def ask() -> None:
        found.append(secrets.jwt_secret())
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_token_is_what_its_kind_says(user: User) -> None:
    """T-1"""
    access, refresh = token_for(user, AccessToken), token_for(user, RefreshToken)
    assert claims_of(access, AccessToken)["sub"] == str(user.id)
    assert claims_of(refresh, RefreshToken)["token_version"] == 1
    for text, kind in ((access, RefreshToken), (refresh, AccessToken), ("", AccessToken)):
        with pytest.raises(InvalidToken):
            claims_of(text, kind)


def test_every_use_of_a_token_reads_the_users_row(user: User) -> None:
    """T-1: revoked is revoked at the next request."""
    token = token_for(user, AccessToken)
    with CaptureQueriesContext(connection) as queries:
        assert user_of_token(token) == user
        assert user_of_token(token) == user
    assert len([query for query in queries if "accounts_user" in query["sql"]]) == 2
    services.end_all_tokens(user)
    with pytest.raises(RevokedToken):
        user_of_token(token)
    assert user_of_token(token_for(user, AccessToken)) == user
    User.objects.update(is_active=False)
    with pytest.raises(InactiveUser):
        user_of_token(token)
    User.objects.all().delete()
    with pytest.raises(InactiveUser):
        user_of_token(token)
