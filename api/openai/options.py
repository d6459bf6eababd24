"""Which of OpenAI's options mean something to the other providers (O-3.4)."""

from collections.abc import Mapping
from typing import Any

# What only OpenAI knows, and what is said in another way.
_NOT_PASSED_ON = frozenset(
    [
        "audio",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "metadata",
        "modalities",
        "n",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "tools",
        "top_logprobs",
        "user",
        "verbosity",
        "web_search_options",
    ]
)


def translated(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options under the names that all backends look for, without those that are null."""
    passed = {
        name: value
        for name, value in options.items()
        if name not in _NOT_PASSED_ON and value is not None
    }
    if (most := options.get("max_completion_tokens")) is not None:
        passed.setdefault("max_tokens", most)
    if (stop := options.get("stop")) is not None:
        passed["stop"] = [stop] if isinstance(stop, str) else stop
    if (form := _format(options.get("response_format"))) is not None:
        passed["format"] = form
    return passed


def _format(wanted: Any) -> Any:
    """Ollama's word for `response_format`: `json`, or a schema."""
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind == "json_object":
        return "json"
    held = wanted.get("json_schema") if kind == "json_schema" else None
    return held.get("schema") if isinstance(held, Mapping) else None
