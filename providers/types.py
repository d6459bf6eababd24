"""The values that cross the boundary between a turn and a provider."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that goes to the provider with its message; `is_image` by its bytes."""

    filename: str
    content_type: str
    data: bytes
    is_image: bool

    @property
    def base64(self) -> str:
        return b64encode(self.data).decode()

    @property
    def data_url(self) -> str:
        return f"data:{self.content_type};base64,{self.base64}"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as a provider gets it; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str
    files: tuple[SentFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Continuation:
    """How an answer goes on from an earlier one that the provider keeps itself.

    `previous_id` is the provider's id of that answer, or None at the start of a chain.
    `messages` are only those that came after it.
    """

    previous_id: str | None
    messages: tuple[ChatMessage, ...]


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One question, complete: a provider needs nothing else to answer it.

    `messages` is the whole conversation, oldest first. `options` are forwarded unchanged.
    `continuation` is set where the caller wants to chain; only providers whose
    capabilities say `chains` look at it. With `keep_raw`, a provider that can do so
    yields each chunk of its answer as a `RawChunk`. A `patient` caller bounds the silence
    itself: only the connection has the provider's limit.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    continuation: Continuation | None = None
    keep_raw: bool = False
    patient: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do beyond answering.

    `chains`: it keeps answers, and continues one by its id (`ProviderRequest.continuation`).
    `raw`: it can yield its chunks as they came (`ProviderRequest.keep_raw`).
    `images` and `files`: it takes them with a message (`ChatMessage.files`).
    """

    chains: bool = False
    raw: bool = False
    images: bool = False
    files: bool = False


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A line of a provider's catalogue; `fields` is everything the provider said of it."""

    id: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a provider may take, in seconds.

    `connect` bounds the connection, `idle` the silence before and between two reads.
    """

    connect: float = 10.0
    idle: float = 30.0


DEFAULT_LIMITS = Limits()
