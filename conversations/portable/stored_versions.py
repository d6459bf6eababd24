"""Versions that come from several files: one group and one current version for each place."""

import datetime as dt
from collections import Counter
from uuid import UUID

from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.versions import on_path

_TICK = dt.timedelta(microseconds=1)


def leave_one_version(conversation_id: UUID) -> None:
    """Of those on the path in one place, the latest; the others leave it, each with its own."""
    versions = on_path(conversation_id).exclude(versions=None).values_list("versions", flat=True)
    if max(Counter(versions).values(), default=1) == 1:
        return
    now = timezone.now()
    aside = _leaving(list(on_path(conversation_id).order_by("id").only("parent", "versions")), now)
    for row in aside:
        row.updated_at = now
    Message.objects.bulk_update(aside, ("superseded_at", "updated_at"))
    Conversation.objects.filter(id=conversation_id).update(
        message_count=on_path(conversation_id).count()
    )


def _leaving(path: list[Message], now: dt.datetime) -> list[Message]:
    """Those with a `superseded_at` now, which is another one for each version."""
    latest = {row.versions: row.id for row in path}
    times: dict[UUID | None, dt.datetime] = {}
    for row in path:
        if row.parent_id in times:
            row.superseded_at = times[row.parent_id]
        elif row.versions is not None and row.id != latest[row.versions]:
            row.superseded_at = now - len(times) * _TICK
        if row.superseded_at is not None:
            times[row.id] = row.superseded_at
    return [row for row in path if row.superseded_at is not None]
