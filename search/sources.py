"""What is indexed: messages, and the titles and summaries of conversations, as they are now."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Substr

from conversations.models import Conversation, Message

DIGEST_CHARACTERS = 16
# What is further down in a text is not indexed: it would hold up everybody else's.
LONGEST_TEXT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text to be found, and what an index says of it beside; `time` in seconds since 1970.

    With `message_id` None it is the title and summary of its conversation, whose id is then the
    `source_id`.
    """

    workspace: str
    conversation_id: UUID
    source_id: UUID
    message_id: UUID | None
    text: str
    time: float
    product: str
    agent: str
    role: str = ""
    model: str = ""

    @property
    def digest(self) -> str:
        """Of the text, and then of everything else, 16 characters each."""
        fields = (self.workspace, self.conversation_id, self.time, self.product, self.agent)
        return self.text_digest + _digest(repr((*fields, self.role, self.model)))

    @property
    def text_digest(self) -> str:
        return _digest(self.text)


def sources_of(ids: Collection[UUID]) -> dict[UUID, Source]:
    """Those that are to be found: not the deleted, nor those of deleted conversations."""
    messages = Message.objects.filter(id__in=ids, conversation__deleted_at=None)
    conversations = Conversation.objects.filter(id__in=ids, deleted_at=None)
    cut = messages.defer("content").annotate(text=Substr("content", 1, LONGEST_TEXT))
    found = [_of_message(row, row.text) for row in cut.select_related("conversation")]
    found += [_of_heading(row) for row in conversations]
    return {source.source_id: source for source in found if source.text.strip()}


def ids_of(conversation_id: UUID) -> list[UUID]:
    """The conversation's own id and those of its messages; empty where it is deleted."""
    if not Conversation.objects.filter(id=conversation_id, deleted_at=None).exists():
        return []
    rows = Message.objects.filter(conversation_id=conversation_id).order_by("id")
    return [conversation_id, *rows.values_list("id", flat=True)]


def state_of(conversation_id: UUID) -> tuple[str, bool] | None:
    """Its owner and whether it is deleted; None where it is gone."""
    rows = Conversation.objects.filter(id=conversation_id)
    row = rows.values_list("workspace", "deleted_at").first()
    return (row[0], row[1] is not None) if row else None


def owners_of(conversation_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = Conversation.objects.filter(id__in=conversation_ids)
    return dict(rows.values_list("id", "workspace"))


def heading_of(conversation: Conversation) -> str:
    parts = (conversation.title or "", conversation.summary or "")
    return "\n".join(part for part in parts if part.strip())


def _of_message(message: Message, text: str) -> Source:
    conversation = message.conversation
    return Source(
        workspace=conversation.workspace,
        conversation_id=conversation.id,
        source_id=message.id,
        message_id=message.id,
        text=text,
        time=message.created_at.timestamp(),
        product=conversation.product,
        agent=conversation.agent,
        role=message.role,
        model=message.model or "",
    )


def _of_heading(conversation: Conversation) -> Source:
    return Source(
        workspace=conversation.workspace,
        conversation_id=conversation.id,
        source_id=conversation.id,
        message_id=None,
        text=heading_of(conversation),
        time=conversation.created_at.timestamp(),
        product=conversation.product,
        agent=conversation.agent,
    )


def _digest(text: str) -> str:
    data = text.encode(errors="surrogatepass")
    return hashlib.blake2b(data, digest_size=DIGEST_CHARACTERS // 2).hexdigest()
