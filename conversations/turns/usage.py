"""What answers cost, in tokens."""

from typing import Any

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def sum_of(first: dict[str, Any] | None, second: dict[str, Any] | None) -> dict[str, Any] | None:
    """The counts of both; everything else is the second one's."""
    if not first or not second:
        return second or first
    counts = {
        name: first[name] + second[name]
        for name in _COUNTS
        if isinstance(first.get(name), int) and isinstance(second.get(name), int)
    }
    return {**second, **counts}
