"""The HTTP door to the rule on callers."""

from django.http import HttpRequest

from accounts.authentication import Caller, Credentials, caller_for


def caller_of(request: HttpRequest) -> Caller:
    """Who is asking, also noted for the access log; raises CallerRefused."""
    caller = caller_for(credentials_of(request))
    scope = getattr(request, "scope", None)
    if scope is not None:
        scope["caller_kind"] = caller.kind
    return caller


def credentials_of(request: HttpRequest) -> Credentials:
    scheme, _, token = _header(request, "Authorization").partition(" ")
    return Credentials(
        bearer=token.strip() if scheme.lower() == "bearer" else None,
        api_key=_header(request, "X-API-Key") or None,
    )


def _header(request: HttpRequest, name: str) -> str:
    """The value as UTF-8 where it is that; HTTP itself knows only Latin-1."""
    value = request.headers.get(name, "").strip()
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
