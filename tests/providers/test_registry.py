"""Names, and the providers they mean (C-9.1, C-9.4, C-9.5)."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers import registry as registry_module
from providers.backends.demo import Demo
from providers.catalogue import catalogue
from providers.errors import ProviderNotConfigured, ProviderNotFound
from providers.registry import ProviderSpec, Registry, registry, use_registry

DEMO = ProviderSpec("providers.backends.demo.Demo", {"delay": 0.0}, None)
SCRIPTED = ProviderSpec("providers.backends.scripted.Scripted", {}, None)
SPECS = {
    "openai": ProviderSpec("providers.backends.openai.OpenAI", {}, "OPENAI_API_KEY"),
    "gemini": ProviderSpec(None, {}, None),
    "mcp": SCRIPTED,
    "demo": DEMO,
}


@pytest.fixture(autouse=True)
def own_registry() -> Iterator[None]:
    before = registry_module._current
    yield
    use_registry(before)


@pytest.mark.parametrize("name", ["mcp", " MCP ", "mcp-agent", "Mcp-Agent\n"])
def test_names_are_trimmed_and_case_insensitive(name: str) -> None:
    assert Registry(SPECS).get(name).name == "mcp"


def test_only_what_has_its_settings_and_a_backend_is_configured() -> None:
    assert Registry(SPECS).configured() == ("mcp", "demo")


@pytest.mark.parametrize("name", ["openai", "gemini", "nobody", ""])
def test_others_are_not_found(name: str) -> None:
    with pytest.raises(ProviderNotFound):
        Registry(SPECS).get(name)


def test_a_provider_is_built_once() -> None:
    providers = Registry(SPECS)
    assert providers.get("demo") is providers.get("Demo")
    assert isinstance(providers.get("demo"), Demo)


def test_the_first_configured_provider_is_the_default() -> None:
    assert Registry(SPECS).require_default() == "mcp"
    assert Registry(SPECS, " Demo ").require_default() == "demo"
    assert Registry({}).default_name == "demo"


def test_a_default_without_its_settings_names_the_variable() -> None:
    providers = Registry(SPECS, "openai")
    assert (providers.default_name, providers.missing_variable("OpenAI")) == (
        "openai",
        "OPENAI_API_KEY",
    )
    with pytest.raises(ProviderNotConfigured, match="OPENAI_API_KEY") as refusal:
        providers.require_default()
    assert refusal.value.variable == "OPENAI_API_KEY"


def test_the_process_has_one_registry_from_its_settings(settings: Any) -> None:
    settings.PROVIDERS = SPECS
    settings.DEFAULT_PROVIDER, settings.LLM_MODEL = "demo", "big"
    use_registry(None)
    assert registry() is registry()
    assert (registry().default_name, registry().default_model) == ("demo", "big")


def test_the_processs_catalogue_follows_its_registry() -> None:
    use_registry(Registry(SPECS))
    first = catalogue()
    assert catalogue() is first
    use_registry(Registry(SPECS))
    assert catalogue() is not first


async def test_closing_closes_what_was_built() -> None:
    providers = Registry(SPECS)
    providers.get("demo")
    await providers.aclose()
