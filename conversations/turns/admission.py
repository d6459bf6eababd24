"""Opening a turn: one transaction that checks, stores the question and reads the history."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from accounts.budgets import refuse_early, reserve
from conversations.access import conversation_for, turn_for
from conversations.errors import IdempotencyMismatch, NothingToAnswer
from conversations.files import attachment_row
from conversations.models import Attachment, Conversation, Message, Turn
from conversations.turns.history import (
    files_of,
    last_question,
    path_to,
    question_to_replace,
    stored_messages,
    to_answer_again,
)
from conversations.turns.questions import store_question
from conversations.turns.request import Branch, Linear, Question, TurnRequest
from conversations.turns.said import Expanded, expanded, place_of_files, said_in
from conversations.turns.spending import estimate_of_turn
from conversations.versions import Place, make_room
from providers.types import Ask, ChatMessage

IDEMPOTENCY_WINDOW = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn that now belongs to this worker, and what the provider is to be told.

    `new_messages` are those since the answer that the turn follows; `chained_to` names that
    answer's provider and the provider's own id of it, where there is one. `files` go along with
    the messages at these places. `replaces` is the answer that is to be replaced. What it may
    cost `is_reserved` of the caller's budgets.
    """

    turn_id: UUID
    conversation_id: UUID
    question_id: UUID | None
    messages: tuple[ChatMessage, ...]
    new_messages: tuple[ChatMessage, ...]
    chained_to: tuple[str, str] | None
    files: Mapping[int, tuple[Attachment, ...]] = field(default_factory=dict)
    replaces: UUID | None = None
    is_reserved: bool = False


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


def open_within_budgets(
    request: TurnRequest, *, asks: Sequence[Ask], turn_id: UUID, worker_id: str
) -> Opened | Attached:
    """The same, alone, for a caller who has budgets; `asks` are the request's, with models.

    Raises BudgetExceeded and ModelHasNoPrice, too, and then has to be rolled back.
    """
    if request.idempotency is None and request.question is not None:
        # Most refusals need not write anything first.
        asked = (ChatMessage("user", request.question.content),)
        refuse_early(request.caller, estimate_of_turn(request, asked, asks))
    opened = open_turn(request, turn_id=turn_id, worker_id=worker_id)
    # A question that was asked before is not asked again, and costs nothing.
    if isinstance(opened, Attached):
        return opened
    # Last, so that the rows that others want are held for a moment only.
    estimate = estimate_of_turn(request, opened.messages, asks)
    return replace(opened, is_reserved=reserve(request.caller, estimate, holder=turn_id))


@dataclass(frozen=True, slots=True)
class _Before:
    """Where the turn goes: a conversation, stored or new, and what was said in it.

    `old` is the message of which there is to be another version, or that is at last answered.
    """

    conversation: Conversation
    messages: tuple[ChatMessage, ...]
    parent_id: UUID | None = None
    chained_to: tuple[str, str] | None = None
    files: Mapping[int, tuple[Attachment, ...]] = field(default_factory=dict)
    question: Message | None = None
    old: Message | None = None


def _linear(history: Linear, request: TurnRequest) -> _Before:
    conversation = conversation_for(
        request.caller, history.conversation_id, surface=history.surface
    )
    messages = stored_messages(conversation.id, unanswered=history.unanswered)
    question = old = None
    if history.instead_of is not None:
        find = to_answer_again if request.question is None else question_to_replace
        old = find(conversation.id, history.instead_of)
        messages = [message for message in messages if message.id < old.id]
    if old is not None and request.question is None:
        messages = messages if old.role != "user" else [*messages, old]
        question = last_question(messages)
    messages = messages[-history.most :] if history.most is not None else messages
    parent_id = messages[-1].id if messages else None
    said = expanded(messages)
    has_files = history.heading is not None or old is not None
    files = _files(conversation, messages, said) if has_files else {}
    return _Before(conversation, said.messages, parent_id, files=files, question=question, old=old)


def _branch(history: Branch, request: TurnRequest) -> _Before:
    caller = request.caller
    if history.after is None:
        return _Before(Conversation(workspace=caller.workspace, surface=history.surface), ())
    turn = turn_for(caller, history.after)
    conversation = conversation_for(caller, turn.conversation_id, surface=history.surface)
    messages = path_to(conversation.id, turn.answer_id)
    said = expanded(messages)
    chained_to = (turn.provider, turn.chain_id) if turn.chain_id else None
    files = _files(conversation, messages, said) if history.retold else {}
    return _Before(conversation, said.messages, turn.answer_id, chained_to, files)


def _files(
    conversation: Conversation, rows: list[Message], said: Expanded
) -> dict[int, tuple[Attachment, ...]]:
    found = files_of(conversation.id, rows)
    return {said.places[index]: files for index, files in found.items()}


def _store(request: TurnRequest, before: _Before, *, turn_id: UUID, worker_id: str) -> Opened:
    conversation = before.conversation
    if conversation._state.adding:
        conversation.save(force_insert=True)
    question = before.question
    if request.question is not None:
        question = _stored_question(request.question, request, before)
    elif question is not None and question == before.old:
        question.status, question.error_code = Message.Status.PROCESSING, None
        question.save(update_fields=["status", "error_code"])
    _store_turn(request, before, question, turn_id=turn_id, worker_id=worker_id)
    return _opened(request, before, question, turn_id)


def _stored_question(asked: Question, request: TurnRequest, before: _Before) -> Message:
    place = make_room(before.old) if before.old is not None else Place(before.parent_id)
    return store_question(
        asked,
        before.conversation,
        parent_id=place.parent_id,
        versions=place.versions,
        status=Message.Status.PROCESSING,
        heading=request.history.heading if isinstance(request.history, Linear) else None,
    )


def _opened(
    request: TurnRequest, before: _Before, question: Message | None, turn_id: UUID
) -> Opened:
    asked = request.question
    new = said_in(asked.role, asked.content, asked.metadata) if asked is not None else ()
    system = (ChatMessage("system", request.system_prompt),) if request.system_prompt else ()
    files = {len(system) + place: held for place, held in before.files.items()}
    if question is not None and asked is not None and asked.files:
        place = len(system) + len(before.messages) + place_of_files(new)
        files[place] = tuple(map(attachment_row, asked.files))
    return Opened(
        turn_id=turn_id,
        conversation_id=before.conversation.id,
        question_id=question.id if question is not None else None,
        messages=(*system, *before.messages, *new),
        new_messages=new,
        chained_to=before.chained_to,
        files=files,
        replaces=_replaced(request, before),
    )


def _replaced(request: TurnRequest, before: _Before) -> UUID | None:
    """The answer in whose place another is to come."""
    is_answer = before.old is not None and before.old != before.question
    return before.old.id if before.old and is_answer and request.question is None else None


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
        replaces=_replaced(request, before),
        request_id=request.request_id,
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
