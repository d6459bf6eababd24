"""The lines of an export: one JSON object each, told apart by `type` (docs/portable.md)."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from conversations.models import Attachment, Conversation, Message, ProviderThread

FORMAT = "parley-export"
VERSION = 1
# Stands for the user whose export it is: here and elsewhere they have different ids.
OWNER = "owner"

Metadata = dict[str, Any]
Time = Annotated[dt.datetime, Meta(tz=True)]
Line32 = Annotated[str, Meta(max_length=32, pattern="^[a-z0-9][a-z0-9_-]*$")]
Line64 = Annotated[str, Meta(min_length=1, max_length=64)]
Line128 = Annotated[str, Meta(max_length=128)]
Line255 = Annotated[str, Meta(max_length=255)]
Line1024 = Annotated[str, Meta(max_length=1024)]
Tokens = Annotated[int, Meta(ge=0, le=2**53)]
MemoryLimit = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Size = Annotated[int, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]


class Header(Struct, frozen=True, tag_field="type", tag=FORMAT):
    """The first line."""

    version: int
    exported_at: Time
    username: str


class ConversationLine(Struct, frozen=True, tag_field="type", tag="conversation"):
    id: UUID
    surface: Line32
    created_at: Time
    updated_at: Time
    title: Line255 | None = None
    summary: Line1024 | None = None
    metadata: Metadata = {}
    model: str = ""
    provider: str = ""
    fallback_provider: str = ""
    memory_limit: MemoryLimit | None = None
    deleted_at: Time | None = None


class MessageLine(Struct, frozen=True, tag_field="type", tag="message"):
    """`sender_id` is `owner` where that is the user whose export it is."""

    id: UUID
    conversation_id: UUID
    role: Annotated[str, Meta(min_length=1, max_length=255)]
    content: str
    created_at: Time
    updated_at: Time
    parent_id: UUID | None = None
    sender_id: Line255 = ""
    model: str | None = None
    status: Literal["queued", "processing", "ready", "error"] = "ready"
    metadata: Metadata = {}
    tokens_count: Tokens | None = None
    error_code: Line128 | None = None
    correlation_id: str | None = None
    versions: UUID | None = None
    superseded_at: Time | None = None


class AttachmentLine(Struct, frozen=True, tag_field="type", tag="attachment"):
    """`data_base64` is null where the server no longer had the bytes."""

    id: UUID
    conversation_id: UUID
    message_id: UUID
    filename: Annotated[str, Meta(min_length=1, max_length=255)]
    content_type: Line255
    created_at: Time
    data_base64: str | None
    size_bytes: Size | UnsetType = UNSET


class ProviderThreadLine(Struct, frozen=True, tag_field="type", tag="provider_thread"):
    """What a provider calls the conversation."""

    id: UUID
    conversation_id: UUID
    provider: Line64
    external_id: Annotated[str, Meta(min_length=1)]
    created_at: Time
    updated_at: Time
    payload: Metadata = {}


class End(Struct, frozen=True, tag_field="type", tag="end"):
    """The last line: a file without it was cut."""

    conversations: Count
    messages: Count
    attachments: Count
    provider_threads: Count = 0


Item = ConversationLine | MessageLine | AttachmentLine | ProviderThreadLine
Line = Header | Item | End

# Keys in order, because PostgreSQL does not keep the order in which they came.
_encoder = msgspec.json.Encoder(order="deterministic")


def line_of(record: Line) -> bytes:
    try:
        return _encoder.encode(record) + b"\n"
    except UnicodeEncodeError:
        # SQLite keeps half a surrogate pair inside of JSON; no file in UTF-8 can hold it.
        return _encoder.encode(_encodable(msgspec.to_builtins(record))) + b"\n"


def conversation_line(row: Conversation) -> ConversationLine:
    return ConversationLine(
        id=row.id,
        surface=row.surface,
        title=row.title,
        summary=row.summary,
        metadata=row.metadata,
        model=row.model,
        provider=row.provider,
        fallback_provider=row.fallback_provider,
        memory_limit=row.memory_limit,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )


def message_line(row: Message, *, owner_id: str) -> MessageLine:
    return MessageLine(
        id=row.id,
        conversation_id=row.conversation_id,
        parent_id=row.parent_id,
        role=row.role,
        sender_id=OWNER if row.sender_id == owner_id else row.sender_id,
        content=row.content,
        model=row.model,
        status=row.status,  # type: ignore[arg-type]
        metadata=row.metadata,
        tokens_count=row.tokens_count,
        error_code=row.error_code,
        correlation_id=row.correlation_id,
        versions=row.versions,
        superseded_at=row.superseded_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def attachment_line(row: Attachment, data_base64: str | None) -> AttachmentLine:
    assert row.message_id is not None
    return AttachmentLine(
        id=row.id,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        filename=row.filename,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        data_base64=data_base64,
    )


def provider_thread_line(row: ProviderThread) -> ProviderThreadLine:
    return ProviderThreadLine(
        id=row.id,
        conversation_id=row.conversation_id,
        provider=row.provider,
        external_id=row.external_id,
        payload=row.payload,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_encodable(held) for held in value]
    return value
