"""Who is asked, by the rules that the dialects share (C-9)."""

from providers.catalogue import catalogue
from providers.registry import registry
from providers.routing import route
from providers.types import Ask


async def routed(model: str | None) -> Ask:
    """The provider for a model that nobody named a provider with.

    Raises ProviderNotConfigured where that is the default one and it lacks its setting.
    """
    chosen = await route(registry(), catalogue(), model=model, provider=None)
    return Ask(chosen.provider, chosen.model, "default")


async def named(provider: str, model: str | None, *, source: str) -> Ask:
    """The provider that somebody named; raises ProviderNotFound."""
    chosen = await route(registry(), catalogue(), model=model, provider=provider)
    return Ask(chosen.provider, chosen.model, source)
