"""What providers call the conversations of a batch."""

from collections.abc import Sequence
from typing import Any

from conversations.models import Conversation, ProviderThread
from conversations.portable.entries import Entry
from conversations.portable.places import Places
from conversations.portable.records import ProviderThreadLine
from conversations.portable.report import Outcome
from conversations.portable.stored_conversations import NO_HOME, Homes


def store_provider_threads(homes: Homes, entries: Sequence[Entry]) -> list[Outcome]:
    outcomes = []
    for entry in entries:
        if isinstance(item := entry.item, ProviderThreadLine):
            home = homes.find(item.conversation_id)
            outcomes.append(
                entry.outcome("refused", NO_HOME) if home is None else _store(home, entry, item)
            )
    return outcomes


def _store(home: Conversation, entry: Entry, item: ProviderThreadLine) -> Outcome:
    fields: dict[str, Any] = {
        "external_id": item.external_id,
        "payload": item.payload,
        "updated_at": item.updated_at,
    }
    row = ProviderThread.objects.filter(conversation=home, provider=item.provider).first()
    if row is None:
        places = Places(ProviderThread, "conversation_id", [(home.id, item.id)])
        if (id := places.free(home.id, item.id)) is None:
            return entry.outcome("refused", "Its id is in use")
        ProviderThread.objects.create(
            id=id,
            conversation=home,
            provider=item.provider,
            created_at=item.created_at,
            **fields,
        )
        return entry.outcome("created")
    is_same = (row.external_id, row.payload) == (item.external_id, item.payload)
    if is_same or item.updated_at <= row.updated_at:
        return entry.outcome("unchanged")
    ProviderThread.objects.filter(id=row.id).update(**fields)
    return entry.outcome("updated")
