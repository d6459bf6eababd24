"""Conversations as someone keeps them: titled, listed in pages, put away and taken out again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from conversations.access import (
    conversation_for,
    inside_lists,
    own_conversation,
    refuse_outside_lists,
)
from conversations.errors import MessageNotFound, ProviderThreadNotFound
from conversations.labels import is_title, label_fields
from conversations.models import Attachment, Conversation, Message, ProviderThread
from conversations.signals import announce

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`number` counts from 1; `total` is over all pages."""

    items: list[T]
    total: int
    number: int
    limit: int

    @property
    def has_more(self) -> bool:
        return self.number * self.limit < self.total


@transaction.atomic
def begin_titled(
    caller: Caller,
    *,
    surface: str,
    title: str | None,
    summary: str | None,
    metadata: Mapping[str, Any],
) -> Conversation:
    """Raises Forbidden for a product or agent outside of the user's lists."""
    refuse_outside_lists(caller, metadata)
    conversation = Conversation.objects.create(
        workspace=caller.workspace,
        surface=surface,
        title=title,
        summary=summary,
        metadata=dict(metadata),
        has_title=is_title(title),
        **label_fields(metadata),
    )
    announce(conversation.id, conversation.id)
    return conversation


def page_of_conversations(
    caller: Caller, *, surface: str, number: int, limit: int, everything: bool
) -> Page[Conversation]:
    """Newest first; without `everything`, only those that are begun, titled and not deleted."""
    rows = Conversation.objects.filter(
        inside_lists(caller), workspace=caller.workspace, surface=surface
    )
    if not everything:
        # As the index `conversations_begun` has it.
        rows = rows.filter(deleted_at=None, has_title=True, message_count__gt=0)
    return _page(rows.order_by("-id"), number, limit)


@transaction.atomic
def change_titled(
    caller: Caller,
    conversation_id: UUID,
    *,
    surface: str,
    changes: Mapping[str, Any],
    deleted: bool | None,
) -> Conversation:
    """Store `title`, `summary` or `metadata`; `deleted` puts away or takes out again.

    Raises ConversationNotFound, also for one that is put away and stays so; Forbidden.
    """
    find = own_conversation if deleted is False else conversation_for
    conversation = find(caller, conversation_id, surface=surface)
    fields, labels = dict(changes), (conversation.product, conversation.agent)
    if (metadata := fields.get("metadata")) is not None:
        fields |= label_fields(metadata)
        refuse_outside_lists(caller, metadata)
    if "title" in fields:
        fields["has_title"] = is_title(fields["title"])
    if deleted is not None:
        fields["deleted_at"] = timezone.now() if deleted else None
    for name, value in fields.items():
        setattr(conversation, name, value)
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=[*fields, "updated_at"])
    # Its messages are out of sight with it, and labelled as it is.
    is_all = "deleted_at" in fields or labels != (conversation.product, conversation.agent)
    announce(conversation.id, *([] if is_all else [conversation.id]))
    return conversation


@transaction.atomic
def put_away(caller: Caller, conversation_id: UUID, *, surface: str) -> None:
    """Deleting that can be taken back; again, it changes nothing. Raises ConversationNotFound."""
    conversation = own_conversation(caller, conversation_id, surface=surface)
    if conversation.deleted_at is None:
        conversation.deleted_at = conversation.updated_at = timezone.now()
        conversation.save(update_fields=["deleted_at", "updated_at"])
        announce(conversation.id)


def page_of_messages(conversation: Conversation, *, number: int, limit: int) -> Page[Message]:
    """Newest first."""
    rows = messages_of(conversation).order_by("-id")
    start = (number - 1) * limit
    # Counted where they are written: counting 100,000 rows takes longer than reading a page.
    return Page(list(rows[start : start + limit]), conversation.message_count, number, limit)


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    """Those on the path, with their files."""
    return _with_files(conversation).filter(superseded_at=None)


@transaction.atomic
def change_message(
    conversation: Conversation, message_id: UUID, changes: Mapping[str, Any]
) -> Message:
    """Raises MessageNotFound, also for a message of another conversation."""
    message = _with_files(conversation).filter(id=message_id).first()
    if message is None:
        raise MessageNotFound(message_id)
    for name, value in changes.items():
        setattr(message, name, value)
    message.updated_at = timezone.now()
    message.save(update_fields=[*changes, "updated_at"])
    if "content" in changes:
        announce(conversation.id, message.id)
    return message


def provider_state(conversation: Conversation, provider: str) -> ProviderThread:
    """Raises ProviderThreadNotFound."""
    state = conversation.provider_threads.filter(provider=provider).first()
    if state is None:
        raise ProviderThreadNotFound
    return state


def external_id_of(conversation: Conversation, provider: str) -> str | None:
    """What the provider calls the conversation as it is now, where it does."""
    state = conversation.provider_threads.filter(provider=provider).first()
    if state is None:
        return None
    # Since then the path was changed: what the provider remembers is another one.
    left = Message.objects.filter(conversation=conversation, superseded_at__gt=state.updated_at)
    return None if left.exists() else state.external_id


@transaction.atomic
def set_provider_state(
    conversation: Conversation, provider: str, *, external_id: str, payload: Mapping[str, Any]
) -> ProviderThread:
    state, _ = ProviderThread.objects.update_or_create(
        conversation=conversation,
        provider=provider,
        defaults={
            "external_id": external_id,
            "payload": dict(payload),
            "updated_at": timezone.now(),
        },
    )
    return state


def _with_files(conversation: Conversation) -> QuerySet[Message]:
    files = Prefetch("attachments", Attachment.objects.order_by("created_at", "id"))
    return Message.objects.filter(conversation_id=conversation.id).prefetch_related(files)


def _page(rows: QuerySet[Conversation], number: int, limit: int) -> Page[Conversation]:
    start = (number - 1) * limit
    return Page(list(rows[start : start + limit]), rows.order_by().count(), number, limit)
