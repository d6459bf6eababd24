"""Getting the end of a turn into the database, however often that takes."""

import asyncio
import time
from dataclasses import replace

import structlog
from django.db import Error as DatabaseFault
from django.db import InterfaceError, OperationalError

from conversations.turns import recorder
from conversations.turns.closing import Closing
from conversations.turns.events import TurnCompleted
from conversations.turns.recorder import Outcome
from conversations.turns.writer import Writer

logger = structlog.get_logger(__name__)

# How long an end is kept in memory while the database is away.
PATIENCE_SECONDS = 300.0
HURRIED_SECONDS = 5.0
_LONGEST_PAUSE = 5.0


async def store_end(writer: Writer, closing: Closing, *, hurry: asyncio.Event) -> Outcome:
    """Store it; raises what the database says when it is away for too long.

    `hurry` is set when the process has to end: then too long comes soon.
    """
    started, pause = time.monotonic(), 0.2
    while True:
        try:
            return await _stored(writer, closing)
        except (OperationalError, InterfaceError):
            patience = HURRIED_SECONDS if hurry.is_set() else PATIENCE_SECONDS
            if time.monotonic() - started > patience:
                raise
            logger.warning("turn_end_waits_for_database", turn_id=str(closing.turn_id))
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _stored(writer: Writer, closing: Closing) -> Outcome:
    try:
        return await writer.run(recorder.finish, closing)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseFault:
        # Whatever the database does not like, it is not the text.
        logger.exception("turn_end_stored_without_details", turn_id=str(closing.turn_id))
        return await writer.run(recorder.finish, _without_details(closing))


def _without_details(closing: Closing) -> Closing:
    end = closing.end
    if isinstance(end, TurnCompleted):
        end = TurnCompleted(end.message_id)
    return replace(closing, end=end, attempts=(), last_page=None)
