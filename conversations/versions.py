"""Versions of a place in a conversation: one is on its path, the others are kept beside it.

Whoever leaves the path does so together with all that followed, at one `superseded_at`, and comes
back together: such a batch is the rest of a path from the version at its beginning.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from conversations.errors import MessageNotFound, NotOnPath
from conversations.ids import new_id
from conversations.models import Conversation, Message

_TICK = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Versions:
    """Where a message stands among its versions, from 1, and its neighbours."""

    number: int
    total: int
    previous: UUID | None
    next: UUID | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new message goes; with `superseded_at` it is not on the path."""

    parent_id: UUID | None
    versions: UUID | None = None
    superseded_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    versions: UUID | None
    superseded_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Step:
    """At `fork` the path is left, with all that follows there, for a batch."""

    fork: UUID
    batch: dt.datetime


def on_path(conversation_id: UUID) -> QuerySet[Message]:
    return Message.objects.filter(conversation_id=conversation_id, superseded_at=None)


def path_through(conversation_id: UUID, message_id: UUID | None) -> Q:
    """The path as it is, or as it was when this message was last on it: a condition."""
    steps = _steps(_rows(conversation_id), message_id) if message_id is not None else []
    path, batch = Q(pk__in=()), None
    for step in steps:
        path |= Q(superseded_at=batch, id__lt=step.fork)
        batch = step.batch
    return path | Q(superseded_at=batch)


@transaction.atomic
def choose(conversation: Conversation, message_id: UUID) -> None:
    """Put the path through this message. Raises MessageNotFound."""
    _lock(conversation.id)
    if not Message.objects.filter(conversation=conversation, id=message_id).exists():
        raise MessageNotFound(message_id)
    for step in _steps(_rows(conversation.id), message_id):
        _put_aside(conversation.id, step.fork)
        batch = Message.objects.filter(conversation=conversation, superseded_at=step.batch)
        # With a new time of change: an import takes in what is newer.
        batch.update(superseded_at=None, updated_at=timezone.now())
    Conversation.objects.filter(id=conversation.id).update(
        updated_at=timezone.now(), message_count=on_path(conversation.id).count()
    )


def make_room(old: Message) -> Place:
    """For a version of a message that is on the path; within the caller's transaction.

    Raises NotOnPath where it has left the path since it was read.
    """
    _lock(old.conversation_id)
    now = Message.objects.filter(id=old.id, superseded_at=None).first()
    if now is None:
        raise NotOnPath
    return _room_of(now)


def place_of_answer(
    conversation_id: UUID, *, question_id: UUID | None, replaces: UUID | None
) -> Place:
    """With its question, or as a version of what it replaces; within the caller's transaction."""
    _lock(conversation_id)
    old = replaces and Message.objects.filter(conversation_id=conversation_id, id=replaces).first()
    if old:
        return _place_beside(old)
    asked = question_id and Message.objects.filter(id=question_id).first()
    if not asked:
        # There was none, or a memory limit has dropped it while it was being answered.
        latest = on_path(conversation_id).order_by("-id").values_list("id", flat=True)
        return Place(latest.first())
    # Somebody may have chosen another version of the question while it was being answered.
    return Place(asked.id, superseded_at=asked.superseded_at)


def versions_among(messages: Sequence[Message]) -> dict[UUID, Versions]:
    """Of those messages of one conversation that have other versions, by their ids."""
    groups = {message.versions for message in messages if message.versions is not None}
    if not groups:
        return {}
    rows = Message.objects.filter(
        conversation_id=messages[0].conversation_id, versions__in=groups
    ).order_by("id")
    found: dict[UUID, list[UUID]] = {}
    for row in rows.only("id", "versions"):
        assert row.versions is not None
        found.setdefault(row.versions, []).append(row.id)
    return {id: placed for ids in found.values() for id, placed in _placed(ids)}


def _placed(ids: list[UUID]) -> Iterable[tuple[UUID, Versions]]:
    around = [None, *ids, None]
    for number, id in enumerate(ids, start=1):
        yield id, Versions(number, len(ids), around[number - 1], around[number + 1])


def _place_beside(old: Message) -> Place:
    members = Message.objects.filter(conversation_id=old.conversation_id, versions=_group_of(old))
    if (current := members.filter(superseded_at=None).first()) is not None:
        return _room_of(current)
    # On its own, and before the one that left the path with the whole place: before all others,
    # because two that come late are no batch.
    rows = Message.objects.filter(conversation_id=old.conversation_id)
    first = rows.aggregate(first=Min("superseded_at"))["first"]
    return Place(old.parent_id, old.versions, first - _TICK)


def _room_of(current: Message) -> Place:
    group = _group_of(current)
    aside = _put_aside(current.conversation_id, current.id)
    Conversation.objects.filter(id=current.conversation_id).update(
        message_count=F("message_count") - aside
    )
    return Place(current.parent_id, group)


def _group_of(message: Message) -> UUID:
    if message.versions is None:
        message.versions = new_id()
        message.save(update_fields=["versions"])
    return message.versions


def _put_aside(conversation_id: UUID, first: UUID) -> int:
    """This one and all that follow it, however many these are."""
    now = timezone.now()
    rows = on_path(conversation_id).filter(id__gte=first)
    return rows.update(superseded_at=now, updated_at=now)


def _lock(conversation_id: UUID) -> None:
    """As the end of a turn does, before messages are read and written."""
    list(Conversation.objects.select_for_update(no_key=True).filter(id=conversation_id))


def _rows(conversation_id: UUID) -> list[_Row]:
    rows = Message.objects.filter(conversation_id=conversation_id)
    of_versions = rows.exclude(superseded_at=None, versions=None).order_by("id")
    return [_Row(*row) for row in of_versions.values_list("id", "versions", "superseded_at")]


def _steps(rows: list[_Row], message_id: UUID) -> list[_Step]:
    """From the path as it is to the message, the first one first; none where it is on it."""
    steps: list[_Step] = []
    row = next((row for row in rows if row.id == message_id), None)
    while row is not None and (batch := row.superseded_at) is not None:
        head = next(each for each in rows if each.superseded_at == batch)
        row = _standing_for(rows, head)
        steps.append(_Step(row.id if row else head.id, batch))
    return steps[::-1]


def _standing_for(rows: list[_Row], head: _Row) -> _Row | None:
    """The version that took the place: the current one, or the last that left together with it."""
    members = [row for row in rows if row.versions == head.versions and row.id != head.id]
    if head.versions is None or not members:
        return None
    last = max(members, key=lambda row: row.superseded_at or dt.datetime.max.replace(tzinfo=dt.UTC))
    is_later = last.superseded_at is None or last.superseded_at > (head.superseded_at or _never())
    return last if is_later else None


def _never() -> dt.datetime:
    return dt.datetime.min.replace(tzinfo=dt.UTC)
