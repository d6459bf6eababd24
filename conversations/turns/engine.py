"""What a process owns to run turns: the writer, the running turns, and their upkeep."""

import asyncio
import os
import secrets
import socket
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError

from conversations.errors import ShuttingDown
from conversations.ids import new_id
from conversations.turns import measures
from conversations.turns.admission import Attached, Opened, open_turn, open_within_budgets
from conversations.turns.log import TurnLog
from conversations.turns.metering import Meter
from conversations.turns.mirror import Mirror
from conversations.turns.receiving import keep_received
from conversations.turns.request import TurnRequest
from conversations.turns.running import RunningTurn
from conversations.turns.spending import with_models
from conversations.turns.storing import store_end
from conversations.turns.upkeep import flush_for_ever, reap_for_ever
from conversations.turns.writer import Writer
from providers.registry import registry
from providers.toolbox import close_toolbox

logger = structlog.get_logger(__name__)

# For ends that wait for a database that is away; what is late is left to the reaper.
LAST_WORDS_SECONDS = 8.0


class Engine:
    """Runs the turns of one process and one event loop."""

    def __init__(self) -> None:
        self.worker_id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[-128:]
        self.writer = Writer()
        self.meter = Meter(self.writer)
        self.running: dict[UUID, RunningTurn] = {}
        self._mirrors: dict[UUID, Mirror] = {}
        self._opening: set[asyncio.Task[UUID]] = set()
        self._upkeep: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        """Whether new turns are refused, because the process has to end."""
        return self._draining.is_set()

    def start(self) -> None:
        """Begin the upkeep; needs a running event loop."""
        self._keep(flush_for_ever(self.writer, self.running, self.worker_id))
        self._keep(reap_for_ever(self.writer))
        self._keep(self.meter.run())

    async def begin(self, request: TurnRequest) -> UUID:
        """Open a turn and let it run, or find the one that this request began before.

        Raises ConversationError.
        """
        if self._draining.is_set():
            raise ShuttingDown
        # A client that leaves while its turn is being opened must not leave it without a task.
        opening = asyncio.create_task(self._open_and_run(request))
        self._opening.add(opening)
        opening.add_done_callback(self._opened)
        return await asyncio.shield(opening)

    async def log_of(self, turn_id: UUID) -> TurnLog:
        """The turn's log, wherever it runs or ran; raises TurnNotFound."""
        if (running := self.running.get(turn_id)) is not None:
            return running.log
        if (mirrored := self._mirrored(turn_id)) is not None:
            return mirrored
        mirror = Mirror(turn_id, self.writer)
        log = await mirror.open()
        return self._keep_mirror(mirror, log)

    async def drain(self, grace: float) -> None:
        """Take no new turns, let the running ones end, and after `grace` seconds end them."""
        self._draining.set()
        for mirror in self._mirrors.values():
            mirror.close()
        if self._opening:
            await asyncio.wait(self._opening, timeout=LAST_WORDS_SECONDS)
        if await self._ended_within(grace):
            return
        for turn in list(self.running.values()):
            turn.interrupt()
        await self._ended_within(LAST_WORDS_SECONDS)

    async def aclose(self) -> None:
        """Drain at once and release everything."""
        await self.drain(0)
        for task in list(self._upkeep):
            task.cancel()
        await asyncio.gather(*self._upkeep, return_exceptions=True)
        await self.meter.aclose()
        await asyncio.to_thread(self.writer.close)
        await registry().aclose()
        await close_toolbox()

    async def _open_and_run(self, request: TurnRequest) -> UUID:
        opened = await self._open(request)
        if isinstance(opened, Opened):
            self._run(request, opened)
        return opened.turn_id

    async def _open(self, request: TurnRequest) -> Opened | Attached:
        turn_id = new_id()
        for last_try in (False, True):
            try:
                return await self._admitted(request, turn_id)
            except IntegrityError:
                # Another worker took the idempotency key first: its turn is there now.
                if last_try or request.idempotency is None:
                    raise
        raise AssertionError("unreachable")

    async def _admitted(self, request: TurnRequest, turn_id: UUID) -> Opened | Attached:
        ids = {"turn_id": turn_id, "worker_id": self.worker_id}
        if not await self.meter.limits(request.caller):
            return await self.writer.run(open_turn, request, **ids)
        asks = await with_models(request.asks)
        return await self.writer.run_alone(open_within_budgets, request, asks=asks, **ids)

    def _opened(self, opening: asyncio.Task[UUID]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled():
            # Looked at even if the client has left, or asyncio complains of it.
            opening.exception()

    def _run(self, request: TurnRequest, opened: Opened) -> None:
        turn = RunningTurn(
            request,
            opened,
            worker_id=self.worker_id,
            registry=registry(),
            keep_files=lambda files: keep_received(self.writer, opened, files),
            store=lambda closing: store_end(self.writer, closing, hurry=self._draining),
        )
        self.running[turn.id] = turn
        measures.turns_running(len(self.running))
        turn.start()
        self._keep(self._forget_when_ended(turn))

    async def _forget_when_ended(self, turn: RunningTurn) -> None:
        await turn.ended()
        del self.running[turn.id]
        measures.turns_running(len(self.running))

    async def _ended_within(self, seconds: float) -> bool:
        ends = [asyncio.create_task(turn.ended()) for turn in self.running.values()]
        if not ends:
            return True
        _, late = await asyncio.wait(ends, timeout=seconds)
        for task in late:
            task.cancel()
        return not late

    def _mirrored(self, turn_id: UUID) -> TurnLog | None:
        self._mirrors = {key: held for key, held in self._mirrors.items() if held.is_live}
        mirror = self._mirrors.get(turn_id)
        return mirror.log if mirror is not None else None

    def _keep_mirror(self, mirror: Mirror, log: TurnLog) -> TurnLog:
        """One mirror for all followers, also for those that came while it was opened."""
        if not mirror.is_live:
            return log
        if (mirrored := self._mirrored(log.turn_id)) is not None:
            mirror.close()
            return mirrored
        self._mirrors[log.turn_id] = mirror
        if self._draining.is_set():
            mirror.close()
        return log

    def _keep(self, coroutine: Coroutine[Any, Any, None]) -> None:
        # asyncio keeps only weak references to tasks.
        task = asyncio.create_task(coroutine)
        self._upkeep.add(task)
        task.add_done_callback(self._upkeep.discard)
