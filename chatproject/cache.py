"""Django's cache in Redis, or in this process's memory while Redis is away."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from chatproject.cache_settings import IN_MEMORY

T = TypeVar("T")

_AWAY_SECONDS = 5.0


class RedisOrMemoryCache(RedisCache):
    """For counts that are better kept for one process than refused: never an error."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._away_until = 0.0
        self._memory = LocMemCache("while-redis-is-away", {"OPTIONS": IN_MEMORY})

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._tried(super().add, self._memory.add, *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._tried(super().get, self._memory.get, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._tried(super().set, self._memory.set, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return self._tried(super().incr, self._memory.incr, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._tried(super().delete, self._memory.delete, *args, **kwargs)

    def _tried(
        self, first: Callable[..., T], instead: Callable[..., T], *args: Any, **kwargs: Any
    ) -> T:
        if time.monotonic() >= self._away_until:
            try:
                return first(*args, **kwargs)
            except (RedisError, OSError):
                # Each call would wait for it again.
                self._away_until = time.monotonic() + _AWAY_SECONDS
        return instead(*args, **kwargs)
