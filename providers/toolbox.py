"""The tools that models may call: those of MCP servers, each under its server's name."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings

from providers.addresses import Reach
from providers.errors import ProviderFault
from providers.events import Progress
from providers.mcp_sessions import McpServer
from providers.refusals import decoded
from providers.types import Limits, ToolCall, ToolSpec

logger = structlog.get_logger(__name__)

COMPLETED = "completed"
TOOL_SERVER_NAME = r"^[a-zA-Z0-9_-]{1,32}\Z"
_UNKNOWN = "unknown"
_UNREADABLE = "unreadable"
_FAILED = "failed"
_LIST_SECONDS = 3.0
_AWAY_SECONDS = 30.0
# What OpenAI and Anthropic take as a name.
_LONGEST_NAME = 64
_NO_NAME = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class ToolServerSpec:
    """An MCP server at `url`. Empty `roles` lend its tools to all callers, empty `tools` all.

    `reach` says at which addresses it may be, where an administrator chose them.
    """

    name: str
    url: str
    api_key: str | None = field(default=None, repr=False)
    roles: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()
    reach: Reach | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as models know it (`spec.name`), and where it is: `server` calls it `name`."""

    spec: ToolSpec
    server: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """What a tool said; `outcome` is `completed` or why it said nothing useful."""

    outcome: str
    text: str


class Toolbox:
    """Tool servers by name; their sessions are kept warm."""

    def __init__(self, specs: tuple[ToolServerSpec, ...]) -> None:
        self._specs: dict[str, ToolServerSpec] = {}
        self._servers: dict[str, McpServer] = {}
        self._away_until: dict[str, float] = {}
        self.replace(specs)

    def replace(self, specs: tuple[ToolServerSpec, ...]) -> tuple[McpServer, ...]:
        """Go on with these; gives the servers that are out of use, to be closed."""
        wanted = {spec.name: spec for spec in specs}
        kept = {n: held for n, held in self._servers.items() if wanted.get(n) == self._specs[n]}
        out_of_use = tuple(held for name, held in self._servers.items() if name not in kept)
        self._servers = {name: kept.get(name) or _server(spec) for name, spec in wanted.items()}
        self._specs = wanted
        return out_of_use

    @property
    def is_empty(self) -> bool:
        return not self._specs

    async def offered(self, roles: frozenset[str]) -> dict[str, Tool]:
        """By the name that models know; a server that cannot be asked lends nothing for now."""
        lent = [spec for spec in self._specs.values() if not spec.roles or spec.roles & roles]
        found = await asyncio.gather(*map(self._tools_of, lent))
        return {tool.spec.name: tool for tools in found for tool in tools}

    async def call(
        self, tool: Tool, call: ToolCall, *, seconds: float, on_progress: Callable[[Progress], None]
    ) -> ToolAnswer:
        """Never fails: whatever goes wrong is told to the model."""
        arguments = decoded((call.arguments or "{}").encode())
        if not isinstance(arguments, Mapping):
            return ToolAnswer(_UNREADABLE, "The arguments are not a JSON object.")
        server = self._servers.get(tool.server)
        if server is None:
            return unknown_tool(tool.spec.name)
        try:
            result = await server.call(tool.name, arguments, total=seconds, on_progress=on_progress)
        except ProviderFault as fault:
            return ToolAnswer(fault.kind, str(fault))
        text = server.redact("\n".join(result.texts))
        return ToolAnswer(_FAILED if result.is_error else COMPLETED, text)

    async def aclose(self) -> None:
        """Close what is held for this event loop."""
        for server in self._servers.values():
            await server.aclose()

    async def _tools_of(self, spec: ToolServerSpec) -> list[Tool]:
        server = self._servers.get(spec.name)
        if server is None or time.monotonic() < self._away_until.get(spec.name, 0.0):
            return []
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                specs = await server.known_tools()
        except (ProviderFault, TimeoutError) as error:
            # The next turns do not wait for it again.
            self._away_until[spec.name] = time.monotonic() + _AWAY_SECONDS
            fault = str(error) or "no answer in time"
            logger.warning("tool_server_lends_nothing", server=spec.name, fault=fault)
            return []
        return [
            _tool(spec.name, listed)
            for listed in specs
            if not spec.tools or listed.name in spec.tools
        ]


def unknown_tool(name: str) -> ToolAnswer:
    return ToolAnswer(_UNKNOWN, f"There is no tool '{name}'.")


def _server(spec: ToolServerSpec) -> McpServer:
    limits = Limits(idle=_LIST_SECONDS, reach=spec.reach)
    return McpServer(spec.name, spec.url, spec.api_key, limits)


def _tool(server: str, listed: ToolSpec) -> Tool:
    name = _NO_NAME.sub("_", f"{server}__{listed.name}")[:_LONGEST_NAME]
    return Tool(ToolSpec(name, listed.description, listed.parameters), server, listed.name)


_current: Toolbox | None = None


def toolbox() -> Toolbox:
    """The process's own, from the settings."""
    global _current
    if _current is None:
        _current = Toolbox(settings.TOOL_SERVERS)
    return _current


async def close_toolbox() -> None:
    """Close what the process's own holds for this event loop, if it was used."""
    if _current is not None:
        await _current.aclose()


def use_toolbox(replacement: Toolbox | None) -> None:
    """Replace the process's own; None goes back to the settings."""
    global _current
    _current = replacement


def tool_server_spec(name: str, fields: Any) -> ToolServerSpec:
    """From a setting: an address, or a mapping with `url`, `api_key`, `roles` and `tools`.

    Raises ValueError with what is wrong.
    """
    if isinstance(fields, str):
        fields = {"url": fields}
    if not isinstance(fields, Mapping) or not isinstance(fields.get("url"), str):
        raise ValueError(f"'{name}' must be an address, or a mapping with one as `url`")
    if unknown := set(fields) - {"url", "api_key", "roles", "tools"}:
        raise ValueError(f"'{name}' may not have {', '.join(sorted(unknown))}")
    if not re.fullmatch(TOOL_SERVER_NAME, name):
        raise ValueError(f"'{name}' must be 1 to 32 letters, digits, hyphens or underscores")
    return ToolServerSpec(
        name=name,
        url=fields["url"],
        api_key=fields.get("api_key"),
        roles=_words(name, "roles", fields.get("roles")),
        tools=_words(name, "tools", fields.get("tools")),
    )


def _words(name: str, field_name: str, value: Any) -> frozenset[str]:
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise ValueError(f"`{field_name}` of '{name}' must be a list of texts")
    return frozenset(listed)
