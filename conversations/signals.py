"""The one signal: what conversations say has changed, for those who keep an index of it."""

from uuid import UUID

from django.dispatch import Signal

# Sent within the transaction of the change, so that a receiver can store what it learns with it:
# `conversation_id`; `sources`, the ids of messages and, for its title and summary, that of the
# conversation, or none where all of it is meant; `workspace`, the owner's that it has left, or "".
content_changed = Signal()


def announce(conversation_id: UUID, *sources: UUID, workspace: str = "") -> None:
    """Within the caller's transaction."""
    content_changed.send(
        None, conversation_id=conversation_id, sources=sources, workspace=workspace
    )
