"""Rows of providers, and what the operator has set up beside them."""

from collections.abc import Mapping
from typing import Any

from providers.models import ProviderConfig
from providers.registry import ProviderSpec
from providers.services import set_headers, set_key
from providers.types import Limits

KEY = "sk-a-key-that-nobody-is-to-see-wxyz"
OPERATORS = "sk-the-operators-own-key"
BACKENDS = "providers.backends"
OWN = {
    "openai": ProviderSpec(
        f"{BACKENDS}.openai.OpenAI",
        {"base_url": "https://api.openai.com/v1", "api_key": OPERATORS, "model": "small"},
        None,
    ),
    "openai-compatible": ProviderSpec(
        f"{BACKENDS}.openai_compatible.OpenAICompatible",
        {"base_url": None, "api_key": None, "model": None, "limits": Limits(idle=3.0)},
        "CHAT_LLM_API_BASE",
    ),
    "mcp": ProviderSpec(f"{BACKENDS}.mcp.Mcp", {"url": None, "api_key": None}, "MCP_SERVER_URL"),
    "demo": ProviderSpec(f"{BACKENDS}.demo.Demo", {"delay": 0.0}, None),
}


def row(
    name: str = "mine",
    backend: str = "openai-compatible",
    *,
    key: str = "",
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> ProviderConfig:
    """One that is not stored yet."""
    found = ProviderConfig(name=name, backend=backend, **fields)
    set_key(found, key)
    set_headers(found, headers or {})
    return found
