"""Asking a server that has little to give, and telling what a refusal is."""

import math
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from ipaddress import IPv4Address, IPv6Address

import httpx

from tests.client import Server

# Known to no dialect: it costs a token, and reaches neither a database nor a provider.
PATH = "/nothing"
ADMIN_TOKEN = "the-operator's-token"
BURST = 3
# Nothing that a test could notice flows back.
STINGY = {"RATE_RPS": "0.001", "RATE_BURST": str(BURST), "ADMIN_TOKEN": ADMIN_TOKEN}
BEHIND_PROXY = {"TRUSTED_PROXIES": "127.0.0.1"}
STATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


def new_address() -> str:
    """An IPv4 address that no other test has; `random` starts anew for each of them."""
    return str(IPv4Address(0x0A000000 + secrets.randbelow(2**24)))


def new_network() -> str:
    """The front half of IPv6 addresses: `2001:db8:1:2`."""
    front = IPv6Address((0x20010DB8 << 96) + (secrets.randbits(32) << 64))
    return ":".join(front.exploded.split(":")[:4])


def new_key() -> str:
    return f"key-{secrets.token_hex(8)}"


def via(address: str) -> dict[str, str]:
    """What a proxy says of whom it was asked by."""
    return {"X-Forwarded-For": address}


def with_key(key: str, address: str | None = None) -> dict[str, str]:
    """The headers of a caller with a key, from an address that has not asked before."""
    return {"X-API-Key": key, **via(address or new_address())}


def with_bearer(token: str, address: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **via(address or new_address())}


def operator(address: str | None = None) -> dict[str, str]:
    """The headers of a call to the bypass list that is not held up by the test's own load."""
    return {"X-Admin-Token": ADMIN_TOKEN, **via(address or new_address())}


def asked(server: Server, headers: Mapping[str, str], times: int = 1) -> list[int]:
    """The statuses, one after the other: 404 for what was allowed, else 429."""
    return [server.get(PATH, headers=headers).status_code for _ in range(times)]


def is_allowed(server: Server, headers: Mapping[str, str]) -> bool:
    (status,) = asked(server, headers)
    assert status in (404, 429)
    return status == 404


def use_up(server: Server, headers: Mapping[str, str]) -> httpx.Response:
    """The first refusal."""
    for _ in range(1000):
        answer = server.get(PATH, headers=headers)
        if answer.status_code == 429:
            return answer
        assert answer.status_code == 404, answer.text
    raise AssertionError("a thousand requests, and none was refused")


def wait_in(answer: httpx.Response) -> float:
    """The seconds to wait, when the answer is a refusal in the form of C-5.3."""
    assert answer.status_code == 429, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"error", "retry_after"}
    assert body["error"] == "rate_limited"
    seconds: float = body["retry_after"]
    assert isinstance(seconds, int | float)
    assert seconds >= 0
    assert answer.headers["Retry-After"] == str(max(1, math.ceil(seconds)))
    return seconds


def accepted(statuses: Iterable[int]) -> int:
    """How many were allowed; fails for a status that is neither."""
    seen = list(statuses)
    assert set(seen) <= {404, 429}, sorted(set(seen))
    return seen.count(404)


@contextmanager
def from_peer(server: Server, peer: str) -> Iterator[httpx.Client]:
    """A client at another loopback address, which is what the server sees as its peer."""
    transport = httpx.HTTPTransport(verify=False, local_address=peer)
    with httpx.Client(base_url=server.url, transport=transport, trust_env=False) as client:
        yield client


def sent_as_it_stands(
    server: Server, *fields: tuple[str, str], path: str = PATH, peer: str = "127.0.0.1"
) -> int:
    """The status, where httpx would tidy the path up, or refuse the header."""
    source = (peer, 0)
    with closing(HTTPConnection("127.0.0.1", server.port, 10, source_address=source)) as line:
        line.putrequest("GET", path)
        for name, value in fields:
            line.putheader(name, value.encode("latin-1"))
        line.endheaders()
        return line.getresponse().status


def sleep_until(moment: float) -> None:
    """By the clock of `time.monotonic`."""
    time.sleep(max(0.0, moment - time.monotonic()))
