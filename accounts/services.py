"""What is done with users: each a named, atomic write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.authentication import user_with_id
from accounts.errors import (
    EmailTaken,
    Forbidden,
    InvalidRefreshToken,
    InvalidToken,
    RevokedRefreshToken,
    UsernameTaken,
)
from accounts.keyring import KEYRING
from accounts.models import ADMIN_ROLE, ApiKey, User
from accounts.passwords import check_new_password
from accounts.tokens import AccessToken, RefreshToken, claims_of, token_for

# What tokens say of a user, or what they depend on: a change ends them.
_IN_TOKENS = frozenset({"roles", "is_active", "allowed_products", "allowed_agents", "username"})


@dataclass(frozen=True, slots=True)
class NewUser:
    username: str
    password: str
    email: str | None = None
    full_name: str | None = None
    roles: Sequence[str] = ()
    allowed_products: Sequence[str] = ()
    allowed_agents: Sequence[str] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Both lifetimes are in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_in: int


def registration_is_open() -> bool:
    return not User.objects.exists()


def register_user(new: NewUser, *, by: User | None) -> User:
    """Store a user; without an administrator only the very first, who becomes one (T-2.1, T-2.2).

    Raises Forbidden, PasswordRefused, UsernameTaken, EmailTaken.
    """
    if by is None and not registration_is_open():
        raise Forbidden("Administrator privileges required to create users")
    user = _unsaved(new)
    check_new_password(new.password, user)
    # Outside of the transaction: it takes a good part of a second.
    user.password = make_password(new.password)
    with transaction.atomic():
        _let_nobody_else_register()
        if registration_is_open():
            user.roles = list(dict.fromkeys([*user.roles, ADMIN_ROLE]))
            user.is_active = True
        elif by is None:
            raise Forbidden("Administrator privileges required to create users")
        _refuse_taken(user)
        _insert(user)
    return user


def tokens_for(user: User) -> TokenPair:
    return TokenPair(
        access_token=token_for(user, AccessToken),
        refresh_token=token_for(user, RefreshToken),
        expires_in=int(AccessToken.lifetime.total_seconds()),
        refresh_expires_in=int(RefreshToken.lifetime.total_seconds()),
    )


def refreshed(refresh_token: str) -> TokenPair:
    """New tokens for old; raises InvalidRefreshToken, RevokedRefreshToken."""
    try:
        claims = claims_of(refresh_token, RefreshToken)
        user = user_with_id(claims.get("sub"))
    except InvalidToken as error:
        raise InvalidRefreshToken from error
    if user is None or not user.is_active:
        raise InvalidRefreshToken
    if claims.get("token_version") != user.token_version:
        raise RevokedRefreshToken
    return tokens_for(user)


def end_all_tokens(user: User) -> None:
    """Every token and browser session of the user is refused from now on (T-2.5)."""
    User.objects.filter(id=user.id).update(token_version=F("token_version") + 1)
    user.refresh_from_db(fields=["token_version"])


@transaction.atomic
def revoke_everything(user: User) -> None:
    """End all tokens and sessions of the user, and revoke all API keys."""
    end_all_tokens(user)
    ApiKey.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    transaction.on_commit(KEYRING.forget)


@transaction.atomic
def change_user(user: User, changes: Mapping[str, Any]) -> None:
    """Store these fields; what tokens depend on ends them."""
    for name, value in changes.items():
        setattr(user, name, value)
    user.updated_at = timezone.now()
    user.save(update_fields=[*changes, "updated_at"])
    if _IN_TOKENS & changes.keys():
        end_all_tokens(user)
    transaction.on_commit(KEYRING.forget)


def note_sign_in(user: User) -> None:
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])


def _unsaved(new: NewUser) -> User:
    return User(
        username=User.normalize_username(new.username),
        email=new.email or None,
        full_name=new.full_name or None,
        roles=list(new.roles),
        allowed_products=list(new.allowed_products),
        allowed_agents=list(new.allowed_agents),
        is_active=new.is_active,
    )


def _let_nobody_else_register() -> None:
    """Two first users at the same time would both become administrators.

    SQLite's transactions exclude each other from their start.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_user IN SHARE ROW EXCLUSIVE MODE")


def _refuse_taken(user: User) -> None:
    if User.objects.filter(username=user.username).exists():
        raise UsernameTaken
    if user.email and User.objects.filter(email__iexact=user.email).exists():
        raise EmailTaken


def _insert(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        # What `iexact` and the index fold differently, outside of ASCII.
        raise EmailTaken from error
