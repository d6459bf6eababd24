"""A model server on loopback that fails in one chosen way, whoever asks it and for what."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

HALF = "Half"
_SIZE = "content-length:"


@dataclass(frozen=True, slots=True)
class Wire:
    """How one kind of server says things: something without text, a text, and an error."""

    media: str
    opening: bytes
    half: bytes
    error: bytes
    speaks_early: bool = True


def _sse(*events: object, names: tuple[str, ...] = ()) -> bytes:
    lines = []
    for place, event in enumerate(events):
        name = f"event: {names[place]}\n" if names else ""
        lines.append(f"{name}data: {json.dumps(event)}\n\n")
    return "".join(lines).encode()


def _chunk(**delta: str) -> dict[str, object]:
    return {"id": "c", "choices": [{"index": 0, "delta": delta}]}


CHAT = Wire(
    media="text/event-stream",
    opening=_sse(_chunk(role="assistant")),
    half=_sse(_chunk(content=HALF)),
    error=_sse({"error": {"message": "Overloaded"}}),
)
OLLAMA = Wire(
    media="application/x-ndjson",
    opening=b'{"message": {"role": "assistant", "content": ""}}\n',
    half=b'{"message": {"role": "assistant", "content": "Half"}}\n',
    error=b'{"error": "Overloaded"}\n',
)
ANTHROPIC = Wire(
    media="text/event-stream",
    opening=_sse(
        {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        names=("message_start", "content_block_start"),
    ),
    half=_sse(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": HALF}},
        names=("content_block_delta",),
    ),
    error=_sse(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        names=("error",),
    ),
)
# Its text comes with the end only.
MCP = Wire(
    media="text/event-stream",
    opening=b": waiting\n\n",
    half=_sse(
        {
            "jsonrpc": "2.0",
            "method": "notifications/message",
            "params": {"level": "info", "data": ""},
        }
    ),
    error=_sse({"jsonrpc": "2.0", "id": 0, "error": {"code": -32603, "message": "Overloaded"}}),
    speaks_early=False,
)


@dataclass(slots=True)
class Sockets:
    """How many connections are open whose answer never came to its end."""

    unfinished: int = 0
    all_closed: asyncio.Event = field(default_factory=asyncio.Event)


Play = Callable[[Wire, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def faulty(play: Play, wire: Wire) -> AsyncIterator[tuple[str, Sockets]]:
    """Its address, and what is open there."""
    sockets = Sockets()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sockets.unfinished += 1
        try:
            while (asked := await _asked(reader)) is not None:
                await play(_answering(wire, asked), reader, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            sockets.unfinished -= 1
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", sockets
    finally:
        server.close()


async def _asked(reader: asyncio.StreamReader) -> bytes | None:
    """The body of the next request; None when there is none."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    except asyncio.IncompleteReadError:
        return None
    sizes = [line.partition(":")[2] for line in head.split("\r\n") if line.startswith(_SIZE)]
    return await reader.readexactly(int(sizes[0])) if sizes else b""


def _answering(wire: Wire, asked: bytes) -> Wire:
    """An error of JSON-RPC names the request that it answers."""
    request_id = json.loads(asked or b"{}").get("id", 0)
    return replace(wire, error=wire.error.replace(b'"id": 0', b'"id": %d' % request_id))


def _status(status: int, *, headers: str = "") -> Play:
    async def play(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"error": {"message": f"No, {status}"}}).encode()
        writer.write(_head(status, "application/json", f"Content-Length: {len(body)}\r\n{headers}"))
        writer.write(body)

    return play


def _streamed(pick: Callable[[Wire], bytes], then: str) -> Play:
    async def play(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_head(200, wire.media, "Transfer-Encoding: chunked\r\n"))
        if data := pick(wire):
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await writer.drain()
        if then == "hang":
            # Until the other side goes away.
            await reader.read()
        if then == "end":
            writer.write(b"0\r\n\r\n")
            return
        raise ConnectionAbortedError

    return play


async def _drop(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raise ConnectionAbortedError


async def _silence(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    raise ConnectionAbortedError


def _head(status: int, media: str, fields: str) -> bytes:
    return f"HTTP/1.1 {status} Faulty\r\nContent-Type: {media}\r\n{fields}\r\n".encode()


# By name: how it is played, and the kinds of fault that it may be called.
FAULTS: dict[str, tuple[Play | None, frozenset[str]]] = {
    "no server": (None, frozenset({"unavailable"})),
    "connection lost": (_drop, frozenset({"unavailable"})),
    "silence": (_silence, frozenset({"timeout"})),
    "redirect": (_status(302, headers="Location: http://127.0.0.1:9/\r\n"), frozenset({"refused"})),
    "400": (_status(400), frozenset({"refused"})),
    "401": (_status(401), frozenset({"refused"})),
    "429": (_status(429, headers="Retry-After: 60\r\n"), frozenset({"refused"})),
    "500": (_status(500), frozenset({"refused"})),
    "error in a 200": (_streamed(lambda w: w.opening + w.error, "end"), frozenset({"refused"})),
    "empty 200": (_streamed(lambda w: b"", "end"), frozenset({"unreadable", "cut"})),
    "rubbish": (
        _streamed(lambda w: b"<html>\xff{not json</html>\n\n", "end"),
        frozenset({"unreadable", "cut"}),
    ),
    "cut before the text": (
        _streamed(lambda w: w.opening, "cut"),
        frozenset({"cut", "unavailable", "unreadable"}),
    ),
    "cut in the middle": (
        _streamed(lambda w: w.opening + w.half, "cut"),
        frozenset({"cut", "unavailable"}),
    ),
    "hangs in the middle": (
        _streamed(lambda w: w.opening + w.half, "hang"),
        frozenset({"timeout"}),
    ),
}
