"""What a dialect asks for: a question, who may answer it, and what counts as history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.callers import Caller
from conversations.files import NewFile
from providers.types import Ask, ToolSpec


@dataclass(frozen=True, slots=True)
class Question:
    """The message to be stored and answered."""

    content: str
    role: str = "user"
    model: str | None = None
    sender_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tokens_count: int | None = None
    correlation_id: str | None = None
    files: tuple[NewFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The caller's key, and the SHA-256 of the request it came with."""

    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What a conversation is to be called if it has no title yet, and what its metadata gains."""

    title: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Linear:
    """The history is every message of the conversation.

    With `unanswered`, also those that no answer came to. With `most`, the last so many of them.
    With `instead_of`, those before a message of which there is to be another version: of a
    question, if the request has one, else of an answer; or of an unanswered question, the answer.
    """

    surface: str
    conversation_id: UUID
    heading: Heading | None = None
    unanswered: bool = False
    most: int | None = None
    instead_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """The history is the path that led to an earlier answer.

    Without `after`, the id of the turn that gave it, a new conversation begins. Providers
    that keep answers themselves are asked to continue theirs, or are told the whole path where
    it is `retold`.
    """

    surface: str
    after: UUID | None = None
    retold: bool = False


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """Everything that a turn needs; `asks` are tried in order until one answers.

    Without a `question` the stored messages are what is answered. `memory_limit` is the
    number of messages kept afterwards. `answer_limit` bounds each attempt as a whole and
    `silence_limit` the wait for its next event, both in seconds and beside the provider's own
    limits; a `patient` request has none of those for the silence. `answer_model` is the model as
    it was asked for, kept with the answer; `empty_answer` is what is kept of one without text.
    `request_id` is that of the HTTP request, to be found in the logs. `tools` are the caller's own,
    which the model may call and the caller runs.
    """

    caller: Caller
    history: Linear | Branch
    asks: tuple[Ask, ...]
    question: Question | None
    options: Mapping[str, Any] = field(default_factory=dict)
    system_prompt: str | None = None
    memory_limit: int | None = None
    answer_limit: float | None = None
    silence_limit: float | None = None
    idempotency: Idempotency | None = None
    answer_model: str | None = None
    empty_answer: str = ""
    keep_raw: bool = False
    patient: bool = False
    request_id: str = ""
    tools: tuple[ToolSpec, ...] = ()
