"""The door to turns: start one, follow one, wait for its result."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar
from uuid import UUID

from conversations.errors import ShuttingDown
from conversations.turns.engine import Engine
from conversations.turns.events import AttemptStarted, Queued, TurnEnd, TurnStarted
from conversations.turns.log import Cursor, Follower, TurnLog
from conversations.turns.permission import may_fall_back, refuse_other_models
from conversations.turns.request import TurnRequest
from providers.events import Progress
from providers.registry import registry
from providers.resilience.chain import with_fallbacks

P = ParamSpec("P")
T = TypeVar("T")

# Of which none says how the answer will go.
_BEFORE_THE_ANSWER = (TurnStarted, AttemptStarted, Queued, Progress)
_engines: dict[asyncio.AbstractEventLoop, Engine] = {}


@dataclass(frozen=True, slots=True)
class TurnResult:
    """A turn that is over: the drained stream. `provider` and `source` are the last asked."""

    turn_id: UUID
    text: str
    provider: str
    model: str
    source: str
    end: TurnEnd


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn as a dialect sees it, wherever it runs and whoever began it."""

    log: TurnLog

    @property
    def id(self) -> UUID:
        return self.log.turn_id

    def follow(self, cursor: Cursor | None = None) -> Follower:
        """Its events from the start, or from after the cursor."""
        return self.log.follow(cursor)

    async def result(self) -> TurnResult:
        """Wait for the end; raises ShuttingDown where this process ends before."""
        await self._until(lambda: self.log.end is not None)
        assert self.log.end is not None
        return _result(self.log, self.log.end)

    async def begun(self, *, patience: float | None = None) -> TurnEnd | None:
        """Wait until the provider has said something, for `patience` seconds at most.

        The end, if that is all there is.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._until(self._has_begun)
        return None if self.log.text_length else self.log.end

    def _has_begun(self) -> bool:
        return any(not isinstance(entry.event, _BEFORE_THE_ANSWER) for entry in self.log.since(0))

    async def _until(self, reached: Callable[[], bool]) -> None:
        follower = self.log.follow()
        try:
            while not reached():
                if self.log.is_detached:
                    raise ShuttingDown
                await follower.read()
        finally:
            follower.close()


def engine() -> Engine:
    """The engine of the running event loop, begun at its first use.

    The server begins it at start-up; under daphne, which has no lifespan, a request does.
    """
    loop = asyncio.get_running_loop()
    if loop not in _engines:
        _engines[loop] = Engine()
        _engines[loop].start()
    return _engines[loop]


async def drain_engine(grace: float) -> None:
    """Let the running turns end within `grace` seconds, then end them."""
    if (own := _engines.get(asyncio.get_running_loop())) is not None:
        await own.drain(grace)


async def close_engine() -> None:
    """End the engine of the running event loop, if it was begun."""
    if (own := _engines.pop(asyncio.get_running_loop(), None)) is not None:
        await own.aclose()


async def query(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a sync function that touches rows, over the writer's bridge."""
    return await engine().writer.run(function, *args, **kwargs)


async def start_turn(request: TurnRequest) -> Turn:
    """Ask a question.

    Raises ConversationError, Forbidden or BudgetExceeded while nothing has happened yet.
    """
    await refuse_other_models(request)
    asks = with_fallbacks(registry(), request.asks, lambda ask: may_fall_back(request, ask))
    request = replace(request, asks=asks)
    own = engine()
    return Turn(await own.log_of(await own.begin(request)))


async def find_turn(turn_id: UUID) -> Turn:
    """A turn to follow; raises TurnNotFound. Access is the caller's to check."""
    return Turn(await engine().log_of(turn_id))


def _result(log: TurnLog, end: TurnEnd) -> TurnResult:
    asked = AttemptStarted("", "", "")
    for entry in log.since(0):
        if isinstance(entry.event, AttemptStarted):
            asked = entry.event
    return TurnResult(log.turn_id, log.text, asked.provider, asked.model, asked.source, end)
