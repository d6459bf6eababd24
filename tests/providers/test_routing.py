"""The provider of a model (C-9.2), with as few calls as can be."""

from collections.abc import Sequence

import pytest

from providers.backends.scripted import Scripted
from providers.catalogue import Catalogue
from providers.errors import (
    ProviderFault,
    ProviderNotConfigured,
    ProviderNotFound,
    ProviderUnavailable,
)
from providers.registry import ProviderSpec, Registry
from providers.routing import Route, route

Models = Sequence[str] | ProviderFault
SCRIPTED = "providers.backends.scripted.Scripted"
DEMO = ProviderSpec("providers.backends.demo.Demo", {}, None)
GONE = ProviderUnavailable("gone")


class World:
    """Providers with these catalogues, in this order, and the demo."""

    def __init__(
        self, default: str | None = None, model: str | None = None, **catalogues: Models
    ) -> None:
        specs = {n: ProviderSpec(SCRIPTED, {"models": c}, None) for n, c in catalogues.items()}
        specs |= {"openai-compatible": ProviderSpec(None, {}, "CHAT_LLM_API_BASE"), "demo": DEMO}
        self.registry = Registry(specs, default, model)
        self.catalogue = Catalogue(self.registry)

    async def route(self, model: str | None, provider: str | None = None) -> tuple[str, str]:
        found: Route = await route(self.registry, self.catalogue, model=model, provider=provider)
        return found.provider, found.model

    def listed(self, name: str) -> int:
        provider = self.registry.get(name)
        assert isinstance(provider, Scripted)
        return provider.listed


async def test_a_named_provider_gets_the_model_as_it_is() -> None:
    world = World(openai=["gpt"], ollama=["llama"])
    assert await world.route("  openai/llama ", " Ollama ") == ("ollama", "openai/llama")
    assert world.listed("openai") == world.listed("ollama") == 0


@pytest.mark.parametrize("name", ["nobody", "openai-compatible"])
async def test_a_named_provider_must_be_configured(name: str) -> None:
    with pytest.raises(ProviderNotFound):
        await World(openai=["gpt"]).route("gpt", name)


async def test_a_named_provider_without_a_model_uses_its_own_default() -> None:
    world = World(model="big", openai=["gpt"], ollama=["llama"])
    assert await world.route(None, "ollama") == ("ollama", "")
    assert await world.route("", "openai") == ("openai", "big")


@pytest.mark.parametrize("model", [None, "", "  "])
async def test_no_model_means_the_default_providers_default(model: str | None) -> None:
    assert await World(openai=["gpt"], ollama=["llama"]).route(model) == ("openai", "")
    assert await World(model="big", openai=["gpt"]).route(model) == ("openai", "big")


async def test_the_default_provider_comes_first() -> None:
    world = World("ollama", openai=["shared"], ollama=["shared"])
    assert await world.route("shared") == ("ollama", "shared")


async def test_another_providers_catalogue_comes_next() -> None:
    assert await World(openai=["gpt"], ollama=["llama"]).route("llama") == ("ollama", "llama")


async def test_an_exact_id_wins_over_a_prefix() -> None:
    world = World("openrouter", openai=["gpt"], openrouter=["openai/gpt"])
    assert await world.route("openai/gpt") == ("openrouter", "openai/gpt")


async def test_a_prefix_names_a_configured_provider() -> None:
    world = World(openai=["gpt"], ollama=["llama"])
    assert await world.route("Ollama/new:7b") == ("ollama", "new:7b")
    assert await world.route("openai-compatible/x") == ("openai", "openai-compatible/x")
    assert await world.route("ollama/") == ("openai", "ollama/")
    assert await world.route("demo/a/b") == ("demo", "a/b")


async def test_an_unknown_model_goes_to_the_default_provider() -> None:
    assert await World(openai=["gpt"], ollama=["llama"]).route("new") == ("openai", "new")


async def test_the_demo_model_belongs_to_the_demo() -> None:
    assert await World(openai=["gpt"]).route("demo") == ("demo", "demo")


async def test_a_catalogue_that_cannot_be_fetched_is_empty() -> None:
    """C-9.3"""
    assert await World(openai=GONE, ollama=["llama"]).route("llama") == ("ollama", "llama")
    assert await World(openai=["gpt"], ollama=GONE).route("llama") == ("openai", "llama")


async def test_nothing_is_fetched_where_nothing_depends_on_it() -> None:
    world = World(openai=["gpt"])
    assert await world.route("anything") == ("openai", "anything")
    assert await world.route("other/thing") == ("openai", "other/thing")
    assert world.listed("openai") == 0


async def test_a_model_known_to_the_default_provider_asks_no_other() -> None:
    world = World(openai=["gpt"], ollama=["llama"])
    await world.catalogue.models("openai")
    assert await world.route("gpt") == ("openai", "gpt")
    assert world.listed("ollama") == 0


async def test_a_default_that_is_not_configured_fails_only_when_it_is_needed() -> None:
    """C-9.4"""
    world = World("openai-compatible", ollama=["llama"])
    assert await world.route("llama") == ("ollama", "llama")
    for model in ("unknown", ""):
        with pytest.raises(ProviderNotConfigured, match="CHAT_LLM_API_BASE"):
            await world.route(model)
