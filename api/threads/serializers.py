"""The JSON of threads, messages and provider state, both ways."""

import base64
import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from pydantic import Field, StringConstraints

from accounts.callers import Caller
from api.attaching import AttachmentForm
from api.parsing import Body, NonEmpty
from api.responses import Answer
from conversations.files import bytes_of
from conversations.models import Attachment, Conversation, Message, ProviderThread
from conversations.shelf import Page

MOST_PER_PAGE = 100
DEFAULT_PROVIDER = "openai-compatible"

Title = Annotated[str, StringConstraints(max_length=255)]
Summary = Annotated[str, StringConstraints(max_length=1024)]
# A query holds texts only.
Number = Annotated[int, Field(strict=False, ge=1, le=2**31)]
Flag = Annotated[bool, Field(strict=False)]


class ThreadForm(Body):
    """`POST /threads`; `attributes` is another name for `metadata`."""

    title: Title | None = None
    summary: Summary | None = None
    metadata: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None

    @property
    def given_metadata(self) -> dict[str, Any] | None:
        return self.metadata if self.metadata is not None else self.attributes


class ThreadChangeForm(ThreadForm):
    """`PATCH /threads/{id}`; null or absent leaves things as they are."""

    is_deleted: bool | None = None

    def changes(self) -> dict[str, Any]:
        given = {
            "title": self.title,
            "summary": self.summary,
            "metadata": self.given_metadata,
        }
        return {name: value for name, value in given.items() if value is not None}


class PageQuery(Body):
    page: Number = 1
    limit: Number = 20

    @property
    def most(self) -> int:
        return min(self.limit, MOST_PER_PAGE)


class ThreadsQuery(PageQuery):
    include_deleted: Flag = False


class ThreadQuery(Body):
    messages_limit: Annotated[int, Field(strict=False, ge=1, le=50)] = 5


class MessageForm(Body):
    """Who sends is known: `sender_id` and `user_id` are read by nobody."""

    text: NonEmpty
    sender_type: Literal["user", "assistant", "system"] = "user"
    model: str | None = None
    model_label: str | None = None
    metadata: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None
    correlation_id: str | None = None
    tokens_count: Annotated[int, Field(ge=0, le=2**53)] | None = None
    attachments: list[AttachmentForm] | None = None

    @property
    def given_metadata(self) -> dict[str, Any]:
        return self.metadata or self.meta or {}


class MessageChangeForm(Body):
    status: Literal["queued", "processing", "ready", "error"] | None = None
    text: str | None = None
    error_code: str | None = None
    tokens_count: Annotated[int, Field(ge=0, le=2**53)] | None = None


class StateQuery(Body):
    provider: str | None = None


class StateForm(Body):
    conversation_id: NonEmpty
    payload: dict[str, Any] = Field(default_factory=dict)
    provider: str | None = None


class AttachmentJson(Answer):
    id: UUID
    filename: str
    content_type: str
    size_bytes: int
    created_at: dt.datetime
    data_base64: str | None
    download_url: str


class MessageJson(Answer):
    id: UUID
    thread_id: UUID
    sender_id: str
    sender_type: str
    status: str
    text: str
    metadata: dict[str, Any]
    tokens_count: int | None
    error_code: str | None
    correlation_id: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    attachments: list[AttachmentJson]


class ThreadJson(Answer):
    id: UUID
    owner_id: UUID
    title: str | None
    summary: str | None
    metadata: dict[str, Any]
    is_deleted: bool
    created_at: dt.datetime
    updated_at: dt.datetime
    deleted_at: dt.datetime | None


class ThreadWithMessagesJson(ThreadJson):
    last_messages: list[MessageJson]


class PaginationJson(Answer):
    total: int
    page: int
    limit: int
    has_more: bool


class ThreadPageJson(Answer):
    items: list[ThreadJson]
    pagination: PaginationJson


class MessagePageJson(Answer):
    items: list[MessageJson]
    pagination: PaginationJson


class StateJson(Answer):
    id: UUID
    thread_id: UUID
    provider: str
    conversation_id: str
    payload: dict[str, Any]
    created_at: dt.datetime
    updated_at: dt.datetime


class ModelCardJson(Answer):
    """`unavailable` says why, where the provider did not answer the last time."""

    id: str
    name: str
    unavailable: str | None = Field(default=None, exclude_if=lambda reason: reason is None)


class ModelsJson(Answer):
    models: list[str]
    cards: list[ModelCardJson]


def thread_json(caller: Caller, row: Conversation) -> ThreadJson:
    assert caller.user_id is not None
    return ThreadJson(
        id=row.id,
        owner_id=caller.user_id,
        title=row.title,
        summary=row.summary,
        metadata=row.metadata,
        is_deleted=row.deleted_at is not None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
    )


def message_json(row: Message) -> MessageJson:
    """Without the bytes of its files; they are to be prefetched."""
    return MessageJson(
        id=row.id,
        thread_id=row.conversation_id,
        sender_id=row.sender_id,
        sender_type=row.role,
        status=row.status,
        text=row.content,
        metadata=row.metadata,
        tokens_count=row.tokens_count,
        error_code=row.error_code,
        correlation_id=row.correlation_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
        attachments=[attachment_json(file) for file in row.attachments.all()],
    )


def with_bytes(row: Message) -> MessageJson:
    """The same with the bytes; reads the storage."""
    shown = message_json(row)
    for file, row_of_file in zip(shown.attachments, row.attachments.all(), strict=True):
        file.data_base64 = base64.b64encode(bytes_of(row_of_file.stored_as)).decode()
    return shown


def attachment_json(row: Attachment) -> AttachmentJson:
    return AttachmentJson(
        id=row.id,
        filename=row.filename,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
        data_base64=None,
        download_url=download_url(str(row.id)),
    )


def download_url(name: str) -> str:
    return f"{settings.CHAT_API_PREFIX}/attachments/{name}"


def state_json(row: ProviderThread) -> StateJson:
    return StateJson(
        id=row.id,
        thread_id=row.conversation_id,
        provider=row.provider,
        conversation_id=row.external_id,
        payload=row.payload,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def thread_page(caller: Caller, page: Page[Conversation]) -> ThreadPageJson:
    items = [thread_json(caller, row) for row in page.items]
    return ThreadPageJson(items=items, pagination=_pagination(page))


def message_page(page: Page[Message]) -> MessagePageJson:
    items = [message_json(row) for row in page.items]
    return MessagePageJson(items=items, pagination=_pagination(page))


def _pagination(page: Page[Any]) -> PaginationJson:
    return PaginationJson(
        total=page.total, page=page.number, limit=page.limit, has_more=page.has_more
    )
