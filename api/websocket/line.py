"""What a connection has to do one thing after the other (W-4.6)."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

MOST_WAITING = 256


class Job(Protocol):
    """Something that may take as long as a reply; must not raise."""

    async def run(self) -> None: ...


class Line:
    """Runs jobs in order, each after the one before it has ended."""

    def __init__(self, then: Callable[[], Awaitable[None]]) -> None:
        """`then` is called after each job, before the next begins."""
        self._then = then
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The one that runs, and those that wait."""
        current = (self._current,) if self._current is not None else ()
        return (*current, *self._waiting)

    @property
    def is_idle(self) -> bool:
        return self._current is None

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

    def add(self, job: Job) -> None:
        if self._current is not None:
            self._waiting.append(job)
            return
        # Taken before it runs: a stop that comes right behind a prompt is meant for it.
        self._current = job
        self._task = asyncio.create_task(self._work())
        _working.add(self._task)
        self._task.add_done_callback(_working.discard)

    def clear(self) -> None:
        """Forget what waits; what runs goes on."""
        self._waiting.clear()

    async def _work(self) -> None:
        while self._current is not None:
            await self._current.run()
            await self._then()
            self._current = self._waiting.popleft() if self._waiting else None


# A question that is being stored outlives its connection, and asyncio keeps only weak references.
_working: set[asyncio.Task[None]] = set()
