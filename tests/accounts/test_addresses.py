"""The client's address: a header counts as far as trusted proxies wrote it (C-5.2)."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from pytest_django import Settings

from accounts.addresses import UNKNOWN, address_of, client_address, forwarded_for, rate_key

TRUSTED = [ip_network(text) for text in ("10.0.0.0/8", "192.0.2.7/32", "2001:db8:ffff::/48")]
PROXY = "10.0.0.1"
STRANGER = "203.0.113.9"

# The values of the headers, and the client when the peer is a trusted proxy.
SPELLINGS: list[tuple[list[str], str]] = [
    (["198.51.100.1"], "198.51.100.1"),
    (["  198.51.100.1\t"], "198.51.100.1"),
    (["198.51.100.1:5678"], "198.51.100.1"),
    (['"198.51.100.1:5678"'], "198.51.100.1"),
    (["2001:db8::1"], "2001:db8::1"),
    (["2001:DB8:0::1"], "2001:db8::1"),
    (["[2001:db8::1]"], "2001:db8::1"),
    (["[2001:db8::1]:443"], "2001:db8::1"),
    (['"[2001:db8::1]:443"'], "2001:db8::1"),
    (["::ffff:198.51.100.1"], "198.51.100.1"),
    (["[::ffff:198.51.100.1]:80"], "198.51.100.1"),
    (["::ffff:c633:6401"], "198.51.100.1"),
    # Whatever a client sends itself stands to the left of what the proxies append.
    (["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
    (["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
    (["127.0.0.1", "198.51.100.1"], "198.51.100.1"),
    (["198.51.100.1, 10.2.2.2"], "198.51.100.1"),
    (["6.6.6.6, 198.51.100.1", "10.2.2.2, 192.0.2.7"], "198.51.100.1"),
    (["198.51.100.1,2001:db8:ffff::2"], "198.51.100.1"),
    (["198.51.100.1, ::ffff:10.2.2.2"], "198.51.100.1"),
    (["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
    # A hop that is no address ends the walk at the last one that is.
    (["unknown"], PROXY),
    (["_hidden"], PROXY),
    ([""], PROXY),
    ([], PROXY),
    (["198.51.100.1,"], PROXY),
    (["198.51.100.1, unknown, 10.2.2.2"], "10.2.2.2"),
    (["1.2.3"], PROXY),
    (["01.2.3.4"], PROXY),
    (["16909060"], PROXY),
    (["0x01020304"], PROXY),
    (["0x1.2.3.4"], PROXY),
    (["1.2.3.4.5"], PROXY),
    (["1.2.3.4/32"], PROXY),
    (["1.2.3.256"], PROXY),
    (["1.2.3.4:"], PROXY),
    (["1.2.3.4:port"], PROXY),
    (["[1.2.3.4]:80"], PROXY),
    (["[2001:db8::1"], PROXY),
    (["2001:db8::1]:80"], PROXY),
    (["fe80::1%eth0"], PROXY),
    (["[fe80::1%25eth0]:80"], PROXY),
    (["for=1.2.3.4"], PROXY),
    (["1.2.3.4 5.6.7.8"], PROXY),
    (["\u00b9.2.3.4"], PROXY),
    (["1.2.3.4\x00"], PROXY),
    (['"'], PROXY),
]


@pytest.mark.parametrize(("forwarded", "client"), SPELLINGS)
def test_a_trusted_proxy_is_believed(forwarded: list[str], client: str) -> None:
    """C-5.2"""
    assert client_address(PROXY, forwarded, TRUSTED) == ip_address(client)


@pytest.mark.parametrize("forwarded", [forwarded for forwarded, _ in SPELLINGS])
def test_anyone_else_is_not(forwarded: list[str]) -> None:
    """C-5.2"""
    assert client_address(STRANGER, forwarded, TRUSTED) == ip_address(STRANGER)
    assert client_address(PROXY, forwarded, []) == ip_address(PROXY)


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("::ffff:203.0.113.9", STRANGER),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        (None, "0.0.0.0"),
        ("", "0.0.0.0"),
        ("testclient", "0.0.0.0"),
    ],
)
def test_a_peer_has_one_address_however_the_socket_names_it(peer: str | None, client: str) -> None:
    assert client_address(peer, [], TRUSTED) == ip_address(client)


def test_a_peer_in_mapped_form_is_a_trusted_proxy_too() -> None:
    assert client_address("::ffff:10.0.0.1", [STRANGER], TRUSTED) == ip_address(STRANGER)


def test_a_peer_without_an_address_is_trusted_by_no_block() -> None:
    everyone = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    assert client_address(None, ["198.51.100.1"], everyone) == UNKNOWN


def test_where_all_are_trusted_the_first_hop_is_the_client() -> None:
    everyone = [ip_network("0.0.0.0/0")]
    assert client_address(PROXY, ["1.1.1.1, 2.2.2.2"], everyone) == ip_address("1.1.1.1")


def test_only_the_header_itself_is_read() -> None:
    """CGI's spelling with underscores is what smuggled headers come as."""
    headers = [
        (b"x_forwarded_for", b"6.6.6.6"),
        (b"x-forwarded-for", b"1.1.1.1"),
        (b"forwarded", b"for=6.6.6.6"),
        (b"x-real-ip", b"6.6.6.6"),
        (b"x-forwarded-for", b"2.2.2.2, \xff"),
    ]
    assert forwarded_for(headers) == ["1.1.1.1", "2.2.2.2, \u00ff"]


def test_an_address_is_found_once_for_a_connection(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = tuple(TRUSTED)
    headers = [(b"x-forwarded-for", b"198.51.100.1")]
    scope: dict[str, Any] = {"client": (PROXY, 1234), "headers": headers}
    assert address_of(scope) == ip_address("198.51.100.1")
    scope["headers"] = []
    assert address_of(scope) == scope["client_address"] == ip_address("198.51.100.1")


@pytest.mark.parametrize("client", [None, (), ("", 0)])
def test_a_connection_without_a_peer_has_an_address(settings: Settings, client: Any) -> None:
    settings.TRUSTED_PROXIES = ()
    assert address_of({"client": client, "headers": []}) == UNKNOWN


def test_ipv6_clients_are_told_apart_by_their_network() -> None:
    """A host has 2**64 addresses to choose from."""
    first, second = ip_address("2001:db8:1:2::1"), ip_address("2001:db8:1:2:ffff::9")
    assert rate_key(first) == rate_key(second) == "2001:db8:1:2::/64"
    assert rate_key(ip_address("2001:db8:1:3::1")) != rate_key(first)
    assert rate_key(ip_address("203.0.113.9")) == "203.0.113.9"
