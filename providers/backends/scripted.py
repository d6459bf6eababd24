"""A provider for tests: it says what it was told to say, and remembers what it was asked."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence

from providers.base import Provider
from providers.errors import ProviderFault
from providers.events import ProviderEvent
from providers.types import ModelInfo, ProviderRequest

Step = ProviderEvent | BaseException | float


class Scripted(Provider):
    """Plays one script per question, in order: events are said, exceptions raised, numbers slept.

    A script is played as it stands: end it with `Finished` unless it is to break the contract.
    `models` is the catalogue, or the fault that asking for it raises.
    """

    def __init__(
        self,
        scripts: Iterable[Sequence[Step]] = (),
        models: Sequence[str] | ProviderFault = ("scripted",),
        *,
        name: str = "scripted",
    ) -> None:
        super().__init__(name=name)
        self.scripts = deque(scripts)
        self.requests: list[ProviderRequest] = []
        self.listed = 0
        self._models = models

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        self.requests.append(request)
        if not self.scripts:
            raise AssertionError(f"Question {len(self.requests)} to '{self.name}' has no script.")
        for step in self.scripts.popleft():
            if isinstance(step, BaseException):
                raise step
            if isinstance(step, float | int):
                await asyncio.sleep(step)
            else:
                yield step

    async def models(self) -> tuple[ModelInfo, ...]:
        self.listed += 1
        if isinstance(self._models, ProviderFault):
            raise self._models
        return tuple(ModelInfo(model, model, {"id": model}) for model in self._models)

    async def default_model(self) -> str:
        if isinstance(self._models, ProviderFault) or not self._models:
            return "scripted"
        return self._models[0]
