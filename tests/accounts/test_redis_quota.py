"""The token buckets in Redis, shared by all processes (contracts/common.md C-5.8)."""

import asyncio
import random
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.quota import Quota, Verdict
from tests.accounts.quotas import PATIENT, bucket, delaying, opened, take

pytestmark = pytest.mark.redis


@settings(deadline=None, max_examples=30)
@given(
    bursts=st.tuples(*[st.integers(1, 4)] * 3),
    requests=st.lists(st.sets(st.integers(0, 2), min_size=1), max_size=12),
)
def test_redis_and_memory_say_the_same(
    redis_url: str, bursts: tuple[int, ...], requests: list[set[int]]
) -> None:
    buckets = [bucket(burst=burst) for burst in bursts]

    async def verdicts(url: str | None) -> list[Verdict]:
        quota = Quota(url, patience=PATIENT)
        taken = [await quota.take([buckets[index] for index in used]) for used in requests]
        assert quota.is_shared == (url is not None)
        await quota.aclose()
        return taken

    there, here = asyncio.run(verdicts(redis_url)), asyncio.run(verdicts(None))
    for one, other in zip(there, here, strict=True):
        assert (one.allowed, one.remaining) == (other.allowed, other.remaining)
        assert one.retry_after == pytest.approx(other.retry_after, abs=10)
        # Of two buckets that are empty alike, either one may be told of.
        if one.allowed:
            assert one.limit == other.limit
            assert one.reset_after == pytest.approx(other.reset_after, abs=10)


async def test_as_many_as_the_burst_are_allowed_at_once(redis_url: str) -> None:
    async with opened(redis_url, PATIENT) as quota:
        shared = bucket(burst=50)
        verdicts = await asyncio.gather(*(quota.take([shared]) for _ in range(200)))
        assert quota.is_shared
    assert sum(verdict.allowed for verdict in verdicts) == 50


async def test_processes_share_their_buckets(redis_url: str) -> None:
    """C-5.8"""
    async with opened(redis_url, PATIENT) as one, opened(redis_url, PATIENT) as other:
        shared = bucket(burst=4)
        assert await take(one, shared, times=2) == [True, True]
        assert await take(other, shared, times=3) == [True, True, False]


async def test_a_refused_request_is_charged_to_none_of_its_buckets(redis_url: str) -> None:
    """C-5.1"""
    async with opened(redis_url, PATIENT) as quota:
        narrow, wide = bucket(burst=1), bucket(burst=3)
        assert await take(quota, narrow, wide, times=5) == [True] + [False] * 4
    # Another one, so that it is Redis that says it.
    async with opened(redis_url, PATIENT) as quota:
        assert await take(quota, wide, times=3) == [True, True, False]


async def test_one_request_is_allowed_after_the_wait_and_not_before(redis_url: str) -> None:
    """C-5.4"""
    async with opened(redis_url, PATIENT) as quota:
        slow = bucket(rps=1, burst=1)
        await quota.take([slow])
        refused = await quota.take([slow])
        assert 0 < refused.retry_after <= 1
        await asyncio.sleep(refused.retry_after)
        assert await take(quota, slow, times=2) == [True, False]


async def test_a_full_bucket_leaves_nothing_behind(redis_url: str) -> None:
    quick = bucket(rps=2, burst=5)
    key = f"parley:rate:{quick.key}"
    async with opened(redis_url, PATIENT) as quota:
        await quota.take([quick])
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl(key) <= 501
        await asyncio.sleep(0.6)
        assert not client.exists(key)


async def test_the_networks_jitter_takes_no_tokens(redis_url: str) -> None:
    """C-5.4: a bucket is charged T for each request, however late the answers come."""
    slow, redis_said = bucket(rps=1, burst=1000), redis.Redis.from_url(redis_url)
    chance = random.Random(7)
    late = delaying(redis_url, lambda: chance.uniform(0, 0.02))
    async with late as url, opened(url, PATIENT) as quota:
        before = _seconds(redis_said.time())
        await quota.take([slow])
        after = _seconds(redis_said.time())
        # The clocks are compared at each answer, also between two charges of a bucket.
        for _ in range(39):
            await take(quota, slow, times=1)
            await take(quota, bucket(), times=1)
        assert quota.is_shared
    full_at = float(redis_said.get(f"parley:rate:{slow.key}") or 0)
    redis_said.close()
    assert before <= full_at - 40 <= after + 0.002


async def test_a_request_that_is_given_up_takes_no_ones_answer(redis_url: str) -> None:
    """redis-py issue 2624: the next command on its connection would be given its answer."""
    given_up, kept = bucket(burst=1000), bucket(burst=1000)
    chance = random.Random(7)
    async with delaying(redis_url, lambda: 0.005) as url, opened(url, PATIENT) as quota:
        for number in range(1, 41):
            leaving = [asyncio.create_task(quota.take([given_up])) for _ in range(3)]
            await asyncio.sleep(chance.uniform(0, 0.015))
            for task in leaving:
                task.cancel()
            verdict = await quota.take([kept])
            assert (verdict.allowed, verdict.remaining) == (True, 1000 - number)
            await asyncio.gather(*leaving, return_exceptions=True)
        assert quota.is_shared


def _seconds(moment: Any) -> float:
    return float(moment[0]) + float(moment[1]) / 1e6
