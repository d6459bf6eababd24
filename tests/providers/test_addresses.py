"""Where a provider may be that an administrator has added, and where it may not (SSRF)."""

import asyncio
import socket
from ipaddress import ip_network
from typing import Any

import pytest

from providers.addresses import Reach
from providers.backends.mcp import Mcp
from providers.backends.openai_compatible import OpenAICompatible
from providers.base_urls import normalised, require_reachable
from providers.errors import AddressRefused, BadBaseUrl
from providers.types import Limits
from tests.mcp_server import served
from tests.providers.conftest import Opened, StartWire

INTERNET = Reach()
LOOPBACK = Reach((ip_network("127.0.0.0/8"),))

WIDE_LOOPBACK = "\uff11\uff12\uff17.\uff10.\uff10.\uff11"

PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "172.32.0.1", "100.63.255.255", "2606:4700:4700::1111"),
    *("::ffff:8.8.8.8", "64:ff9b::808:808"),
)
INSIDE = (
    *("127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
    *("169.254.169.254", "168.63.129.16", "100.64.0.1", "100.100.100.200", "192.0.0.192"),
    *("198.18.0.1", "192.88.99.1", "192.0.2.1", "203.0.113.9", "224.0.0.1", "239.1.1.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1"),
    *("::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
    *("2002:7f00:1::1", "2001:0:1::1", "2001:db8::1", "3fff::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1"),
    *("", "localhost", "1", "127.1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_may_be_reached(address: str) -> None:
    assert INTERNET.permits(address)


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_may_not(address: str) -> None:
    assert not INTERNET.permits(address)


def test_networks_may_be_allowed_one_by_one_or_all() -> None:
    assert LOOPBACK.permits("127.0.0.1")
    assert LOOPBACK.permits("::ffff:127.0.0.1")
    assert not LOOPBACK.permits("10.0.0.1")
    assert not LOOPBACK.permits("::1")
    everything = Reach((ip_network("0.0.0.0/0"), ip_network("::/0")))
    assert all(everything.permits(address) for address in ("10.0.0.1", "::1", "fe80::1%eth0"))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" https://API.Example.org/v1/ ", "https://api.example.org/v1"),
        ("HTTP://example.org:80", "http://example.org"),
        ("http://example.org:8080/a%20b", "http://example.org:8080/a%20b"),
        ("https://example.org./v1", "https://example.org/v1"),
        ("https://bücher.example/v1", "https://xn--bcher-kva.example/v1"),
        ("http://my_host/v1", "http://my_host/v1"),
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("http://127.0.0.1./x", "http://127.0.0.1/x"),
        ("http://[0:0::1]:80/v1", "http://[::1]/v1"),
        (f"http://{WIDE_LOOPBACK}/v1", "http://127.0.0.1/v1"),
        ("http://ⓛocalhost/v1", "http://localhost/v1"),
    ],
)
def test_an_address_has_one_spelling(written: str, kept: str) -> None:
    assert normalised(written) == kept
    assert normalised(kept) == kept


@pytest.mark.parametrize(
    "written",
    [
        *(
            "",
            "example.org",
            "//example.org",
            "http://",
            "http:///v1",
            "http://:80/",
            "https:x.org",
        ),
        *("ftp://example.org", "file:///etc/passwd", "gopher://example.org", "javascript://x"),
        *("http://user@example.org", "http://user:pass@example.org", "http://@example.org"),
        *("http://good.org\\@evil.org", "http://good.org#@evil.org", "http://good.org?@evil.org"),
        *("http://a b.org", "http://a\tb.org", "http://a\nb.org", "http://a\u200bb.org\u2028"),
        *("http://example.org:0", "http://example.org:99999", "http://example.org:x"),
        *("http://2130706433", "http://0x7f000001", "http://017700000001", "http://127.1"),
        *("http://0177.0.0.1", "http://0x7f.0.0.1", "http://127.0.0.0x1", "http://1.2.3.4.5"),
        *("http://127.0.0.256", "http://127.0.0.1..", "http://127%2e0.0.1", "http://%6cocalhost"),
        *("http://[fe80::1%25eth0]", "http://[fe80::1%eth0]", "http://[::1", "http://[v1.a]"),
        *("http://example.org/v1/../../admin", "http://example.org/%2e%2e/x", "http://x.org/a<b"),
        *(
            "http://example..org",
            "http://-x.org",
            "http://x*.org",
            "http://x,y.org",
            "http://" + "a" * 64,
        ),
        f"http://example.org/{'a' * 500}",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(written: str) -> None:
    with pytest.raises(BadBaseUrl):
        normalised(written)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "0.0.0.0"])
def test_a_private_address_is_refused_with_the_setting_that_would_allow_it(host: str) -> None:
    with pytest.raises(BadBaseUrl, match="PROVIDER_PRIVATE_NETWORKS"):
        require_reachable(f"http://{host}:8080/v1", INTERNET)


def test_a_host_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadBaseUrl, match="not known"):
        require_reachable("https://nobody.invalid/v1", INTERNET)


def _compatible(url: str, reach: Reach | None) -> OpenAICompatible:
    return OpenAICompatible(name="row", base_url=url, limits=Limits(reach=reach))


async def test_the_address_is_checked_when_it_is_connected_to(
    wire: StartWire, opened: Opened
) -> None:
    server = await wire([b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":[]}'])
    with pytest.raises(AddressRefused, match="PROVIDER_PRIVATE_NETWORKS"):
        await opened(_compatible(server.url, INTERNET)).models()
    assert server.connections == 0
    assert await opened(_compatible(server.url, LOOPBACK)).models() == ()
    assert await opened(_compatible(server.url, None)).models() == ()


async def test_a_name_that_leads_elsewhere_after_it_was_checked_is_refused(
    wire: StartWire, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await wire([b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":[]}'])
    port = int(server.url.rpartition(":")[2])

    async def rebound(*args: Any, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", rebound)
    with pytest.raises(AddressRefused):
        await opened(_compatible(f"http://models.example.org:{port}", INTERNET)).models()
    assert server.connections == 0


async def test_a_redirect_is_not_followed(wire: StartWire, opened: Opened) -> None:
    inside = await wire([b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"data":[]}'])
    head = f"HTTP/1.1 307 Go\r\nlocation: {inside.url}/models\r\ncontent-length: 0\r\n\r\n"
    outside = await wire([head.encode()])
    with pytest.raises(Exception, match="307"):
        await opened(_compatible(outside.url, LOOPBACK)).models()
    assert inside.connections == 0


async def test_an_mcp_server_is_checked_too(opened: Opened) -> None:
    with served("chat") as world:
        for reach, expected in ((INTERNET, None), (LOOPBACK, ["chat"])):
            provider = opened(Mcp(name="row", url=world.url, limits=Limits(reach=reach)))
            if expected is None:
                with pytest.raises(AddressRefused):
                    await provider.models()
                assert not world.heard
            else:
                assert [model.id for model in await provider.models()] == expected
