"""Who has a budget at all, known without a query: all the others pass for nothing."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from accounts.callers import Caller
from accounts.spending import Budget

# Less than the promised five seconds, by the time that a request takes.
KEPT_SECONDS = 4.5


@dataclass(frozen=True, slots=True)
class _Known:
    ids: frozenset[UUID]
    until: float


class BudgetOwners:
    """The users and keys with budgets, read at most once in some seconds; for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known = _Known(frozenset(), 0.0)
        self._lock = threading.Lock()
        self._generation = 0

    def is_fresh_for(self, caller: Caller) -> bool:
        """Whether `has_one` is worth asking; callers without an account never have a budget."""
        return caller.user_id is None or self._clock() < self._known.until

    def has_one(self, caller: Caller) -> bool:
        ids = self._known.ids
        return caller.user_id in ids or caller.key_id in ids

    def read(self) -> None:
        """Ask the database, unless somebody else has just done so."""
        if self._clock() < self._known.until:
            return
        generation, asked_at = self._generation, self._clock()
        pairs = Budget.objects.values_list("user_id", "key_id")
        ids = frozenset(owner for pair in pairs for owner in pair if owner is not None)
        with self._lock:
            # What was read before a change must not outlive it.
            if generation == self._generation:
                self._known = _Known(ids, asked_at + KEPT_SECONDS)
            else:
                self._known = _Known(ids, 0.0)

    def forget(self) -> None:
        """After a change of a budget."""
        with self._lock:
            self._generation += 1
            self._known = _Known(self._known.ids, 0.0)


OWNERS = BudgetOwners()
