"""MCP servers, whose tools answer or are lent to models; their sessions are kept warm."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit
from weakref import WeakKeyDictionary, WeakSet

import msgspec

from providers.errors import ProviderRefused, ProviderTimeout
from providers.events import Progress
from providers.types import DEFAULT_LIMITS, Limits, ToolSpec

if TYPE_CHECKING:
    from mcp.client import Client
    from mcp_types import CallToolResult, Tool

    from providers.mcp_connection import Connection

_Answer = TypeVar("_Answer")
_MOST_PAGES = 50
_PATH = "/mcp"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool said: its pieces of text, none of them empty."""

    texts: tuple[str, ...]
    is_error: bool


class McpServer:
    """One server at `url`, to which `/mcp` is added when it has no path.

    Keeps one session per event loop, opens it when first asked, and anew when it was lost.
    """

    def __init__(
        self, name: str, url: str, api_key: str | None = None, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._name = name
        self._url = endpoint(url)
        self._key = (api_key or "").strip()
        self._headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._limits = limits
        self._known: tuple[ToolSpec, ...] | None = None
        self._connections: WeakKeyDictionary[asyncio.AbstractEventLoop, Connection]
        self._connections = WeakKeyDictionary()
        self._retired: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakSet[Connection]]
        self._retired = WeakKeyDictionary()

    async def tools(self) -> tuple[ToolSpec, ...]:
        """All tools, as the server lists them now; raises ProviderFault."""
        clock = Clock(self._limits.idle, None)
        self._known = await self._ask(lambda client: _listed(client), clock)
        return self._known

    async def known_tools(self) -> tuple[ToolSpec, ...]:
        """As last heard: asked for at the first time, and after the server said they changed."""
        return await self.tools() if self._known is None else self._known

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        silence: float | None = None,
        total: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> ToolResult:
        """Raises ProviderFault; a tool that fails gives a result that says so.

        `silence` bounds the wait for the first and between two signs of progress, `total` the
        call, in seconds. To cancel the task that waits gives up the call.
        """
        clock = Clock(silence, total)

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            clock.wind()
            if on_progress is not None:
                on_progress(_progress(progress, total, self.redact(message or "")))

        async def question(client: "Client") -> "CallToolResult":
            return await client.call_tool(tool, dict(arguments), progress_callback=hear)

        result = _result(await self._ask(question, clock))
        return replace(result, texts=tuple(map(self.redact, result.texts)))

    def redact(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text

    async def aclose(self) -> None:
        """Close this event loop's sessions."""
        loop = asyncio.get_running_loop()
        ours = [*self._retired.pop(loop, ()), *filter(None, [self._connections.pop(loop, None)])]
        await asyncio.gather(*[connection.aclose() for connection in ours])

    async def _ask(
        self, question: "Callable[[Client], Awaitable[_Answer]]", clock: "Clock"
    ) -> _Answer:
        try:
            return await self._asked(question, clock)
        except ProviderRefused as refusal:
            # Its text is the server's, which may repeat what it was sent.
            raise ProviderRefused(self.redact(str(refusal)), refusal.status, refusal.code) from None

    async def _asked(
        self, question: "Callable[[Client], Awaitable[_Answer]]", clock: "Clock"
    ) -> _Answer:
        from providers.mcp_connection import SessionForgotten

        connection = self._connection()
        try:
            async with clock:
                try:
                    return await connection.ask(question)
                except SessionForgotten:
                    self._drop(connection)
                    connection = self._connection()
                    return await connection.ask(question)
        except TimeoutError as error:
            # Whatever hangs there may hang the next call, too.
            self._drop(connection)
            raise ProviderTimeout(f"'{self._name}' did not answer in time.") from error
        except SessionForgotten as error:
            raise error.refusal from error

    def _connection(self) -> "Connection":
        from providers.mcp_connection import Connection

        loop = asyncio.get_running_loop()
        connection = self._connections.get(loop)
        if connection is None or connection.is_over:
            self._forget_closed_loops()
            connection = self._connections[loop] = Connection(
                self._name, self._url, self._headers, self._limits, self._forget_tools
            )
        return connection

    def _forget_tools(self) -> None:
        self._known = None

    def _forget_closed_loops(self) -> None:
        for loop in [loop for loop in self._connections if loop.is_closed()]:
            del self._connections[loop]
            self._retired.pop(loop, None)

    def _drop(self, connection: "Connection") -> None:
        """The others who wait for it may wait on."""
        loop = asyncio.get_running_loop()
        if self._connections.get(loop) is connection:
            del self._connections[loop]
            self._retired.setdefault(loop, WeakSet()).add(connection)
            connection.retire()


class Clock:
    """Ends what it surrounds with a TimeoutError, after a silence or after all; in seconds."""

    def __init__(self, silence: float | None, total: float | None) -> None:
        self._silence = silence
        self._quiet = asyncio.timeout(silence)
        self._all = asyncio.timeout(total)
        self._stack = AsyncExitStack()
        self._runs = False

    async def __aenter__(self) -> None:
        await self._stack.enter_async_context(self._all)
        await self._stack.enter_async_context(self._quiet)
        self._runs = True

    async def __aexit__(self, *error: Any) -> bool | None:
        self._runs = False
        return await self._stack.__aexit__(*error)

    def wind(self) -> None:
        """There was a sign of life."""
        if self._silence is not None and self._runs and not self._quiet.expired():
            self._quiet.reschedule(asyncio.get_running_loop().time() + self._silence)


def endpoint(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=_PATH)) if parts.path in ("", "/") else url


async def _listed(client: "Client") -> tuple[ToolSpec, ...]:
    tools: list[Tool] = []
    cursor: str | None = None
    for _ in range(_MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools.extend(page.tools)
        cursor = page.next_cursor
        if cursor is None:
            break
    return tuple(ToolSpec(tool.name, tool.description or "", tool.input_schema) for tool in tools)


def _progress(done: float, of: float | None, message: str | None) -> Progress:
    fraction = min(1.0, max(0.0, done / of)) if of else None
    return Progress(message or "", fraction)


def _result(result: "CallToolResult") -> ToolResult:
    texts = tuple(block.text for block in result.content if block.type == "text" and block.text)
    if not texts and result.structured_content is not None:
        texts = (msgspec.json.encode(result.structured_content).decode(),)
    return ToolResult(texts, result.is_error)
