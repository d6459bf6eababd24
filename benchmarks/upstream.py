"""A provider that costs next to nothing: one timer writes the same chunk to every open stream."""

import argparse
import asyncio
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
MODELS = b'{"data":[{"id":"bench"}]}'


def chunk(text: str) -> bytes:
    data = f'data: {{"id":"c","choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}\n\n'
    return _framed(data.encode())


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


LAST = _framed(
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


class Stream(asyncio.Protocol):
    """One connection; a POST begins a stream of so many tokens."""

    def __init__(self, server: "Upstream") -> None:
        self._server = server
        self._received = b""
        self.transport: asyncio.Transport
        self.left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._server.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._received = b""
        if head.startswith(b"GET"):
            length = len(MODELS)
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (length, MODELS)
            self.transport.write(answer)
            return
        self.left = self._server.tokens
        self.transport.write(HEAD)
        self._server.open.add(self)


class Upstream:
    def __init__(self, tokens: int, pause: float) -> None:
        self.tokens = tokens
        self.pause = pause
        self.open: set[Stream] = set()

    async def run(self) -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: Stream(self), "127.0.0.1", 0
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        due = time.perf_counter()
        while True:
            due += self.pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._tick()

    def _tick(self) -> None:
        # The time of writing travels in the text: whoever reads it knows how long it took.
        piece = chunk(f"{time.perf_counter():.6f} ")
        for stream in list(self.open):
            stream.left -= 1
            if stream.left >= 0:
                stream.transport.write(piece)
            else:
                stream.transport.write(LAST + END)
                self.open.discard(stream)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, required=True)
    parser.add_argument("--pause", type=float, required=True)
    options = parser.parse_args()
    asyncio.run(Upstream(options.tokens, options.pause).run())
