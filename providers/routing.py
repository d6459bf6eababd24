"""Which provider answers for a model (C-9.2)."""

import asyncio
from dataclasses import dataclass

from providers.catalogue import Catalogue
from providers.errors import ProviderNotFound
from providers.registry import Registry

_WITHOUT_NETWORK = "demo"


@dataclass(frozen=True, slots=True)
class Route:
    """A configured provider, and the model to ask it for; empty for its own default."""

    provider: str
    model: str


async def route(
    registry: Registry, catalogue: Catalogue, *, model: str | None, provider: str | None
) -> Route:
    """Raises ProviderNotFound for a named provider, ProviderNotConfigured for the default one."""
    asked = (model or "").strip()
    if provider is not None:
        name = registry.normalise(provider)
        if not registry.is_configured(name):
            raise ProviderNotFound(name)
        return Route(name, asked or default_model(registry, name))
    if not asked:
        name = registry.require_default()
        return Route(name, default_model(registry, name))
    prefixed = _by_prefix(registry, asked)
    if owner := await _owner(registry, catalogue, asked, prefixed):
        return Route(owner, asked)
    return prefixed or Route(registry.require_default(), asked)


def default_model(registry: Registry, name: str) -> str:
    """LLM_MODEL, which is the default provider's; any other has to be asked for its own."""
    return (registry.default_model or "") if name == registry.default_name else ""


def _by_prefix(registry: Registry, asked: str) -> Route | None:
    name, _, rest = asked.partition("/")
    if rest.strip() and registry.is_configured(name):
        return Route(registry.normalise(name), rest.strip())
    return None


async def _owner(
    registry: Registry, catalogue: Catalogue, asked: str, prefixed: Route | None
) -> str | None:
    """The first provider whose catalogue has this model, the default one before the others."""
    default = registry.default_name
    names = sorted(registry.configured(), key=lambda name: name != default)
    if asked in catalogue.kept_ids(default):
        return default
    if prefixed is None and not await _others_may_have(catalogue, names, default, asked):
        return None
    return await _first_with(catalogue, names, asked)


async def _others_may_have(
    catalogue: Catalogue, names: list[str], default: str, asked: str
) -> bool:
    """Whether any answer but the default provider is possible, without a call to find out."""
    others = [name for name in names if name != default]
    if others == [_WITHOUT_NETWORK]:
        return asked in await catalogue.known_ids(_WITHOUT_NETWORK)
    return bool(others)


async def _first_with(catalogue: Catalogue, names: list[str], asked: str) -> str | None:
    fetches = [asyncio.ensure_future(catalogue.known_ids(name)) for name in names]
    try:
        for name, fetch in zip(names, fetches, strict=True):
            if asked in await fetch:
                return name
    finally:
        for fetch in fetches:
            fetch.cancel()
    return None
