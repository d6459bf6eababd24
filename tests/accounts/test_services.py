"""What is done with users, in this process: writes, and the work that a sign-in costs."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command
from django.test import RequestFactory

from accounts import services, signing_in
from accounts.errors import (
    EmailTaken,
    Forbidden,
    InvalidCredentials,
    PasswordRefused,
    UsernameTaken,
)
from accounts.models import User
from accounts.services import NewUser

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery 7"


@pytest.fixture
def quick(settings: Any) -> None:
    """Hashes that cost nothing, where it is not about what they cost."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def admin(quick: None) -> User:
    return services.register_user(NewUser("root", PASSWORD), by=None)


def test_the_first_user_is_an_administrator(admin: User) -> None:
    """T-2.1, T-2.2"""
    assert admin.is_admin
    assert admin.is_staff
    with pytest.raises(Forbidden):
        services.register_user(NewUser("bob", PASSWORD), by=None)
    bob = services.register_user(NewUser("bob", PASSWORD), by=admin)
    assert bob.roles == []
    assert not bob.is_staff


def test_the_first_user_is_one_even_when_an_administrator_was_there(admin: User) -> None:
    """T-2.2: no server is without an administrator, whoever was asked to make the user."""
    User.objects.all().delete()
    assert services.register_user(NewUser("next", PASSWORD), by=None).is_admin


@pytest.mark.parametrize(
    ("new", "refused"),
    [
        (NewUser("root", PASSWORD), UsernameTaken),
        (NewUser("\uff52\uff4f\uff4f\uff54", PASSWORD), UsernameTaken),
        (NewUser("bob", PASSWORD, email="ANN@Example.ORG"), EmailTaken),
        (NewUser("bob", "bob"), PasswordRefused),
    ],
)
def test_what_is_refused_is_not_stored(admin: User, new: NewUser, refused: type[Exception]) -> None:
    """T-2.3, T-2.4"""
    services.register_user(NewUser("ann", PASSWORD, email="ann@example.org"), by=admin)
    with pytest.raises(refused):
        services.register_user(new, by=admin)
    assert User.objects.count() == 2


def _set_password(user: User) -> None:
    user.set_password("staple wagon orchard 9")
    user.save()


def _set_only_the_password(user: User) -> None:
    user.set_password("staple wagon orchard 9")
    user.save(update_fields=["password"])


@pytest.mark.parametrize(
    "change",
    [
        services.end_all_tokens,
        services.revoke_everything,
        lambda user: services.change_user(user, {"is_active": False}),
        lambda user: services.change_user(user, {"roles": ["editor"]}),
        lambda user: services.change_user(user, {"allowed_agents": ["a"]}),
        _set_password,
        _set_only_the_password,
    ],
)
def test_what_tokens_depend_on_ends_them(admin: User, change: Callable[[User], None]) -> None:
    """T-2.5: and browser sessions with them."""
    proof = admin.get_session_auth_hash()
    change(admin)
    stored = User.objects.get()
    assert stored.token_version == 2
    assert stored.get_session_auth_hash() != proof
    assert admin.token_version == 2


def test_what_tokens_do_not_say_leaves_them(admin: User) -> None:
    services.change_user(admin, {"full_name": "Ann", "email": "ann@example.org"})
    services.note_sign_in(admin)
    assert User.objects.get().token_version == 1


def test_a_stronger_hash_of_the_same_password_ends_no_tokens(admin: User, settings: Any) -> None:
    """Django hashes anew at a sign-in when the hasher has changed."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert admin.check_password(PASSWORD)
    stored = User.objects.get()
    assert stored.password.startswith("scrypt")
    assert stored.token_version == 1


def test_the_command_line_makes_administrators(
    monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    """Issue 3"""
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--username=ops", verbosity=0)
    ops = User.objects.get(username="ops")
    assert ops.is_admin
    assert ops.check_password(PASSWORD)


class CountingHasher(PBKDF2PasswordHasher):
    """Django's own, with a count of the rounds that were worked."""

    algorithm = "counting"
    iterations = 50
    digest = hashlib.sha256
    rounds = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        type(self).rounds += iterations or self.iterations
        return str(super().encode(password, salt, iterations))


def _rounds(username: str, password: str) -> int:
    before = CountingHasher.rounds
    request = RequestFactory().post("/api/auth/login")
    vars(request)["scope"] = {"client": ("192.0.2.7", 1), "headers": []}
    with pytest.raises(InvalidCredentials):
        signing_in.sign_in(request, username=username, password=password)
    return CountingHasher.rounds - before


@pytest.mark.parametrize("password", ["wrong", PASSWORD + "x", "x" * 4096])
def test_an_unknown_name_costs_as_much_as_a_wrong_password(settings: Any, password: str) -> None:
    """Issue 3: constant work, counted and not timed."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    for name, is_active in (("ann", True), ("idle", False)):
        User.objects.create_user(name, PASSWORD, is_active=is_active)
    known, unknown = _rounds("ann", password), _rounds("nobody", password)
    assert known == unknown == _rounds("idle", password) == CountingHasher.iterations


def test_an_inactive_user_with_the_right_password_costs_the_same(settings: Any) -> None:
    """T-2: and is told the same."""
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    User.objects.create_user("idle", PASSWORD, is_active=False)
    assert _rounds("idle", PASSWORD) == CountingHasher.iterations
