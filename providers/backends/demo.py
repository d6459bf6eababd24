"""A provider without a key, a network or a model: it quotes the question (C-9.6)."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from typing import ClassVar

from providers.base import Provider
from providers.events import Finished, ProviderEvent, TextDelta
from providers.types import Capabilities, ChatMessage, ModelInfo, ProviderRequest

MODEL = "demo"
_MOST_PIECES = 150


class Demo(Provider):
    """Waits `delay` seconds after each piece; there are never more than 150 pieces.

    Files are taken, and not looked at.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(images=True, files=True)

    def __init__(self, *, name: str = "demo", delay: float = 0.02) -> None:
        super().__init__(name=name)
        self._delay = delay

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        reply = reply_to(_last_prompt(request.messages))
        for piece in _pieces(reply):
            yield TextDelta(piece)
            await asyncio.sleep(self._delay)
        yield Finished("stop", _usage(request.messages, reply))

    async def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo(MODEL, MODEL, {"id": MODEL, "name": MODEL}),)

    async def default_model(self) -> str:
        return MODEL


def reply_to(prompt: str) -> str:
    """The same prompt always gets the same Markdown."""
    quote = "\n".join(f"> {line}" for line in prompt.split("\n"))
    return (
        "**This is the demo provider.** You wrote:\n\n"
        f"{quote}\n\n"
        "No model was asked. Configure a provider to get real answers."
    )


def _last_prompt(messages: Sequence[ChatMessage]) -> str:
    return next((m.content for m in reversed(messages) if m.role == "user"), "")


def _pieces(text: str) -> list[str]:
    """Words with the space after them; several at once where there are too many."""
    words = re.findall(r"\s*\S+\s*", text)
    size = -(-len(words) // _MOST_PIECES)
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]


def _usage(messages: Sequence[ChatMessage], reply: str) -> dict[str, int]:
    asked = sum(len(message.content.split()) for message in messages)
    answered = len(reply.split())
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }
