"""A thread that keeps one lane of the outbox empty."""

import threading
from collections.abc import Callable

import structlog
from django.db import connections

from search import measures, outbox
from search.errors import SearchError
from search.indexing.lanes import AWAY, work_off
from search.indexing.syncing import Index
from search.indexing.waking import register, unregister

logger = structlog.get_logger(__name__)

# Changes of other processes are found by looking; those of this one wake the thread.
_POLL_SECONDS = 1.0
_LONGEST_PAUSE = 60.0
_OUT_OF_ORDER = "The database or the indexer is out of order; the log says why."


class LaneRunner:
    """Works off one lane until it is stopped; `trouble` says what it waits for, if it does."""

    def __init__(
        self,
        lane: outbox.Lane,
        index: Callable[[], Index],
        *,
        most: int,
        upkeep: Callable[[], None] = lambda: None,
    ) -> None:
        self.lane = lane
        self.trouble = ""
        self._index = index
        self._most = most
        self._upkeep = upkeep
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"index-{lane}", daemon=True)

    def start(self) -> None:
        register(self._woken)
        self._thread.start()

    def tell_to_stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        unregister(self._woken)

    def wait(self, *, patience: float = 5.0) -> None:
        """What it is at may be finished; after `patience` seconds it is left to be done again."""
        self._thread.join(patience)

    def _run(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            try:
                number = work_off(self.lane, self._index, most=self._most)
                measures.indexed(self.lane, number)
                if not number:
                    self._upkeep()
            except AWAY as error:
                self._note(error)
                self._stand_by(max(pause, getattr(error, "retry_after", None) or 0.0))
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception as error:  # the thread must outlive it
                logger.exception("indexer_failed", lane=self.lane.value)
                self._note(error)
                self._stand_by(_LONGEST_PAUSE)
            else:
                self._note(None)
                pause = 1.0
                if not number:
                    self._rest(_POLL_SECONDS)
        connections.close_all()

    def _note(self, error: Exception | None) -> None:
        """In the log once for each change of the matter."""
        trouble = "" if error is None else getattr(error, "shown", _OUT_OF_ORDER)
        if error is not None and trouble != self.trouble:
            reason = str(error) if isinstance(error, SearchError) else type(error).__name__
            logger.warning("indexing_waits", lane=self.lane.value, reason=reason)
        elif self.trouble and not trouble:
            logger.info("indexing_goes_on", lane=self.lane.value)
        self.trouble = trouble

    def _stand_by(self, seconds: float) -> None:
        """Whatever is said meanwhile."""
        connections.close_all()
        self._stopping.wait(min(seconds, _LONGEST_PAUSE))

    def _rest(self, seconds: float) -> None:
        """A connection that is not needed goes back, and a broken one is not used again."""
        connections.close_all()
        self._woken.wait(seconds)
        self._woken.clear()
