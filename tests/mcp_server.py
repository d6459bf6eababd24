"""MCP servers of the official SDK on loopback, each with a few tools."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

App = Callable[[Any, Any, Any], Awaitable[None]]
READY_SECONDS = 10.0
LOOK_SECONDS = 0.005


@dataclass
class Heard:
    """One request: its JSON-RPC method (the HTTP method where there is no body) and headers."""

    method: str
    headers: dict[str, str]
    params: dict[str, Any]


@dataclass
class McpWorld:
    """A running server: what it heard, and what its tools wait for.

    A `handshake` one knows sessions, as all did before 2026.
    """

    tools: MCPServer
    handshake: bool
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    given_up: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def methods(self) -> list[str]:
        return [heard.method for heard in self.heard]

    def forget_sessions(self) -> None:
        self.tools.session_manager._server_instances.clear()


@contextmanager
def served(*names: str, handshake: bool = False) -> Iterator[McpWorld]:
    """A server with these tools."""
    world = McpWorld(MCPServer("scripted"), handshake)
    for name in names:
        _TOOLS[name](world)
    listener = socket.create_server(("127.0.0.1", 0))
    world.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = _listening(world, world.tools.streamable_http_app())
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        world.go_on.set()
        server.should_exit = True
        thread.join(READY_SECONDS)
        listener.close()


def _listening(world: McpWorld, app: App) -> App:
    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body = await _body(receive)
        asked = json.loads(body or b"{}")
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        heard = Heard(asked.get("method", scope["method"]), headers, asked.get("params") or {})
        world.heard.append(heard)
        if world.handshake and heard.method == "server/discover":
            await _refuse(send)
            return
        await app(scope, _replayed(body, receive), send)

    return wrapped


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message: dict[str, Any] = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def _replayed(body: bytes, receive: Any) -> Any:
    first = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Any:
        return next(first, None) or await receive()

    return replay


async def _refuse(send: Any) -> None:
    await send({"type": "http.response.start", "status": 400, "headers": []})
    await send({"type": "http.response.body", "body": b"Missing session ID"})


def _chat(world: McpWorld) -> None:
    @world.tools.tool()
    def chat(messages: list[dict[str, Any]], prompt: str, temperature: float = 0.0) -> str:
        """Answer."""
        return f"{len(messages)} messages, last {prompt!r}, at {temperature}"


def _answer(world: McpWorld) -> None:
    @world.tools.tool()
    def answer(query: str, prefer: str = "short") -> Sequence[str]:
        """Answer in two pieces."""
        return [f"To {query}: ", prefer]


def _slow(world: McpWorld) -> None:
    @world.tools.tool()
    async def slow(text: str, context: Context[Any, Any]) -> str:
        """Answer when it may."""
        await context.report_progress(1, 4, "reading")
        await _until(world.go_on)
        await context.report_progress(4, 4, "writing")
        return text.upper()


def _stuck(world: McpWorld) -> None:
    @world.tools.tool()
    async def stuck(text: str) -> str:
        """Never answer."""
        try:
            await _until(world.go_on)
        except asyncio.CancelledError:
            world.given_up.set()
            raise
        return text


def _broken(world: McpWorld) -> None:
    @world.tools.tool()
    def broken(text: str) -> str:
        """Fail, and give away what it was told."""
        raise ToolError(f"No {text} today")


async def _until(event: threading.Event) -> None:
    # Threads cannot set an asyncio event.
    while not event.is_set():
        await asyncio.sleep(LOOK_SECONDS)


_TOOLS = {"chat": _chat, "answer": _answer, "slow": _slow, "stuck": _stuck, "broken": _broken}
