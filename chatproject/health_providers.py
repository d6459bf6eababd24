"""How the configured providers are, as far as their model lists tell; nobody waits for it."""

import asyncio
import time
from collections.abc import Callable

import structlog

from providers.catalogue import Catalogue, catalogue
from providers.errors import (
    AnswerCut,
    AnswerUnreadable,
    ProviderFault,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)

logger = structlog.get_logger(__name__)

OK, UNKNOWN, NO_ANSWER = "ok", "unknown", "no answer in time"
# It answers from memory.
_NEVER_LOOKED_AT = "demo"


class ProviderLooks:
    """What the last look at each provider gave; times are in seconds."""

    def __init__(
        self,
        current: Callable[[], Catalogue] = catalogue,
        *,
        every: float = 30.0,
        patience: float = 5.0,
    ) -> None:
        self._current = current
        self._every = every
        self._patience = patience
        self._found: dict[str, str] = {}
        self._looked_at = -every
        self._looking: asyncio.Task[None] | None = None

    def found(self) -> dict[str, str]:
        """`ok`, a short fault, or `unknown` before the first look; may begin the next look."""
        names = self._names()
        is_time = time.monotonic() - self._looked_at >= self._every
        if names and is_time and (self._looking is None or self._looking.done()):
            self._looked_at = time.monotonic()
            # Kept, because asyncio keeps only weak references to tasks.
            self._looking = asyncio.create_task(self._look(names))
        return {name: self._found.get(name, UNKNOWN) for name in names}

    def _names(self) -> list[str]:
        configured = self._current().registry.configured()
        return [name for name in configured if name != _NEVER_LOOKED_AT]

    async def _look(self, names: list[str]) -> None:
        await asyncio.gather(*(self._look_at(name) for name in names))

    async def _look_at(self, name: str) -> None:
        try:
            async with asyncio.timeout(self._patience):
                # Asked anew, and in company with whoever asks for the list just now.
                await self._current().look(name)
        except (ProviderFault, TimeoutError) as error:
            self._found[name] = _short(error)
        except Exception as error:  # the next provider's look must not end with this one's
            logger.warning("provider_look_failed", provider=name, error=type(error).__name__)
            self._found[name] = "failed"
        else:
            self._found[name] = OK


def _short(fault: ProviderFault | TimeoutError) -> str:
    """A few words of our own: the fault's may hold an address."""
    match fault:
        case TimeoutError() | ProviderTimeout():
            return NO_ANSWER
        case ProviderUnavailable():
            return "unreachable"
        case ProviderRefused(status=int(status)):
            return f"refused ({status})"
        case ProviderRefused():
            return "refused"
        case AnswerUnreadable() | AnswerCut():
            return "unreadable answer"
        case _:
            return "failed"
