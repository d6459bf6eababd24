"""The addresses that the rate limit never refuses (contracts/common.md C-7)."""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_network

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.errors import BypassNotFound, NotANetwork
from accounts.models import RateLimitBypass, User
from accounts.networks import Address, Network, unmapped


def normalised(text: str) -> str:
    """An address in its short form, or a block without host bits; raises NotANetwork."""
    try:
        network: Network = ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise NotANetwork from error
    if getattr(network.network_address, "scope_id", None):
        raise NotANetwork
    network = unmapped(network)
    is_address = network.prefixlen == network.max_prefixlen
    # A single address may be written as a block, and stays one entry.
    return str(network.network_address) if is_address else str(network)


def listed() -> list[str]:
    """The entries that have not expired, sorted as text."""
    return sorted(_current().values_list("network", flat=True))


def add(
    text: str, *, by: User | None = None, note: str = "", expires_at: dt.datetime | None = None
) -> str:
    """The normalised entry; one that has expired is renewed. Raises NotANetwork."""
    network = normalised(text)
    fields = {"added_by": by, "note": note, "expires_at": expires_at}
    try:
        with transaction.atomic():
            RateLimitBypass.objects.create(network=network, **fields)
    except IntegrityError:
        expired = RateLimitBypass.objects.filter(network=network).exclude(_not_expired())
        expired.update(**fields, created_at=timezone.now())
    return network


def remove(text: str) -> None:
    """Raises NotANetwork, BypassNotFound."""
    network = normalised(text)
    deleted, _ = _current().filter(network=network).delete()
    if not deleted:
        raise BypassNotFound(network)


def holds(entries: Iterable[str], address: Address) -> bool:
    """Whether the address is one of the entries or inside one of them."""
    return any(
        address in network
        for network in _networks(tuple(entries))
        if network.version == address.version
    )


@lru_cache(maxsize=4)
def _networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(entry) for entry in entries)


def _current() -> QuerySet[RateLimitBypass]:
    return RateLimitBypass.objects.filter(_not_expired())


def _not_expired() -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=timezone.now())
