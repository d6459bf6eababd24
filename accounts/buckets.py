"""Token buckets in this process's memory, each kept as the one moment at which it is full again.

The formula is the Generic Cell Rate Algorithm in its virtual scheduling form (ITU-T I.371,
annex A; for requests: https://brandur.org/rate-limiting). With one token each T = 1/rps seconds
and TAT, the theoretical arrival time:

    allowed   now >= TAT - (burst - 1) * T
    charged   TAT = max(TAT, now) + T

That is a token bucket without a process that drips: `burst - (TAT - now) / T` tokens are left.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

# Sums of fractions of seconds are not exact: a token that is this near, in seconds, is there.
TOLERANCE = 1e-6
_LOOKED_AT_PER_CHARGE = 2


@dataclass(frozen=True, slots=True)
class Rate:
    """Tokens per second, which may be a fraction, and the size of the bucket, at least 1."""

    rps: float
    burst: int

    @property
    def interval(self) -> float:
        """Seconds from one token to the next."""
        return 1 / self.rps


@dataclass(frozen=True, slots=True)
class Bucket:
    """One identity's. The key is stored and shown: a credential is hashed by whoever makes it."""

    key: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one request against all of its buckets; times are in seconds.

    After `retry_after` one request is allowed again (C-5.4); it is 0.0 for one that is allowed
    now. `limit`, `remaining` and `reset_after` are the tightest bucket's: its size, the whole
    tokens it has left after this request, and the time until it is full.
    """

    allowed: bool
    retry_after: float
    limit: int
    remaining: int
    reset_after: float


class LocalBuckets:
    """The buckets of one process; a bucket that is full again is forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        # Ordered, because the oldest entry of a plain dict is slow to find once many are gone.
        self._tats: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tats)

    def take(self, buckets: Sequence[Bucket]) -> Verdict:
        """A token from each of the buckets, at least one bucket, or from none of them."""
        now = self.clock()
        tats = [self._tat(bucket, now) for bucket in buckets]
        allowed = all(_wait(*pair, now) <= TOLERANCE for pair in zip(buckets, tats, strict=True))
        if allowed:
            tats = [tat + bucket.rate.interval for bucket, tat in zip(buckets, tats, strict=True)]
            for bucket, tat in zip(buckets, tats, strict=True):
                self.learn(bucket.key, tat)
        return verdict(buckets, tats, now, allowed=allowed)

    def learn(self, key: str, tat: float) -> None:
        """The bucket is full at `tat`, on this clock, or later when that is known already."""
        self._tats[key] = max(tat, self._tats.get(key, tat))
        self._forget_full()

    def tat(self, key: str) -> float | None:
        """None when nothing says that the bucket is not full."""
        return self._tats.get(key)

    def _tat(self, bucket: Bucket, now: float) -> float:
        latest = now + bucket.rate.burst * bucket.rate.interval
        # It is later where the rate was another one when the bucket was charged.
        return min(max(self._tats.get(bucket.key, now), now), latest)

    def _forget_full(self) -> None:
        """A look at some old entries for each new one: no request pays for all of them."""
        now = self.clock()
        for _ in range(min(_LOOKED_AT_PER_CHARGE, len(self._tats))):
            key = next(iter(self._tats))
            if self._tats[key] <= now:
                del self._tats[key]
            else:
                self._tats.move_to_end(key)


def verdict(
    buckets: Sequence[Bucket], tats: Iterable[float], now: float, *, allowed: bool
) -> Verdict:
    """What the moments say, once the request was charged for or refused."""
    states = [
        (0.0 if allowed else _wait(bucket, tat, now), _tokens(bucket, tat, now), bucket, tat)
        for bucket, tat in zip(buckets, tats, strict=True)
    ]
    # The one that makes the client wait longest, else the one with the fewest tokens.
    wait, tokens, bucket, tat = min(states, key=lambda state: (-state[0], state[1]))
    return Verdict(
        allowed=allowed,
        retry_after=_whole_milliseconds(wait),
        limit=bucket.rate.burst,
        remaining=tokens,
        reset_after=max(0.0, tat - now),
    )


def _wait(bucket: Bucket, tat: float, now: float) -> float:
    return tat - (bucket.rate.burst - 1) * bucket.rate.interval - now


def _tokens(bucket: Bucket, tat: float, now: float) -> int:
    left = bucket.rate.burst - (tat - now - TOLERANCE) / bucket.rate.interval
    return min(bucket.rate.burst, max(0, math.floor(left)))


def _whole_milliseconds(seconds: float) -> float:
    """Rounded up, but for what is within the tolerance anyway."""
    return max(0, math.ceil((seconds - TOLERANCE / 2) * 1000)) / 1000
