"""Asking scripted providers through the resilient door."""

from typing import Any

from providers.base import Provider
from providers.errors import ProviderFault
from providers.events import Finished, RawChunk, TextDelta
from providers.registry import Registry
from providers.resilience.answering import Patience, answer
from providers.resilience.steps import Left, Step
from providers.types import Ask, ChatMessage, Handling, ProviderRequest

END = Finished("stop")


class Given(Registry):
    """These providers, each handled in the same way."""

    def __init__(self, *providers: Provider, **handling: Any) -> None:
        super().__init__({})
        self._given = {provider.name: provider for provider in providers}
        self._handling = Handling(**{"failures": 0, **handling})

    def get(self, name: str) -> Provider:
        return self._given[name] if name in self._given else super().get(name)

    def is_configured(self, name: str) -> bool:
        return name in self._given

    def handling(self, name: str) -> Handling:
        return self._handling


def question(ask: Ask, model: str, provider: Provider) -> ProviderRequest:
    return ProviderRequest(model, (ChatMessage("user", "Hello"),))


class Asked:
    """What came of it, in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.fault: ProviderFault | None = None

    @property
    def text(self) -> str:
        return "".join(s.text for s in self.steps if isinstance(s, TextDelta | RawChunk))

    @property
    def left(self) -> list[Left]:
        return [step for step in self.steps if isinstance(step, Left)]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(left.ask.provider, left.outcome) for left in self.left]


async def ask(
    registry: Registry,
    *names: str,
    caller: str = "anonymous",
    patience: Patience | None = None,
) -> Asked:
    asks = [Ask(name, "m", "default") for name in names]
    asked = Asked()
    steps = answer(registry, asks, question, caller=caller, patience=patience or Patience())
    try:
        async for step in steps:
            asked.steps.append(step)
    except ProviderFault as fault:
        asked.fault = fault
    return asked
