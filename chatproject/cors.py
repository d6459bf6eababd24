"""Pages that any browser origin may read (C-6.8)."""

from typing import Any

from corsheaders.signals import check_request_enabled
from django.http import HttpRequest

_PUBLIC = ("/health", "/metrics")


def open_public_pages() -> None:
    """Let every origin in, the `null` of a page opened from disk included."""
    check_request_enabled.connect(_is_public, dispatch_uid="public pages")


def _is_public(sender: object, request: HttpRequest, **kwargs: Any) -> bool:
    return request.path in _PUBLIC
