"""What a connection stores and looks up; each function is a job of the writer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Subquery

from accounts.callers import Caller
from api.websocket.errors import ThreadNotFound
from api.websocket.frames import Place
from conversations import services
from conversations.access import ANYWHERE, conversation_for, turn_for
from conversations.errors import ConversationNotFound, NothingToAnswer, TurnNotFound
from conversations.models import Conversation, Message, Turn
from conversations.signals import announce
from conversations.versions import on_path
from providers.types import ChatMessage

SURFACE = "ws"
THREADS = "threads"


@dataclass(frozen=True, slots=True)
class Home:
    """The stored conversation that a connection's prompts go to, and what it says of answers.

    `memory_limit` is the number of messages kept, `most` of those that the provider is told.
    """

    conversation_id: UUID
    surface: str
    model: str
    provider: str
    memory_limit: int | None
    most: int | None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A conversation's state, to see whether it has changed; `turn_id` is its latest turn's."""

    workspace: str
    fingerprint: tuple[Any, ...]
    turn_id: UUID | None


@transaction.atomic
def begin(caller: Caller, before: Sequence[ChatMessage]) -> Home:
    """A new conversation, with what the client says came before (W-4.2)."""
    most = settings.CONFIG.HISTORY_MAX_LENGTH
    conversation = services.begin_conversation(caller, surface=SURFACE)
    parent = None
    for said in before[-most:]:
        parent = Message.objects.create(
            conversation=conversation, parent=parent, role=said.role, content=said.content
        )
        announce(conversation.id, parent.id)
    kept = len(before[-most:])
    Conversation.objects.filter(id=conversation.id).update(message_count=kept)
    return _home(conversation)


def discard(caller: Caller, home: Home) -> None:
    """A conversation in which nothing was asked after all."""
    services.delete_conversation(caller, home.conversation_id, surface=home.surface)


def home_at(caller: Caller, place: Place) -> Home:
    """Raises ThreadNotFound, ConversationNotFound, Forbidden."""
    if not place.is_any and caller.kind == "anonymous":
        raise ThreadNotFound
    try:
        row_id = UUID(place.id)
        surface = ANYWHERE if place.is_any else THREADS
        return _home(conversation_for(caller, row_id, surface=surface))
    except (ValueError, ConversationNotFound) as error:
        if place.is_any:
            raise ConversationNotFound(place.id) from error
        raise ThreadNotFound from error


def home_of_turn(caller: Caller, turn_id: UUID) -> Home:
    """Where a turn was asked; raises ConversationError."""
    return home_at(caller, Place(str(turn_for(caller, turn_id).conversation_id), is_any=True))


def latest_message_of(home: Home) -> UUID:
    """Raises NothingToAnswer."""
    latest = on_path(home.conversation_id).order_by("-id").values_list("id", flat=True).first()
    if latest is None:
        raise NothingToAnswer
    return latest


def turn_id_of(caller: Caller, text: str) -> UUID:
    """The id of a turn of the caller's; raises TurnNotFound."""
    try:
        return turn_for(caller, UUID(text)).id
    except ValueError as error:
        raise TurnNotFound(text) from error


def stop(caller: Caller, turn_id: UUID) -> None:
    """Its worker acts on it within a second, wherever it runs; raises TurnNotFound."""
    services.request_stop(turn_for(caller, turn_id))


def states_of(ids: Collection[UUID]) -> dict[UUID, State]:
    """Of those that are not deleted, in one query."""
    turns = Turn.objects.filter(conversation=OuterRef("id")).order_by("-id")
    rows = Conversation.objects.filter(id__in=ids, deleted_at=None).values_list(
        "id",
        "workspace",
        "message_count",
        "updated_at",
        Subquery(turns.values("id")[:1]),
        Subquery(turns.values("status")[:1]),
    )
    return {row[0]: State(row[1], row[2:], row[4]) for row in rows}


def _home(conversation: Conversation) -> Home:
    metadata = conversation.metadata
    return Home(
        conversation_id=conversation.id,
        surface=conversation.surface,
        model=conversation.model or _text(metadata.get("model")),
        provider=conversation.provider,
        memory_limit=conversation.memory_limit,
        most=settings.CONFIG.HISTORY_MAX_LENGTH if conversation.surface == SURFACE else None,
        label=_text(metadata.get("model_label")) or None,
    )


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
