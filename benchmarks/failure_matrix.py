"""What comes of every fault at every backend, with a fallback and without: prints a table.

python -m benchmarks.failure_matrix
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import django

from benchmarks.faulty_upstream import ANTHROPIC, CHAT, FAULTS, MCP, OLLAMA, Sockets, Wire, faulty

IDLE_SECONDS = 0.6
SPARE_SECONDS = 20.0
HANGING = ("silence", "hangs in the middle")
INSTEAD = "Instead."


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend's class by its dotted path, how it is built for an address, and what it speaks."""

    path: str
    wire: Wire
    options: Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """`text` is all that was said, `fault` the kind that it ended with, or empty."""

    backend: str
    fault_played: str
    has_fallback: bool
    text: str
    fault: str
    seconds: float
    left_open: int


def _openai(url: str) -> Mapping[str, Any]:
    return {"base_url": f"{url}/v1", "api_key": "k", "model": "m"}


def _openrouter(url: str) -> Mapping[str, Any]:
    return {**_openai(url), "app_url": "http://localhost", "app_title": "Matrix"}


BACKENDS = {
    "openai": Backend("providers.backends.openai.OpenAI", CHAT, _openai),
    "openrouter": Backend("providers.backends.openrouter.OpenRouter", CHAT, _openrouter),
    "openai-compatible": Backend(
        "providers.backends.openai_compatible.OpenAICompatible", CHAT, _openai
    ),
    "ollama": Backend(
        "providers.backends.ollama.Ollama", OLLAMA, lambda url: {"base_url": url, "model": "m"}
    ),
    "anthropic": Backend(
        "providers.backends.anthropic.Anthropic",
        ANTHROPIC,
        lambda url: {"base_url": url, "api_key": "k", "model": "m"},
    ),
    "gemini": Backend("providers.backends.gemini.Gemini", CHAT, _openai),
    "mcp": Backend("providers.backends.mcp.Mcp", MCP, lambda url: {"url": url}),
}


async def matrix_of(name: str) -> list[Row]:
    """All faults at one backend, side by side."""
    cases = [(fault, has_fallback) for fault in FAULTS for has_fallback in (False, True)]
    return list(await asyncio.gather(*(row_of(name, *case) for case in cases)))


async def row_of(name: str, fault: str, has_fallback: bool) -> Row:
    play, _ = FAULTS[fault]
    backend = BACKENDS[name]
    if play is None:
        return await _asked(name, fault, has_fallback, "http://127.0.0.1:9", Sockets())
    async with faulty(play, backend.wire) as (url, sockets):
        return await _asked(name, fault, has_fallback, url, sockets)


def expected_of(name: str, fault: str, has_fallback: bool) -> tuple[str, bool]:
    """The text that is to be shown, and whether it ends with a fault."""
    in_the_middle = fault.endswith("in the middle") and BACKENDS[name].wire.speaks_early
    if in_the_middle:
        return "Half", True
    return (INSTEAD, False) if has_fallback else ("", True)


async def _asked(name: str, fault: str, has_fallback: bool, url: str, sockets: Sockets) -> Row:
    from providers.backends.scripted import Scripted
    from providers.errors import ProviderFault
    from providers.events import Finished, TextDelta
    from providers.registry import ProviderSpec, Registry
    from providers.resilience.answering import answer
    from providers.types import Ask, ChatMessage, Handling, Limits, ProviderRequest

    backend = BACKENDS[name]
    # A fault that needs no limit has time to show, however busy the machine is.
    idle = IDLE_SECONDS if fault in HANGING else SPARE_SECONDS
    limits = Limits(connect=SPARE_SECONDS, idle=idle)
    options = {**backend.options(url), "limits": limits}
    handling = Handling(retries=0, failures=0)
    instead = [[TextDelta(INSTEAD), Finished("stop")]]
    registry = Registry(
        {
            name: ProviderSpec(backend.path, options, None, handling),
            "instead": ProviderSpec(
                f"{Scripted.__module__}.Scripted", {"scripts": instead}, None, handling
            ),
        }
    )
    asks = [Ask(name, "m", "request"), *([Ask("instead", "m", "fallback")] if has_fallback else [])]
    question = (ChatMessage("user", "Hello"),)
    text, kind, began = "", "", time.monotonic()
    try:
        async for step in answer(
            registry, asks, lambda ask, model, _: ProviderRequest(model, question), caller="me"
        ):
            text += step.text if isinstance(step, TextDelta) else ""
    except ProviderFault as error:
        kind = error.kind
    seconds = time.monotonic() - began
    left_open = await _left_open(sockets) if fault in _NEVER_ENDED else 0
    await registry.aclose()
    return Row(name, fault, has_fallback, text, kind, seconds, left_open)


# Their connections can be of no more use.
_NEVER_ENDED = (*HANGING, "cut before the text", "cut in the middle")


async def _left_open(sockets: Sockets) -> int:
    """After a moment: the other side has to notice."""
    for _ in range(100):
        if not sockets.unfinished:
            return 0
        await asyncio.sleep(0.02)
    return sockets.unfinished


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproject.settings")
    django.setup()
    for name in BACKENDS:
        for row in asyncio.run(matrix_of(name)):
            others = "with fallback" if row.has_fallback else "alone"
            end = row.fault or "completed"
            print(
                f"{row.backend:18} {row.fault_played:20} {others:14} {row.text or '-':9}"
                f" {end:12} {row.seconds:5.2f} s  open: {row.left_open}"
            )


if __name__ == "__main__":
    main()
