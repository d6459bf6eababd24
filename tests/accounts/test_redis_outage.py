"""What the rate limit does while Redis is away, and when it is back (C-5.8)."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from structlog.testing import CapturingLogger

from accounts import quota as engine
from accounts.quota import Quota
from tests.accounts.quotas import PATIENT, back, bucket, opened, silent, take
from tests.conftest import found
from tests.services import RedisServer, free_port

pytestmark = pytest.mark.redis


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that may be stopped."""
    server = found(RedisServer.started)
    yield server
    with suppress(ProcessLookupError):
        server.stop()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    logger = CapturingLogger()
    monkeypatch.setattr(engine, "logger", logger)
    return logger


def events(logged: CapturingLogger) -> list[tuple[str, Any]]:
    return [(call.method_name, call.args[0]) for call in logged.calls]


async def test_a_redis_that_is_away_from_the_start_is_done_without(
    own_redis: RedisServer, logged: CapturingLogger
) -> None:
    """C-5.8"""
    own_redis.halt()
    async with opened(own_redis.url) as quota:
        mine = bucket(burst=3)
        assert await take(quota, mine, times=2) == [True, True]
        await asyncio.to_thread(own_redis.resume)
        await back(quota)
        # What was used meanwhile counts, for others too.
        assert await take(quota, mine, times=2) == [True, False]
    async with opened(own_redis.url, PATIENT) as other:
        assert await take(other, mine, times=1) == [False]
    assert events(logged) == [
        ("warning", "rate_limit_redis_away"),
        ("info", "rate_limit_redis_back"),
    ]


async def test_what_was_used_before_counts_while_it_is_away(own_redis: RedisServer) -> None:
    async with opened(own_redis.url) as one, opened(own_redis.url) as other:
        shared = bucket(burst=4)
        await take(one, shared, times=3)
        await take(other, shared, times=1)
        own_redis.halt()
        assert await take(other, shared, times=2) == [False, False]
        assert not other.is_shared


async def test_what_redis_forgot_in_a_restart_still_counts(own_redis: RedisServer) -> None:
    async with opened(own_redis.url, PATIENT) as quota:
        mine = bucket(burst=3)
        assert await take(quota, mine, times=2) == [True, True]
        own_redis.halt()
        await asyncio.to_thread(own_redis.resume)
        # The script has to be loaded anew, too.
        assert await take(quota, mine, times=2) == [True, False]
        await back(quota)
        assert await take(quota, mine, times=1) == [False]


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
    ],
)
async def test_a_redis_that_takes_no_writes_is_away(
    own_redis: RedisServer, logged: CapturingLogger, spoil: str, mend: str
) -> None:
    """It answers a ping: only a write shows it, and the state must not flap."""
    with redis.Redis.from_url(own_redis.url) as operator:
        async with opened(own_redis.url) as quota:
            await quota.take([bucket()])
            operator.execute_command(spoil)
            mine = bucket(burst=2)
            assert await take(quota, mine, times=3) == [True, True, False]
            await asyncio.sleep(0.6)
            assert not quota.is_shared
            assert events(logged) == [("warning", "rate_limit_redis_away")]
            operator.execute_command(mend)
            await back(quota)


async def test_a_redis_that_never_answers_holds_up_one_request_briefly(
    logged: CapturingLogger,
) -> None:
    async with silent() as url, opened(url) as quota:
        mine, waits = bucket(burst=3), []
        for expected in (True, True, True, False):
            started = time.perf_counter()
            assert (await quota.take([mine])).allowed == expected
            waits.append(time.perf_counter() - started)
        assert 0.04 < waits[0] < 1
        # The others wait for nothing, but perhaps for this machine.
        assert sorted(waits[1:])[1] < 0.04
        await asyncio.sleep(0.2)
        assert events(logged) == [("warning", "rate_limit_redis_away")]


async def test_a_busy_process_is_no_redis_that_is_away(
    redis_url: str, logged: CapturingLogger
) -> None:
    """Every timeout passes while the event loop stands still, however quick Redis is."""
    async with opened(redis_url) as quota:
        mine = bucket(burst=2)
        await quota.take([mine])
        asking = asyncio.create_task(quota.take([mine]))
        await asyncio.sleep(0)
        time.sleep(0.2)
        assert (await asking).allowed
        await back(quota)
        assert await take(quota, mine, times=1) == [False]
    assert events(logged) == []


async def test_a_closed_quota_still_limits() -> None:
    quota, mine = Quota(f"redis://127.0.0.1:{free_port()}/0"), bucket(burst=2)
    await quota.take([mine])
    await quota.aclose()
    assert await take(quota, mine, times=2) == [True, False]


async def test_the_password_is_not_logged(redis_url: str, logged: CapturingLogger) -> None:
    parts = urlsplit(redis_url)
    url = parts._replace(netloc=f"nobody:sesame@{parts.hostname}:{parts.port}").geturl()
    async with opened(url) as quota:
        assert (await quota.take([bucket()])).allowed
        await asyncio.sleep(0.2)
    assert events(logged) == [("warning", "rate_limit_redis_away")]
    assert "sesame" not in repr(logged.calls)


async def test_a_redis_that_is_killed_costs_no_request_and_no_limit(
    own_redis: RedisServer,
) -> None:
    """2,000 requests of 20 clients, with a kill -9 in the middle and a restart after it."""
    shared, waits, allowed = bucket(rps=100, burst=50), [], 0

    async def ask(quota: Quota) -> None:
        nonlocal allowed
        for _ in range(100):
            started = time.perf_counter()
            verdict = await quota.take([shared])
            allowed += verdict.allowed
            waits.append(time.perf_counter() - started)
            await asyncio.sleep(0.02)

    async with opened(own_redis.url) as quota:
        started = time.perf_counter()
        clients = asyncio.gather(*(ask(quota) for _ in range(20)))
        await asyncio.sleep(0.7)
        await asyncio.to_thread(kill, own_redis)
        await asyncio.sleep(0.3)
        assert not quota.is_shared
        await asyncio.to_thread(own_redis.resume)
        await clients
        seconds = time.perf_counter() - started
        await back(quota)
    sys.stdout.write(f"the longest of {len(waits)} took {max(waits) * 1000:.1f} ms\n")
    assert len(waits) == 2000
    assert max(waits) < 1
    # One more for each answer that was on its way when others went on without Redis.
    assert 50 <= allowed <= 50 + 100 * seconds + 8


def kill(server: RedisServer) -> None:
    server.kill()
