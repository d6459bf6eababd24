"""The contract that every provider meets."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar

from providers.errors import NotOffered
from providers.events import ProviderEvent
from providers.types import Capabilities, ModelInfo, ProviderRequest


class Provider(ABC):
    """One model server, ready to be asked.

    An instance is shared by all turns of a process and may be used from several event loops.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(self, *, name: str) -> None:
        self.name = name

    @abstractmethod
    def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        """Ask, and yield the answer as it comes, ending with exactly one `Finished`.

        Raises ProviderFault when there is no (whole) answer. Closing the generator, or
        cancelling the task that reads it, gives up the upstream call.
        """

    @abstractmethod
    async def models(self) -> tuple[ModelInfo, ...]:
        """The catalogue, from the provider itself; raises ProviderFault."""

    @abstractmethod
    async def default_model(self) -> str:
        """The model to ask when the caller names none; never fails."""

    async def embed(self, body: Mapping[str, Any]) -> bytes:
        """The JSON that OpenAI's `POST /embeddings` gives for this body.

        Raises NotOffered, ProviderFault.
        """
        raise NotOffered(self.name, "embeddings")

    async def aclose(self) -> None:  # noqa: B027 - many backends hold nothing
        """Release what this event loop's connections hold."""
