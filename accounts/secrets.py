"""Secrets that this installation makes for itself, once, and keeps in its database."""

import secrets

from django.conf import settings
from django.db import transaction

from accounts.models import StoredSecret

_known: dict[str, str] = {}


def jwt_secret() -> str:
    """What tokens are signed with."""
    configured: str | None = settings.CHAT_JWT_SECRET_KEY
    return configured or stored_secret("jwt")


def django_secret() -> str:
    """What Django signs sessions with."""
    return stored_secret("django")


def stored_secret(name: str) -> str:
    """The same for all processes of this database, whoever asks first."""
    if name not in _known:
        row, _ = StoredSecret.objects.get_or_create(
            name=name, defaults={"value": secrets.token_urlsafe(64)}
        )
        # Known only once it is stored: a transaction that fails takes the row back.
        transaction.on_commit(lambda: _known.__setitem__(name, row.value))
        return row.value
    return _known[name]
