"""Which addresses a provider may be reached at, where an administrator chose them."""

import errno
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Public by their numbers, and yet not on the internet: relays and documentation; Azure's and
# Oracle's metadata.
_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
)
# https://www.iana.org/assignments/ipv6-address-space: nothing else is given out.
_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressForbidden(OSError):
    """Nothing was sent there; it says no address, because it would tell of the network inside."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "The address is not one that may be reached.")


@dataclass(frozen=True, slots=True)
class Reach:
    """The internet, and the networks that are `allowed` beside it."""

    allowed: tuple[Network, ...] = ()

    def permits(self, text: str) -> bool:
        """For an IP address as the operating system writes it, with a zone or without."""
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        meant = _meant(address)
        return _is_public(meant) or any(
            each in network
            for network in self.allowed
            for each in (address, meant)
            if each.version == network.version
        )


def _meant(address: Address) -> Address:
    """The IPv4 address behind an IPv6 one that only leads to it."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    if any(address in network for network in _NOT_PUBLIC if network.version == address.version):
        return False
    # Python calls multicast global.
    return address.is_global and not address.is_multicast
