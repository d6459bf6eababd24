"""What the end of a turn does to its conversation's messages."""

from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from conversations.ids import time_of
from conversations.models import Attachment, Conversation, Message, ProviderThread
from conversations.services import history_of
from conversations.signals import announce
from conversations.turns.closing import Closing
from conversations.turns.events import TurnCompleted, TurnFailed
from conversations.versions import place_of_answer
from providers.events import AnswerDetails

ASSISTANT = "assistant"
LONGEST_ERROR = 128
# More is a provider's mistake, and no number for every database.
_MOST_TOKENS = 2**53


def store_answer(closing: Closing, message_id: UUID) -> None:
    conversation_id, end = closing.conversation_id, closing.end
    details = end.details if isinstance(end, TurnCompleted) else None
    place = place_of_answer(
        conversation_id, question_id=closing.question_id, replaces=closing.replaces
    )
    Message.objects.create(
        id=message_id,
        # As the id says: known without the message, should a memory limit drop it.
        created_at=time_of(message_id),
        conversation_id=conversation_id,
        parent_id=place.parent_id,
        versions=place.versions,
        superseded_at=place.superseded_at,
        role=ASSISTANT,
        sender_id=ASSISTANT,
        content=closing.answer,
        model=closing.answer_model,
        tokens_count=_tokens(closing, "completion_tokens"),
        metadata=details.metadata if details else {},
    )
    Conversation.objects.filter(id=conversation_id).update(
        updated_at=timezone.now(),
        message_count=F("message_count") + (1 if place.superseded_at is None else 0),
    )
    announce(conversation_id, message_id)
    Attachment.objects.filter(turn_id=closing.turn_id, message=None).update(message_id=message_id)
    if details is not None and details.conversation_id and place.superseded_at is None:
        _store_state(closing, details, details.conversation_id)


def settle_question(closing: Closing, question_id: UUID, *, answered: bool) -> None:
    """`ready` with what the provider said of it, or `error` with what went wrong."""
    fields: dict[str, Any] = {"updated_at": timezone.now()}
    if answered:
        fields["status"] = Message.Status.READY
        if (tokens := _tokens(closing, "prompt_tokens")) is not None:
            fields["tokens_count"] = tokens
        if isinstance(closing.end, TurnCompleted) and closing.end.answer_id:
            fields["correlation_id"] = closing.end.answer_id
    else:
        fields["status"] = Message.Status.ERROR
        message = closing.end.message if isinstance(closing.end, TurnFailed) else "stopped"
        fields["error_code"] = message[:LONGEST_ERROR]
    Message.objects.filter(id=question_id).update(**fields)


def forget_beyond(limit: int, conversation_id: UUID) -> None:
    history = history_of(conversation_id)
    kept = list(history.reverse()[:limit].values_list("id", flat=True))
    dropped = list(history.exclude(id__in=kept).values_list("id", flat=True))
    if dropped:
        # With the versions that nobody has chosen, which are as old.
        others = Message.objects.filter(conversation_id=conversation_id, id__lt=min(kept))
        others = others.exclude(superseded_at=None).exclude(status=Message.Status.PROCESSING)
        aside = list(others.values_list("id", flat=True))
        Message.objects.filter(id__in=[*dropped, *aside]).delete()
        Conversation.objects.filter(id=conversation_id).update(
            message_count=F("message_count") - len(dropped)
        )
        announce(conversation_id, *dropped, *aside)


def _tokens(closing: Closing, name: str) -> int | None:
    usage = closing.end.usage if isinstance(closing.end, TurnCompleted) else None
    count = (usage or {}).get(name)
    return count if isinstance(count, int) and 0 <= count <= _MOST_TOKENS else None


def _store_state(closing: Closing, details: AnswerDetails, external_id: str) -> None:
    """What the provider calls the conversation, for the next turn (T-6.1)."""
    last = closing.attempts[-1]
    conversation = Conversation.objects.get(id=closing.conversation_id)
    ProviderThread.objects.update_or_create(
        conversation=conversation,
        provider=last.ask.provider,
        defaults={
            "external_id": external_id,
            "payload": {
                "model": last.model,
                "model_label": conversation.metadata.get("model_label"),
            },
            "updated_at": timezone.now(),
        },
    )
