"""The least that a relay in Python can do: two bare protocols, nothing kept, nothing checked."""

import argparse
import asyncio
import re
from typing import cast

import uvloop

_PIECE = re.compile(rb'"content":"([^"]*)"')
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
BODY = b'{"model":"bench","messages":[]}'
QUESTION = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


class Upward(asyncio.Protocol):
    """Reads the provider's answer and writes it down to the client."""

    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not asyncio's by class.
        cast(asyncio.Transport, transport).write(QUESTION)

    def data_received(self, data: bytes) -> None:
        pieces = [b"event: delta\ndata: %b\n\n" % text for text in _PIECE.findall(data)]
        if b"[DONE]" in data:
            pieces.append(b"event: done\ndata: x\n\n")
        if pieces:
            self._client.write(b"".join(pieces))


class Downward(asyncio.Protocol):
    """Takes a client's question."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._asked:
            self._asked = True
            self._transport.write(HEAD)
            self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Upward(self._transport), "127.0.0.1", self._upstream)


async def main(upstream: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Downward(upstream), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--upstream", type=int, required=True)
    uvloop.run(main(parser.parse_args().upstream))
