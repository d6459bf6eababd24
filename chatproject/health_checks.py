"""What the server needs, looked at once a second at most however many ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from redis.asyncio import Redis
from redis.exceptions import RedisError

from chatproject.health_providers import ProviderLooks
from chatproject.health_search import SearchLook
from conversations.turns.service import query
from providers.checks import probe

logger = structlog.get_logger(__name__)

OK, UNAVAILABLE, NO_ANSWER = "ok", "unavailable", "no answer in time"
PATIENCE_SECONDS = 2.0
OLLAMA_PATIENCE_SECONDS = 5.0
# Long enough to make nothing of a flood of questions, too short to hide what has just happened.
FRESH_SECONDS = 0.05


class SharedLook:
    """What a look found, for all who ask meanwhile and right after; one at a time.

    How long a look may take is its own to limit.
    """

    def __init__(self, look: Callable[[], Awaitable[str]], *, fresh: float = FRESH_SECONDS) -> None:
        self._look = look
        self._fresh = fresh
        self._found = ""
        self._found_until = 0.0
        self._looking: asyncio.Task[str] | None = None

    async def found(self) -> str:
        if self._looking is None:
            if time.monotonic() < self._found_until:
                return self._found
            self._looking = asyncio.create_task(self._look_once())
        # The shield: a caller that leaves does not take the look from the others who wait.
        return await asyncio.shield(self._looking)

    async def _look_once(self) -> str:
        try:
            self._found = await self._look()
        except Exception as error:  # whatever it is, it is the answer to "is it well?"
            logger.warning("health_look_failed", error=type(error).__name__)
            self._found = UNAVAILABLE
        finally:
            self._found_until = time.monotonic() + self._fresh
            self._looking = None
        return self._found


class Checks:
    """The looks of one event loop."""

    def __init__(self) -> None:
        self.providers = ProviderLooks()
        self.search = SearchLook()
        self._looks = {"database": SharedLook(_database)}
        if (redis_url := settings.REDIS_URL) is not None:
            self._looks["redis"] = SharedLook(lambda: _redis(redis_url))
        if (ollama_url := settings.OLLAMA_URL) is not None:
            self._looks["ollama"] = SharedLook(lambda: probe(ollama_url, OLLAMA_PATIENCE_SECONDS))

    async def found(self) -> dict[str, str]:
        """What each look gave; a healthy Ollama is `connected`, everything else `ok`."""
        found = await asyncio.gather(*(look.found() for look in self._looks.values()))
        return dict(zip(self._looks, found, strict=True))

    async def database(self) -> str:
        return await self._looks["database"].found()


_checks: WeakKeyDictionary[asyncio.AbstractEventLoop, Checks] = WeakKeyDictionary()


def checks() -> Checks:
    """Those of the running event loop, begun at their first use."""
    loop = asyncio.get_running_loop()
    if loop not in _checks:
        _checks[loop] = Checks()
    return _checks[loop]


async def _database() -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await query(_select_one)
    except TimeoutError:
        return NO_ANSWER
    except DatabaseFault:
        return UNAVAILABLE
    return OK


def _select_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


async def _redis(url: str) -> str:
    client: Redis = Redis.from_url(url, socket_timeout=PATIENCE_SECONDS)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(client):
            await client.ping()
    except TimeoutError:
        return NO_ANSWER
    except (RedisError, OSError):
        return UNAVAILABLE
    return OK
