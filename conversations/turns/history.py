"""What was said before: the messages that a provider is told."""

from uuid import UUID

from conversations.models import Attachment, Message
from conversations.services import history_of


def stored_messages(conversation_id: UUID, *, unanswered: bool = False) -> list[Message]:
    """The history of a conversation, oldest first; `unanswered` adds what came to nothing."""
    if not unanswered:
        return list(history_of(conversation_id))
    rows = Message.objects.filter(conversation_id=conversation_id)
    # What is being answered just now is another turn's question.
    return list(rows.exclude(status=Message.Status.PROCESSING).order_by("id"))


def files_of(conversation_id: UUID, messages: list[Message]) -> dict[int, tuple[Attachment, ...]]:
    """The files that users have sent, by the places of their messages in the list."""
    places = {message.id: i for i, message in enumerate(messages) if message.role == "user"}
    found: dict[int, tuple[Attachment, ...]] = {}
    rows = Attachment.objects.filter(conversation_id=conversation_id).exclude(message=None)
    for row in rows.order_by("created_at", "id"):
        if row.message_id in places:
            place = places[row.message_id]
            found[place] = (*found.get(place, ()), row)
    return found


def path_to(conversation_id: UUID, message_id: UUID | None) -> list[Message]:
    """The messages from the conversation's first to this one, oldest first."""
    by_id = {message.id: message for message in stored_messages(conversation_id)}
    path = []
    while message_id is not None and (message := by_id.get(message_id)) is not None:
        path.append(message)
        message_id = message.parent_id
    return path[::-1]
