"""The body of a stream that no turn stands behind: it ends with its reader."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, Self

from django.http import StreamingHttpResponse

from api.openai.problems import PROBLEMS
from api.problems import Problem, problem_of
from api.sse import COMMENT, HEARTBEAT_SECONDS
from providers.resilience.steps import Step

# So much is read ahead of a slow reader; then the provider has to wait as well.
_MOST_BYTES = 256 * 1024
_READER_SECONDS = 30.0
_reading: set[asyncio.Task[None]] = set()


class StepEncoder(Protocol):
    """Turns what happens into bytes; must not raise."""

    def encode(self, step: Step) -> bytes: ...

    def fault(self, problem: Problem) -> bytes: ...


class Relay:
    """Reads an answer in a task of its own, and gives everything that is new in one piece.

    An object with `close()`, not a generator, for the reason that `api.sse.EventBody` is one.
    """

    def __init__(self, steps: AsyncGenerator[Step, None], encoder: StepEncoder) -> None:
        self._encoder = encoder
        self._pieces: list[bytes] = []
        self._size = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._fault: Exception | None = None
        self._is_over = False
        self._clock = asyncio.get_running_loop().time
        self._spoke_at = self._clock()
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._read(steps))
        # asyncio keeps only weak references to tasks.
        _reading.add(self._task)
        self._task.add_done_callback(_reading.discard)

    async def begun(self, seconds: float) -> None:
        """Wait for the first words, but no longer; raises the fault that came instead of them."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        except asyncio.CancelledError:
            self.close()
            raise
        if self._fault is not None and not self._pieces:
            raise self._fault

    def __aiter__(self) -> Self:
        if self._timer is None:
            self._look()
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces and not self._is_over:
            await self._news.wait()
        self._news.clear()
        if self._pieces:
            return self._take()
        if not self._is_over:
            return COMMENT
        if self._fault is None:
            raise StopAsyncIteration
        fault, self._fault = self._fault, None
        return self._encoder.fault(problem_of(fault, PROBLEMS))

    def close(self) -> None:
        """The reader has left, or has everything: nobody else wants the answer."""
        self._task.cancel()
        if self._timer is not None:
            self._timer.cancel()

    async def _read(self, steps: AsyncGenerator[Step, None]) -> None:
        try:
            async with aclosing(steps):
                async for step in steps:
                    if data := self._encoder.encode(step):
                        await self._put(data)
        except Exception as error:  # a task's boundary: who reads is told
            self._fault = error
        finally:
            self._is_over = True
            self._news.set()

    async def _put(self, data: bytes) -> None:
        self._pieces.append(data)
        self._size += len(data)
        self._news.set()
        while self._size > _MOST_BYTES:
            self._room.clear()
            try:
                async with asyncio.timeout(_READER_SECONDS):
                    await self._room.wait()
            except TimeoutError:
                # Nobody reads: the provider is not kept waiting, nor who waits for its place.
                self.close()

    def _take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        self._room.set()
        self._spoke_at = self._clock()
        return data

    def _look(self) -> None:
        # One timer for the whole stream: one for each read would cost as much as the read.
        if self._clock() - self._spoke_at >= HEARTBEAT_SECONDS:
            self._spoke_at = self._clock()
            self._news.set()
        rest = self._spoke_at + HEARTBEAT_SECONDS - self._clock()
        self._timer = asyncio.get_running_loop().call_later(rest, self._look)


async def streamed(
    steps: AsyncGenerator[Step, None], encoder: StepEncoder
) -> StreamingHttpResponse:
    """200 and the answer as it comes; raises the fault that comes before its first word."""
    relay = Relay(steps, encoder)
    await relay.begun(HEARTBEAT_SECONDS)
    response = StreamingHttpResponse(relay, content_type="text/event-stream; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response
