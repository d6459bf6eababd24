"""Imports that go on without the client who asked, one at a time."""

import asyncio
from io import BytesIO

from accounts.callers import Caller
from conversations.portable.filing import drop_unused, kept_files
from conversations.portable.reading import Reader
from conversations.portable.report import Report
from conversations.portable.storing import store
from conversations.turns.service import query

# asyncio keeps only weak references to tasks.
_running: set[asyncio.Task[Report]] = set()
# What several would have the writer do at once, the turns of everybody would wait for.
_one_import = asyncio.Lock()


async def imported(caller: Caller, body: bytes) -> Report:
    """Raises NotAnExport. A client that leaves meanwhile leaves an import that goes on: cut off
    between files and rows it would leave files that belong to nothing.
    """
    task = asyncio.create_task(_import(caller, body))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)


async def _import(caller: Caller, body: bytes) -> Report:
    async with _one_import:
        report = Report()
        reader = await asyncio.to_thread(Reader, BytesIO(body), report)
        while (batch := await asyncio.to_thread(reader.next_batch)) is not None:
            files = await asyncio.to_thread(kept_files, batch)
            try:
                outcomes = await query(store, caller, batch, files)
            except Exception:
                await asyncio.to_thread(drop_unused, files, ())
                raise
            await asyncio.to_thread(drop_unused, files, outcomes)
            report.add(outcomes)
        return report
