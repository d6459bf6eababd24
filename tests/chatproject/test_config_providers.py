"""What the registry is told of each provider."""

import pytest

from chatproject.config import load
from chatproject.config_types import PROVIDERS
from chatproject.provider_settings import provider_specs
from providers.types import Limits
from tests.chatproject.test_config import load_with

MISSING = {
    "openai": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "openai-compatible": "CHAT_LLM_API_BASE",
    "ollama": "OLLAMA_URL",
    "anthropic": "ANTHROPIC_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "mcp": "MCP_SERVER_URL",
    "demo": None,
}


def test_every_provider_is_told_in_the_order_of_the_contract() -> None:
    assert tuple(provider_specs(load())) == PROVIDERS


def test_without_settings_only_demo_is_configured() -> None:
    specs = provider_specs(load())
    assert {name: spec.missing for name, spec in specs.items()} == MISSING


@pytest.mark.parametrize(
    ("name", "settings", "options"),
    [
        (
            "anthropic",
            {"ANTHROPIC_API_KEY": "key"},
            {"base_url": "https://api.anthropic.com", "model": "claude-3-5-haiku-latest"},
        ),
        (
            "gemini",
            {"GEMINI_API_KEY": "key"},
            {
                "base_url": "https://generativelanguage.googleapis.com/v1beta/openai",
                "model": "gemini-2.5-flash",
            },
        ),
        (
            "mcp",
            {"MCP_SERVER_URL": "http://127.0.0.1:8080", "MCP_API_KEY": "key"},
            {"url": "http://127.0.0.1:8080"},
        ),
    ],
)
def test_a_key_or_an_address_configures_a_provider(
    name: str, settings: dict[str, str], options: dict[str, str]
) -> None:
    spec = provider_specs(load_with(**settings))[name]
    limits = {"api_key": "key", "limits": Limits(connect=10.0, idle=30.0)}
    assert (spec.missing, spec.options) == (None, options | limits)


def test_openai_gets_its_address_key_and_limits() -> None:
    config = load_with(OPENAI_API_KEY="key", PROVIDER_TIMEOUT_SECONDS="4")
    spec = provider_specs(config)["openai"]
    assert (spec.backend, spec.missing) == ("providers.backends.openai.OpenAI", None)
    assert spec.options == {
        "base_url": "https://api.openai.com/v1",
        "api_key": "key",
        "model": "gpt-4o-mini",
        "limits": Limits(connect=4.0, idle=4.0),
    }


def test_openrouter_is_told_who_calls() -> None:
    config = load_with(OPENROUTER_KEY="key", APP_TITLE="Ours", OPENROUTER_MODEL="a/b")
    spec = provider_specs(config)["openrouter"]
    assert (spec.backend, spec.missing) == ("providers.backends.openrouter.OpenRouter", None)
    assert spec.options == {
        "base_url": "https://openrouter.ai/api/v1",
        "api_key": "key",
        "model": "a/b",
        "app_url": "http://localhost:8001",
        "app_title": "Ours",
        "limits": Limits(connect=10.0, idle=30.0),
    }


def test_the_compatible_server_has_its_own_time_limit() -> None:
    config = load_with(CHAT_LLM_API_HOST="llm", CHAT_LLM_TIMEOUT_SECONDS="60")
    spec = provider_specs(config)["openai-compatible"]
    assert spec.backend == "providers.backends.openai_compatible.OpenAICompatible"
    assert spec.missing is None
    assert spec.options == {
        "base_url": "http://llm:8080/v1",
        "api_key": None,
        "model": None,
        "limits": Limits(connect=10.0, idle=60.0),
    }


def test_ollama_has_two_time_limits_of_its_own() -> None:
    config = load_with(OLLAMA_URL="http://gpu:11434", OLLAMA_DEBUG="1", CONNECT_TIMEOUT="2")
    spec = provider_specs(config)["ollama"]
    assert (spec.backend, spec.missing) == ("providers.backends.ollama.Ollama", None)
    assert spec.options == {
        "base_url": "http://gpu:11434",
        "model": "gpt-oss:20b",
        "debug": True,
        "limits": Limits(connect=2.0, idle=30.0),
    }


def test_demo_is_told_how_fast_to_speak() -> None:
    spec = provider_specs(load_with(DEMO_DELAY_SECONDS="0"))["demo"]
    assert (spec.backend, spec.options) == ("providers.backends.demo.Demo", {"delay": 0.0})
