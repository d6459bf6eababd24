"""Leaving a provider alone that has failed again and again, on all workers."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from providers.errors import ProviderResting

_REST_SECONDS = 10.0
_LOOK_SECONDS = 1.0


class SharedRests(Protocol):
    """Where the workers tell each other until when a provider rests, in seconds of wall time."""

    def until(self, name: str) -> float: ...

    def rest(self, name: str, until: float) -> None: ...

    def end(self, name: str) -> None: ...


class Circuit:
    """Closed while all is well, open after `failures` in a row, half-open after a rest.

    Half-open, one caller tries; the others go on waiting for what comes of it. `failures` of 0
    keeps it closed.
    """

    def __init__(
        self, name: str, failures: int, shared: SharedRests, clock: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._failures = failures
        self._shared = shared
        self._clock = clock
        self._in_a_row = 0
        self._until = 0.0
        self._looked_at = 0.0

    def pass_through(self) -> None:
        """Raises ProviderResting; after the rest lets one caller try."""
        if not self._failures:
            return
        now = self._clock()
        self._look(now)
        if now < self._until:
            seconds = f"{self._until - now:.0f} seconds"
            raise ProviderResting(f"'{self._name}' keeps failing; it is asked again in {seconds}.")
        if self._until:
            self._until = now + _REST_SECONDS

    def succeeded(self) -> None:
        self._in_a_row = 0
        if self._until:
            self._until = 0.0
            self._tell(lambda: self._shared.end(self._name))

    def failed(self) -> None:
        self._in_a_row += 1
        if self._failures and (self._until or self._in_a_row >= self._failures):
            until = self._until = self._clock() + _REST_SECONDS
            self._tell(lambda: self._shared.rest(self._name, until))

    def _look(self, now: float) -> None:
        """What the other workers say; for the callers after this one."""
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._tell(self._adopt)

    def _adopt(self) -> None:
        until = self._shared.until(self._name)
        is_own = self._in_a_row >= self._failures
        if until > self._until or not (until or is_own):
            self._until = until

    def _tell(self, message: Callable[[], None]) -> None:
        # The cache may be a server that is away: no caller waits for it.
        asyncio.get_running_loop().run_in_executor(None, message)
