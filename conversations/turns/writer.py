"""The one bridge from turns to the database: a thread that commits waiting jobs together."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from django.db import Error as DatabaseFault
from django.db import connection, transaction

from accounts.billing import charging
from accounts.errors import AccountError
from conversations.errors import ConversationError

T = TypeVar("T")

# Longer batches make the first job wait for the last without saving anything more.
_MOST_JOBS = 256
_LONG_REST_SECONDS = 1.0


@dataclass(slots=True)
class _Job:
    """A function to run, and the future of the loop that waits for it."""

    function: Callable[[], Any]
    future: asyncio.Future[Any]
    is_alone: bool = False
    result: Any = None
    error: BaseException | None = field(default=None)

    def attempt(self) -> None:
        self.error = None
        try:
            self.result = self.function()
        except (AccountError, ConversationError) as refusal:
            # Raised before the first write, so that the neighbours can be committed.
            self.error = refusal
            if self.is_alone:
                transaction.set_rollback(True)

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs jobs in a thread of its own, with a database connection of its own.

    All jobs that wait are committed in one transaction. When one of them fails, each is run
    again alone, so that it fails alone. A job therefore only touches the database, and may
    run twice.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="turn-writer", daemon=True)
        self._thread.start()

    async def run(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The function's result, once its transaction is on disk; raises what it raised."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(lambda: function(*args, **kwargs), future))
        return await future

    async def run_alone(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The same in a transaction of its own, which the function may refuse after writes.

        For what takes rows that other workers want too: it holds them for a moment only.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(lambda: function(*args, **kwargs), future, is_alone=True))
        return await future

    def close(self) -> None:
        """Finish the jobs that wait and end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        open_for_more, rested_at = True, time.monotonic()
        while open_for_more:
            batch = [self._jobs.get()]
            while len(batch) < _MOST_JOBS and not self._jobs.empty():
                batch.append(self._jobs.get())
            jobs = [job for job in batch if job is not None]
            open_for_more = len(jobs) == len(batch)
            if time.monotonic() - rested_at > _LONG_REST_SECONDS:
                _drop_dead_connection()
            _commit([job for job in jobs if not job.is_alone])
            for job in jobs:
                if job.is_alone:
                    _commit([job])
            rested_at = time.monotonic()
        connection.close()


def _drop_dead_connection() -> None:
    """A database that was restarted while nothing happened should not cost the next job."""
    if connection.connection is not None and not connection.is_usable():
        connection.close()


def _commit(jobs: list[_Job]) -> None:
    if not jobs:
        return
    try:
        connection.ensure_connection()
    except Exception as error:
        # Nothing has run: trying again for each job alone would only multiply the wait.
        _fail(jobs, error)
        return
    try:
        with transaction.atomic(), charging():
            for job in jobs:
                job.attempt()
    except Exception as error:  # whatever a job raises belongs to whoever waits for it
        if isinstance(error, DatabaseFault):
            # The connection may be the fault; the next job opens a new one.
            connection.close()
        _commit_alone(jobs, error)
    else:
        _answer(jobs)


def _commit_alone(jobs: list[_Job], error: Exception) -> None:
    if len(jobs) == 1:
        _fail(jobs, error)
        return
    for job in jobs:
        _commit([job])


def _fail(jobs: list[_Job], error: Exception) -> None:
    for job in jobs:
        job.error = error
    _answer(jobs)


def _answer(jobs: list[_Job]) -> None:
    """Wake each loop once for all of its jobs."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, own in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, own)


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        job.settle()
