"""A batch of items becomes rows: what is new is stored, what is there stays or is updated."""

from collections.abc import Sequence

from django.db import DataError, IntegrityError, transaction

from accounts.callers import Caller
from conversations.portable.entries import Batch, Entry
from conversations.portable.filing import Files
from conversations.portable.report import Outcome
from conversations.portable.stored_conversations import Homes, store_conversations
from conversations.portable.stored_messages import (
    message_places,
    store_attachments,
    store_messages,
)
from conversations.portable.stored_states import store_provider_threads

_NOT_TAKEN = (DataError, IntegrityError, ValueError, OverflowError)


@transaction.atomic
def store(caller: Caller, batch: Batch, files: Files) -> list[Outcome]:
    """In one transaction; an item that the database refuses spoils nothing for the others."""
    try:
        with transaction.atomic():
            outcomes = _stored(caller, batch.entries, files)
    except _NOT_TAKEN:
        outcomes = [_stored_alone(caller, entry, files) for entry in batch.entries]
    return sorted([*outcomes, *batch.refusals], key=lambda outcome: outcome.line)


def _stored_alone(caller: Caller, entry: Entry, files: Files) -> Outcome:
    try:
        with transaction.atomic():
            return _stored(caller, [entry], files)[0]
    except _NOT_TAKEN:
        return entry.outcome("refused", "The database does not take it")


def _stored(caller: Caller, entries: Sequence[Entry], files: Files) -> list[Outcome]:
    homes = Homes(caller, entries)
    outcomes = store_conversations(homes, entries)
    messages = message_places(homes, entries)
    outcomes += store_messages(homes, messages, entries)
    outcomes += store_attachments(homes, messages, entries, files)
    return outcomes + store_provider_threads(homes, entries)
