"""IP addresses and blocks of them; knows nothing of Django, so that the settings can use it."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Of ::ffff:0:0/96, below which IPv4 is written as IPv6.
_MAPPED_BITS = 96


def unmapped(network: Network) -> Network:
    """IPv4 written as IPv6 is IPv4, as it is in the addresses of clients."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return network
    return IPv4Network((int(mapped), network.prefixlen - _MAPPED_BITS))
