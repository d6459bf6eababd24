"""The open connections of this process: how many one may have, and letting them go at its end."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from accounts.addresses import address_of, rate_key
from accounts.callers import Caller
from api.auth import Scope
from api.websocket.errors import TooManySockets

MOST_OF_USER = 20
# Behind one address may be many people, and a program that serves many.
MOST_OF_ADDRESS = 1000


class Leavable(Protocol):
    """A connection that can be told that the server is about to end."""

    def let_go(self) -> None: ...


class Sockets:
    """Of one event loop, the process's only one."""

    def __init__(self) -> None:
        self._open: set[Leavable] = set()
        self._counts: Counter[str] = Counter()
        self._is_ending = False

    @contextmanager
    def place_for(self, caller: Caller, scope: Scope) -> Iterator[None]:
        """Raises TooManySockets."""
        limits = {f"address:{rate_key(address_of(scope))}": MOST_OF_ADDRESS}
        if caller.kind == "user":
            limits[caller.workspace] = MOST_OF_USER
        for name, most in limits.items():
            if self._counts[name] >= most:
                raise TooManySockets(most)
        self._counts.update(limits.keys())
        try:
            yield
        finally:
            for name in limits:
                self._counts[name] -= 1
                if not self._counts[name]:
                    del self._counts[name]

    @contextmanager
    def holding(self, connection: Leavable) -> Iterator[None]:
        """One that comes while the process ends is let go at once."""
        self._open.add(connection)
        try:
            if self._is_ending:
                connection.let_go()
            yield
        finally:
            self._open.discard(connection)

    def let_go(self) -> None:
        """Tell everybody to connect again, elsewhere or later; replies may end before."""
        self._is_ending = True
        for connection in list(self._open):
            connection.let_go()


SOCKETS = Sockets()
