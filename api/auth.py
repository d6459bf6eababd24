"""The doors to the rule on callers: one for rows, one for async views, one for sockets."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, parse_cookie
from django.middleware.csrf import CsrfViewMiddleware

from accounts.authentication import Credentials, caller_for, known_caller, user_of_token
from accounts.callers import Caller, user_caller
from accounts.errors import ForgedRequest, InvalidScheme, MissingToken
from accounts.keyring import Unknown
from accounts.models import User
from accounts.sessions import SessionStore
from conversations.turns.service import query

Scope = dict[str, Any]
"""An ASGI scope, of HTTP or of a WebSocket."""


def caller_of(request: HttpRequest) -> Caller:
    """Who is asking, for sync views, also noted for the access log; raises CallerRefused."""
    credentials = credentials_in(scope_of(request))
    return _let_in(request, credentials, caller_for(credentials))


async def asking_caller(request: HttpRequest) -> Caller:
    """The same for async views, which reach rows over the bridge."""
    return await caller_with(request, credentials_in(scope_of(request)))


async def caller_with(request: HttpRequest, credentials: Credentials) -> Caller:
    """The same, by these of the request's credentials."""
    return _let_in(request, credentials, await _caller_for(credentials))


async def connecting_caller(scope: Scope) -> Caller:
    """The same for a WebSocket, whose origin is the consumer's to check."""
    return _noted(scope, await _caller_for(credentials_in(scope)))


def signed_in_user(request: HttpRequest) -> User:
    """The user of the access token that the threads API always needs (C-4.5).

    Raises Unauthorized.
    """
    user = user_of_token(token_in(request))
    _noted(scope_of(request), user_caller(user))
    return user


async def asking_user(request: HttpRequest) -> Caller:
    """The same for async views."""
    token = token_in(request)
    user = await query(user_of_token, token)
    return _noted(scope_of(request), user_caller(user))


def credentials_in(scope: Scope) -> Credentials:
    scheme, token = _authorization(scope)
    return Credentials(
        bearer=token if scheme == "bearer" else None,
        api_key=_header(scope, b"x-api-key") or None,
        session=_session_in(scope),
    )


def token_in(request: HttpRequest) -> str:
    """Raises MissingToken, InvalidScheme."""
    if not _header(scope_of(request), b"authorization"):
        raise MissingToken
    scheme, token = _authorization(scope_of(request))
    if scheme != "bearer" or not token:
        raise InvalidScheme
    return token


def scope_of(request: HttpRequest) -> Scope:
    scope: Scope = request.scope  # type: ignore[attr-defined]
    return scope


async def _caller_for(credentials: Credentials) -> Caller:
    caller = known_caller(credentials)
    return await query(caller_for, credentials) if isinstance(caller, Unknown) else caller


def _let_in(request: HttpRequest, credentials: Credentials, caller: Caller) -> Caller:
    if credentials.is_cookie_only and caller.kind == "user":
        _refuse_forgery(request)
    return _noted(scope_of(request), caller)


def _noted(scope: Scope, caller: Caller) -> Caller:
    scope["caller_kind"] = caller.kind
    return caller


def _refuse_forgery(request: HttpRequest) -> None:
    """A cookie alone proves nothing: any page could have sent it. Raises ForgedRequest."""
    # Django's check looks into forms, and would use up a body that nobody has kept.
    _ = request.body
    check = _CsrfCheck(_no_view)
    check.process_request(request)
    if check.process_view(request, _no_view, (), {}) is not None:
        raise ForgedRequest


def _no_view(request: HttpRequest) -> HttpResponse:
    """For Django's check, which wants a view to look for exemptions on."""
    return HttpResponse()


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        # Django's own answers with a page, and logs a line for each.
        return HttpResponse(reason, status=403)


def _session_in(scope: Scope) -> SessionBase | None:
    """The browser's session, not yet looked at; None without its cookie."""
    key = parse_cookie(_header(scope, b"cookie")).get(settings.SESSION_COOKIE_NAME)
    return SessionStore(key) if key else None


def _authorization(scope: Scope) -> tuple[str, str]:
    """The scheme in lower case, and what stands behind it.

    Of several headers the bearer's counts, so that it cannot hide behind another (C-4.4).
    """
    found = ("", "")
    for value in _values(scope, b"authorization"):
        scheme, _, rest = _text(value).replace("\t", " ").partition(" ")
        if not found[0] or scheme.lower() == "bearer":
            found = (scheme.lower(), rest.strip())
    return found


def _header(scope: Scope, wanted: bytes) -> str:
    return _text(b",".join(_values(scope, wanted)))


def _text(value: bytes) -> str:
    """As UTF-8 where it is that; HTTP itself knows only Latin-1."""
    try:
        return value.strip().decode()
    except UnicodeError:
        return value.strip().decode("latin-1")


def _values(scope: Scope, wanted: bytes) -> Iterable[bytes]:
    return (value for name, value in scope["headers"] if name == wanted)
