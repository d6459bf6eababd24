"""Load on a limited server, and how much of it was let through."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx
from redis import Redis

from tests.api.limits import PATH
from tests.client import Server
from tests.services import RedisServer

RPS, BURST = 20, 20
LIMITED = {"RATE_RPS": str(RPS), "RATE_BURST": str(BURST), "TRUSTED_PROXIES": "127.0.0.1"}
CONNECTIONS = 30
MOST_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What came of a load by one caller; `seconds` from its first to its last moment."""

    statuses: tuple[int, ...]
    worst: float
    seconds: float

    @property
    def accepted(self) -> int:
        assert set(self.statuses) <= {404, 429}, sorted(set(self.statuses))
        return self.statuses.count(404)

    @property
    def allowed(self) -> float:
        return BURST + RPS * self.seconds

    def __str__(self) -> str:
        return (
            f"{len(self.statuses)} requests in {self.seconds:.1f} s: accepted {self.accepted} of"
            f" allowed {self.allowed:.1f} ({self.accepted / self.allowed:.1%}),"
            f" worst answer {self.worst * 1000:.0f} ms"
        )


async def load(server: Server, headers: Mapping[str, str], *, requests: int) -> Load:
    """Ten times what the server gives, over many connections."""
    seats = asyncio.Semaphore(CONNECTIONS)
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS // 2)
    began = time.monotonic()

    async def ask(number: int) -> tuple[int, float]:
        await asyncio.sleep(began + number / (10 * RPS) - time.monotonic())
        async with seats:
            sent = time.monotonic()
            answer = await client.get(PATH, headers=headers)
            return answer.status_code, time.monotonic() - sent

    client = httpx.AsyncClient(
        base_url=server.url, limits=limits, trust_env=False, timeout=20, verify=False
    )
    async with client, asyncio.timeout(MOST_SECONDS):
        answers = await asyncio.gather(*(ask(number) for number in range(requests)))
    statuses, durations = zip(*answers, strict=True)
    return Load(statuses, max(durations), time.monotonic() - began)


def keys_in(redis: RedisServer, pattern: str = "parley:rate:*") -> list[bytes]:
    with Redis.from_url(redis.url, socket_timeout=5) as client:
        return list(client.scan_iter(pattern))


def configure(redis: RedisServer, name: str, value: str) -> None:
    """Sets one of its options while it runs."""
    with Redis.from_url(redis.url, socket_timeout=5) as client:
        client.config_set(name, value)
