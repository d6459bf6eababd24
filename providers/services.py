"""What is done with the rows of providers."""

import json
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from providers.errors import SecretUnreadable
from providers.models import ProviderConfig, ToolServer
from providers.secrets import sealed, unsealed


def set_key(row: ProviderConfig | ToolServer, key: str) -> None:
    """Put it into the row, which the caller saves."""
    row.sealed_key = sealed(key)


def set_headers(row: ProviderConfig, headers: Mapping[str, str]) -> None:
    """Put them into the row, which the caller saves."""
    row.sealed_headers = sealed(json.dumps(dict(headers))) if headers else ""


@transaction.atomic
def enable(names: list[str], *, is_enabled: bool) -> int:
    """How many were not so before."""
    rows = ProviderConfig.objects.filter(name__in=names).exclude(is_enabled=is_enabled)
    # The other workers see by the moment that there is something new.
    return rows.update(is_enabled=is_enabled, updated_at=timezone.now())


def rotate_keys() -> tuple[int, list[str]]:
    """Encrypt everything with the newest key: how many rows, and the names whose keys are lost."""
    lost: list[str] = []
    rotated = 0
    with transaction.atomic():
        for row in ProviderConfig.objects.select_for_update():
            try:
                row.sealed_key = sealed(unsealed(row.sealed_key))
                row.sealed_headers = sealed(unsealed(row.sealed_headers))
            except SecretUnreadable:
                lost.append(row.name)
            else:
                row.save(update_fields=["sealed_key", "sealed_headers", "updated_at"])
                rotated += bool(row.sealed_key or row.sealed_headers)
        for server in ToolServer.objects.select_for_update().exclude(sealed_key=""):
            try:
                server.sealed_key = sealed(unsealed(server.sealed_key))
            except SecretUnreadable:
                lost.append(server.name)
            else:
                server.save(update_fields=["sealed_key", "updated_at"])
                rotated += 1
    return rotated, lost
