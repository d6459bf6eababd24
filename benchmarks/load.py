"""Clients that cost next to nothing: they count, and note how old each token is when it comes."""

import asyncio
import re
import time
from dataclasses import dataclass, field

_STAMP = re.compile(rb"data: (\d+\.\d{6}) ")


@dataclass
class Seen:
    """What all clients of a round have seen; latencies in seconds."""

    latencies: list[float] = field(default_factory=list)
    done: int = 0
    failed: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Client(asyncio.Protocol):
    """Sends one request and reads its stream to the end."""

    def __init__(self, request: bytes, seen: Seen) -> None:
        self._request = request
        self._seen = seen
        self._tail = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        for stamp in _STAMP.findall(data):
            self._seen.latencies.append(now - float(stamp))
        self._tail = (self._tail + data)[-200:]
        if b"event: done" in self._tail:
            self._seen.done += 1
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self._seen.failed += 1
            self._finish()

    def _finish(self) -> None:
        if not self.over.done():
            self.over.set_result(None)
        self._transport.close()


async def streams(port: int, count: int, *, seconds: float) -> Seen:
    """Open so many streams over a second, and read them all to their ends."""
    body = b'{"message": "bench"}'
    request = (
        b"POST /api/chat/stream HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    seen, loop = Seen(), asyncio.get_running_loop()
    clients = []
    for _ in range(count):
        _, client = await loop.create_connection(lambda: Client(request, seen), "127.0.0.1", port)
        clients.append(client)
        await asyncio.sleep(1 / count)
    await asyncio.wait([client.over for client in clients], timeout=seconds)
    return seen


async def plain(port: int, request: bytes, *, connections: int, seconds: float) -> float:
    """Requests per second over so many kept connections."""
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_ask(port, request, until) for _ in range(connections)))
    return sum(counts) / seconds


async def _ask(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = 0
    while time.perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head.lower():
            await reader.readuntil(b"0\r\n\r\n")
        else:
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
        asked += 1
    writer.close()
    return asked
