"""Which models each provider has: asked once, kept for an hour."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from providers.errors import ProviderError
from providers.registry import Registry, registry
from providers.types import ModelInfo

_FAILURE_TTL = 30.0
_PATIENCE = 2.0

_Fetch = asyncio.Task[tuple[ModelInfo, ...]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A provider's models; `cached` when nobody had to be asked."""

    models: tuple[ModelInfo, ...]
    cached: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    models: tuple[ModelInfo, ...]
    ids: frozenset[str]
    until: float


class Catalogue:
    """The model lists of a registry's providers; times are in seconds."""

    def __init__(
        self,
        registry: Registry,
        ttl: float = 3600,
        *,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registry = registry
        self._ttl = ttl
        self._patience = patience
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._listed: set[str] = set()
        self._failed_until: dict[str, float] = {}
        self._fetches: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Fetch]]
        self._fetches = WeakKeyDictionary()

    async def models(self, name: str) -> Listing:
        """Raises ProviderFault, and ProviderNotFound; neither is kept.

        The first answer is never called cached, though routing may have asked before (V-4.2).
        """
        name = self.registry.normalise(name)
        kept = self._fresh(name)
        models = kept.models if kept else await self._fetched(name)
        cached = kept is not None and name in self._listed
        self._listed.add(name)
        return Listing(models, cached)

    async def known_ids(self, name: str) -> frozenset[str]:
        """For routing: empty, soon, when the list cannot be had (C-9.3)."""
        if kept := self._fresh(name):
            return kept.ids
        if self._clock() < self._failed_until.get(name, 0.0):
            return frozenset()
        try:
            async with asyncio.timeout(self._patience):
                models = await self._fetched(name)
        except (ProviderError, TimeoutError):
            self._failed_until[name] = self._clock() + _FAILURE_TTL
            return frozenset()
        return frozenset(model.id for model in models)

    async def look(self, name: str) -> None:
        """Ask anew, and keep the answer: for the health page. Raises ProviderFault."""
        await self._fetched(self.registry.normalise(name))

    def kept_ids(self, name: str) -> frozenset[str]:
        """What is known without asking; empty when nothing is."""
        kept = self._fresh(name)
        return kept.ids if kept else frozenset()

    def _fresh(self, name: str) -> _Kept | None:
        kept = self._kept.get(name)
        return kept if kept and self._clock() < kept.until else None

    async def _fetched(self, name: str) -> tuple[ModelInfo, ...]:
        # The shield: a caller that leaves does not take the list from the others who wait.
        return await asyncio.shield(self._fetch(name))

    def _fetch(self, name: str) -> _Fetch:
        fetches = self._fetches.setdefault(asyncio.get_running_loop(), {})
        if name not in fetches:
            fetches[name] = asyncio.create_task(self._ask(name))
            fetches[name].add_done_callback(lambda done: _forget(fetches, name, done))
        return fetches[name]

    async def _ask(self, name: str) -> tuple[ModelInfo, ...]:
        models = await self.registry.get(name).models()
        until = self._clock() + self._ttl
        self._kept[name] = _Kept(models, frozenset(model.id for model in models), until)
        self._failed_until.pop(name, None)
        return models


def _forget(fetches: dict[str, _Fetch], name: str, done: _Fetch) -> None:
    fetches.pop(name, None)
    if not done.cancelled():
        # Looked at even if all callers have left, or asyncio complains of it.
        done.exception()


_current: Catalogue | None = None


def catalogue() -> Catalogue:
    """The process's own, for the process's own registry."""
    global _current
    if _current is None or _current.registry is not registry():
        _current = Catalogue(registry())
    return _current
