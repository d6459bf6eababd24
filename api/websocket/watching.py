"""Hearing of what happens to a conversation elsewhere: one query for all that is watched."""

import asyncio
from collections import defaultdict
from typing import Protocol
from uuid import UUID

import structlog
from django.db import Error as DatabaseFault

from api.websocket import rows
from api.websocket.rows import State
from conversations.turns.service import query

logger = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
_IN_ONE_QUERY = 500


class Listener(Protocol):
    def hear(self, conversation_id: UUID, state: State | None) -> None:
        """The state as it is now, changed or not; None for a conversation that is gone."""


class Lookout:
    """Looks twice a second, as long as somebody listens."""

    def __init__(self) -> None:
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def add(self, conversation_id: UUID, listener: Listener) -> None:
        self._listeners[conversation_id].add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    def remove(self, conversation_id: UUID, listener: Listener) -> None:
        listeners = self._listeners[conversation_id]
        listeners.discard(listener)
        if not listeners:
            del self._listeners[conversation_id]

    async def _look(self) -> None:
        while self._listeners:
            await asyncio.sleep(LOOK_SECONDS)
            ids = list(self._listeners)
            for start in range(0, len(ids), _IN_ONE_QUERY):
                await self._tell(ids[start : start + _IN_ONE_QUERY])

    async def _tell(self, ids: list[UUID]) -> None:
        try:
            states = await query(rows.states_of, ids)
        except DatabaseFault as error:
            logger.warning("lookout_waits_for_database", error=type(error).__name__)
            return
        for conversation_id in ids:
            for listener in list(self._listeners.get(conversation_id, ())):
                listener.hear(conversation_id, states.get(conversation_id))


LOOKOUT = Lookout()
