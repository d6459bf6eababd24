"""Turns that do not run here, read from the database into logs that can be followed."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import Error as DatabaseFault

from conversations.errors import TurnNotFound
from conversations.models import Turn
from conversations.turns import pages
from conversations.turns.events import (
    DELETED,
    AttemptStarted,
    TurnCompleted,
    TurnEnd,
    TurnEvent,
    TurnFailed,
    TurnStarted,
    TurnStopped,
    is_end,
)
from conversations.turns.log import TurnLog
from conversations.turns.writer import Writer
from providers.events import TextDelta

logger = structlog.get_logger(__name__)

# The flush interval of the worker that runs the turn: looking more often finds nothing new.
POLL_SECONDS = 0.15


@dataclass(frozen=True, slots=True)
class _News:
    """What the database holds of a turn beyond what is known here."""

    turn: Turn
    events: list[TurnEvent]


class Mirror:
    """Fills a log from the pages that another worker writes."""

    def __init__(self, turn_id: UUID, writer: Writer) -> None:
        self.log = TurnLog(turn_id)
        self._writer = writer
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> TurnLog:
        """The log, as far as the turn has come; it grows while the turn runs elsewhere.

        Raises TurnNotFound.
        """
        news = await self._writer.run(_news, self.log.turn_id, after=0)
        if _is_over(news.turn) and not _holds_everything(news):
            return _made_up_log(news.turn)
        self._add(news)
        if self.log.end is None:
            self._task = asyncio.create_task(self._keep_up(), name=f"mirror {self.log.turn_id}")
            self._task.add_done_callback(self._let_go)
        return self.log

    @property
    def is_live(self) -> bool:
        """Whether the log still grows."""
        return self._task is not None and not self._task.done()

    def close(self) -> None:
        """Stop reading, and let the followers go: other workers can serve them."""
        if self._task is not None:
            self._task.cancel()
        self.log.detach()

    def _let_go(self, task: asyncio.Task[None]) -> None:
        if self.log.end is None:
            self.log.detach()

    async def _keep_up(self) -> None:
        while self.log.end is None:
            await asyncio.sleep(POLL_SECONDS)
            if not self.log.is_followed:
                return
            try:
                self._add(await self._writer.run(_news, self.log.turn_id, after=len(self.log)))
            except TurnNotFound as error:
                self.log.append(TurnFailed(DELETED, str(error)))
            except DatabaseFault as error:
                logger.warning("mirror_waits_for_database", error=type(error).__name__)

    def _add(self, news: _News) -> None:
        self.log.extend(news.events)
        if _is_over(news.turn) and self.log.end is None:
            if tail := news.turn.text[self.log.text_length :]:
                # Numbered otherwise than by the worker: from here on only the text counts.
                self.log.exact = False
                self.log.append(TextDelta(tail))
            self.log.append(end_of(news.turn))


def end_of(turn: Turn) -> TurnEnd:
    """How a turn that is over ended."""
    message_id = str(turn.answer_id) if turn.answer_id else None
    if turn.status == Turn.Status.COMPLETED:
        return TurnCompleted(
            message_id=message_id or "",
            finish_reason=turn.finish_reason or None,
            usage=turn.usage,
            chain_id=turn.chain_id,
        )
    if turn.status == Turn.Status.STOPPED:
        return TurnStopped(message_id)
    return TurnFailed(turn.fault, turn.error)


def _news(turn_id: UUID, *, after: int) -> _News:
    turn = Turn.objects.filter(id=turn_id).first()
    if turn is None:
        raise TurnNotFound(turn_id)
    # In this order: a turn seen as over has all of its pages.
    return _News(turn, pages.read(turn_id, after=after))


def _is_over(turn: Turn) -> bool:
    return turn.finished_at is not None


def _holds_everything(news: _News) -> bool:
    return bool(news.events) and is_end(news.events[-1])


def _made_up_log(turn: Turn) -> TurnLog:
    """The same turn from its stored text alone, for one that has no (more) pages."""
    log = TurnLog(turn.id, exact=False)
    log.extend([TurnStarted(str(turn.id)), AttemptStarted(turn.provider, turn.model, turn.source)])
    if turn.text:
        log.append(TextDelta(turn.text))
    log.append(end_of(turn))
    return log
