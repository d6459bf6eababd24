"""The JSON of sessions, both ways."""

import datetime as dt
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from api.parsing import Body, NonEmpty
from api.responses import Answer
from conversations.models import Conversation, Message

MemoryLimit = Annotated[int, Field(ge=1)] | None


class SessionForm(Body):
    """`POST /sessions`."""

    provider: str | None = None
    fallback_provider: str | None = None
    memory_limit: MemoryLimit = None
    metadata: dict[str, Any] | None = None


class MessageForm(Body):
    """`POST /sessions/{id}/messages`."""

    content: NonEmpty
    role: str = "user"
    provider: str | None = None
    fallback_provider: str | None = None
    memory_limit: MemoryLimit = None
    options: dict[str, Any] | None = None

    @field_validator("options")
    @classmethod
    def _model_is_text(cls, options: dict[str, Any] | None) -> dict[str, Any] | None:
        if options and not isinstance(options.get("model", ""), str | None):
            raise PydanticCustomError("string_type", "Input should be a valid string as `model`")
        return options

    @property
    def asked_model(self) -> str | None:
        """`options.model`, the one option that the server reads."""
        return (self.options or {}).get("model")


class MessageJson(Answer):
    role: str
    content: str
    created_at: dt.datetime
    metadata: dict[str, Any] | None = None


class SessionJson(Answer):
    id: UUID
    provider: str | None
    fallback_provider: str | None
    memory_limit: int
    created_at: dt.datetime
    metadata: dict[str, Any]


class SessionWithHistoryJson(SessionJson):
    history: list[MessageJson]


class ReplyJson(Answer):
    session_id: UUID
    provider: str
    provider_source: str
    message: MessageJson
    usage: dict[str, Any] | None
    history: list[MessageJson]


def session_json(session: Conversation) -> SessionJson:
    return SessionJson(**_session_fields(session))


def session_with_history_json(
    session: Conversation, messages: Iterable[Message]
) -> SessionWithHistoryJson:
    return SessionWithHistoryJson(**_session_fields(session), history=history_json(messages))


def history_json(messages: Iterable[Message]) -> list[MessageJson]:
    """The messages without those of role `system`."""
    return [
        MessageJson(role=message.role, content=message.content, created_at=message.created_at)
        for message in messages
        if message.role != "system"
    ]


def _session_fields(session: Conversation) -> dict[str, Any]:
    return {
        "id": session.id,
        "provider": session.provider or None,
        "fallback_provider": session.fallback_provider or None,
        "memory_limit": session.memory_limit,
        "created_at": session.created_at,
        "metadata": session.metadata,
    }
