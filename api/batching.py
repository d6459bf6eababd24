"""One read for all that ask at about the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Batched(Generic[T]):
    """Reads at most once in so many seconds, and always after it was asked to."""

    def __init__(self, read: Callable[[], Awaitable[T]], *, seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._next: asyncio.Task[T] | None = None
        self._began_at = -seconds

    async def get(self) -> T:
        """What there is now: nothing that was read before this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._read_soon())
        # One that leaves must not take the read away from the others.
        return await asyncio.shield(self._next)

    async def _read_soon(self) -> T:
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(self._began_at + self._seconds - clock())
        self._began_at = clock()
        # Whoever comes from here on may know of a later change.
        self._next = None
        return await self._read()
