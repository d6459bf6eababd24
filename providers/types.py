"""The values that cross the boundary between a turn and a provider."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.addresses import Reach


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
class Ask:
    """One provider to try; an empty `model` means its default. `source` says who named it."""

    provider: str
    model: str
    source: str


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that the model may call; `parameters` is the JSON schema of its arguments."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model has made; `arguments` is the JSON text as the model wrote it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as a provider gets it; `role` is `system`, `user`, `assistant` or `tool`.

    `tool_calls` are those of an assistant; `tool_call_id` names the one that a tool answers.
    """

    role: str
    content: str
    files: tuple[SentFile, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


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
    capabilities say `chains` look at it. `tools` may be called, where the provider can do so.
    `as_sent` are the messages as an OpenAI client wrote them, for a `raw` provider in place of
    `messages`. With `keep_raw`, such a one yields each chunk of its answer as a `RawChunk`. A
    `patient` caller bounds the silence itself: only the connection has the provider's limit.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    continuation: Continuation | None = None
    keep_raw: bool = False
    patient: bool = False
    tools: tuple[ToolSpec, ...] = ()
    as_sent: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do beyond answering.

    `chains`: it keeps answers, and continues one by its id (`ProviderRequest.continuation`).
    `raw`: it can yield its chunks as they came (`ProviderRequest.keep_raw`).
    `tools`: its models can call tools (`ProviderRequest.tools`).
    `images` and `files`: it takes them with a message (`ChatMessage.files`).
    """

    chains: bool = False
    raw: bool = False
    tools: bool = False
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
    """How long a provider may take, in seconds, and where it may be.

    `connect` bounds the connection, `idle` the silence before and between two reads. Without a
    `reach` it may be anywhere: the operator has said where.
    """

    connect: float = 10.0
    idle: float = 30.0
    reach: Reach | None = None


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Handling:
    """How a provider is treated; times are in seconds, and None sets no bound.

    `first_text` bounds the wait for the first word, `total` the whole answer. A fault before
    the first word is tried again `retries` times. After `failures` in a row the provider is left
    alone for a while; 0 means never. `places` is how many may ask at once in this process, and
    `queue` how long the others wait for one. `fallbacks` are asked when it fails, each
    `provider` or `provider/model`.
    """

    first_text: float | None = None
    total: float | None = None
    retries: int = 1
    failures: int = 10
    places: int | None = None
    queue: float = 60.0
    fallbacks: tuple[str, ...] = ()


DEFAULT_HANDLING = Handling()
