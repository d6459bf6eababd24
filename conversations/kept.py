"""Answers as they are kept, each under the id of its turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.callers import Caller
from conversations.access import answered_turn_for, turn_for
from conversations.errors import TurnNotFound
from conversations.models import Conversation, Message, Turn
from conversations.signals import announce
from conversations.turns.history import path_to
from conversations.turns.said import calls_in, expanded
from providers.types import ChatMessage, ToolCall


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn with what its question was kept with, and the tools that its answer has called."""

    turn: Turn
    asked: Mapping[str, Any]
    calls: tuple[ToolCall, ...]


def kept_turn(caller: Caller, turn_id: UUID, *, surface: str) -> Kept:
    """Raises TurnNotFound, Forbidden."""
    turn = _turn_of(caller, turn_id, surface)
    question = turn.question
    answer = Message.objects.filter(id=turn.answer_id).first() if turn.answer_id else None
    calls = calls_in(answer.metadata) if answer is not None else ()
    return Kept(turn, question.metadata if question is not None else {}, calls)


def said_before(
    caller: Caller, turn_id: UUID, *, name: str, surface: str
) -> tuple[ChatMessage, ...]:
    """Everything on the path that led to an answer, itself included.

    `name` is what the dialect calls the answer. Raises AnswerNotFound.
    """
    turn = answered_turn_for(caller, turn_id, chain_id=name, surface=surface)
    return expanded(path_to(turn.conversation_id, turn.answer_id)).messages


@transaction.atomic
def forget_turn(caller: Caller, turn_id: UUID, *, surface: str) -> None:
    """The turn goes, with its messages where nothing follows them; raises TurnNotFound.

    A conversation of which nothing is left goes as well.
    """
    turn = _turn_of(caller, turn_id, surface)
    conversation_id = turn.conversation_id
    list(Turn.objects.select_for_update().filter(id=turn.id).values_list("id"))
    list(Conversation.objects.select_for_update().filter(id=conversation_id).values_list("id"))
    turn.delete()
    gone = [
        message_id
        for message_id in (turn.answer_id, turn.question_id)
        if message_id is not None and _forget(conversation_id, message_id)
    ]
    if gone:
        announce(conversation_id, *gone)
    if not Message.objects.filter(conversation_id=conversation_id).exists():
        announce(conversation_id, workspace=caller.workspace)
        Conversation.objects.filter(id=conversation_id).delete()


def _forget(conversation_id: UUID, message_id: UUID) -> bool:
    """Whether the message was there, and nothing followed it."""
    messages = Message.objects.filter(conversation_id=conversation_id)
    if messages.filter(parent_id=message_id).exists():
        return False
    on_path = messages.filter(id=message_id, superseded_at=None).count()
    deleted, _ = messages.filter(id=message_id).delete()
    Conversation.objects.filter(id=conversation_id).update(
        message_count=F("message_count") - on_path
    )
    return bool(deleted)


def _turn_of(caller: Caller, turn_id: UUID, surface: str) -> Turn:
    turn = turn_for(caller, turn_id)
    if turn.conversation.surface != surface or turn.conversation.deleted_at is not None:
        raise TurnNotFound(turn_id)
    return turn
