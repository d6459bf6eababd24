"""What goes on beside the turns: flushing their events, renewing their leases, reaping."""

import asyncio
import time
from collections.abc import Collection, Mapping
from uuid import UUID

import structlog

from conversations.models import Turn
from conversations.turns import measures, recorder
from conversations.turns.reaper import Suspects, clear_pages, reap, release_orphans
from conversations.turns.running import RunningTurn
from conversations.turns.writer import Writer

logger = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.15
HEARTBEAT_SECONDS = 3.0
REAP_SECONDS = 1.5
CLEAR_SECONDS = 60.0


async def flush_for_ever(
    writer: Writer, running: Mapping[UUID, RunningTurn], worker_id: str
) -> None:
    """Store what is new of all running turns, in one job for all of them."""
    beaten_at = 0.0
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        if running:
            beat = time.monotonic() - beaten_at >= HEARTBEAT_SECONDS
            started = time.perf_counter()
            if await _flush(writer, dict(running), worker_id, beat=beat) and beat:
                beaten_at = time.monotonic()
            measures.flushed(time.perf_counter() - started)


async def _flush(
    writer: Writer, turns: dict[UUID, RunningTurn], worker_id: str, *, beat: bool
) -> bool:
    """Whether it went well; what did not is tried again with the next flush."""
    new_pages = [page for turn in turns.values() if (page := turn.next_page())]
    try:
        flushed = await writer.run(
            recorder.flush,
            worker_id=worker_id,
            new_pages=new_pages,
            turn_ids=list(turns),
            beat=beat,
        )
    except Exception as error:  # a task that ends here would take all leases with it
        logger.warning("pages_not_stored", error=type(error).__name__, turns=len(turns))
        for page in new_pages:
            turns[page.turn_id].take_back(page)
        return False
    for turn_id in flushed.stopped:
        turns[turn_id].stop()
    for turn_id in flushed.gone:
        turns[turn_id].interrupt()
    return True


async def reap_for_ever(writer: Writer) -> None:
    """End the turns of dead workers, and clear away old pages."""
    suspects: Suspects = {}
    cleared_at = time.monotonic()
    while True:
        await asyncio.sleep(REAP_SECONDS)
        try:
            suspects, ended = await writer.run(reap, suspects)
            for turn_id in ended:
                logger.warning("turn_interrupted", turn_id=str(turn_id))
            if ended:
                measures.turns_reaped(await writer.run(_providers, ended))
            if time.monotonic() - cleared_at > CLEAR_SECONDS:
                cleared_at = time.monotonic()
                await _clear(writer)
        except Exception as error:  # a task that ends here would leave the dead running
            logger.warning("reaper_failed", error=type(error).__name__)


def _providers(turn_ids: Collection[UUID]) -> list[str]:
    """A job of the writer."""
    return list(Turn.objects.filter(id__in=turn_ids).values_list("provider", flat=True))


async def _clear(writer: Writer) -> None:
    await writer.run(release_orphans)
    # A job for each piece: the turns' own jobs come in between.
    while not await writer.run(clear_pages):
        pass
