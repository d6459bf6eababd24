"""What the operator's own proxies say of a connection."""

from accounts.addresses import is_from_trusted_proxy
from chatproject.asgi_types import Scope


def believe_proxy(scope: Scope) -> None:
    """Take the scheme from `X-Forwarded-Proto`, where the peer is a trusted proxy."""
    proto = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
    if proto and is_from_trusted_proxy(scope):
        # The nearest proxy's own word stands last.
        last = proto[-1].rpartition(b",")[2].strip().lower()
        if last in (b"http", b"https"):
            scope["scheme"] = last.decode()
