"""The indexers of this process: a thread for each lane."""

import threading
import time

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connections

from search import measures, outbox
from search.indexing.runner import LaneRunner
from search.indexing.vectors import most_changes
from search.indexing.words import MOST_CHANGES, WordsIndex
from search.meaning import discard_retired, to_index, warm_up
from search.outbox import Lane

logger = structlog.get_logger(__name__)

_BETWEEN_TRIES_SECONDS = 2.0

_runners: list[LaneRunner] = []


def start_in_server() -> None:
    """Words in every worker; vectors where this is the only one, else `manage.py run_indexer`."""
    if not settings.CHAT_SEARCH_ENABLED:
        threading.Thread(target=_note_pause, name="note-pause", daemon=True).start()
    else:
        start(*Lane) if settings.WORKERS == 1 else start(Lane.WORDS)


def start(*lanes: Lane) -> None:
    _runners.extend(_runner(lane) for lane in lanes)
    for runner in _runners:
        runner.start()


def stop() -> None:
    """All are told before the first is waited for."""
    for runner in _runners:
        runner.tell_to_stop()
    while _runners:
        _runners.pop().wait()


def troubles() -> dict[Lane, str]:
    """What the lanes of this process wait for."""
    return {runner.lane: runner.trouble for runner in _runners if runner.trouble}


def _runner(lane: Lane) -> LaneRunner:
    if lane == Lane.WORDS:
        return LaneRunner(lane, WordsIndex, most=MOST_CHANGES, upkeep=_words_upkeep)
    return LaneRunner(lane, to_index, most=most_changes(), upkeep=_vectors_upkeep)


def _words_upkeep() -> None:
    outbox.catch_up()
    for lane in Lane:
        measures.behind(lane, outbox.backlog(lane))


def _vectors_upkeep() -> None:
    warm_up()
    discard_retired()
    outbox.forget_kept()


def _note_pause() -> None:
    """However long the database is away: what is stored until then could never be found."""
    while True:
        try:
            outbox.note_pause()
        except DatabaseFault as error:
            logger.warning("search_pause_not_noted_yet", error=type(error).__name__)
            time.sleep(_BETWEEN_TRIES_SECONDS)
        else:
            return
        finally:
            connections.close_all()
