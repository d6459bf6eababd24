"""What was said before: the messages that a provider is told."""

from uuid import UUID

from conversations.errors import NothingToAnswer, NotOnPath
from conversations.models import Attachment, Message
from conversations.services import history_of
from conversations.versions import on_path


def stored_messages(conversation_id: UUID, *, unanswered: bool = False) -> list[Message]:
    """The history of a conversation, oldest first; `unanswered` adds what came to nothing."""
    if not unanswered:
        return list(history_of(conversation_id))
    rows = on_path(conversation_id)
    # What is being answered just now is another turn's question.
    return list(rows.exclude(status=Message.Status.PROCESSING).order_by("id"))


def question_to_replace(conversation_id: UUID, message_id: UUID) -> Message:
    """Raises NotOnPath."""
    found = on_path(conversation_id).filter(id=message_id, role="user").first()
    if found is None:
        raise NotOnPath
    return found


def to_answer_again(conversation_id: UUID, message_id: UUID) -> Message:
    """An answer, or a question at the end of which nothing came. Raises NotOnPath."""
    rows = on_path(conversation_id).filter(id__gte=message_id).order_by("id")
    found = list(rows[:2])
    if not found or found[0].id != message_id:
        raise NotOnPath
    is_over = found[0].status != Message.Status.PROCESSING and len(found) == 1
    if found[0].role == "user" and not is_over:
        raise NotOnPath
    return found[0]


def last_question(messages: list[Message]) -> Message:
    """Raises NothingToAnswer."""
    for message in reversed(messages):
        if message.role == "user":
            return message
    raise NothingToAnswer


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
    # Whatever the path of its page is: these are branches, and chosen by whoever asks.
    rows = Message.objects.filter(conversation_id=conversation_id, status=Message.Status.READY)
    by_id = {message.id: message for message in rows}
    path = []
    while message_id is not None and (message := by_id.get(message_id)) is not None:
        path.append(message)
        message_id = message.parent_id
    return path[::-1]
