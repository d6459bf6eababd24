"""Conversations as someone looks through them: all surfaces together, messages around a place."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Left

from accounts.callers import Caller
from conversations.access import ANYWHERE, conversation_for, inside_lists
from conversations.errors import MessageNotFound
from conversations.models import Attachment, Conversation, Message, Turn
from conversations.versions import on_path, path_through

_FIRST_WORDS = 120


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a conversation in a list, in its text form: `<microseconds>.<id>`."""

    moment: dt.datetime
    conversation_id: UUID

    @classmethod
    def of(cls, row: Conversation) -> Self:
        return cls(row.updated_at, row.id)

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """None for a text that `__str__` did not write."""
        moment, _, name = value.partition(".")
        try:
            seconds, micros = divmod(int(moment), 1_000_000)
            since = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(microsecond=micros)
            return cls(since, UUID(name))
        except (ValueError, OverflowError, OSError):
            return None

    def __str__(self) -> str:
        return f"{self.micros}.{self.conversation_id.hex}"

    @property
    def micros(self) -> int:
        """Since 1970; whole numbers, because a float of seconds rounds microseconds."""
        whole = int(self.moment.timestamp())
        return whole * 1_000_000 + self.moment.microsecond


@dataclass(frozen=True, slots=True)
class Listed:
    """`words` are the first ones that the user said, for a conversation without a title."""

    conversation: Conversation
    words: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The latest first; `next` is the place where the following page begins."""

    items: list[Listed]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Window:
    """Messages in the order they were said, and whether there are more on either side.

    `is_aside`: they lead through a version that is not on the conversation's path.
    """

    messages: list[Message]
    has_earlier: bool
    has_later: bool
    is_aside: bool = False


def list_conversations(
    caller: Caller, *, limit: int, after: Place | None = None, deleted: bool = False
) -> Listing:
    """Those with a message, by their last change; `deleted` ones are those put away."""
    rows = Conversation.objects.filter(
        inside_lists(caller),
        workspace=caller.workspace,
        message_count__gt=0,
        deleted_at__isnull=not deleted,
    )
    if after is not None:
        same = Q(updated_at=after.moment, id__lt=after.conversation_id)
        # The first condition is the one that an index is entered by.
        rows = rows.filter(updated_at__lte=after.moment)
        rows = rows.filter(Q(updated_at__lt=after.moment) | same)
    page = list(rows.order_by("-updated_at", "-id")[: limit + 1])
    words = _first_words(page[:limit])
    items = [Listed(row, words.get(row.id) or "") for row in page[:limit]]
    return Listing(items, Place.of(items[-1].conversation) if len(page) > limit else None)


def latest_messages(conversation: Conversation, *, limit: int) -> Window:
    return messages_before(conversation, None, limit=limit)


def messages_before(conversation: Conversation, message_id: UUID | None, *, limit: int) -> Window:
    """The last ones that were said before this message, or at all."""
    rows = shown_messages(conversation, message_id)
    if message_id is not None:
        rows = rows.filter(id__lt=message_id)
    found = list(rows.order_by("-id")[: limit + 1])
    messages = found[:limit][::-1]
    return Window(messages, len(found) > limit, message_id is not None, _is_aside(messages))


def messages_around(conversation: Conversation, message_id: UUID, *, limit: int) -> Window:
    """A third of them before the message, then the message and what followed."""
    before = messages_before(conversation, message_id, limit=limit // 3)
    later = shown_messages(conversation, message_id).filter(id__gte=message_id).order_by("id")
    found = list(later[: limit + 1 - len(before.messages)])
    most = limit - len(before.messages)
    messages = [*before.messages, *found[:most]]
    return Window(messages, before.has_earlier, len(found) > most, _is_aside(messages))


def shown_messages(conversation: Conversation, through: UUID | None = None) -> QuerySet[Message]:
    """Those on the path, or on the one that leads `through` a message, with their files."""
    rows = Message.objects.filter(path_through(conversation.id, through), conversation=conversation)
    return rows.prefetch_related(Prefetch("attachments", Attachment.objects.order_by("id")))


def latest_message_id(conversation: Conversation) -> UUID | None:
    return on_path(conversation.id).order_by("-id").values_list("id", flat=True).first()


def message_of(caller: Caller, message_id: UUID) -> Message:
    """Raises MessageNotFound, ConversationNotFound, Forbidden."""
    message = Message.objects.filter(
        id=message_id, conversation__workspace=caller.workspace
    ).first()
    if message is None:
        raise MessageNotFound(message_id)
    conversation_for(caller, message.conversation_id, surface=ANYWHERE)
    return message


def latest_turn(conversation: Conversation) -> Turn | None:
    return Turn.objects.filter(conversation=conversation).order_by("-id").first()


def ending_turn(latest: Turn | None, last: Message | None) -> Turn | None:
    """The turn that has still to add to the last message, or came to nothing there.

    `latest` is the conversation's, read before its messages: one that ends in between is seen.
    """
    if latest is None or last is None:
        return latest
    if last.role == "user" and latest.question_id not in (None, last.id):
        latest = Turn.objects.filter(question=last.id).order_by("-id").first()
    if latest is None or latest.answer_id is not None:
        return None
    if latest.finished_at is None or last.role == "user":
        return latest
    if latest.replaces is None:
        return None
    # Nothing else shows that another answer did not come: not even in the middle.
    is_here = on_path(latest.conversation_id).filter(id=latest.replaces).exists()
    return latest if is_here else None


def files_of_question(
    conversation: Conversation, question_id: UUID, ids: Sequence[UUID]
) -> list[Attachment]:
    """Those of the ids that are its files."""
    rows = Attachment.objects.filter(conversation=conversation, message_id=question_id, id__in=ids)
    return list(rows.order_by("created_at", "id"))


def turns_of_answers(messages: Iterable[Message]) -> dict[UUID, Turn]:
    """The turns that gave these messages, by the ids of the messages."""
    answers = [message for message in messages if message.role == "assistant"]
    if not answers:
        return {}
    rows = Turn.objects.filter(
        conversation_id=answers[0].conversation_id, answer_id__in=[a.id for a in answers]
    )
    return {turn.answer_id: turn for turn in rows if turn.answer_id is not None}


def answer_of(turn: Turn) -> Message | None:
    """None where there is none, or where a memory limit has dropped it."""
    if turn.answer_id is None:
        return None
    rows = Message.objects.filter(conversation_id=turn.conversation_id, id=turn.answer_id)
    return rows.first()


def _is_aside(messages: Iterable[Message]) -> bool:
    return any(message.superseded_at is not None for message in messages)


def _first_words(page: Sequence[Conversation]) -> dict[UUID, str | None]:
    """Looked up for what is shown: beside the sorting, they would be read of every conversation."""
    first = Message.objects.filter(conversation=OuterRef("id"), role="user").order_by("id")
    words = first.values(start=Left("content", _FIRST_WORDS))[:1]
    rows = Conversation.objects.filter(id__in=[row.id for row in page])
    return dict(rows.annotate(words=Subquery(words)).values_list("id", "words"))
