"""API keys: issued, listed and revoked by their user."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import KeyNotFound, TooManyKeys
from accounts.keyring import KEYRING, SHOWN_CHARACTERS, digest_of, new_secret
from accounts.models import ApiKey, User
from accounts.quota import Rate

MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    name: str
    allowed_models: Sequence[str] = ()
    expires_at: dt.datetime | None = None
    rate: Rate | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """`secret` is shown this once: only its digest is stored."""

    row: ApiKey
    secret: str


@transaction.atomic
def issue_key(user_id: UUID, new: NewKey) -> IssuedKey:
    """Raises TooManyKeys."""
    # Locked, so that two requests cannot both take the last place.
    user = User.objects.select_for_update().get(id=user_id)
    if keys_of(user_id).count() >= MOST_KEYS:
        raise TooManyKeys(MOST_KEYS)
    secret = new_secret()
    row = ApiKey.objects.create(
        user=user,
        name=new.name,
        prefix=secret[:SHOWN_CHARACTERS],
        digest=digest_of(secret),
        allowed_models=list(new.allowed_models),
        expires_at=new.expires_at,
        rate_rps=new.rate.rps if new.rate else None,
        rate_burst=new.rate.burst if new.rate else None,
    )
    return IssuedKey(row, secret)


def keys_of(user_id: UUID) -> QuerySet[ApiKey]:
    """The keys that are not revoked, newest first."""
    return ApiKey.objects.filter(user_id=user_id, revoked_at=None).order_by("-created_at", "id")


def revoke_key(user_id: UUID, key_id: UUID) -> None:
    """Raises KeyNotFound, also for a key that was revoked before."""
    if not keys_of(user_id).filter(id=key_id).update(revoked_at=timezone.now()):
        raise KeyNotFound(key_id)
    transaction.on_commit(KEYRING.forget)


def revoke_keys(keys: QuerySet[ApiKey]) -> int:
    """How many of them were not revoked before."""
    number = keys.filter(revoked_at=None).update(revoked_at=timezone.now())
    transaction.on_commit(KEYRING.forget)
    return number
