"""What the operator's settings say of each provider, in the order of C-9."""

import functools

from chatproject.config import Config
from chatproject.config_sources import read_settings
from chatproject.config_types import PROVIDERS
from providers.entry_points import Installed, installed
from providers.registry import ProviderSpec
from providers.types import Limits

LONGEST_CONNECT = 10.0


def provider_specs(config: Config) -> dict[str, ProviderSpec]:
    """Every provider by name, configured or not; the first configured one is the default.

    Those of installed packages come before `demo`, which is always configured.
    """
    return {
        "openai": _openai(config),
        "openrouter": _openrouter(config),
        "openai-compatible": _openai_compatible(config),
        "ollama": _ollama(config),
        "anthropic": _anthropic(config),
        "gemini": _gemini(config),
        "mcp": _mcp(config),
        **installed_providers().specs,
        "demo": _demo(config),
    }


@functools.cache
def installed_providers() -> Installed:
    """What installed packages add; they see all settings, wherever they are written."""
    written = {name: str(value) for name, value in read_settings().items()}
    return installed(written, PROVIDERS)


def _openai(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.openai.OpenAI",
        options={
            "base_url": config.OPENAI_BASE_URL,
            "api_key": config.OPENAI_API_KEY,
            "model": "gpt-4o-mini",
            "limits": _limits(config.PROVIDER_TIMEOUT_SECONDS),
        },
        missing=_missing(config.OPENAI_API_KEY, "OPENAI_API_KEY"),
    )


def _openrouter(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.openrouter.OpenRouter",
        options={
            "base_url": config.OPENROUTER_BASE_URL,
            "api_key": config.openrouter_key,
            "model": config.OPENROUTER_MODEL,
            "app_url": config.APP_URL,
            "app_title": config.APP_TITLE,
            "limits": _limits(config.PROVIDER_TIMEOUT_SECONDS),
        },
        missing=_missing(config.openrouter_key, "OPENROUTER_API_KEY"),
    )


def _openai_compatible(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.openai_compatible.OpenAICompatible",
        options={
            "base_url": config.chat_llm_base,
            "api_key": config.CHAT_LLM_API_KEY,
            "model": None,
            "limits": _limits(config.CHAT_LLM_TIMEOUT_SECONDS),
        },
        missing=_missing(config.chat_llm_base, "CHAT_LLM_API_BASE"),
    )


def _ollama(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.ollama.Ollama",
        options={
            "base_url": config.OLLAMA_URL,
            "model": config.OLLAMA_MODEL,
            "debug": config.OLLAMA_DEBUG,
            "limits": Limits(connect=config.CONNECT_TIMEOUT, idle=config.REQUEST_TIMEOUT),
        },
        missing=_missing(config.OLLAMA_URL, "OLLAMA_URL"),
    )


def _anthropic(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.anthropic.Anthropic",
        options={
            "base_url": config.ANTHROPIC_BASE_URL,
            "api_key": config.ANTHROPIC_API_KEY,
            "model": config.ANTHROPIC_MODEL,
            "limits": _limits(config.PROVIDER_TIMEOUT_SECONDS),
        },
        missing=_missing(config.ANTHROPIC_API_KEY, "ANTHROPIC_API_KEY"),
    )


def _gemini(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.gemini.Gemini",
        options={
            "base_url": config.GEMINI_BASE_URL,
            "api_key": config.GEMINI_API_KEY,
            "model": config.GEMINI_MODEL,
            "limits": _limits(config.PROVIDER_TIMEOUT_SECONDS),
        },
        missing=_missing(config.GEMINI_API_KEY, "GEMINI_API_KEY"),
    )


def _mcp(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.mcp.Mcp",
        options={
            "url": config.MCP_SERVER_URL,
            "api_key": config.MCP_API_KEY,
            "limits": _limits(config.PROVIDER_TIMEOUT_SECONDS),
        },
        missing=_missing(config.MCP_SERVER_URL, "MCP_SERVER_URL"),
    )


def _demo(config: Config) -> ProviderSpec:
    return ProviderSpec(
        backend="providers.backends.demo.Demo",
        options={"delay": config.DEMO_DELAY_SECONDS},
        missing=None,
    )


def _missing(value: str | None, variable: str) -> str | None:
    return variable if value is None else None


def _limits(seconds: float) -> Limits:
    return Limits(connect=min(LONGEST_CONNECT, seconds), idle=seconds)
