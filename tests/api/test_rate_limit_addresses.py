"""Whose address counts, however `X-Forwarded-For` is written (C-5.1, C-5.2)."""

import secrets
from collections.abc import Iterator

import pytest

from tests.api.limits import (
    BURST,
    PATH,
    STINGY,
    accepted,
    asked,
    from_peer,
    is_allowed,
    new_address,
    new_network,
    sent_as_it_stands,
    use_up,
    via,
    wait_in,
)
from tests.client import Databases, Server

ATTEMPTS = BURST + 5
FORWARDED = "X-Forwarded-For"

# `{new}` is another address each time: what a spoofer would write to be somebody else.
SPELLINGS = [
    "{new}",
    " {new} ",
    "\t{new}",
    "{new},",
    "{new}, ",
    ",{new}",
    "{new}, {new}, {new}",
    "{new},{new}",
    "{new};{new}",
    "{new} {new}",
    "{new}:80",
    "{new}:99999",
    "[{new}]",
    '"{new}"',
    "'{new}'",
    "for={new}",
    "{new}/32",
    "{new}%eth0",
    "::ffff:{new}",
    "[::ffff:{new}]:443",
    "64:ff9b::{new}",
    "{net}::1",
    "[{net}::1]",
    "[{net}::1]:8080",
    "{net}::1%25lo",
    "{net}:0:0:0:1",
    "0{new}",
    "{new}.",
    "unknown, {new}",
    "{new}, unknown",
    "127.0.0.1, {new}",
    "{new}, 127.0.0.1",
    "{new}, ::ffff:127.0.0.1",
    "{new}, localhost",
    "{int}",
    "0x{int:x}",
    "{new}\xa0",
    "\xff{new}",
    "{new}, " + "x" * 4000,
    "{new}, " * 300 + "1",
]
# What a proxy appends: the peer that it was asked by.
APPENDED = ["{spoof}, {real}", "{spoof},{real}", "{spoof} , {real}:4711", '{spoof}, "{real}"']


@pytest.fixture(scope="module")
def proxied(databases: Databases) -> Iterator[Server]:
    """It believes 127.0.0.1 and some further proxies; other loopback addresses are strangers."""
    trusted = {"TRUSTED_PROXIES": "127.0.0.1, 192.168.0.0/16, fd00::/8"}
    server = Server.start(databases.new("sqlite"), {**STINGY, **trusted})
    yield server
    server.stop()


def _spoofed(spelling: str) -> str:
    number = 0x0B000000 + secrets.randbelow(2**24)
    return spelling.format(new=new_address(), net=new_network(), int=number)


def _statuses(server: Server, spelling: str, *, peer: str, name: str = FORWARDED) -> list[int]:
    fields = [(name, _spoofed(spelling)) for _ in range(ATTEMPTS)]
    return [sent_as_it_stands(server, field, peer=peer) for field in fields]


def _stranger() -> str:
    """A peer that has not asked before."""
    return f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}.{2 + secrets.randbelow(250)}"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_stranger_is_its_own_address_whatever_it_says(proxied: Server, spelling: str) -> None:
    """C-5.2"""
    assert accepted(_statuses(proxied, spelling, peer=_stranger())) == BURST


@pytest.mark.parametrize(
    "name",
    [
        "X-Real-IP",
        "Forwarded",
        "X-Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X_Forwarded_For",
        "X-Forwarded",
        "Client-IP",
        "X-Cluster-Client-IP",
        "X-Forwarded-Host",
    ],
)
def test_no_other_header_names_the_client(proxied: Server, name: str) -> None:
    """C-5.2: neither from a stranger nor through a proxy that hands it on."""
    assert accepted(_statuses(proxied, "{new}", peer=_stranger(), name=name)) == BURST
    headers = [{name: new_address(), **via("10.255.255.254")} for _ in range(ATTEMPTS)]
    wait_in([proxied.get(PATH, headers=each) for each in headers][-1])


@pytest.mark.parametrize("appended", APPENDED)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_stands_left_of_the_last_stranger_is_not_believed(
    proxied: Server, spelling: str, appended: str
) -> None:
    """C-5.2: the proxy appends whom it was asked by; the rest is the client's own invention."""
    real = new_address()
    values = [appended.format(spoof=_spoofed(spelling), real=real) for _ in range(ATTEMPTS)]
    assert accepted(sent_as_it_stands(proxied, (FORWARDED, v)) for v in values) == BURST


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_several_headers_are_read_as_one(proxied: Server, spelling: str) -> None:
    """C-5.2, RFC 9110 section 5.2: a proxy may append a line in place of a value."""
    real = new_address()
    sent = [((FORWARDED, _spoofed(spelling)), ("x-forwarded-FOR", real)) for _ in range(ATTEMPTS)]
    assert accepted(sent_as_it_stands(proxied, *fields) for fields in sent) == BURST


@pytest.mark.parametrize(
    "chain",
    [
        "{real}, 192.168.3.4",
        "{real}, 192.168.3.4, 192.168.0.1",
        "{real}, fd00::7",
        "{real}, [fd00::7]:443, 192.168.3.4:5",
        "{real}, ::ffff:192.168.3.4",
        "1.1.1.1, {real}, 127.0.0.1",
    ],
)
def test_trusted_hops_are_passed_over(proxied: Server, chain: str) -> None:
    """C-5.2: the right-most hop that is not trusted is the client."""
    real = new_address()
    use_up(proxied, via(real))
    assert not is_allowed(proxied, via(chain.format(real=real)))
    assert is_allowed(proxied, via(chain.format(real=new_address())))


def test_two_addresses_behind_one_proxy_do_not_share(proxied: Server) -> None:
    """C-5.1, C-5.2"""
    use_up(proxied, via(new_address()))
    assert asked(proxied, via(new_address()), BURST + 1) == [404] * BURST + [429]


def test_an_ipv4_address_in_ipv6_form_is_the_same_client(proxied: Server) -> None:
    address = new_address()
    use_up(proxied, via(address))
    for spelling in (
        f"::ffff:{address}",
        f"[::ffff:{address}]",
        f"::FFFF:{address}",
        f"{address}:1",
    ):
        assert not is_allowed(proxied, via(spelling))


def test_a_host_cannot_choose_among_the_addresses_of_its_ipv6_network(proxied: Server) -> None:
    """A /64 is what one host is given."""
    network = new_network()
    hosts = [f"{network}:{secrets.randbits(16):x}::{n:x}" for n in range(ATTEMPTS)]
    assert accepted(asked(proxied, via(host))[0] for host in hosts) == BURST


def test_two_ipv6_networks_do_not_share(proxied: Server) -> None:
    use_up(proxied, via(f"{new_network()}::1"))
    assert is_allowed(proxied, via(f"{new_network()}::1"))


def test_a_proxy_that_names_nobody_is_limited_itself(proxied: Server) -> None:
    """C-5.2"""
    use_up(proxied, {})
    for nobody in ("", "unknown", ",", "_hidden", "-"):
        assert not is_allowed(proxied, via(nobody))
    assert is_allowed(proxied, via(new_address()))


def test_two_peers_do_not_share(proxied: Server) -> None:
    """C-5.1, C-5.2: without any header."""
    with from_peer(proxied, _stranger()) as first, from_peer(proxied, _stranger()) as second:
        for client in (first, second):
            statuses = [client.get(PATH).status_code for _ in range(ATTEMPTS)]
            assert accepted(statuses) == BURST
