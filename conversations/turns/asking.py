"""Asking the providers of a turn in order, until one answers."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

import structlog
from django.utils import timezone
from msgspec.structs import replace

from conversations.files import sent_file
from conversations.ids import new_id
from conversations.models import Attachment
from conversations.turns.admission import Opened
from conversations.turns.closing import AttemptRecord
from conversations.turns.events import (
    FALLBACK_MISSING,
    WITH_TEXT,
    AttemptStarted,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
)
from conversations.turns.log import TurnLog
from conversations.turns.request import Ask, Branch, TurnRequest
from conversations.turns.storable import storable_delta, storable_end, storable_text
from providers.base import Provider
from providers.errors import ProviderFault, ProviderNotFound, ProviderRefused, ProviderTimeout
from providers.events import (
    Finished,
    RawChunk,
    ReasoningDelta,
    ReceivedFile,
    TextDelta,
    ToolCallDelta,
)
from providers.types import ChatMessage, Continuation, ProviderRequest, SentFile

logger = structlog.get_logger(__name__)

FindProvider = Callable[[str], Provider]
KeepFiles = Callable[[Sequence[ReceivedFile]], Awaitable[None]]


@dataclass(slots=True)
class _Attempt:
    """One provider being asked."""

    ask: Ask
    model: str
    started_at: dt.datetime
    first_text_at: dt.datetime | None = None

    def record(self, outcome: str, fault: ProviderFault | None = None) -> AttemptRecord:
        return AttemptRecord(
            ask=self.ask,
            model=self.model,
            outcome=outcome,
            error=storable_text(str(fault)) if fault else "",
            upstream_status=fault.status if isinstance(fault, ProviderRefused) else None,
            started_at=self.started_at,
            first_text_at=self.first_text_at,
            finished_at=timezone.now(),
        )


def with_files(opened: Opened) -> tuple[ChatMessage, ...]:
    """What the provider is told, with the bytes of the files; reads the storage."""
    return tuple(
        dataclasses.replace(message, files=tuple(_read(opened.files.get(place, ()))))
        for place, message in enumerate(opened.messages)
    )


def _as_taken(message: ChatMessage, provider: Provider) -> ChatMessage:
    """Without the files that the provider takes none of: they are an earlier question's."""
    if not message.files:
        return message
    can = provider.capabilities
    files = [file for file in message.files if (can.images if file.is_image else can.files)]
    return dataclasses.replace(message, files=tuple(files))


def _read(files: Iterable[Attachment]) -> Iterator[SentFile]:
    """Without what has gone from the storage: the question is asked all the same."""
    for file in files:
        try:
            yield sent_file(file)
        except FileNotFoundError:
            logger.warning("attachment_missing", attachment_id=str(file.id))


@asynccontextmanager
async def _patience(seconds: float | None) -> AsyncIterator[Callable[[], None]]:
    """Raises TimeoutError when the yielded function is not called for so long."""
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(seconds) as limit:
        renewed_at = clock()

        def renew() -> None:
            nonlocal renewed_at
            # Not for every token: moving a timer costs as much as reading a chunk.
            if seconds is not None and (now := clock()) - renewed_at > seconds / 20:
                renewed_at = now
                limit.reschedule(now + seconds)

        yield renew


class Asking:
    """Writes the answer to the log as it comes, and keeps a record of each attempt.

    Another provider is asked only while no text has come: never two answers glued together.
    """

    def __init__(
        self,
        request: TurnRequest,
        opened: Opened,
        log: TurnLog,
        find_provider: FindProvider,
        keep_files: KeepFiles,
    ) -> None:
        self.attempts: list[AttemptRecord] = []
        self._request = request
        self._opened = opened
        self._log = log
        self._find_provider = find_provider
        self._keep_files = keep_files
        self._messages = opened.messages
        self._current: _Attempt | None = None

    async def run(self) -> TurnEnd:
        """How it ended; raises nothing that a provider can cause."""
        end = TurnFailed(FALLBACK_MISSING, "No provider was named.")
        if self._opened.files:
            self._messages = await asyncio.to_thread(with_files, self._opened)
        for ask in self._request.asks:
            try:
                return await self._ask(ask, self._find_provider(ask.provider))
            except ProviderNotFound as error:
                return TurnFailed(FALLBACK_MISSING, str(error))
            except ProviderFault as fault:
                self._close_attempt(fault.kind, fault)
                end = TurnFailed(fault.kind, storable_text(str(fault)))
                if self._log.text_length:
                    break
        return end

    def abandon(self, outcome: str) -> None:
        """Record that the attempt under way was given up from outside."""
        self._close_attempt(outcome)

    async def _ask(self, ask: Ask, provider: Provider) -> TurnCompleted:
        self._current = _Attempt(ask, ask.model, timezone.now())
        limit = self._request.answer_limit
        try:
            async with asyncio.timeout(limit):
                finished = await self._read_answer(self._current, provider)
        except TimeoutError as error:
            seconds = limit or self._request.silence_limit or 0
            message = f"{ask.provider} did not answer within {seconds:g} seconds."
            raise ProviderTimeout(message) from error
        self._close_attempt("completed")
        return TurnCompleted(
            message_id=str(new_id()),
            finish_reason=finished.finish_reason,
            usage=finished.usage,
            chain_id=self._chain_id(provider, finished),
            answer_id=finished.answer_id or "",
            details=finished.details,
        )

    async def _read_answer(self, attempt: _Attempt, provider: Provider) -> Finished:
        finished = Finished()
        async with _patience(self._request.silence_limit) as renew:
            attempt.model = attempt.model or storable_text(await provider.default_model())
            self._log.append(
                AttemptStarted(attempt.ask.provider, attempt.model, attempt.ask.source)
            )
            asked = self._provider_request(attempt, provider)
            async with aclosing(provider.stream(asked)) as events:
                async for event in events:
                    renew()
                    if isinstance(event, Finished):
                        finished = storable_end(event)
                        continue
                    if isinstance(event, RawChunk) and event.files:
                        await self._keep_files(event.files)
                        event = replace(event, files=())
                    self._take(attempt, event)
        return finished

    def _take(
        self, attempt: _Attempt, event: TextDelta | ReasoningDelta | ToolCallDelta | RawChunk
    ) -> None:
        if isinstance(event, WITH_TEXT):
            event = storable_delta(event)
            if event.text and attempt.first_text_at is None:
                attempt.first_text_at = timezone.now()
        self._log.append(event)

    def _provider_request(self, attempt: _Attempt, provider: Provider) -> ProviderRequest:
        options = dict(self._request.options)
        # The model named in the options is the first provider's; the attempt has its own.
        options.pop("model", None)
        return ProviderRequest(
            model=attempt.model,
            messages=tuple(_as_taken(message, provider) for message in self._messages),
            options=options,
            continuation=self._continuation(attempt.ask),
            keep_raw=self._request.keep_raw,
            patient=self._request.patient,
        )

    def _continuation(self, ask: Ask) -> Continuation | None:
        if not isinstance(self._request.history, Branch):
            return None
        chained_to = self._opened.chained_to
        previous_id = chained_to[1] if chained_to and chained_to[0] == ask.provider else None
        return Continuation(previous_id, self._opened.new_messages)

    def _chain_id(self, provider: Provider, finished: Finished) -> str:
        is_chained = isinstance(self._request.history, Branch) and provider.capabilities.chains
        return (finished.answer_id or "") if is_chained else ""

    def _close_attempt(self, outcome: str, fault: ProviderFault | None = None) -> None:
        attempt, self._current = self._current, None
        if attempt is not None:
            self.attempts.append(attempt.record(outcome, fault))
