"""Storing what was asked: the message, its files, and what it does to its conversation."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, prefetch_related_objects
from django.utils import timezone

from accounts.callers import Caller
from conversations.access import conversation_for
from conversations.files import attachment_row
from conversations.ids import new_id
from conversations.models import Attachment, Conversation, Message
from conversations.signals import announce
from conversations.turns.request import Heading, Question
from conversations.versions import on_path


@transaction.atomic
def accept_question(
    caller: Caller, conversation_id: UUID, asked: Question, surface: str, heading: Heading
) -> Message:
    """Store a message that nobody answers; its files come along.

    Raises ConversationNotFound, Forbidden.
    """
    conversation = conversation_for(caller, conversation_id, surface=surface)
    latest = on_path(conversation.id).order_by("-id").first()
    message = store_question(
        asked,
        conversation,
        parent_id=latest.id if latest else None,
        status=Message.Status.QUEUED,
        heading=heading,
    )
    prefetch_related_objects([message], "attachments")
    return message


def store_question(
    asked: Question,
    conversation: Conversation,
    *,
    parent_id: UUID | None,
    status: Message.Status,
    heading: Heading | None,
    versions: UUID | None = None,
) -> Message:
    """Within the caller's transaction."""
    message = Message.objects.create(
        id=new_id(),
        conversation=conversation,
        parent_id=parent_id,
        role=asked.role,
        content=asked.content,
        model=asked.model,
        status=status,
        sender_id=asked.sender_id,
        metadata=dict(asked.metadata),
        tokens_count=asked.tokens_count,
        correlation_id=asked.correlation_id,
        versions=versions,
    )
    Attachment.objects.bulk_create(
        attachment_row(file, conversation=conversation, message=message) for file in asked.files
    )
    changes = _heading_fields(conversation, heading)
    Conversation.objects.filter(id=conversation.id).update(
        message_count=F("message_count") + 1, **changes
    )
    announce(conversation.id, message.id, *([conversation.id] if "title" in changes else []))
    return message


def _heading_fields(conversation: Conversation, heading: Heading | None) -> dict[str, Any]:
    """A title, where this is the first message or there is none but blanks (T-4.2)."""
    if heading is None:
        return {}
    metadata = {**conversation.metadata, **heading.metadata}
    fields: dict[str, Any] = {"metadata": metadata, "updated_at": timezone.now()}
    if not conversation.message_count or not conversation.has_title:
        fields |= {"title": heading.title, "has_title": True}
    return fields
