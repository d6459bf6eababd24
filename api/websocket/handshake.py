"""Who may open a connection: origins (C-8) and credentials (W-1.1)."""

from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from api.auth import Scope
from api.websocket.errors import OriginRefused

_DEFAULT_PORTS = {"http": 80, "https": 443}
# The query's names, the header that each stands for, and what precedes its value there.
_IN_QUERY = {"api_key": (b"x-api-key", ""), "token": (b"authorization", "Bearer ")}


def refuse_foreign_origin(scope: Scope) -> None:
    """Raises OriginRefused. Programs send no origin; browsers cannot send a wrong one.

    Where every origin is let in, those that are not ours come without their cookies (C-8): any
    page could open a connection in the name of whoever looks at it.
    """
    origin = _header(scope, b"origin")
    if origin is None or _is_own(scope, origin) or origin in settings.CORS_ALLOWED_ORIGINS:
        return
    if not settings.CORS_ALLOW_ALL_ORIGINS:
        raise OriginRefused
    scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"cookie"]


def take_credentials_from_query(scope: Scope) -> None:
    """Browsers cannot set headers: what stands in the query is as good, unless there is one."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    for name, (header, prefix) in _IN_QUERY.items():
        value = query.get(name, [""])[0].strip()
        if value and _header(scope, header) is None:
            scope["headers"] = [*scope["headers"], (header, f"{prefix}{value}".encode())]


def _is_own(scope: Scope, origin: str) -> bool:
    """The server's own address, as the browser knows it or as APP_URL has it."""
    found = _address(origin)
    if found is None:
        return False
    if found == _address(settings.CONFIG.APP_URL):
        return True
    scheme = found[0]
    if scope["scheme"] in ("https", "wss") and scheme != "https":
        return False
    # Without a word of the proxy's, TLS in front of this server is not seen here.
    return found == _address(f"{scheme}://{_header(scope, b'host') or ''}")


def _address(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what has none of them."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _header(scope: Scope, wanted: bytes) -> str | None:
    values = [value for name, value in scope["headers"] if name == wanted]
    return values[0].decode("latin-1").strip() if values else None
