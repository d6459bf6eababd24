"""Which address a request comes from (contracts/common.md C-5.2)."""

import re
from collections.abc import Iterable, MutableMapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings

from accounts.networks import Address, Network

# Of peers without one, on a Unix socket: they share a bucket, and are no trusted proxy.
UNKNOWN = IPv4Address("0.0.0.0")

_WITH_PORT = re.compile(r"([0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_IPV6_PREFIX = 64


def address_of(scope: MutableMapping[str, Any]) -> Address:
    """The client's, of an ASGI connection; found once and kept in `scope["client_address"]`."""
    if (kept := scope.get("client_address")) is None:
        peer = scope.get("client")
        forwarded = forwarded_for(scope["headers"])
        kept = client_address(peer[0] if peer else None, forwarded, settings.TRUSTED_PROXIES)
        scope["client_address"] = kept
    address: Address = kept
    return address


def is_from_trusted_proxy(scope: MutableMapping[str, Any]) -> bool:
    peer = scope.get("client")
    address = _parsed(peer[0].partition("%")[0]) if peer else None
    return address is not None and _is_trusted(address, settings.TRUSTED_PROXIES)


def forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The values of `X-Forwarded-For`, in order; names with underscores are another header's."""
    return [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]


def client_address(
    peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]
) -> Address:
    """The nearest address that is not a trusted proxy's.

    Each proxy appends whom it was asked by, so that only what trusted proxies have written is
    read: from the right, up to the first hop that is not one of them or is no address.
    """
    # The kernel's own zone (fe80::1%eth0) says which link, not who.
    address = _parsed(peer.partition("%")[0]) if peer else None
    if address is None:
        return UNKNOWN
    if not _is_trusted(address, trusted):
        return address
    for hop in reversed(",".join(forwarded).split(",")):
        if (before := _hop(hop)) is None:
            break
        address = before
        if not _is_trusted(address, trusted):
            break
    return address


def rate_key(address: Address) -> str:
    """What counts as one client: an IPv4 address, or the network that an IPv6 host chooses from."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), _IPV6_PREFIX), strict=False))


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _hop(text: str) -> Address | None:
    """A hop as it is written: bare, or with a port, brackets or quotes around it (RFC 7239)."""
    text = text.strip(" \t")
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip(" \t")
    if with_port := _WITH_PORT.fullmatch(text):
        text = with_port[1]
    if text.startswith("[") and text.endswith("]"):
        # Only IPv6 is written in brackets.
        return _parsed(text[1:-1]) if ":" in text else None
    return _parsed(text)


def _parsed(text: str) -> Address | None:
    if "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
