"""The only door to someone's rows: absent and forbidden look the same."""

from uuid import UUID

from accounts.callers import Caller
from conversations.errors import AnswerNotFound, ConversationNotFound, TurnNotFound
from conversations.models import Conversation, Turn


def conversation_for(caller: Caller, conversation_id: UUID, *, surface: str) -> Conversation:
    """Raises ConversationNotFound."""
    rows = Conversation.objects.filter(
        id=conversation_id, workspace=caller.workspace, surface=surface
    )
    if (conversation := rows.first()) is None:
        raise ConversationNotFound(conversation_id)
    return conversation


def turn_for(caller: Caller, turn_id: UUID) -> Turn:
    """Raises TurnNotFound."""
    turn = Turn.objects.filter(id=turn_id, workspace=caller.workspace).first()
    if turn is None:
        raise TurnNotFound(turn_id)
    return turn


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
