"""The token buckets in memory, exact against a plain model (contracts/common.md C-5)."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.buckets import LocalBuckets
from accounts.quota import Bucket, Quota, Rate

RATES = st.builds(Rate, rps=st.floats(0.05, 500), burst=st.integers(1, 8))


class Clock:
    """Moves when it is told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Tokens:
    """What C-5 says in its own words: so many tokens, refilled as time goes by, starting full."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self.left = float(rate.burst)
        self._at = now

    def refill(self, now: float) -> None:
        self.left = min(self.rate.burst, self.left + (now - self._at) * self.rate.rps)
        self._at = now

    @property
    def wait(self) -> float:
        """Seconds until there is a whole token; negative when there is more than one."""
        return (1 - self.left) / self.rate.rps


def spend(local: LocalBuckets, bucket: Bucket, times: int) -> list[bool]:
    return [local.take([bucket]).allowed for _ in range(times)]


@settings(deadline=None)
@given(
    rates=st.tuples(RATES, RATES),
    requests=st.lists(st.tuples(st.floats(0, 3), st.sampled_from([(0,), (1,), (0, 1)]))),
)
def test_buckets_do_what_counted_tokens_do(
    rates: tuple[Rate, Rate], requests: Sequence[tuple[float, tuple[int, ...]]]
) -> None:
    """C-5, C-5.1: all of a request's buckets must have a token, else none is charged."""
    clock = Clock()
    local, model = LocalBuckets(clock), [Tokens(rate, clock.now) for rate in rates]
    for seconds, used in requests:
        clock.now += seconds
        for tokens in model:
            tokens.refill(clock.now)
        waits = [model[index].wait for index in used]
        verdict = local.take([Bucket(str(index), rates[index]) for index in used])
        if abs(max(waits)) > 2e-6:
            assert verdict.allowed == (max(waits) <= 0)
            assert verdict.retry_after == pytest.approx(max(0, *waits), abs=0.001 + 2e-6)
        for index in used if verdict.allowed else ():
            model[index].left -= 1


@settings(deadline=None)
@given(rate=RATES, waited=st.floats(0, 1))
def test_after_the_wait_exactly_one_request_is_allowed(rate: Rate, waited: float) -> None:
    """C-5.4"""
    clock = Clock(123456.789)
    local, bucket = LocalBuckets(clock), Bucket("a", rate)
    assert all(spend(local, bucket, rate.burst))
    clock.now += waited * rate.interval * 0.99
    refused = local.take([bucket])
    assert not refused.allowed
    assert refused.retry_after > 0
    clock.now += refused.retry_after
    # Rounded up to a millisecond, in which the fastest of these rates has half a token.
    assert spend(local, bucket, 2) == [True, False]


@settings(deadline=None)
@given(rate=RATES)
def test_a_request_just_before_the_wait_is_over_is_refused(rate: Rate) -> None:
    clock = Clock()
    local, bucket = LocalBuckets(clock), Bucket("a", rate)
    spend(local, bucket, rate.burst)
    clock.now += rate.interval - 1e-5
    assert not local.take([bucket]).allowed


def test_a_wait_of_whole_milliseconds_is_told_as_it_is() -> None:
    local, bucket = LocalBuckets(Clock()), Bucket("a", Rate(rps=5, burst=1))
    local.take([bucket])
    assert local.take([bucket]).retry_after == 0.2


def test_a_verdict_tells_of_the_tightest_bucket() -> None:
    clock = Clock()
    local = LocalBuckets(clock)
    wide, tight = Bucket("wide", Rate(rps=1, burst=9)), Bucket("tight", Rate(rps=0.5, burst=2))
    first = local.take([wide, tight])
    assert (first.allowed, first.retry_after) == (True, 0.0)
    assert (first.limit, first.remaining, first.reset_after) == (2, 1, 2.0)
    local.take([wide, tight])
    refused = local.take([wide, tight])
    assert (refused.allowed, refused.retry_after) == (False, 2.0)
    assert (refused.limit, refused.remaining, refused.reset_after) == (2, 0, 4.0)
    assert local.take([wide]).remaining == 6


def test_what_a_slower_rate_has_charged_is_no_more_than_an_empty_bucket() -> None:
    local = LocalBuckets(Clock())
    spend(local, Bucket("a", Rate(rps=0.001, burst=5)), 5)
    assert local.take([Bucket("a", Rate(rps=1, burst=5))]).retry_after == 1.0


def test_a_flood_of_new_identities_does_not_fill_the_memory() -> None:
    """As many entries as buckets are not full, give or take a little."""
    clock, rate = Clock(), Rate(rps=1, burst=5)
    local, most = LocalBuckets(clock), 0
    # Some that stay for long must not hide the others behind them.
    for number in range(100):
        local.take([Bucket(f"slow:{number}", Rate(rps=0.001, burst=5))])
    for number in range(50_000):
        clock.now += 0.001
        local.take([Bucket(f"ip:{number}", rate)])
        most = max(most, len(local))
    assert 1100 <= most < 2750


def test_a_bucket_in_use_is_not_forgotten_in_a_flood() -> None:
    clock = Clock()
    local, slow = LocalBuckets(clock), Bucket("slow", Rate(rps=0.001, burst=2))
    spend(local, slow, 2)
    for number in range(10_000):
        clock.now += 0.001
        local.take([Bucket(f"ip:{number}", Rate(rps=1000, burst=5))])
    assert not local.take([slow]).allowed


async def test_without_redis_requests_are_limited_in_memory() -> None:
    """C-5.8"""
    quota, bucket = Quota(None, clock=Clock()), Bucket("a", Rate(rps=1, burst=2))
    verdicts = [await quota.take([bucket]) for _ in range(3)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, False]
    assert not quota.is_shared
    await quota.aclose()
