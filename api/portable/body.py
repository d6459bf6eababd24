"""An export as the body of a response."""

import asyncio
from collections.abc import Iterator
from typing import Self

from conversations.portable.writing import Export
from conversations.turns.service import query

# One page of all exports at a time waits for the writer, among the turns of everybody.
_one_page = asyncio.Lock()


class ExportBody:
    """The lines in pieces, read as the client takes them.

    An object with `close()`, as `api.sse.EventBody` is, and for the same reason.
    """

    def __init__(self, export: Export) -> None:
        self._export = export
        self._pieces: Iterator[bytes] = iter(())
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._closed:
            # In a thread: a piece may be a file of megabytes, from a storage far away.
            if piece := await asyncio.to_thread(next, self._pieces, b""):
                return piece
            async with _one_page:
                page = await query(self._export.next_page)
            if page is None:
                break
            self._pieces = page.pieces()
        raise StopAsyncIteration

    def close(self) -> None:
        """The client has left, or has everything."""
        self._closed = True
        self._pieces = iter(())
