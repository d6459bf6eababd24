"""What `manage.py check --database default` says of the providers that administrators added."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.db import Error as DatabaseFault

from providers.models import ProviderConfig
from providers.rows import LOST_KEY, usable_spec
from providers.secrets import key_is_with_the_rows


def check_rows(*, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """One warning for each row whose key is lost, and one for all that are badly guarded."""
    if not databases:
        return []
    try:
        rows = list(ProviderConfig.objects.exclude(sealed_key="", sealed_headers=""))
    except DatabaseFault:
        # Not migrated yet.
        return []
    lost = [row for row in rows if _has_lost_its_key(row)]
    return [*map(_lost, lost), *([_unguarded()] if rows and key_is_with_the_rows() else [])]


def _has_lost_its_key(row: ProviderConfig) -> bool:
    return usable_spec(row, settings.PROVIDERS, ()).missing == LOST_KEY


def _lost(row: ProviderConfig) -> CheckMessage:
    return Warning(
        f"The stored key of the provider '{row.name}' cannot be decrypted.",
        hint="Put its encryption key back into PROVIDER_ENCRYPTION_KEYS, or enter the API key"
        " again in the admin site.",
        id="providers.W001",
    )


def _unguarded() -> CheckMessage:
    return Warning(
        "Providers' keys are encrypted with a key that lies in the same database.",
        hint="Set PROVIDER_ENCRYPTION_KEYS, then run manage.py rotate_provider_keys.",
        id="providers.W002",
    )
