"""What protects a provider from too many callers, and callers from a dead provider."""

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from providers.registry import Registry
from providers.resilience.circuit import Circuit
from providers.resilience.places import Places
from providers.resilience.rests import CachedRests
from providers.types import Handling


@dataclass(frozen=True, slots=True)
class Guards:
    """One provider's, on one event loop; without `places` nobody waits."""

    circuit: Circuit
    places: Places | None


_Kept = WeakKeyDictionary[Registry, dict[tuple[str, Handling], Guards]]
_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Kept] = WeakKeyDictionary()


def guards_of(registry: Registry, name: str) -> Guards:
    """The same ones for all callers; needs a running event loop."""
    of_loop = _by_loop.setdefault(asyncio.get_running_loop(), WeakKeyDictionary())
    kept = of_loop.setdefault(registry, {})
    handling = registry.handling(name)
    if (name, handling) not in kept:
        kept[name, handling] = _new(name, handling)
    return kept[name, handling]


def _new(name: str, handling: Handling) -> Guards:
    places = None if handling.places is None else Places(handling.places)
    return Guards(Circuit(name, handling.failures, CachedRests()), places)
