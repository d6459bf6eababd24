"""From a credential to a caller: the one rule (contracts/common.md C-4) behind every door."""

import hmac
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from accounts.callers import ANONYMOUS, SHARED_KEY, Caller, user_caller
from accounts.errors import (
    InactiveUser,
    InvalidApiKey,
    InvalidToken,
    MissingCredential,
    RevokedToken,
)
from accounts.keyring import KEYRING, UNKNOWN, KnownKey, Unknown
from accounts.models import User
from accounts.tokens import AccessToken, claims_of


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request carries of who is asking; empty values count as absent."""

    bearer: str | None = None
    api_key: str | None = None
    session: SessionBase | None = None

    @property
    def is_cookie_only(self) -> bool:
        """Whether nothing but the browser's cookie says who it is."""
        return self.bearer is None and not self.api_key and self.session is not None


def caller_for(credentials: Credentials) -> Caller:
    """Raises CallerRefused. A bearer token never falls through to a weaker credential (C-4.4)."""
    if credentials.bearer is not None:
        return user_caller(user_of_token(credentials.bearer))
    if credentials.api_key:
        return _by_key(credentials.api_key, KEYRING.find(credentials.api_key))
    if credentials.session is not None:
        user = user_of_session(credentials.session)
        return user_caller(user) if user is not None else _nobody()
    return _nobody()


def known_caller(credentials: Credentials) -> Caller | Unknown:
    """The same without the database; UNKNOWN where the answer is there. Raises CallerRefused."""
    if credentials.bearer is not None:
        return UNKNOWN
    if credentials.api_key:
        key = KEYRING.peek(credentials.api_key)
        return UNKNOWN if isinstance(key, Unknown) else _by_key(credentials.api_key, key)
    return UNKNOWN if credentials.session is not None else _nobody()


def user_of_token(token: str) -> User:
    """The user of an access token; raises Unauthorized.

    The user's row is read each time: a token that was revoked is dead at the next request.
    """
    claims = claims_of(token, AccessToken)
    user = user_with_id(claims.get("sub"))
    if user is None or not user.is_active:
        raise InactiveUser
    if claims.get("token_version") != user.token_version:
        raise RevokedToken
    return user


def user_with_id(text: object) -> User | None:
    """The user that a token names; raises InvalidToken for what is no id."""
    try:
        user_id = UUID(str(text))
    except ValueError as error:
        raise InvalidToken from error
    return User.objects.filter(id=user_id).first()


def user_of_session(session: SessionBase) -> User | None:
    """The active user who signed in with this browser, as long as no tokens were revoked."""
    user_id, proof = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY)
    if not user_id or not proof or session.get(BACKEND_SESSION_KEY) is None:
        return None
    user = User.objects.filter(id=user_id, is_active=True).first()
    if user is None or not constant_time_compare(proof, user.get_session_auth_hash()):
        return None
    return user


def _by_key(secret: str, key: KnownKey | None) -> Caller:
    if _is_shared_key(secret):
        return SHARED_KEY
    if key is not None and (caller := key.good_caller) is not None:
        return caller
    # A key that was revoked is refused even where anybody may ask: what its user
    # writes would otherwise go to everybody's workspace, without a word.
    if key is not None or not settings.ANONYMOUS_ALLOWED:
        raise InvalidApiKey
    return ANONYMOUS


def _nobody() -> Caller:
    if settings.ANONYMOUS_ALLOWED:
        return ANONYMOUS
    raise MissingCredential


def _is_shared_key(value: str) -> bool:
    expected: str | None = settings.API_KEY
    return expected is not None and hmac.compare_digest(value.encode(), expected.encode())
