"""Messages of a batch and their files."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F
from msgspec.structs import replace

from accounts.callers import Caller
from conversations.files import NewFile, attachment_row
from conversations.models import Attachment, Conversation, Message
from conversations.portable.entries import Entry
from conversations.portable.filing import Files
from conversations.portable.places import Places
from conversations.portable.records import OWNER, AttachmentLine, MessageLine
from conversations.portable.report import Outcome
from conversations.portable.stored_conversations import NO_HOME, Homes
from conversations.portable.stored_versions import leave_one_version
from conversations.signals import announce
from conversations.versions import on_path

# What was being answered elsewhere is answered by nobody here.
_INTERRUPTED = "interrupted"
_CHANGING = (
    "role",
    "sender_id",
    "content",
    "model",
    "status",
    "metadata",
    "tokens_count",
    "error_code",
    "correlation_id",
    "versions",
    "superseded_at",
    "updated_at",
)


def message_places(homes: Homes, entries: Sequence[Entry]) -> Places:
    """The ids of all messages that the batch speaks of."""
    wanted: list[tuple[UUID, UUID]] = []
    for entry in entries:
        item = entry.item
        if isinstance(item, MessageLine | AttachmentLine) and (
            home := homes.find(item.conversation_id)
        ):
            named = (item.id, item.parent_id) if isinstance(item, MessageLine) else ()
            own = item.message_id if isinstance(item, AttachmentLine) else None
            wanted += [(home.id, id) for id in (*named, own) if id is not None]
    return Places(Message, "conversation_id", wanted)


def store_messages(homes: Homes, places: Places, entries: Sequence[Entry]) -> list[Outcome]:
    found = _existing_rows(homes, places, entries)
    groups = _groups_kept(homes, places, entries, found)
    outcomes: list[Outcome] = []
    new: list[Message] = []
    changed: list[Message] = []
    for entry in entries:
        if not isinstance(item := entry.item, MessageLine):
            continue
        item = replace(item, versions=groups.get(item.versions, item.versions))
        if (home := homes.find(item.conversation_id)) is None:
            outcomes.append(entry.outcome("refused", NO_HOME))
        elif (id := places.existing(home.id, item.id)) is not None:
            is_changed = _change(found[id], _fields(item, homes.caller))
            changed += [found[id]] if is_changed else []
            outcomes.append(entry.outcome("updated" if is_changed else "unchanged"))
        elif (id := places.free(home.id, item.id)) is None:
            outcomes.append(entry.outcome("refused", "Its id is in use"))
        else:
            parent_id = places.existing(home.id, item.parent_id) if item.parent_id else None
            new.append(_row(id, home, parent_id, item, homes.caller))
            is_orphan = item.parent_id is not None and parent_id is None
            reason = "The message that it follows is not here" if is_orphan else None
            outcomes.append(entry.outcome("created", reason))
    Message.objects.bulk_create(new)
    Message.objects.bulk_update(changed, _CHANGING)
    current = Counter(row.conversation_id for row in new if row.superseded_at is None)
    for conversation_id, number in sorted(current.items()):
        rows = Conversation.objects.filter(id=conversation_id)
        rows.update(message_count=F("message_count") + number)
    for conversation_id in sorted({row.conversation_id for row in changed}):
        # Which of the versions is the current one may have changed.
        rows = Conversation.objects.filter(id=conversation_id)
        rows.update(message_count=on_path(conversation_id).count())
    for conversation_id, ids in _by_conversation([*new, *changed]).items():
        announce(conversation_id, *ids)
    with_versions = [row for row in [*new, *changed] if row.versions is not None]
    for conversation_id in _by_conversation(with_versions):
        leave_one_version(conversation_id)
    return outcomes


def store_attachments(
    homes: Homes, messages: Places, entries: Sequence[Entry], files: Files
) -> list[Outcome]:
    own = [(entry, entry.item) for entry in entries if isinstance(entry.item, AttachmentLine)]
    homed = [(homes.find(item.conversation_id), item.id) for _, item in own]
    places = Places(Attachment, "conversation_id", ((home.id, id) for home, id in homed if home))
    outcomes: list[Outcome] = []
    new: list[Attachment] = []
    for entry, item in own:
        home = homes.find(item.conversation_id)
        message_id = messages.existing(home.id, item.message_id) if home else None
        file = files[entry.line]
        if home is None or message_id is None:
            outcomes.append(entry.outcome("refused", "Its message is not here, or was refused"))
        elif places.existing(home.id, item.id):
            outcomes.append(entry.outcome("unchanged"))
        elif not isinstance(file, NewFile):
            outcomes.append(entry.outcome("refused", file))
        elif (id := places.free(home.id, item.id)) is None:
            outcomes.append(entry.outcome("refused", "Its id is in use"))
        else:
            row = attachment_row(
                dataclasses.replace(file, id=id),
                conversation=home,
                message_id=message_id,
                created_at=item.created_at,
            )
            new.append(row)
            outcomes.append(entry.outcome("created"))
    Attachment.objects.bulk_create(new)
    return outcomes


def _by_conversation(rows: Sequence[Message]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.conversation_id, []).append(row.id)
    return found


def _existing_rows(homes: Homes, places: Places, entries: Sequence[Entry]) -> dict[UUID, Message]:
    ids = []
    for entry in entries:
        if isinstance(entry.item, MessageLine) and (home := homes.find(entry.item.conversation_id)):
            ids.append(places.existing(home.id, entry.item.id))
    return {row.id: row for row in Message.objects.filter(id__in=[id for id in ids if id])}


def _groups_kept(
    homes: Homes, places: Places, entries: Sequence[Entry], found: Mapping[UUID, Message]
) -> dict[UUID | None, UUID]:
    """The groups of what is here already, by what the file calls them."""
    groups: dict[UUID | None, UUID] = {}
    for entry in entries:
        item = entry.item
        if not isinstance(item, MessageLine) or item.versions is None:
            continue
        home = homes.find(item.conversation_id)
        id = places.existing(home.id, item.id) if home else None
        if id is not None and (group := found[id].versions) is not None:
            groups[item.versions] = group
    return groups


def _row(
    id: UUID, home: Conversation, parent_id: UUID | None, item: MessageLine, caller: Caller
) -> Message:
    return Message(
        id=id,
        conversation=home,
        parent_id=parent_id,
        created_at=item.created_at,
        **_fields(item, caller),
    )


def _change(row: Message, fields: dict[str, Any]) -> bool:
    """Whether the file's is newer and other; what has versions here keeps them."""
    fields["versions"] = row.versions or fields["versions"]
    is_same = all(getattr(row, name) == value for name, value in fields.items())
    if is_same or fields["updated_at"] <= row.updated_at:
        return False
    for name, value in fields.items():
        setattr(row, name, value)
    return True


def _fields(item: MessageLine, caller: Caller) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(item, name) for name in _CHANGING}
    if item.sender_id == OWNER:
        fields["sender_id"] = str(caller.user_id or "")
    if item.status == "processing":
        fields |= {"status": Message.Status.ERROR, "error_code": _INTERRUPTED}
    return fields
