"""The rests of providers in Django's cache, which all workers share where it is in Redis."""

from django.core.cache import cache

_KEPT_SECONDS = 60


class CachedRests:
    def until(self, name: str) -> float:
        return float(cache.get(_key(name)) or 0.0)

    def rest(self, name: str, until: float) -> None:
        cache.set(_key(name), until, _KEPT_SECONDS)

    def end(self, name: str) -> None:
        cache.delete(_key(name))


def _key(name: str) -> str:
    return f"provider-rests:{name}"
