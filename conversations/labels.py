"""What metadata says of a conversation: the product and the agent it belongs to (T-3.4)."""

from collections.abc import Mapping
from typing import Any

_PRODUCT_NAMES = ("product_id", "productId", "product")
_AGENT_NAMES = ("agent_id", "agentId", "agent")


def products_in(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Mostly one, under any of its spellings."""
    return _named(metadata, _PRODUCT_NAMES)


def agents_in(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    return _named(metadata, _AGENT_NAMES)


def provider_in(metadata: Mapping[str, Any]) -> str:
    """The provider that is to be asked, whoever else has the model (T-4.3)."""
    named = metadata.get("provider")
    return named.strip().lower() if isinstance(named, str) else ""


def label_fields(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a conversation that repeat what its metadata says."""
    return {
        # Lists are searched by the column: what is in two products is in none of them alone.
        "product": "\n".join(products_in(metadata)),
        "agent": "\n".join(agents_in(metadata)),
        "provider": provider_in(metadata),
    }


def is_title(text: str | None) -> bool:
    """Whether there is anything to be seen of it (T-3.3)."""
    return bool(text and text.strip())


def _named(metadata: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Each a text, or an object with `id` or `value`."""
    found: dict[str, None] = {}
    for name in names:
        value = metadata.get(name)
        if isinstance(value, dict):
            value = value.get("id") or value.get("value")
        if isinstance(value, str | int) and str(value).strip():
            found[str(value).strip()] = None
    return tuple(found)
