"""The same buckets in Redis, shared by all processes: one script call for each request."""

import asyncio
from collections.abc import Sequence

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from accounts.buckets import TOLERANCE, Bucket, LocalBuckets, Rate, Verdict, verdict

# What can be wrong with Redis: also a replica that takes no writes, one that loads, one that is
# full. TimeoutError and what a socket raises are OSErrors.
AWAY = (RedisError, OSError)

_PREFIX = "parley:rate:"
_CONNECTIONS = 8
# Full again at once: it is charged to see that Redis takes writes.
_PROBE = Bucket("probe", Rate(rps=1000, burst=1000))

# The formula of `accounts.buckets`, by the clock of Redis. Each bucket has three arguments: T,
# the burst, and the moment that the caller knows of. Nothing is stored of a full bucket.
_SCRIPT = f"""
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local known, tats, allowed = {{}}, {{}}, 1
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  known[i] = tonumber(redis.call('GET', key) or now)
  local tat = math.max(known[i], tonumber(ARGV[3 * i]), now)
  tats[i] = math.min(tat, now + burst * interval)
  if tats[i] - (burst - 1) * interval - now > {TOLERANCE:.9f} then allowed = 0 end
end
local answer = {{allowed, string.format('%.6f', now)}}
for i, key in ipairs(KEYS) do
  if allowed == 1 then tats[i] = tats[i] + tonumber(ARGV[3 * i - 2]) end
  local text = string.format('%.6f', tats[i])
  if tats[i] > known[i] then
    -- One more, because Redis counts from the start of its current millisecond.
    local lifetime = math.min(math.ceil((tats[i] - now) * 1000) + 1, 1e15)
    redis.call('SET', key, text, 'PX', string.format('%.0f', lifetime))
  end
  answer[i + 2] = text
end
return answer
"""


class RedisBuckets:
    """Charges in Redis, and tells the local buckets what is used there.

    What the local buckets know goes along with each request as a floor, so that neither what was
    used while Redis was away nor what it forgot in a restart is given out again.
    """

    def __init__(self, url: str, local: LocalBuckets, *, patience: float) -> None:
        self._local = local
        self._patience = patience
        # No `socket_timeout`: one timeout around all is enough, and redis-py's own costs each
        # command a task. RESP2 needs fewer round trips for a new connection.
        self._client = Redis.from_url(
            url,
            max_connections=_CONNECTIONS,
            socket_connect_timeout=patience,
            socket_timeout=None,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        # The pool refuses whom it has no connection for: here they wait for one.
        self._places = asyncio.Semaphore(self._client.connection_pool.max_connections)
        self._script = self._client.register_script(_SCRIPT)
        self._clock = _RedisClock()

    async def take(self, buckets: Sequence[Bucket]) -> Verdict:
        """Raises one of AWAY, after `patience` seconds at the latest."""
        # A command that is cut off here closes its connection, or the next one on it would be
        # given its answer (redis-py issue 2624).
        async with asyncio.timeout(self._patience), self._places:
            return await self._ask(buckets)

    async def probe(self) -> None:
        """Raises one of AWAY when `take` would."""
        await self.take([_PROBE])

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, buckets: Sequence[Bucket]) -> Verdict:
        keys = [_PREFIX + bucket.key for bucket in buckets]
        floors = [self._clock.there(self._local.tat(bucket.key)) for bucket in buckets]
        arguments: list[str | int] = []
        for bucket, floor in zip(buckets, floors, strict=True):
            arguments += [repr(bucket.rate.interval), bucket.rate.burst, f"{floor:.6f}"]
        sent = self._local.clock()
        allowed, now, *tats = await self._script(keys, arguments)
        self._clock.compare(float(now), between=(sent, self._local.clock()))
        full = [float(tat) for tat in tats]
        for bucket, tat in zip(buckets, full, strict=True):
            self._local.learn(bucket.key, self._clock.here(tat))
        return verdict(buckets, full, float(now), allowed=bool(allowed))


class _RedisClock:
    """How far the clock of Redis is ahead of ours, in seconds.

    An answer shows only that Redis looked at its clock between question and answer. The number
    is changed as little as that asks for: a moment that came from Redis then goes back to it as
    the same number. Were it measured anew each time, the buckets would fill later by the jitter
    of the network with each request.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def compare(self, theirs: float, *, between: tuple[float, float]) -> None:
        sent, received = between
        least, most = theirs - received, theirs - sent
        self._ahead = most if self._ahead is None else min(max(self._ahead, least), most)

    def here(self, theirs: float) -> float:
        return theirs - (self._ahead or 0.0)

    def there(self, ours: float | None) -> float:
        """0.0 for None, and before the first comparison."""
        return 0.0 if ours is None or self._ahead is None else ours + self._ahead
