"""Google's Gemini, at its OpenAI-compatible address."""

from dataclasses import replace
from typing import ClassVar

from providers.backends.openai_compatible import OpenAICompatible
from providers.types import Capabilities, ModelInfo


class Gemini(OpenAICompatible):
    capabilities: ClassVar[Capabilities] = Capabilities(raw=True, tools=True, images=True)

    async def models(self) -> tuple[ModelInfo, ...]:
        """Under the names by which they are asked for, without Google's `models/`."""
        found = [(model, model.id.removeprefix("models/")) for model in await super().models()]
        return tuple(replace(m, id=i, name=i if m.name == m.id else m.name) for m, i in found)
