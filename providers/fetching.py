"""Asking a provider for its models once, for all who want to know it at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from providers.types import ModelInfo

_Models = tuple[ModelInfo, ...]
_Running = dict[str, asyncio.Task[_Models]]


class Fetches:
    """The calls of `ask` that are under way, one at most for a name on each event loop."""

    def __init__(self, ask: Callable[[str], Awaitable[_Models]]) -> None:
        self._ask = ask
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, _Running]
        self._running = WeakKeyDictionary()

    async def result(self, name: str) -> _Models:
        """Raises what `ask` raises."""
        # The shield: a caller that leaves does not take the list from the others who wait.
        return await asyncio.shield(self.begin(name))

    def begin(self, name: str) -> asyncio.Task[_Models]:
        """Nobody need wait for it."""
        running = self._running.setdefault(asyncio.get_running_loop(), {})
        if name not in running:
            running[name] = asyncio.create_task(self._asked(name))
            running[name].add_done_callback(lambda done: _forget(running, name, done))
        return running[name]

    async def _asked(self, name: str) -> _Models:
        return await self._ask(name)


def _forget(running: _Running, name: str, done: asyncio.Task[_Models]) -> None:
    running.pop(name, None)
    if not done.cancelled():
        # Looked at even if all callers have left, or asyncio complains of it.
        done.exception()
