"""Buckets and quotas for the tests of the rate limit, and networks that are slow or dead."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit
from uuid import uuid4

from accounts.quota import Bucket, Quota, Rate

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

# Nothing that a test could wait for comes back at this rate.
SLOW = 0.001
# For tests of what Redis says, on a machine that may be busy.
PATIENT = 10.0


def bucket(rps: float = SLOW, burst: int = 5) -> Bucket:
    return Bucket(uuid4().hex, Rate(rps, burst))


@asynccontextmanager
async def opened(url: str, patience: float = 0.05) -> AsyncIterator[Quota]:
    quota = Quota(url, patience=patience)
    yield quota
    await quota.aclose()


async def take(quota: Quota, *buckets: Bucket, times: int) -> list[bool]:
    return [(await quota.take(buckets)).allowed for _ in range(times)]


async def back(quota: Quota) -> None:
    async with asyncio.timeout(20):
        while not quota.is_shared:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """A Redis URL on loopback; each connection is given to `answer(reader, writer)`."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError):
            await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
    server.close()
    await asyncio.wait(tasks, timeout=5)


@asynccontextmanager
async def silent() -> AsyncIterator[str]:
    async def read_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass

    async with listening(read_only) as url:
        yield url


@asynccontextmanager
async def delaying(redis_url: str, seconds: Callable[[], float]) -> AsyncIterator[str]:
    """A network with a delay in front of Redis, anew for each piece in each direction."""
    parts = urlsplit(redis_url)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A side that resets its connection is gone like one that closes it.
        with suppress(OSError):
            while piece := await reader.read(4096):
                await asyncio.sleep(seconds())
                writer.write(piece)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    async with listening(connect) as url:
        yield url
