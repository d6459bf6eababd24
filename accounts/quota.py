"""The rate limit's engine (contracts/common.md C-5): in Redis where there is one, else in memory.

Why not a library: `limits`, `throttled-py` and `pyrate-limiter` charge one key with each call, so
that a request with two identities could pay for the one and be refused for the other. With none
of them does a request wait for Redis for a bounded time and then go on with buckets in memory
that know what was used before; `limits` has windows in place of a token bucket.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextvars import Context

import structlog

from accounts import measures
from accounts.buckets import Bucket, LocalBuckets, Rate, Verdict
from accounts.redis_buckets import AWAY, RedisBuckets

__all__ = ["Bucket", "Quota", "Rate", "Verdict"]

logger = structlog.get_logger(__name__)

# The most that a request waits for Redis, in seconds.
_PATIENCE = 0.05
_BETWEEN_PROBES = 0.25


class Quota:
    """The buckets of one event loop, shared with other processes where Redis can be reached."""

    def __init__(
        self,
        redis_url: str | None,
        *,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local = LocalBuckets(clock)
        self._redis = RedisBuckets(redis_url, self._local, patience=patience) if redis_url else None
        self._return: asyncio.Task[None] | None = None

    @property
    def is_shared(self) -> bool:
        """Whether the next request is charged in Redis."""
        return self._redis is not None and (self._return is None or self._return.done())

    async def take(self, buckets: Sequence[Bucket]) -> Verdict:
        """A token from each of the buckets, at least one bucket, or from none of them."""
        redis = self._redis
        if redis is not None:
            if self.is_shared:
                try:
                    return await redis.take(buckets)
                except AWAY as error:
                    self._do_without(redis, error)
            measures.charged_alone()
        return self._local.take(buckets)

    async def aclose(self) -> None:
        """Requests that still come are charged in memory."""
        redis, self._redis = self._redis, None
        if self._return is not None:
            self._return.cancel()
            await asyncio.gather(self._return, return_exceptions=True)
        if redis is not None:
            await redis.aclose()

    def _do_without(self, redis: RedisBuckets, error: Exception) -> None:
        """Others may have failed at the same time: one task waits for Redis for all of them."""
        if self.is_shared:
            # A context of its own: the request that failed is over long before Redis is back.
            waiting = _until_it_answers(redis, error)
            self._return = asyncio.create_task(waiting, context=Context())


async def _until_it_answers(redis: RedisBuckets, error: Exception) -> None:
    # The fault may be this process's own: while it is busy every timeout passes.
    if await _answers(redis):
        return
    # The name alone: a message could hold what the URL does.
    logger.warning("rate_limit_redis_away", error=type(error).__name__)
    while True:
        await asyncio.sleep(_BETWEEN_PROBES)
        if await _answers(redis):
            break
    logger.info("rate_limit_redis_back")


async def _answers(redis: RedisBuckets) -> bool:
    try:
        await redis.probe()
    except AWAY:
        return False
    return True
