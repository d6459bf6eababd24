"""Django's cache: what sign-in failures are counted in."""

from typing import Any

# The default of 300 would let a flood of names push out the counts.
IN_MEMORY = {"MAX_ENTRIES": 100_000}
_PATIENCE_SECONDS = 0.25


def cache_settings(redis_url: str | None) -> dict[str, Any]:
    """Redis where there is one, shared by all workers; else this process's memory."""
    if redis_url is None:
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": IN_MEMORY,
        }
    return {
        "BACKEND": "chatproject.cache.RedisOrMemoryCache",
        "LOCATION": redis_url,
        "KEY_PREFIX": "parley",
        "OPTIONS": {
            "socket_timeout": _PATIENCE_SECONDS,
            "socket_connect_timeout": _PATIENCE_SECONDS,
        },
    }
