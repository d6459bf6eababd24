"""The group-commit writer: jobs are committed together, and fail alone."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from django.db import IntegrityError, connection, transaction

from conversations.errors import NothingToAnswer
from conversations.models import Conversation
from conversations.turns.writer import Writer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest_asyncio.fixture
async def writer() -> AsyncIterator[Writer]:
    own = Writer()
    yield own
    own.close()


def create(name: str) -> str:
    Conversation.objects.create(workspace=name, surface="test")
    return name


def create_and_fail(name: str) -> None:
    create(name)
    raise ZeroDivisionError(name)


def count() -> int:
    return Conversation.objects.count()


async def held(writer: Writer) -> threading.Event:
    """The writer busy with a job until the event is set, so that the next ones wait together."""
    release = threading.Event()
    task = asyncio.create_task(writer.run(release.wait, 5))
    await asyncio.sleep(0.05)
    assert not task.done()
    return release


async def test_a_job_is_answered_with_its_result(writer: Writer) -> None:
    assert await writer.run(create, "a") == "a"
    assert await writer.run(count) == 1


async def test_waiting_jobs_share_one_transaction(writer: Writer) -> None:
    release = await held(writer)
    jobs = [asyncio.create_task(writer.run(_transaction_id)) for _ in range(10)]
    await asyncio.sleep(0.05)
    release.set()
    assert len(set(await asyncio.gather(*jobs))) == 1


async def test_a_failing_job_never_fails_its_neighbours(writer: Writer) -> None:
    release = await held(writer)
    names = [f"n{number}" for number in range(6)]
    jobs: list[asyncio.Task[Any]] = [
        asyncio.create_task(writer.run(create, name)) for name in names[:3]
    ]
    jobs.append(asyncio.create_task(writer.run(create_and_fail, "bad")))
    jobs += [asyncio.create_task(writer.run(create, name)) for name in names[3:]]
    await asyncio.sleep(0.05)
    release.set()
    results = await asyncio.gather(*jobs, return_exceptions=True)
    stored = await writer.run(lambda: set(Conversation.objects.values_list("workspace", flat=True)))
    assert isinstance(results.pop(3), ZeroDivisionError)
    assert results == names
    assert stored == set(names)


async def test_a_refusal_does_not_break_up_the_batch(writer: Writer) -> None:
    def refuse() -> None:
        raise NothingToAnswer

    release = await held(writer)
    before = asyncio.create_task(writer.run(_transaction_id))
    refused = asyncio.create_task(writer.run(refuse))
    after = asyncio.create_task(writer.run(_transaction_id))
    await asyncio.sleep(0.05)
    release.set()
    results = await asyncio.gather(before, refused, after, return_exceptions=True)
    assert isinstance(results[1], NothingToAnswer)
    assert results[0] == results[2]


async def test_a_database_error_costs_a_connection_and_no_more(writer: Writer) -> None:
    name = await writer.run(create, "a")
    rows = Conversation.objects.filter(workspace=name)
    same = await writer.run(rows.get)

    def insert_again() -> None:
        Conversation(id=same.id, workspace="b", surface="test").save(force_insert=True)

    with pytest.raises(IntegrityError):
        await writer.run(insert_again)
    assert await writer.run(create, "c") == "c"
    assert await writer.run(count) == 2


async def test_a_caller_that_leaves_does_not_take_its_job_away(writer: Writer) -> None:
    release = await held(writer)
    leaving = asyncio.create_task(writer.run(create, "left"))
    await asyncio.sleep(0.05)
    leaving.cancel()
    release.set()
    assert await writer.run(count) == 1


_transactions: list[object] = []


def _transaction_id() -> int:
    """The same number within one transaction."""
    block = connection.savepoint_ids, id(connection.connection)
    assert connection.in_atomic_block
    marker = getattr(connection, "_parley_marker", None)
    if marker is None:
        _transactions.append(block)
        marker = len(_transactions)
        connection._parley_marker = marker  # type: ignore[attr-defined]
        transaction.on_commit(lambda: delattr(connection, "_parley_marker"))
    return int(marker)


async def test_a_job_alone_may_refuse_after_it_has_written(writer: Writer) -> None:
    def refuse() -> None:
        create("refused")
        raise NothingToAnswer

    release = await held(writer)
    alone = [writer.run_alone(refuse), writer.run_alone(create, "b")]
    jobs = [asyncio.create_task(job) for job in (*alone, writer.run(create, "a"))]
    await asyncio.sleep(0.05)
    release.set()
    refused, *others = await asyncio.gather(*jobs, return_exceptions=True)
    assert isinstance(refused, NothingToAnswer)
    assert others == ["b", "a"]
    assert await writer.run(count) == 2
