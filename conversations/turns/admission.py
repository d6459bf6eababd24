"""Opening a turn: one transaction that checks, stores the question and reads the history."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from conversations.access import conversation_for, turn_for
from conversations.errors import IdempotencyMismatch, NothingToAnswer
from conversations.files import attachment_row
from conversations.models import Attachment, Conversation, Message, Turn
from conversations.turns.history import files_of, path_to, stored_messages
from conversations.turns.questions import store_question
from conversations.turns.request import Ask, Branch, Linear, TurnRequest
from providers.types import ChatMessage

IDEMPOTENCY_WINDOW = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn that now belongs to this worker, and what the provider is to be told.

    `new_messages` are those since the answer that the turn follows; `chained_to` names that
    answer's provider and the provider's own id of it, where there is one. `files` go along with
    the messages at these places.
    """

    turn_id: UUID
    conversation_id: UUID
    question_id: UUID | None
    messages: tuple[ChatMessage, ...]
    new_messages: tuple[ChatMessage, ...]
    chained_to: tuple[str, str] | None
    files: Mapping[int, tuple[Attachment, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attached:
    """The request was made before; this is its turn."""

    turn_id: UUID


def open_turn(request: TurnRequest, *, turn_id: UUID, worker_id: str) -> Opened | Attached:
    """A job of the writer; raises ConversationError before it has written anything."""
    earlier = _earlier_turn(request)
    if earlier is not None and not _may_be_asked_again(earlier):
        return Attached(earlier.id)
    match request.history:
        case Linear():
            before = _linear(request.history, request)
        case Branch():
            before = _branch(request.history, request)
    if not before.messages and request.question is None:
        raise NothingToAnswer
    if earlier is not None:
        # This turn only: one that another worker has opened in the meantime keeps the key.
        Turn.objects.filter(id=earlier.id).update(idempotency_key=None)
    return _store(request, before, turn_id=turn_id, worker_id=worker_id)


@dataclass(frozen=True, slots=True)
class _Before:
    """Where the turn goes: a conversation, stored or new, and what was said in it."""

    conversation: Conversation
    messages: tuple[ChatMessage, ...]
    parent_id: UUID | None = None
    chained_to: tuple[str, str] | None = None
    files: Mapping[int, tuple[Attachment, ...]] = field(default_factory=dict)


def _linear(history: Linear, request: TurnRequest) -> _Before:
    conversation = conversation_for(
        request.caller, history.conversation_id, surface=history.surface
    )
    messages = stored_messages(conversation.id, unanswered=history.unanswered)
    messages = messages[-history.most :] if history.most is not None else messages
    parent_id = messages[-1].id if messages else None
    said = tuple(ChatMessage(message.role, message.content) for message in messages)
    files = files_of(conversation.id, messages) if history.heading is not None else {}
    return _Before(conversation, said, parent_id, files=files)


def _branch(history: Branch, request: TurnRequest) -> _Before:
    caller = request.caller
    if history.after is None:
        return _Before(Conversation(workspace=caller.workspace, surface=history.surface), ())
    turn = turn_for(caller, history.after)
    conversation = conversation_for(caller, turn.conversation_id, surface=history.surface)
    said = tuple(
        ChatMessage(message.role, message.content)
        for message in path_to(conversation.id, turn.answer_id)
    )
    chained_to = (turn.provider, turn.chain_id) if turn.chain_id else None
    return _Before(conversation, said, turn.answer_id, chained_to)


def _store(request: TurnRequest, before: _Before, *, turn_id: UUID, worker_id: str) -> Opened:
    conversation = before.conversation
    if conversation._state.adding:
        conversation.save(force_insert=True)
    asked = request.question
    question = None
    if asked is not None:
        heading = request.history.heading if isinstance(request.history, Linear) else None
        question = store_question(
            asked,
            conversation,
            parent_id=before.parent_id,
            status=Message.Status.PROCESSING,
            heading=heading,
        )
    _store_turn(request, before, question, turn_id=turn_id, worker_id=worker_id)
    return _opened(request, before, question, turn_id)


def _opened(
    request: TurnRequest, before: _Before, question: Message | None, turn_id: UUID
) -> Opened:
    asked = request.question
    new = (ChatMessage(asked.role, asked.content),) if asked is not None else ()
    system = (ChatMessage("system", request.system_prompt),) if request.system_prompt else ()
    files = {len(system) + place: held for place, held in before.files.items()}
    if question is not None and asked is not None and asked.files:
        files[len(system) + len(before.messages)] = tuple(map(attachment_row, asked.files))
    return Opened(
        turn_id=turn_id,
        conversation_id=before.conversation.id,
        question_id=question.id if question is not None else None,
        messages=(*system, *before.messages, *new),
        new_messages=new,
        chained_to=before.chained_to,
        files=files,
    )


def _store_turn(
    request: TurnRequest,
    before: _Before,
    question: Message | None,
    *,
    turn_id: UUID,
    worker_id: str,
) -> None:
    first: Ask = request.asks[0]
    idempotency = request.idempotency
    Turn.objects.create(
        id=turn_id,
        conversation=before.conversation,
        workspace=request.caller.workspace,
        question=question,
        worker_id=worker_id,
        heartbeat_at=Now(),
        idempotency_key=idempotency.key if idempotency else None,
        request_digest=idempotency.digest if idempotency else "",
        provider=first.provider,
        model=first.model,
        source=first.source,
    )


def _earlier_turn(request: TurnRequest) -> Turn | None:
    """The turn that this key stands for; raises IdempotencyMismatch."""
    idempotency = request.idempotency
    if idempotency is None:
        return None
    turn = Turn.objects.filter(
        workspace=request.caller.workspace, idempotency_key=idempotency.key
    ).first()
    if turn is not None and _is_current(turn) and turn.request_digest != idempotency.digest:
        raise IdempotencyMismatch
    return turn


def _may_be_asked_again(turn: Turn) -> bool:
    """After a day, or when it came to nothing (C-10.7)."""
    came_to_nothing = turn.status in (Turn.Status.FAILED, Turn.Status.INTERRUPTED)
    return not _is_current(turn) or (came_to_nothing and not turn.text)


def _is_current(turn: Turn) -> bool:
    return turn.created_at > timezone.now() - IDEMPOTENCY_WINDOW
