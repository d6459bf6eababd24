"""Who is asked when the one that was named fails: the operator's fallbacks."""

from collections.abc import Callable, Iterator, Sequence

from providers.registry import Registry
from providers.types import Ask

FALLBACK = "fallback"

May = Callable[[Ask], bool]


def with_fallbacks(registry: Registry, asks: Sequence[Ask], may: May) -> tuple[Ask, ...]:
    """The asks, then the fallbacks of their providers, then those for all.

    Each provider is asked for a model once. A fallback that is not configured, or that `may`
    refuses, is left out.
    """
    chain = list(asks)
    for ask in _wanted(registry, asks):
        known = any(ask.provider == held.provider and ask.model == held.model for held in chain)
        if not known and registry.is_configured(ask.provider) and may(ask):
            chain.append(ask)
    return tuple(chain)


def _wanted(registry: Registry, asks: Sequence[Ask]) -> Iterator[Ask]:
    for ask in asks:
        for name in registry.handling(ask.provider).fallbacks:
            yield _ask(registry, name)
    for name in registry.fallbacks:
        fallback = _ask(registry, name)
        # For all, it stands for "somebody else": not for another model of the same provider.
        if fallback.model or all(fallback.provider != ask.provider for ask in asks):
            yield fallback


def _ask(registry: Registry, name: str) -> Ask:
    provider, _, model = name.partition("/")
    return Ask(registry.normalise(provider), model.strip(), FALLBACK)
