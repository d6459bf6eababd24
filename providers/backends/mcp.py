"""An MCP server that answers with one of its tools (C-9.8)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar

from providers.base import Provider
from providers.errors import AnswerUnreadable, ProviderFault, ProviderRefused
from providers.events import Finished, Progress, ProviderEvent, TextDelta
from providers.mcp_sessions import McpServer, ToolResult
from providers.types import (
    DEFAULT_LIMITS,
    Capabilities,
    ChatMessage,
    Limits,
    ModelInfo,
    ProviderRequest,
    ToolSpec,
)

CHAT = "chat"
_QUESTION = ("prompt", "message", "input", "query", "text")
_OPTIONS = ("temperature", "top_p", "max_tokens", "stop")
_DEFAULT_MODEL_TIMEOUT = 5.0
_PARTING = 0.3


class Mcp(Provider):
    """Its models are its tools."""

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(
        self,
        *,
        name: str,
        url: str,
        api_key: str | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        super().__init__(name=name)
        self._server = McpServer(name, url, api_key, limits)
        self._limits = limits
        self._calls: set[asyncio.Task[ToolResult]] = set()

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[ProviderEvent, None]:
        heard: asyncio.Queue[Progress | None] = asyncio.Queue()
        call = asyncio.create_task(self._call(request, heard))
        # asyncio keeps only weak references to tasks.
        self._calls.add(call)
        call.add_done_callback(lambda _: heard.put_nowait(None))
        call.add_done_callback(self._over)
        try:
            while (progress := await heard.get()) is not None:
                yield progress
            result = call.result()
        finally:
            call.cancel()
            # To tell the server takes the SDK seconds, where it hangs.
            await asyncio.wait({call}, timeout=_PARTING)
        for text in self._texts(result):
            yield TextDelta(text)
        yield Finished("stop")

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(tool.name, tool.name, {"id": tool.name, "description": tool.description})
            for tool in await self._server.tools()
        )

    async def default_model(self) -> str:
        try:
            async with asyncio.timeout(_DEFAULT_MODEL_TIMEOUT):
                return self._tool(await self._server.known_tools()).name
        except (ProviderFault, TimeoutError):
            return CHAT

    async def aclose(self) -> None:
        await self._server.aclose()

    def _over(self, call: asyncio.Task[ToolResult]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            # Looked at even if nobody waits any more, or asyncio complains of it.
            call.exception()

    async def _call(
        self, request: ProviderRequest, heard: "asyncio.Queue[Progress | None]"
    ) -> ToolResult:
        wanted = request.options.get("tool_name")
        tools = await self._server.known_tools()
        if wanted and all(tool.name != wanted for tool in tools):
            tools = await self._server.tools()
        tool = self._tool(tools, wanted, request.model)
        return await self._server.call(
            tool.name,
            arguments(tool, request),
            silence=None if request.patient else self._limits.idle,
            on_progress=heard.put_nowait,
        )

    def _tool(self, tools: tuple[ToolSpec, ...], wanted: Any = None, model: str = "") -> ToolSpec:
        """The one named, else the one that the model names, else `chat`, else the only one."""
        named = {tool.name: tool for tool in tools}
        if wanted and wanted not in named:
            raise ProviderRefused(f"'{self.name}' has no tool '{wanted}'.", 404)
        for name in (wanted, model, CHAT):
            if name in named:
                return named[name]
        if len(tools) == 1:
            return tools[0]
        raise ProviderRefused(f"'{self.name}' has no tool '{CHAT}': name one as the model.", 404)

    def _texts(self, result: ToolResult) -> tuple[str, ...]:
        if result.is_error:
            said = "\n".join(result.texts) or "no reason given"
            text = f"{self.name} answered with an error: {said}"
            raise ProviderRefused(self._server.redact(text))
        if not result.texts:
            raise AnswerUnreadable(f"The answer of '{self.name}' has no text.")
        return result.texts


def arguments(tool: ToolSpec, request: ProviderRequest) -> dict[str, Any]:
    """What the tool's schema has a place for."""
    properties = tool.parameters.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    given = {name: request.options[name] for name in _OPTIONS if name in request.options}
    found = {name: value for name, value in given.items() if name in known and value is not None}
    if "messages" in known:
        found["messages"] = [{"role": m.role, "content": m.content} for m in request.messages]
    if place := next((name for name in _QUESTION if name in known), None):
        found[place] = _last_question(request.messages)
    return found


def _last_question(messages: tuple[ChatMessage, ...]) -> str:
    return next((m.content for m in reversed(messages) if m.role == "user"), "")
