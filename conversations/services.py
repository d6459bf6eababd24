"""What happens to conversations outside a turn: short transactions, each with a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from accounts.callers import Caller
from conversations.access import conversation_for
from conversations.models import Attempt, Conversation, Message, Turn
from conversations.signals import announce
from conversations.versions import on_path


@dataclass(frozen=True, slots=True)
class ToAnswer:
    """A conversation, and the model that its last question was sent with, if any."""

    conversation: Conversation
    question_model: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    conversations: int
    messages: int


_IS_READY = Q(messages__status=Message.Status.READY, messages__superseded_at=None)


@transaction.atomic
def begin_conversation(
    caller: Caller,
    *,
    surface: str,
    model: str = "",
    provider: str = "",
    fallback_provider: str = "",
    memory_limit: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    title: str | None = None,
    summary: str | None = None,
) -> Conversation:
    conversation = Conversation.objects.create(
        workspace=caller.workspace,
        surface=surface,
        model=model,
        provider=provider,
        fallback_provider=fallback_provider,
        memory_limit=memory_limit,
        metadata=dict(metadata or {}),
        title=title,
        summary=summary,
    )
    if title or summary:
        announce(conversation.id, conversation.id)
    return conversation


def conversations_of(caller: Caller, *, surface: str) -> list[tuple[Conversation, int]]:
    """Oldest first, each with the number of its messages."""
    rows = Conversation.objects.filter(workspace=caller.workspace, surface=surface)
    counted = rows.annotate(ready_count=Count("messages", filter=_IS_READY)).order_by("id")
    return [(row, row.ready_count) for row in counted]


@transaction.atomic
def delete_conversation(caller: Caller, conversation_id: UUID, *, surface: str) -> None:
    """The messages and turns go too. Raises ConversationNotFound."""
    conversation = conversation_for(caller, conversation_id, surface=surface)
    # In the order of the turns' own writes: a page or an answer on its way comes before or not.
    list(conversation.turns.select_for_update().order_by("id").values_list("id"))
    list(Conversation.objects.select_for_update().filter(id=conversation.id))
    announce(conversation.id, workspace=conversation.workspace)
    conversation.delete()


@transaction.atomic
def set_model(caller: Caller, conversation_id: UUID, *, surface: str, model: str) -> Conversation:
    """Raises ConversationNotFound."""
    conversation = conversation_for(caller, conversation_id, surface=surface)
    conversation.model = model
    conversation.updated_at = timezone.now()
    conversation.save(update_fields=["model", "updated_at"])
    return conversation


@transaction.atomic
def add_message(
    caller: Caller, conversation_id: UUID, *, surface: str, content: str, model: str | None
) -> Message:
    """Store what the user said, to be answered later. Raises ConversationNotFound."""
    conversation = conversation_for(caller, conversation_id, surface=surface)
    latest = history_of(conversation.id).last()
    conversation.updated_at = timezone.now()
    conversation.message_count = F("message_count") + 1
    conversation.save(update_fields=["updated_at", "message_count"])
    message = Message.objects.create(
        conversation=conversation, parent=latest, role="user", content=content, model=model
    )
    announce(conversation.id, message.id)
    return message


@transaction.atomic
def hand_over(giver: Caller, receiver: Caller) -> int:
    """All conversations of one owner become another's; gives their number.

    A turn that runs goes on; idempotency keys, which are the giver's, are forgotten.
    """
    own = Conversation.objects.filter(workspace=giver.workspace)
    turns = Turn.objects.filter(workspace=giver.workspace)
    # In the order of the turns' own writes.
    list(turns.select_for_update().order_by("id").values_list("id"))
    ids = list(own.select_for_update().order_by("id").values_list("id", flat=True))
    turns.update(workspace=receiver.workspace, idempotency_key=None)
    own.update(workspace=receiver.workspace)
    for conversation_id in ids:
        announce(conversation_id, workspace=giver.workspace)
    return len(ids)


def history_of(conversation_id: UUID) -> QuerySet[Message]:
    """What is on the path, oldest first."""
    return on_path(conversation_id).filter(status=Message.Status.READY).order_by("id")


def history_up_to(conversation_id: UUID, message_id: UUID) -> list[Message]:
    """The history as it was when this message joined it, oldest first."""
    return list(history_of(conversation_id).filter(id__lte=message_id))


def conversation_to_answer(caller: Caller, conversation_id: UUID, *, surface: str) -> ToAnswer:
    """Raises ConversationNotFound."""
    conversation = conversation_for(caller, conversation_id, surface=surface)
    question = history_of(conversation.id).filter(role="user").last()
    return ToAnswer(conversation, question.model if question is not None else None)


def counts_of(caller: Caller, *, surface: str) -> Counts:
    conversations = Conversation.objects.filter(workspace=caller.workspace, surface=surface)
    messages = Message.objects.filter(
        conversation__in=conversations, status=Message.Status.READY, superseded_at=None
    )
    return Counts(conversations.count(), messages.count())


def attempts_of(turn: Turn) -> QuerySet[Attempt]:
    """In the order they were made."""
    return turn.attempts.order_by("ordinal")


def request_stop(turn: Turn) -> None:
    """Its worker looks at the flag at each flush; a turn that is over stays as it is."""
    Turn.objects.filter(id=turn.id, finished_at=None).update(stop_requested=True)
