"""What was said before: the messages that a provider is told."""

from uuid import UUID

from conversations.models import Message
from conversations.services import history_of


def stored_messages(conversation_id: UUID) -> list[Message]:
    """The history of a conversation, oldest first."""
    return list(history_of(conversation_id))


def path_to(conversation_id: UUID, message_id: UUID | None) -> list[Message]:
    """The messages from the conversation's first to this one, oldest first."""
    by_id = {message.id: message for message in stored_messages(conversation_id)}
    path = []
    while message_id is not None and (message := by_id.get(message_id)) is not None:
        path.append(message)
        message_id = message.parent_id
    return path[::-1]
