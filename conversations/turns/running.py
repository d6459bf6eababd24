"""The one place where a question becomes an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from conversations.ids import new_id
from conversations.turns import measures
from conversations.turns.admission import Opened
from conversations.turns.asking import Asking, KeepFiles
from conversations.turns.closing import Closing
from conversations.turns.events import (
    DELETED,
    FAULT_MESSAGES,
    INTERNAL,
    INTERRUPTED,
    TurnEnd,
    TurnFailed,
    TurnStarted,
    TurnStopped,
)
from conversations.turns.log import TurnLog
from conversations.turns.pages import Page
from conversations.turns.recorder import Outcome
from conversations.turns.request import TurnRequest
from conversations.turns.spending import charges_of, counted, lacks_count, prompt_tokens_of_turn
from providers.registry import Registry
from providers.resilience.steps import Left

logger = structlog.get_logger(__name__)

Store = Callable[[Closing], Awaitable[Outcome]]

STOPPED = "stopped"


class RunningTurn:
    """A turn and the task that owns it; clients come and go, it goes on."""

    def __init__(
        self,
        request: TurnRequest,
        opened: Opened,
        *,
        worker_id: str,
        registry: Registry,
        keep_files: KeepFiles,
        store: Store,
    ) -> None:
        self.id = opened.turn_id
        self.log = TurnLog(opened.turn_id)
        self._request = request
        self._opened = opened
        self._worker_id = worker_id
        self._store = store
        self._asking = Asking(request, opened, self.log, registry, keep_files)
        self._paged = 0
        self._cancelled_for = ""
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Begin to ask; the answer goes to `log`."""
        self.log.append(TurnStarted(str(self.id)))
        self._task = asyncio.create_task(self._run(), name=f"turn {self.id}")
        self._task.add_done_callback(self._make_sure_it_ends)

    def stop(self) -> None:
        """Give up the provider and keep what has come."""
        self._cancel(STOPPED)

    def interrupt(self) -> None:
        """The same, because this process has to end."""
        self._cancel(INTERRUPTED)

    async def ended(self) -> None:
        """Wait until the end is stored and shown."""
        await self._ended.wait()

    def next_page(self) -> Page | None:
        """The events since the last page, which are now to be stored."""
        events = [entry.event for entry in self.log.since(self._paged)]
        page = Page(self.id, self._paged + 1, events) if events else None
        self._paged = len(self.log)
        return page

    def take_back(self, page: Page) -> None:
        """The page could not be stored: the next one holds its events as well."""
        self._paged = min(self._paged, page.first_seq - 1)

    def _cancel(self, reason: str) -> None:
        if self._task is not None and not self._cancelled_for and self._ending is None:
            self._cancelled_for = reason
            self._task.cancel()

    async def _run(self) -> None:
        try:
            self._begin_ending(await self._asking.run())
        except asyncio.CancelledError:
            self._begin_ending(self._cancelled_end())
        except Exception:
            logger.exception("turn_failed_unexpectedly", turn_id=str(self.id))
            self._asking.abandon(INTERNAL)
            self._begin_ending(_failed(INTERNAL))

    def _make_sure_it_ends(self, task: asyncio.Task[None]) -> None:
        # A task that is cancelled before its first step never enters `_run`.
        if self._ending is None:
            self._begin_ending(self._cancelled_end())

    def _begin_ending(self, end: TurnEnd) -> None:
        # A task of its own: no cancellation may reach what is being stored.
        self._ending = asyncio.create_task(self._finish(end), name=f"end of turn {self.id}")

    def _cancelled_end(self) -> TurnEnd:
        if self._cancelled_for == STOPPED:
            self._asking.abandon(STOPPED)
            return TurnStopped(str(new_id()) if self.log.text_length else None)
        self._asking.abandon(INTERRUPTED)
        return _failed(INTERRUPTED)

    async def _finish(self, end: TurnEnd) -> None:
        """Store the end, and only then show it."""
        try:
            closing = self._closing(end)
            outcome = await self._store(closing)
        except Exception:
            logger.exception("turn_end_not_stored", turn_id=str(self.id))
            self._show(_failed(INTERNAL))
        else:
            instead = {Outcome.REAPED: INTERRUPTED, Outcome.DELETED: DELETED}.get(outcome)
            end = _failed(instead) if instead else end
            self._show(end)
            # What was reaped, or will be because it is not stored, the reaper counts.
            if outcome is not Outcome.REAPED:
                measures.turn_ended(replace(closing, end=end))

    def _show(self, end: TurnEnd) -> None:
        self.log.append(end)
        self._ended.set()

    def _closing(self, end: TurnEnd) -> Closing:
        attempts = self._counted_attempts()
        return Closing(
            turn_id=self.id,
            conversation_id=self._opened.conversation_id,
            question_id=self._opened.question_id,
            worker_id=self._worker_id,
            end=end,
            text=self.log.text,
            attempts=attempts,
            tools_used=self._asking.tools_used,
            last_page=self._last_page(end),
            answer_model=self._request.answer_model,
            memory_limit=self._request.memory_limit,
            empty_answer=self._request.empty_answer,
            replaces=self._opened.replaces,
            charges=charges_of(self._request.caller, attempts),
            is_reserved=self._opened.is_reserved,
        )

    def _counted_attempts(self) -> tuple[Left, ...]:
        attempts = self._asking.attempts
        if not lacks_count(attempts):
            return tuple(attempts)
        prompt_tokens = prompt_tokens_of_turn(self._request, self._opened.messages)
        return counted(attempts, prompt_tokens=prompt_tokens)

    def _last_page(self, end: TurnEnd) -> Page | None:
        """The rest of the events and the end, for a turn that has pages already.

        And for one whose chunks are passed on as they came: its text alone is not the same.
        """
        if not self._paged and not self._request.keep_raw:
            return None
        first_seq, rest = self._paged + 1, self.next_page()
        return Page(self.id, first_seq, [*(rest.events if rest else ()), end])


def _failed(fault: str) -> TurnFailed:
    return TurnFailed(fault, FAULT_MESSAGES[fault])
