"""So many may ask a provider at once; who waits is served in turn, caller by caller."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from providers.resilience.steps import Waiting

_WEIGHT_OF_THE_LAST = 0.2


class Ticket:
    """A place, or the wait for one."""

    def __init__(self, caller: str) -> None:
        self.caller = caller
        self.taken_at = 0.0
        self._granted = asyncio.Event()

    @property
    def is_granted(self) -> bool:
        return self._granted.is_set()

    def grant(self, now: float) -> None:
        self.taken_at = now
        self._granted.set()

    async def granted_within(self, seconds: float) -> None:
        """Wait, but no longer."""
        try:
            async with asyncio.timeout(seconds):
                await self._granted.wait()
        except TimeoutError:
            return


class Places:
    """`size` places of one provider on one event loop."""

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._taken = 0
        # In the order in which the callers are served next; each has its own line.
        self._lines: OrderedDict[str, deque[Ticket]] = OrderedDict()
        self._usual_seconds: float | None = None

    def enter(self, caller: str) -> Ticket:
        """Take a place, or stand in line; leave in any case."""
        ticket = Ticket(caller)
        self._lines.setdefault(caller, deque()).append(ticket)
        self._serve()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        if not ticket.is_granted:
            self._lines[ticket.caller].remove(ticket)
            if not self._lines[ticket.caller]:
                del self._lines[ticket.caller]
            return
        self._taken -= 1
        self._note(self._clock() - ticket.taken_at)
        self._serve()

    def waiting(self, ticket: Ticket) -> Waiting:
        """Whom the others let go first: in each round one of every caller's line."""
        callers = list(self._lines)
        place, own = callers.index(ticket.caller), self._lines[ticket.caller].index(ticket)
        before = own + sum(
            min(len(self._lines[caller]), own + (1 if position < place else 0))
            for position, caller in enumerate(callers)
            if position != place
        )
        return Waiting(before, self._seconds_for(before + 1))

    def _serve(self) -> None:
        while self._lines and self._taken < self._size:
            caller, line = next(iter(self._lines.items()))
            ticket = line.popleft()
            self._lines.move_to_end(caller)
            if not line:
                del self._lines[caller]
            self._taken += 1
            ticket.grant(self._clock())

    def _seconds_for(self, rounds: int) -> float | None:
        if self._usual_seconds is None:
            return None
        return round(self._usual_seconds * rounds / self._size, 1)

    def _note(self, seconds: float) -> None:
        usual = self._usual_seconds
        new = seconds if usual is None else usual + _WEIGHT_OF_THE_LAST * (seconds - usual)
        self._usual_seconds = new
