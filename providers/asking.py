"""Asking a provider something now, to see whether it answers."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass

from providers.errors import ProviderError, ProviderNotConfigured
from providers.events import TextDelta
from providers.registry import ProviderSpec, built
from providers.types import ChatMessage, ProviderRequest

_QUESTION = "Answer with one short sentence: are you there?"
_DEADLINE_SECONDS = 10.0
_ENOUGH = 80
_PARTING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it: the answer's first words, or what is wrong."""

    name: str
    words: str
    trouble: str
    seconds: float


def ask_now(specs: Iterable[tuple[str, ProviderSpec]]) -> list[Found]:
    """All of them at once; within some ten seconds. Not for a thread that has an event loop."""

    async def ask_all() -> list[Found]:
        return await asyncio.gather(*(_ask(name, spec) for name, spec in specs))

    return asyncio.run(ask_all())


async def _ask(name: str, spec: ProviderSpec) -> Found:
    began = time.monotonic()
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            words = await _first_words(name, spec)
    except TimeoutError:
        trouble = f"No answer within {_DEADLINE_SECONDS:g} seconds."
    except ProviderError as error:
        trouble = str(error)
    else:
        return Found(name, words, "" if words else "The answer is empty.", _since(began))
    return Found(name, "", trouble, _since(began))


async def _first_words(name: str, spec: ProviderSpec) -> str:
    if spec.missing is not None or spec.backend is None:
        raise ProviderNotConfigured(name, spec.missing or "a backend")
    provider = built(name, spec)
    try:
        request = ProviderRequest(
            model=await provider.default_model(), messages=(ChatMessage("user", _QUESTION),)
        )
        words = ""
        async with aclosing(provider.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    words += event.text
                if len(words) >= _ENOUGH:
                    break
        return " ".join(words.split())[:_ENOUGH]
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PARTING_SECONDS):
                await provider.aclose()


def _since(began: float) -> float:
    return time.monotonic() - began
