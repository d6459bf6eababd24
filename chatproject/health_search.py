"""How search is, looked at only now and then however many ask."""

import asyncio
import time
from dataclasses import asdict
from typing import Any

from django.db import Error as DatabaseFault

from conversations.turns.service import query
from search.state import State, state

# As for the other looks: too short to hide what has just happened.
_FRESH_SECONDS = 0.05
_PATIENCE_SECONDS = 0.5


class SearchLook:
    """What the last look found; nobody waits long for it, and nothing else hangs on it."""

    def __init__(self) -> None:
        self._found = State("unknown")
        self._until = 0.0

    async def found(self) -> dict[str, Any]:
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + _FRESH_SECONDS
            self._found = await self._look()
        return {name: value for name, value in asdict(self._found).items() if value is not None}

    async def _look(self) -> State:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await query(state)
        except (TimeoutError, DatabaseFault):
            return State("unknown", "The database does not answer.")
