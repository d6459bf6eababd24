"""The share of a turn in which providers are asked: the answer goes to the log as it comes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import assert_never

from msgspec.structs import replace as changed

from conversations.ids import new_id
from conversations.turns.admission import Opened
from conversations.turns.events import (
    FALLBACK_MISSING,
    AttemptStarted,
    Queued,
    TurnCompleted,
    TurnEnd,
    TurnFailed,
)
from conversations.turns.log import TurnLog
from conversations.turns.request import Branch, TurnRequest
from conversations.turns.said import calls_of, with_calls
from conversations.turns.sending import as_taken, with_files
from conversations.turns.storable import storable_delta, storable_end, storable_text, storable_value
from conversations.turns.tools import ToolUse, ToolUsed, tools_for
from conversations.turns.usage import sum_of
from providers.base import Provider
from providers.errors import ProviderFault, ProviderNotFound
from providers.events import (
    Finished,
    Progress,
    RawChunk,
    ReasoningDelta,
    ReceivedFile,
    TextDelta,
    ToolCallDelta,
)
from providers.registry import Registry
from providers.resilience.answering import Patience, answer
from providers.resilience.steps import Attempt, Began, Left, Step, Waiting
from providers.types import Ask, Continuation, ProviderRequest, ToolCall, ToolSpec

_PARAGRAPH = "\n\n"

KeepFiles = Callable[[Sequence[ReceivedFile]], Awaitable[None]]


class Asking:
    """Writes the answer to the log, and keeps a record of each attempt."""

    def __init__(
        self,
        request: TurnRequest,
        opened: Opened,
        log: TurnLog,
        registry: Registry,
        keep_files: KeepFiles,
    ) -> None:
        self.attempts: list[Left] = []
        self._request = request
        self._opened = opened
        self._log = log
        self._registry = registry
        self._keep_files = keep_files
        self._messages = opened.messages
        self._current: Attempt | None = None
        self._finished = Finished()
        self._tools: ToolUse | None = None

    @property
    def tools_used(self) -> tuple[ToolUsed, ...]:
        return tuple(self._tools.used) if self._tools is not None else ()

    async def run(self) -> TurnEnd:
        """How it ended; raises nothing that a provider can cause."""
        if self._opened.files:
            self._messages = await asyncio.to_thread(with_files, self._opened)
        try:
            await self._converse()
        except ProviderNotFound as error:
            return TurnFailed(FALLBACK_MISSING, str(error))
        except ProviderFault as fault:
            return TurnFailed(fault.kind, storable_text(str(fault)))
        return self._completed()

    def abandon(self, outcome: str) -> None:
        """Record that the attempt under way was given up from outside."""
        attempt, self._current = self._current, None
        if attempt is not None:
            self.attempts.append(_storable(attempt.left(outcome)))

    async def _converse(self) -> None:
        """Ask, do what the model wants tools to do, and ask again with what they said."""
        tools = self._tools = await tools_for(self._request, self._registry, self._log.append)
        asks: Sequence[Ask] = self._request.asks
        while True:
            begun_at = self._log.text_length
            await self._ask(asks)
            if tools is None or not tools.is_asked:
                return
            said = self._log.text[begun_at:]
            self._messages += await tools.run(said)
            asks = self._going_on(asks)
            if said:
                self._log.append(TextDelta(_PARAGRAPH))

    def _going_on(self, asks: Sequence[Ask]) -> tuple[Ask, ...]:
        """The one that has answered, then those who have not been asked yet."""
        last = self.attempts[-1]
        asked = [(left.ask.provider, left.ask.model) for left in self.attempts]
        rest = [ask for ask in asks if (ask.provider, ask.model) not in asked]
        return (replace(last.ask, model=last.model), *rest)

    async def _ask(self, asks: Sequence[Ask]) -> None:
        request = self._request
        steps = answer(
            self._registry,
            asks,
            self._provider_request,
            caller=request.caller.workspace,
            patience=Patience(request.answer_limit, request.silence_limit),
        )
        async with aclosing(steps):
            async for step in steps:
                if isinstance(step, RawChunk) and step.files:
                    await self._keep_files(step.files)
                    step = changed(step, files=())
                self._take(step)

    def _take(self, step: Step) -> None:
        match step:
            case TextDelta() | RawChunk():
                self._log.append(storable_delta(step))
            case ToolCallDelta() if self._tools is not None:
                self._tools.take(step)
            case ReasoningDelta() | ToolCallDelta() | Progress():
                self._log.append(step)
            case Finished():
                self._finish(storable_end(step))
            case Waiting(position=position, seconds=seconds):
                self._log.append(Queued(position, seconds))
            case Began(attempt=attempt):
                self._current, ask = attempt, attempt.ask
                model = storable_text(attempt.model)
                self._log.append(AttemptStarted(ask.provider, model, ask.source))
            case Left():
                self._current = None
                self.attempts.append(_storable(step))
            case _ as never:
                assert_never(never)

    def _finish(self, finished: Finished) -> None:
        """A turn with tools has several answers, and has cost what all of them cost."""
        usage = sum_of(self._finished.usage, finished.usage)
        self._finished = changed(finished, usage=usage)

    def _completed(self) -> TurnCompleted:
        finished = self._finished
        return TurnCompleted(
            message_id=str(new_id()),
            finish_reason=finished.finish_reason,
            usage=finished.usage,
            chain_id=self._chain_id(finished),
            answer_id=finished.answer_id or "",
            details=with_calls(finished.details, self._calls()),
        )

    def _calls(self) -> tuple[ToolCall, ...]:
        """Those that the caller is to run."""
        events = (entry.event for entry in self._log.since(0)) if self._request.tools else ()
        return calls_of(event for event in events if isinstance(event, ToolCallDelta))

    def _provider_request(self, ask: Ask, model: str, provider: Provider) -> ProviderRequest:
        options = dict(self._request.options)
        # The model named in the options is the first provider's; the attempt has its own.
        options.pop("model", None)
        return ProviderRequest(
            model=model,
            messages=as_taken(self._messages, provider),
            options=options,
            continuation=self._continuation(ask),
            keep_raw=self._request.keep_raw and self._tools is None,
            patient=self._request.patient,
            tools=self._offered() if provider.capabilities.tools else (),
        )

    def _offered(self) -> tuple[ToolSpec, ...]:
        return self._request.tools if self._tools is None else self._tools.specs

    def _continuation(self, ask: Ask) -> Continuation | None:
        if not self._is_chained():
            return None
        chained_to = self._opened.chained_to
        previous_id = chained_to[1] if chained_to and chained_to[0] == ask.provider else None
        return Continuation(previous_id, self._opened.new_messages)

    def _chain_id(self, finished: Finished) -> str:
        provider = self._registry.get(self.attempts[-1].ask.provider)
        is_kept = self._is_chained() and provider.capabilities.chains
        return (finished.answer_id or "") if is_kept else ""

    def _is_chained(self) -> bool:
        history = self._request.history
        # What tools have said is no part of what the provider keeps.
        return isinstance(history, Branch) and not history.retold and self._tools is None


def _storable(left: Left) -> Left:
    return replace(
        left,
        model=storable_text(left.model),
        error=storable_text(left.error),
        usage=storable_value(left.usage),
    )
