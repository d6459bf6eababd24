"""The JSON of conversations, both ways."""

import datetime as dt
from typing import Any
from uuid import UUID

from api.parsing import Body, NonEmpty
from api.responses import Answer
from conversations.models import Conversation, Message
from providers.types import ModelInfo


class ConversationForm(Body):
    """`POST /conversations`."""

    default_model: str | None = None


class ModelForm(Body):
    """`PATCH /conversations/{id}`."""

    default_model: NonEmpty


class UserMessageForm(Body):
    """`POST /conversations/{id}/messages`."""

    message: NonEmpty
    model: str | None = None


class StreamQuery(Body):
    """The query of `GET /conversations/{id}/stream`."""

    model: str | None = None


class ConversationJson(Answer):
    id: UUID
    default_model: str
    created_at: dt.datetime
    updated_at: dt.datetime


class CountedConversationJson(ConversationJson):
    message_count: int


class ConversationListJson(Answer):
    conversations: list[CountedConversationJson]


class DeletedJson(Answer):
    status: str = "deleted"
    conversation_id: UUID


class MessageJson(Answer):
    id: UUID
    role: str
    content: str
    model: str | None
    timestamp: dt.datetime


class MessageListJson(Answer):
    conversation_id: UUID
    messages: list[MessageJson]


class ModelListJson(Answer):
    models: list[dict[str, Any]]
    cached: bool


class StatusJson(Answer):
    status: str = "online"
    service: str
    version: str
    conversations: int
    total_messages: int


def conversation_json(conversation: Conversation) -> ConversationJson:
    return ConversationJson(**_fields(conversation))


def counted_json(conversation: Conversation, message_count: int) -> CountedConversationJson:
    return CountedConversationJson(**_fields(conversation), message_count=message_count)


def message_json(message: Message) -> MessageJson:
    """A user message shows no model, whatever it was sent with (V-2.2)."""
    return MessageJson(
        id=message.id,
        role=message.role,
        content=message.content,
        model=None if message.role == "user" else message.model,
        timestamp=message.created_at,
    )


def model_json(model: ModelInfo) -> dict[str, Any]:
    """Everything that the provider says of the model (V-4.1)."""
    return {**model.fields, "id": model.id, "name": model.name}


def _fields(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "default_model": conversation.model,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
    }
