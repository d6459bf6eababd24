"""Access and refresh tokens (contracts/threads.md T-1), on simplejwt."""

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from accounts.errors import InvalidToken
from accounts.models import User
from accounts.secrets import jwt_secret


class _SignedToken(Token):
    """simplejwt's token, signed with a secret that may be in the database."""

    def get_token_backend(self) -> TokenBackend:
        return _backend(jwt_secret())

    def set_jti(self) -> None:
        """No id: tokens are revoked by their version, all of a user's at once."""


class AccessToken(_SignedToken):
    token_type = "access"
    lifetime = dt.timedelta(minutes=settings.CONFIG.CHAT_ACCESS_TOKEN_EXPIRE_MINUTES)


class RefreshToken(_SignedToken):
    token_type = "refresh"
    lifetime = dt.timedelta(minutes=settings.CONFIG.CHAT_REFRESH_TOKEN_EXPIRE_MINUTES)


def token_for(user: User, kind: type[_SignedToken]) -> str:
    """A signed token with what T-1 lists of the user."""
    token = kind()
    token.payload |= {
        "sub": str(user.id),
        "username": user.username,
        "nbf": token.payload["iat"],
        "token_version": user.token_version,
        "roles": user.roles,
        "products": user.allowed_products,
        "agents": user.allowed_agents,
    }
    return str(token)


def claims_of(text: str, kind: type[_SignedToken]) -> Mapping[str, Any]:
    """What a token says, once its signature, times, issuer, audience and kind are checked.

    Raises InvalidToken. Whether its user still stands by it is for the caller to see.
    """
    try:
        # mypy takes simplejwt's annotation at its word; it means the text.
        return kind(text).payload  # type: ignore[arg-type]
    except (TokenError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidToken from error


@lru_cache(maxsize=1)
def _backend(secret: str) -> TokenBackend:
    config = settings.CONFIG
    return TokenBackend(
        config.CHAT_JWT_ALGORITHM,
        signing_key=secret,
        issuer=config.CHAT_JWT_ISSUER,
        audience=config.CHAT_JWT_AUDIENCE,
    )
