"""Which models each provider has: the last list that it gave, asked for again after an hour."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings

from providers.errors import ProviderError, ProviderFault, ProviderTimeout
from providers.fetching import Fetches
from providers.registry import Registry, registry
from providers.troubles import in_words
from providers.types import ModelInfo

_TTL = 3600.0
_FAILURE_TTL = 30.0
_PATIENCE = 2.0
# With a page to be there within 50 ms, and a provider nearby that has recovered.
_GLANCE = 0.02
_NEARLY_OLD = 0.9


@dataclass(frozen=True, slots=True)
class Listing:
    """A provider's models; `cached` when nobody had to be asked.

    `trouble` says in a few words why they may be out of date: they are the last that were known.
    """

    models: tuple[ModelInfo, ...]
    cached: bool
    trouble: str = ""


class ModelShelf(Protocol):
    """Where lists are kept beyond the process, with an identity of the server they came from."""

    def lists(self) -> Mapping[str, tuple[str, tuple[ModelInfo, ...]]]: ...

    def put(self, name: str, identity: str, models: tuple[ModelInfo, ...]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Kept:
    models: tuple[ModelInfo, ...]
    ids: frozenset[str]
    identity: str
    until: float


class Catalogue:
    """The model lists of a registry's providers; times are in seconds.

    Nobody waits for a provider whose list is known, nor for one that was silent the last time;
    a list that cannot be had anew stays as it was. `deadline` bounds each call.
    """

    def __init__(
        self,
        registry: Registry,
        ttl: float = _TTL,
        *,
        patience: float = _PATIENCE,
        deadline: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registry = registry
        self._ttl = ttl
        self._patience = patience
        self._deadline = deadline
        self._clock = clock
        self._shelf: ModelShelf | None = None
        self._kept: dict[str, _Kept] = {}
        self._listed: set[str] = set()
        self._failed_until: dict[str, float] = {}
        self._faults: dict[str, ProviderFault] = {}
        self._silent: set[str] = set()
        self._fetches = Fetches(self._ask)

    async def models(self, name: str) -> Listing:
        """Raises ProviderFault while no list is known, and ProviderNotFound.

        The first answer is never called cached, though routing may have asked before (V-4.2).
        """
        name = self.registry.normalise(name)
        # One that was switched off is not found, whatever is known of it.
        kept = self._last(name) if self.registry.is_configured(name) else None
        models = await self._renewed(name, kept)
        cached = kept is not None and models is kept.models and name in self._listed
        self._listed.add(name)
        return Listing(models, cached, self.trouble(name))

    async def listings(self, names: Iterable[str]) -> dict[str, Listing | ProviderError]:
        """Those of all these providers; who is late is left out while there is another list."""
        asked = {name: asyncio.create_task(self._attempted(name)) for name in names}
        pending = set(asked.values())
        patience: float | None = self._patience
        while pending:
            _, pending = await asyncio.wait(
                pending,
                timeout=patience,
                return_when=asyncio.ALL_COMPLETED if patience else asyncio.FIRST_COMPLETED,
            )
            patience = None
            if any(each.done() and isinstance(each.result(), Listing) for each in asked.values()):
                break
        for each in pending:
            each.cancel()
        return {n: self._late(n) if t in pending else t.result() for n, t in asked.items()}

    async def known_ids(self, name: str) -> frozenset[str]:
        """For routing: empty, soon, when there never was a list (C-9.3)."""
        if kept := self._last(name):
            if not self._is_fresh(kept) and not self._has_failed(name):
                self._fetches.begin(name)
            return kept.ids
        if self._has_failed(name):
            return frozenset()
        if name in self._silent:
            self._fetches.begin(name)
            return frozenset()
        try:
            async with asyncio.timeout(self._patience):
                models = await self._fetches.result(name)
        except (ProviderError, TimeoutError):
            self._failed_until[name] = self._clock() + _FAILURE_TTL
            return frozenset()
        return frozenset(model.id for model in models)

    async def look(self, name: str) -> None:
        """Ask anew, and keep the answer: for the health page. Raises ProviderFault."""
        await self._fetches.result(self.registry.normalise(name))

    def kept_ids(self, name: str) -> frozenset[str]:
        """What is known without asking; empty when nothing is."""
        kept = self._last(name)
        return kept.ids if kept else frozenset()

    def kept_fields(self, name: str, model: str) -> Mapping[str, Any] | None:
        """What the provider says of one model, known without asking; None when nothing is."""
        kept = self._last(name)
        models = kept.models if kept else ()
        return next((info.fields for info in models if info.id == model), None)

    def trouble(self, name: str) -> str:
        """Why the provider did not give its list the last time; empty when it did."""
        fault = self._faults.get(name)
        return in_words(fault) if fault else ""

    def due(self) -> list[str]:
        """Whose known lists should be asked for again, before they are too old."""
        soon = self._clock() + (1 - _NEARLY_OLD) * self._ttl
        lists = {name: self._last(name) for name in self.registry.configured()}
        old = [name for name, kept in lists.items() if kept and kept.until < soon]
        return [name for name in old if not self._has_failed(name)]

    def put_on(self, shelf: ModelShelf) -> None:
        """Take over what is there, as old lists, and keep new ones there; may raise its errors."""
        for name, (identity, models) in shelf.lists().items():
            ids = frozenset(model.id for model in models)
            self._kept.setdefault(name, _Kept(models, ids, identity, self._clock()))
        self._shelf = shelf

    def _last(self, name: str) -> _Kept | None:
        """However old, but of the server that is meant today."""
        kept = self._kept.get(name)
        is_its = kept is not None and kept.identity == self.registry.identity(name)
        return kept if is_its else None

    def _is_fresh(self, kept: _Kept) -> bool:
        return self._clock() < kept.until

    def _has_failed(self, name: str) -> bool:
        return self._clock() < self._failed_until.get(name, 0.0)

    async def _renewed(self, name: str, kept: _Kept | None) -> tuple[ModelInfo, ...]:
        if kept and (self._is_fresh(kept) or self._has_failed(name)):
            return kept.models
        glance = _GLANCE if kept or name in self._silent else None
        try:
            async with asyncio.timeout(glance):
                return await self._fetches.result(name)
        except (ProviderFault, TimeoutError) as error:
            if kept:
                return kept.models
            if isinstance(error, TimeoutError):
                raise self._late(name) from error
            raise

    async def _attempted(self, name: str) -> Listing | ProviderError:
        try:
            return await self.models(name)
        except ProviderError as error:
            return error

    def _late(self, name: str) -> ProviderFault:
        self._silent.add(name)
        return self._faults.get(name) or ProviderTimeout(f"'{name}' has not answered yet.")

    async def _ask(self, name: str) -> tuple[ModelInfo, ...]:
        identity, began = self.registry.identity(name), self._clock()
        try:
            async with asyncio.timeout(self._deadline):
                models = await self.registry.get(name).models()
        except TimeoutError as error:
            seconds = f"{self._deadline:g} seconds"
            fault = ProviderTimeout(f"{name} did not answer within {seconds}.")
            self._note(name, fault, began)
            raise fault from error
        except ProviderFault as fault:
            self._note(name, fault, began)
            raise
        self._keep(name, identity, models)
        return models

    def _note(self, name: str, fault: ProviderFault, began: float) -> None:
        self._faults[name] = fault
        if name in self._kept:
            self._failed_until[name] = self._clock() + _FAILURE_TTL
        # A name server may be silent too.
        if isinstance(fault, ProviderTimeout) or self._clock() - began > self._patience:
            self._silent.add(name)
        else:
            self._silent.discard(name)

    def _keep(self, name: str, identity: str, models: tuple[ModelInfo, ...]) -> None:
        ids = frozenset(model.id for model in models)
        self._kept[name] = _Kept(models, ids, identity, self._clock() + self._ttl)
        self._faults.pop(name, None)
        self._failed_until.pop(name, None)
        self._silent.discard(name)
        if self._shelf is not None and identity:
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, self._shelf.put, name, identity, models)


_current: Catalogue | None = None


def catalogue() -> Catalogue:
    """The process's own, for the process's own registry."""
    global _current
    if _current is None or _current.registry is not registry():
        _current = Catalogue(registry(), deadline=settings.PROVIDER_TIMEOUT_SECONDS)
    return _current
