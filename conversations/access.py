"""The only door to someone's rows: absent and forbidden look the same."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q

from accounts.callers import Caller
from accounts.errors import Forbidden
from conversations.errors import (
    AnswerNotFound,
    AttachmentNotFound,
    ConversationNotFound,
    TurnNotFound,
)
from conversations.labels import agents_in, products_in
from conversations.models import Attachment, Conversation, Message, Turn

ANYWHERE = None


def conversation_for(caller: Caller, conversation_id: UUID, *, surface: str | None) -> Conversation:
    """On this surface, or ANYWHERE; raises ConversationNotFound, Forbidden."""
    conversation = own_conversation(caller, conversation_id, surface=surface)
    if conversation.deleted_at is not None:
        raise ConversationNotFound(conversation_id)
    return conversation


def own_conversation(caller: Caller, conversation_id: UUID, *, surface: str | None) -> Conversation:
    """One that may be deleted; raises ConversationNotFound.

    Raises Forbidden where the user's allow lists do not have its product or agent.
    """
    rows = Conversation.objects.filter(id=conversation_id, workspace=caller.workspace)
    if surface is not ANYWHERE:
        rows = rows.filter(surface=surface)
    if (conversation := rows.first()) is None:
        raise ConversationNotFound(conversation_id)
    refuse_outside_lists(caller, conversation.metadata)
    return conversation


def refuse_outside_lists(caller: Caller, metadata: Mapping[str, Any]) -> None:
    """Raises Forbidden for a product or agent that the user's lists do not have (T-3.4).

    Empty lists allow everything, and so does metadata that names nothing.
    """
    for word, named, allowed in (
        ("product", products_in(metadata), caller.allowed_products),
        ("agent", agents_in(metadata), caller.allowed_agents),
    ):
        for name in named:
            if allowed and name not in allowed:
                raise Forbidden(f"Not allowed for the {word} {name}")


def inside_lists(caller: Caller) -> Q:
    """The same, as a condition on conversations."""
    allowed = Q()
    if caller.allowed_products:
        allowed &= Q(product="") | Q(product__in=caller.allowed_products)
    if caller.allowed_agents:
        allowed &= Q(agent="") | Q(agent__in=caller.allowed_agents)
    return allowed


def turn_for(caller: Caller, turn_id: UUID) -> Turn:
    """Raises TurnNotFound, and Forbidden as its conversation would."""
    turn = Turn.objects.filter(id=turn_id, workspace=caller.workspace).first()
    if turn is None:
        raise TurnNotFound(turn_id)
    if caller.allowed_products or caller.allowed_agents:
        refuse_outside_lists(caller, turn.conversation.metadata)
    return turn


def attachment_for(caller: Caller, attachment_id: UUID) -> Attachment:
    """Raises AttachmentNotFound, also where its conversation is deleted; Forbidden."""
    rows = Attachment.objects.select_related("conversation").filter(
        id=attachment_id, conversation__workspace=caller.workspace, conversation__deleted_at=None
    )
    if (attachment := rows.first()) is None:
        raise AttachmentNotFound
    conversation = attachment.conversation
    refuse_outside_lists(caller, conversation.metadata)
    return attachment


def question_of(turn_id: UUID) -> Message | None:
    """The message that a turn answers, with its files."""
    files = Prefetch("attachments", Attachment.objects.order_by("created_at", "id"))
    rows = Message.objects.filter(id__in=Turn.objects.filter(id=turn_id).values("question_id"))
    return rows.prefetch_related(files).first()


def answered_turn_for(caller: Caller, turn_id: UUID | None, *, chain_id: str, surface: str) -> Turn:
    """The turn with this answer: by the provider's own id for it, else by the turn's.

    Raises AnswerNotFound, also for a turn that has no answer.
    """
    rows = Turn.objects.filter(
        workspace=caller.workspace, conversation__surface=surface, answer__isnull=False
    )
    # A provider may give an id twice; the latest answer is the one meant.
    turn = rows.filter(chain_id=chain_id).exclude(chain_id="").order_by("-id").first()
    if turn is None and turn_id is not None:
        turn = rows.filter(id=turn_id).first()
    if turn is None:
        raise AnswerNotFound(chain_id)
    return turn
