"""One session with an MCP server, over the official SDK; importing this takes a second."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from contextvars import Context, ContextVar
from typing import TypeVar

import httpx2
from mcp import MCPError
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, ServerNotification, ToolListChangedNotification
from pydantic import ValidationError

from providers.addresses import AddressForbidden
from providers.errors import (
    AddressRefused,
    AnswerCut,
    AnswerUnreadable,
    ProviderFault,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnavailable,
)
from providers.framing import MAX_LINE
from providers.mcp_transport import guarded_transport
from providers.refusals import decoded, error_text
from providers.types import Limits

_Answer = TypeVar("_Answer")
_NOT_FOUND = 404
_MOST_OF_A_BODY = 500
_PARTING = 1.0
_LAST_BREATH = 0.1

# What the server refused in the course of the current call: statuses and texts.
_refusals: ContextVar[list[tuple[int, str]]] = ContextVar("_refusals")


class SessionForgotten(Exception):
    """The server does not know the session any more, and has done nothing but to say so."""

    def __init__(self, refusal: ProviderRefused) -> None:
        super().__init__()
        self.refusal = refusal


class Connection:
    """Opens at once, in a task of its own: the SDK's scopes must be left where they were entered.

    `on_tools_changed` is called when the server says so.
    """

    def __init__(
        self,
        name: str,
        url: str,
        headers: Mapping[str, str],
        limits: Limits,
        on_tools_changed: Callable[[], None],
    ) -> None:
        self._name = name
        self._url = url
        self._headers = headers
        self._limits = limits
        self._on_tools_changed = on_tools_changed
        self._client: Client | None = None
        self._fault: ProviderFault | None = None
        self._opened = asyncio.Event()
        self._left = asyncio.Event()
        self._asking = 0
        self._loop = asyncio.get_running_loop()
        self.is_retired = False
        # It outlives the request that happens to open it.
        self._owner = asyncio.create_task(self._own(), context=Context())

    @property
    def is_over(self) -> bool:
        return self._owner.done() or self.is_retired

    async def ask(self, question: Callable[[Client], Awaitable[_Answer]]) -> _Answer:
        """Raises ProviderFault, and SessionForgotten."""
        await self._opened.wait()
        if self._client is None:
            raise self._lost()
        refused = _refusals.set([])
        self._asking += 1
        try:
            return await question(self._client)
        except MCPError as error:
            raise await self._meaning(error) from error
        except (ValidationError, RuntimeError):
            # Unchained: the error quotes the answer, which is to stay out of the log.
            raise _unreadable(self._name) from None
        finally:
            self._asking -= 1
            _refusals.reset(refused)
            if self.is_retired:
                self.retire()

    def retire(self) -> None:
        """Leave soon, but not what others wait for: to take back a call takes a moment."""
        self.is_retired = True
        if not self._asking:
            self._loop.call_later(_LAST_BREATH, self._leave)

    async def aclose(self) -> None:
        """What is being asked is answered first, but not waited for."""
        if not (self.is_retired or self._asking):
            self._leave()
        self.is_retired = True
        if not self._asking:
            await asyncio.wait({self._owner})

    def _leave(self) -> None:
        """Say good-bye, for a moment at most."""
        self._left.set()
        self._loop.call_later(_PARTING, self._owner.cancel)

    async def _own(self) -> None:
        _refusals.set([])
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(self._limits.idle):
                    client = await stack.enter_async_context(await self._sdk(stack))
                self._client = client
                self._opened.set()
                await self._left.wait()
        # This is the boundary of a task: nobody else hears of it.
        except Exception as error:
            self._fault = self._cause(error)
        finally:
            self._client = None
            self._opened.set()

    async def _sdk(self, stack: AsyncExitStack) -> Client:
        http = httpx2.AsyncClient(
            transport=guarded_transport(self._limits.reach),
            headers=dict(self._headers),
            timeout=httpx2.Timeout(None, connect=self._limits.connect),
            trust_env=False,
            event_hooks={"response": [_note]},
        )
        await stack.enter_async_context(http)
        transport = streamable_http_client(self._url, http_client=http, max_sse_event_size=MAX_LINE)
        return Client(transport, message_handler=self._hear, cache=None)

    async def _hear(self, message: ServerNotification | Exception) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._on_tools_changed()

    async def _meaning(self, error: MCPError) -> Exception:
        refusals = _refusals.get()
        if refusals:
            refusal = _refusal(self._name, *refusals[-1])
            return SessionForgotten(refusal) if refusal.status == _NOT_FOUND else refusal
        if error.code != CONNECTION_CLOSED:
            return _refusal(self._name, None, error.message)
        # The owner hears of a lost connection a little later than those who wait.
        await asyncio.wait({self._owner}, timeout=_LAST_BREATH)
        return self._lost() if self._owner.done() else _cut(self._name)

    def _lost(self) -> ProviderFault:
        return self._fault or _unavailable(self._name)

    def _cause(self, error: BaseException) -> ProviderFault:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        match error:
            case MCPError() if refusals := _refusals.get():
                return _refusal(self._name, *refusals[-1])
            case MCPError() if error.code == CONNECTION_CLOSED:
                return _cut(self._name)
            case MCPError():
                return _refusal(self._name, None, error.message)
            case TimeoutError() | httpx2.TimeoutException():
                return ProviderTimeout(f"'{self._name}' did not answer in time.")
            case AddressForbidden():
                return AddressRefused(self._name)
            case httpx2.ConnectError():
                return ProviderUnavailable(f"'{self._name}' could not be reached.")
            case ValidationError() | RuntimeError():
                return _unreadable(self._name)
            case _:
                return _unavailable(self._name)


async def _note(response: httpx2.Response) -> None:
    """The SDK keeps statuses to itself."""
    if response.status_code >= httpx2.codes.BAD_REQUEST:
        body = await response.aread()
        text = error_text(decoded(body)) or body.decode(errors="replace").strip()
        text = text[:_MOST_OF_A_BODY] or response.reason_phrase
        if (heard := _refusals.get(None)) is not None:
            heard.append((response.status_code, text))


def _refusal(name: str, status: int | None, text: str) -> ProviderRefused:
    return ProviderRefused(f"{name} answered {status or 'with an error'}: {text}", status)


def _unavailable(name: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"The connection to '{name}' was lost.")


def _unreadable(name: str) -> AnswerUnreadable:
    return AnswerUnreadable(f"The answer of '{name}' is none of the Model Context Protocol.")


def _cut(name: str) -> AnswerCut:
    return AnswerCut(f"The answer of '{name}' was cut before its end.")
