"""One read for many who ask, none of which may be told of the past."""

import asyncio

import pytest

from api.batching import Batched

SOON = 0.02


class Source:
    """Counts its reads; what it holds may change while one is under way."""

    def __init__(self, *, takes: float = 0.0) -> None:
        self.value, self.reads = 0, 0
        self.takes = takes
        self.fault: Exception | None = None

    async def read(self) -> int:
        self.reads += 1
        value = self.value
        await asyncio.sleep(self.takes)
        if self.fault:
            raise self.fault
        return value


async def test_the_first_who_asks_is_told() -> None:
    source = Source()
    source.value = 7
    assert await Batched(source.read, seconds=SOON).get() == 7


async def test_all_who_ask_at_once_share_a_read() -> None:
    source = Source()
    batched = Batched(source.read, seconds=SOON)
    assert await asyncio.gather(*(batched.get() for _ in range(100))) == [0] * 100
    assert source.reads == 1


async def test_reads_are_no_more_often_than_was_said() -> None:
    source, loop = Source(), asyncio.get_running_loop()
    batched, began = Batched(source.read, seconds=SOON), loop.time()
    while loop.time() < began + 10 * SOON:
        await asyncio.gather(*(batched.get() for _ in range(5)))
    assert 2 <= source.reads <= (loop.time() - began) / SOON + 1


async def test_nobody_is_told_what_was_read_before_they_asked() -> None:
    source = Source(takes=SOON / 2)
    batched = Batched(source.read, seconds=SOON)

    async def changes_and_asks() -> None:
        for _ in range(20):
            source.value += 1
            known = source.value
            assert await batched.get() >= known
            await asyncio.sleep(0.003)

    await asyncio.gather(*(changes_and_asks() for _ in range(5)))


async def test_a_read_that_is_under_way_is_too_old_for_who_comes_now() -> None:
    source = Source(takes=0.1)
    batched = Batched(source.read, seconds=SOON)
    early = asyncio.create_task(batched.get())
    while not source.reads:
        await asyncio.sleep(0.001)
    source.value = 1
    assert await batched.get() == 1
    assert await early == 0


async def test_one_who_leaves_takes_nothing_from_the_others() -> None:
    source = Source(takes=SOON)
    batched = Batched(source.read, seconds=SOON)
    leaves, stays = (asyncio.create_task(batched.get()) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    assert await stays == 0
    assert leaves.cancelled()


async def test_a_read_that_fails_fails_for_those_who_shared_it_only() -> None:
    source = Source()
    source.fault = LookupError("gone")
    batched = Batched(source.read, seconds=SOON)
    found = await asyncio.gather(*(batched.get() for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in found] == [LookupError] * 3
    source.fault = None
    assert await batched.get() == 0


async def test_the_last_who_leaves_is_not_missed() -> None:
    """The read goes on without anybody; the next one is served all the same."""
    source = Source()
    batched = Batched(source.read, seconds=SOON)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await batched.get()
    source.value = 3
    assert await batched.get() == 3
