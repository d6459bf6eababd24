"""Conversations of a batch, and those that its other items belong to."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from accounts.callers import Caller
from accounts.errors import Forbidden
from conversations.access import refuse_outside_lists
from conversations.labels import is_title, label_fields
from conversations.models import Conversation
from conversations.portable.chatgpt import SURFACE
from conversations.portable.entries import Entry
from conversations.portable.places import Places
from conversations.portable.records import ConversationLine
from conversations.portable.report import Outcome
from conversations.signals import announce

NO_HOME = "Its conversation is not here, or was refused"


class Homes:
    """The importing user's conversations, by the ids that they have in the file."""

    def __init__(self, caller: Caller, entries: Sequence[Entry]) -> None:
        self.caller = caller
        wanted = {_conversation_of(entry) for entry in entries}
        place = caller.workspace
        self._places = Places(Conversation, "workspace", ((place, id) for id in wanted))
        ids = [found for id in wanted if (found := self._places.existing(place, id))]
        rows = Conversation.objects.filter(id__in=ids, workspace=place)
        self._rows = {row.id: row for row in rows}

    def find(self, own: UUID) -> Conversation | None:
        """None also for one that is outside of the user's lists."""
        id = self._places.existing(self.caller.workspace, own)
        row = self._rows.get(id) if id else None
        return row if row is not None and self.allows(row.metadata) else None

    def is_here(self, own: UUID) -> bool:
        return self._places.existing(self.caller.workspace, own) is not None

    def add(self, own: UUID, **fields: Any) -> Conversation | None:
        """Not yet saved; None where no id is free."""
        id = self._places.free(self.caller.workspace, own)
        if id is None:
            return None
        self._rows[id] = Conversation(id=id, workspace=self.caller.workspace, **fields)
        return self._rows[id]

    def allows(self, metadata: Mapping[str, Any]) -> bool:
        try:
            refuse_outside_lists(self.caller, metadata)
        except Forbidden:
            return False
        return True


def store_conversations(homes: Homes, entries: Sequence[Entry]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    new: list[tuple[Conversation, ConversationLine]] = []
    for entry in entries:
        if isinstance(entry.item, ConversationLine):
            outcomes.append(_store(homes, entry, entry.item, new))
    Conversation.objects.bulk_create(row for row, _ in new)
    for row, item in new:
        # The columns set themselves when a row is made.
        row.created_at, row.updated_at = item.created_at, item.updated_at
    Conversation.objects.bulk_update((row for row, _ in new), ["created_at", "updated_at"])
    for row, _ in new:
        announce(row.id, row.id)
    return outcomes


def _store(
    homes: Homes,
    entry: Entry,
    item: ConversationLine,
    new: list[tuple[Conversation, ConversationLine]],
) -> Outcome:
    fields = _fields(item)
    if not homes.allows(fields["metadata"]):
        return entry.outcome("refused", "Its product or agent is not one of yours")
    if homes.is_here(item.id):
        row = homes.find(item.id)
        if row is None:
            return entry.outcome("refused", "Its product or agent is not one of yours")
        return entry.outcome("updated" if _update(row, fields) else "unchanged")
    row = homes.add(item.id, surface=item.surface, **fields)
    if row is None:
        return entry.outcome("refused", "Its id is in use")
    new.append((row, item))
    return entry.outcome("created")


def _update(row: Conversation, fields: dict[str, Any]) -> bool:
    """Whether the file's is newer and other."""
    is_same = all(getattr(row, name) == value for name, value in fields.items())
    if is_same or fields["updated_at"] <= row.updated_at:
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    announce(row.id)
    return True


def _fields(item: ConversationLine) -> dict[str, Any]:
    # As conversations.shelf does: only what it lists is kept inside of the users' lists.
    is_listed = item.surface == SURFACE
    fields = {
        "title": item.title,
        "summary": item.summary,
        "metadata": item.metadata,
        "model": item.model,
        "provider": item.provider,
        "fallback_provider": item.fallback_provider,
        "memory_limit": item.memory_limit,
        "deleted_at": item.deleted_at,
        "updated_at": item.updated_at,
        "has_title": is_title(item.title),
    }
    labels = label_fields(item.metadata)
    # What was exported of the provider is what was chosen.
    labels.pop("provider")
    return fields | (labels if is_listed else {"product": "", "agent": ""})


def _conversation_of(entry: Entry) -> UUID:
    item = entry.item
    return item.id if isinstance(item, ConversationLine) else item.conversation_id
