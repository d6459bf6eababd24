"""A server on loopback that says exactly these bytes, and breaks where it is told to."""

import asyncio
import json
import socket
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Break(Enum):
    """`RESET` loses the connection, `HOLD` says nothing until the client leaves."""

    RESET = "reset"
    HOLD = "hold"
    KEEP = "keep"


Step = bytes | float | Break


@dataclass(frozen=True)
class Heard:
    head: str
    body: bytes

    @property
    def path(self) -> str:
        return self.head.split(" ")[1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None


class Wire:
    """Plays one script per request, the last one for ever; the connection closes after it."""

    def __init__(self, scripts: Sequence[Sequence[Step]]) -> None:
        self._scripts = list(scripts)
        self._server: asyncio.Server
        self._open: set[asyncio.Task[None]] = set()
        self.heard: list[Heard] = []
        self.connections = 0
        self.left = asyncio.Event()
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        try:
            while await self._hear(reader):
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                if not await self._play(script, reader, writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
        finally:
            self._open.discard(task)
            writer.close()

    async def _hear(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return False
        length = Heard(head, b"").header("content-length")
        self.heard.append(Heard(head, await reader.readexactly(int(length or 0))))
        return True

    async def _play(
        self, script: Sequence[Step], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection stays open for another request."""
        for step in script:
            match step:
                case bytes():
                    writer.write(step)
                    await writer.drain()
                case float() | int():
                    await asyncio.sleep(step)
                case Break.KEEP:
                    return True
                case Break.HOLD:
                    with suppress(ConnectionError):
                        await reader.read()
                    self.left.set()
                case Break.RESET:
                    _reset(writer)
        return False


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def head(status: str = "200 OK", media: str = "text/event-stream", *fields: str) -> bytes:
    """The head of an answer whose body ends where the connection does."""
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {media}", *fields, "", "")
    return "\r\n".join(lines).encode()


def sized(body: bytes, status: str = "200 OK", media: str = "application/json") -> bytes:
    return head(status, media, f"Content-Length: {len(body)}") + body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def sse(*payloads: Any) -> bytes:
    texts = (p if isinstance(p, str) else json.dumps(p, ensure_ascii=False) for p in payloads)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def said(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [choice]}
