"""Hearing of what is stored: the outbox is written in the transaction that stores it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from conversations.signals import content_changed
from search import outbox
from search.indexing.waking import wake


def connect() -> None:
    content_changed.connect(_note, dispatch_uid="search")


def _note(
    *, conversation_id: UUID, sources: Sequence[UUID], workspace: str, **_signal: Any
) -> None:
    if settings.CHAT_SEARCH_ENABLED:
        outbox.note(conversation_id, sources, workspace=workspace)
        transaction.on_commit(wake)
