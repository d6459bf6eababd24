"""How the configured providers are, as far as their model lists tell; nobody waits for it."""

import asyncio
import time
from collections.abc import Callable

import structlog

from providers.catalogue import Catalogue, catalogue
from providers.errors import ProviderFault
from providers.troubles import in_words

logger = structlog.get_logger(__name__)

OK, UNKNOWN = "ok", "unknown"
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
            self._found[name] = in_words(error)
        except Exception as error:  # the next provider's look must not end with this one's
            logger.warning("provider_look_failed", provider=name, error=type(error).__name__)
            self._found[name] = "failed"
        else:
            self._found[name] = OK
