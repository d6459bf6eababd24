"""Making room for another answer to the last question."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.callers import Caller
from conversations.browsing import REPLACED, conversation_anywhere, shown_messages
from conversations.errors import NothingToAnswer
from conversations.models import Conversation, Message
from conversations.signals import announce


@dataclass(frozen=True, slots=True)
class Room:
    """A conversation to be answered anew; `message_id` is what was changed for it, if anything."""

    conversation: Conversation
    message_id: UUID | None


@transaction.atomic
def make_room(caller: Caller, conversation_id: UUID, *, answer_id: UUID | None) -> Room:
    """Take the answer out of the history if it is the last one; asked again, it changes nothing.

    Without an `answer_id` the question is taken in that nothing came of. Raises
    ConversationNotFound, NothingToAnswer.
    """
    conversation = conversation_anywhere(caller, conversation_id)
    latest = shown_messages(conversation).order_by("id").last()
    if latest is None:
        raise NothingToAnswer
    if latest.id == answer_id and latest.role == "assistant":
        return Room(conversation, _set(latest, Message.Status.ERROR, REPLACED))
    if answer_id is None and latest.role == "user" and latest.status == Message.Status.ERROR:
        return Room(conversation, _set(latest, Message.Status.READY, None))
    return Room(conversation, None)


@transaction.atomic
def undo_room(room: Room) -> None:
    """Nobody could be asked: everything as it was."""
    if room.message_id is None:
        return
    message = Message.objects.get(id=room.message_id)
    if message.role == "assistant":
        _set(message, Message.Status.READY, None)
    else:
        _set(message, Message.Status.ERROR, "not asked")


def _set(message: Message, status: Message.Status, error_code: str | None) -> UUID:
    message.status, message.error_code = status, error_code
    message.updated_at = timezone.now()
    message.save(update_fields=["status", "error_code", "updated_at"])
    announce(message.conversation_id, message.id)
    return message.id
