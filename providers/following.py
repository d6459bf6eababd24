"""Keeps this process's providers as the rows say, whoever changes them on whatever worker."""

import asyncio
import threading
from collections.abc import Sequence

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connections

from providers.base import Provider
from providers.catalogue import catalogue
from providers.mcp_sessions import McpServer
from providers.models import ProviderConfig, ToolServer
from providers.registry import registry
from providers.rows import merged
from providers.secrets import key_is_with_the_rows
from providers.shelf import Shelf
from providers.tool_rows import merged_tools
from providers.toolbox import toolbox

logger = structlog.get_logger(__name__)

# A change is to act within five seconds.
_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 5.0
_BETWEEN_LISTS_SECONDS = 15.0


class Follower:
    """A thread that looks at the rows every second, or when it is told to.

    While the database is away everything stays as it is. `loop` is where providers that are out
    of use close their connections.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.Thread(target=self._follow, name="provider-rows", daemon=True)
        self._has_looked = threading.Event()
        self._look_now = threading.Event()
        self._is_over = False
        self._seen: object = None
        self._has_models = False
        self._trouble = ""

    def start(self) -> None:
        """Wait for the first look, but not for long."""
        self._thread.start()
        self._has_looked.wait(_PATIENCE_SECONDS)

    def look_now(self) -> None:
        self._look_now.set()

    def stop(self) -> None:
        self._is_over = True
        self.look_now()
        self._thread.join(_PATIENCE_SECONDS)

    def _follow(self) -> None:
        while not self._is_over:
            try:
                self._look()
                self._note("")
            except DatabaseFault as error:
                self._note(type(error).__name__)
            except Exception as error:  # a thread that ends here would follow nothing any more
                self._note(type(error).__name__)
            finally:
                connections.close_all()
            self._has_looked.set()
            self._look_now.wait(_LOOK_SECONDS)
            self._look_now.clear()

    def _look(self) -> None:
        rows = list(ProviderConfig.objects.all())
        tool_rows = list(ToolServer.objects.filter(is_enabled=True))
        seen = (
            {(row.pk, row.updated_at) for row in rows},
            {(row.pk, row.updated_at) for row in tool_rows},
        )
        if seen != self._seen:
            self._close(adopt(rows))
            self._close(adopt_tools(tool_rows))
            self._seen = seen
        if not self._has_models:
            catalogue().put_on(Shelf())
            self._has_models = True

    def _close(self, providers: Sequence[Provider | McpServer]) -> None:
        for provider in providers:
            asyncio.run_coroutine_threadsafe(provider.aclose(), self._loop)

    def _note(self, trouble: str) -> None:
        """One line when it begins, one when it is over."""
        if trouble and trouble != self._trouble:
            logger.warning("provider_rows_not_read", error=trouble)
        elif self._trouble and not trouble:
            logger.info("provider_rows_read_again")
        self._trouble = trouble


def adopt(rows: Sequence[ProviderConfig]) -> tuple[Provider, ...]:
    """Go on with what the rows say; gives the providers that are out of use, to be closed."""
    specs = merged(settings.PROVIDERS, rows, settings.PROVIDER_PRIVATE_NETWORKS)
    for row in rows:
        if row.is_enabled and (missing := specs[row.name].missing):
            logger.warning("provider_not_usable", provider=row.name, hint=f"Set {missing}.")
    if key_is_with_the_rows() and any(row.sealed_key for row in rows):
        logger.warning("provider_keys_badly_guarded", hint="Set PROVIDER_ENCRYPTION_KEYS.")
    return registry().replace(specs)


def adopt_tools(rows: Sequence[ToolServer]) -> tuple[McpServer, ...]:
    """The same for the servers of tools."""
    specs = merged_tools(settings.TOOL_SERVERS, rows, settings.PROVIDER_PRIVATE_NETWORKS)
    return toolbox().replace(specs)


async def keep_lists_fresh() -> None:
    """Ask for known lists again before they are too old; whoever fails keeps the list it has."""
    while True:
        names = catalogue().due()
        await asyncio.gather(*(catalogue().look(name) for name in names), return_exceptions=True)
        await asyncio.sleep(_BETWEEN_LISTS_SECONDS)


_followers: list[Follower] = []
_tasks: set[asyncio.Task[None]] = set()


async def start_following() -> None:
    """In a server; what only runs a command knows the operator's providers alone."""
    follower = Follower(asyncio.get_running_loop())
    _followers.append(follower)
    await asyncio.to_thread(follower.start)
    # asyncio keeps only weak references to tasks.
    _tasks.add(asyncio.create_task(keep_lists_fresh()))


def follow_now() -> None:
    """Something was changed in this process: look at once."""
    for follower in _followers:
        follower.look_now()


async def stop_following() -> None:
    while _tasks:
        _tasks.pop().cancel()
    while _followers:
        await asyncio.to_thread(_followers.pop().stop)
