"""Limits of time for an answer that comes piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

T = TypeVar("T")


class Watch:
    """Bounds the waits for pieces, not what the reader does between two of them.

    Within an async generator `asyncio.timeout` would cancel the reader as well. Seconds that are
    None set no bound. `limit` is the one that was exceeded.
    """

    def __init__(self, *, silence: float | None, first: float | None, total: float | None) -> None:
        self.limit = 0.0
        self._loop = asyncio.get_running_loop()
        self._began_at = self._silent_since = self._loop.time()
        self._silence = silence
        self._first = first
        self._total = total
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._set()

    async def next(self, pieces: AsyncIterator[T]) -> T | None:
        """The next piece; None at the end. Raises TimeoutError."""
        if self.limit:
            raise TimeoutError
        if self._silence is not None:
            self._silent_since = self._loop.time()
        task = self._task = asyncio.current_task()
        try:
            piece = await anext(pieces, None)
        except asyncio.CancelledError:
            # Cancelled from outside as well, it stays cancelled.
            if self.limit and task is not None and not task.uncancel():
                raise TimeoutError from None
            raise
        finally:
            self._task = None
        return piece

    def spoken(self) -> None:
        """The first word is there."""
        self._first = None

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ends(self) -> list[tuple[float, float]]:
        """When each limit is reached, and how many seconds it allows."""
        silent_since = self._loop.time() if self._task is None else self._silent_since
        limits = (
            (silent_since, self._silence),
            (self._began_at, self._first),
            (self._began_at, self._total),
        )
        return [(start + seconds, seconds) for start, seconds in limits if seconds is not None]

    def _set(self) -> None:
        if ends := self._ends():
            self._timer = self._loop.call_at(min(ends)[0], self._look)

    def _look(self) -> None:
        # Moved only when it rings: a timer for each piece would cost as much as reading it.
        end, seconds = min(self._ends(), default=(float("inf"), 0.0))
        if end > self._loop.time():
            self._set()
            return
        self.limit = seconds
        if self._task is not None:
            self._task.cancel()
