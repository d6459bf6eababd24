"""What a process owns to run turns: the writer, the running turns, and their upkeep."""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Coroutine
from uuid import UUID

import structlog
from django.db import Error as DatabaseFault
from django.db import IntegrityError

from conversations.errors import ShuttingDown
from conversations.ids import new_id
from conversations.turns import recorder
from conversations.turns.admission import Attached, Opened, open_turn
from conversations.turns.log import TurnLog
from conversations.turns.mirror import Mirror
from conversations.turns.reaper import Suspects, clear_pages, reap
from conversations.turns.recorder import Closing, Outcome
from conversations.turns.request import TurnRequest
from conversations.turns.running import RunningTurn
from conversations.turns.writer import Writer
from providers.registry import registry

logger = structlog.get_logger(__name__)

FLUSH_SECONDS = 0.15
HEARTBEAT_SECONDS = 3.0
REAP_SECONDS = 1.5
CLEAR_SECONDS = 60.0
# How long an end is kept in memory while the database does not take it.
STORE_PATIENCE_SECONDS = 300.0


class Engine:
    """Runs the turns of one process and one event loop."""

    def __init__(self) -> None:
        self.worker_id = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"[-128:]
        self.writer = Writer()
        self._running: dict[UUID, RunningTurn] = {}
        self._mirrors: dict[UUID, Mirror] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    @property
    def running_turns(self) -> int:
        return len(self._running)

    def start(self) -> None:
        """Begin the upkeep; needs a running event loop."""
        self._keep(self._flush_for_ever())
        self._keep(self._reap_for_ever())

    async def begin(self, request: TurnRequest) -> UUID:
        """Open a turn and let it run, or find the one that this request began before.

        Raises ConversationError.
        """
        if self._draining:
            raise ShuttingDown
        opened = await self._open(request)
        if isinstance(opened, Opened):
            self._run(request, opened)
        return opened.turn_id

    async def log_of(self, turn_id: UUID) -> TurnLog:
        """The turn's log, wherever it runs or ran; raises TurnNotFound."""
        if (running := self._running.get(turn_id)) is not None:
            return running.log
        mirror = self._mirrors.get(turn_id)
        if mirror is not None and mirror.is_live:
            return mirror.log
        return await self._open_mirror(turn_id)

    async def drain(self, grace: float) -> None:
        """Take no new turns, let the running ones end, and after `grace` seconds end them."""
        self._draining = True
        for mirror in self._mirrors.values():
            mirror.close()
        ends = [asyncio.create_task(turn.ended()) for turn in self._running.values()]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=grace)
        for turn in list(self._running.values()):
            turn.interrupt()
        if late:
            await asyncio.wait(late)

    async def aclose(self) -> None:
        """Drain at once and release everything."""
        await self.drain(0)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self.writer.close)
        await registry().aclose()

    async def _open(self, request: TurnRequest) -> Opened | Attached:
        turn_id = new_id()
        for last_try in (False, True):
            try:
                return await self.writer.run(
                    open_turn, request, turn_id=turn_id, worker_id=self.worker_id
                )
            except IntegrityError:
                # Another worker took the idempotency key first: its turn is there now.
                if last_try or request.idempotency is None:
                    raise
        raise AssertionError("unreachable")

    def _run(self, request: TurnRequest, opened: Opened) -> None:
        turn = RunningTurn(
            request,
            opened,
            worker_id=self.worker_id,
            find_provider=registry().get,
            store=self._store,
        )
        self._running[turn.id] = turn
        turn.start()
        self._keep(self._forget_when_ended(turn))

    async def _forget_when_ended(self, turn: RunningTurn) -> None:
        await turn.ended()
        del self._running[turn.id]

    async def _open_mirror(self, turn_id: UUID) -> TurnLog:
        self._mirrors = {key: held for key, held in self._mirrors.items() if held.is_live}
        mirror = Mirror(turn_id, self.writer)
        log = await mirror.open()
        if mirror.is_live:
            self._mirrors[turn_id] = mirror
        return log

    async def _store(self, closing: Closing) -> Outcome:
        """Store the end, however often that takes: the text is nowhere else yet."""
        deadline = time.monotonic() + STORE_PATIENCE_SECONDS
        pause = 0.2
        while True:
            try:
                return await self.writer.run(recorder.finish, closing)
            except DatabaseFault as error:
                if isinstance(error, IntegrityError) or time.monotonic() > deadline:
                    raise
                logger.warning("turn_end_waits_for_database", turn_id=str(closing.turn_id))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _flush_for_ever(self) -> None:
        beaten_at = 0.0
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._running:
                beat = time.monotonic() - beaten_at >= HEARTBEAT_SECONDS
                if await self._flush(beat=beat) and beat:
                    beaten_at = time.monotonic()

    async def _flush(self, *, beat: bool) -> bool:
        """Store what is new of all turns at once; whether that went well."""
        turns = dict(self._running)
        new_pages = [page for turn in turns.values() if (page := turn.next_page())]
        try:
            stopped = await self.writer.run(
                recorder.flush, new_pages=new_pages, turn_ids=list(turns), beat=beat
            )
        except DatabaseFault as error:
            logger.warning("pages_not_stored", error=type(error).__name__, turns=len(turns))
            for page in new_pages:
                turns[page.turn_id].take_back(page)
            return False
        for turn_id in stopped:
            turns[turn_id].stop()
        return True

    async def _reap_for_ever(self) -> None:
        suspects: Suspects = {}
        cleared_at = time.monotonic()
        while True:
            await asyncio.sleep(REAP_SECONDS)
            try:
                suspects, ended = await self.writer.run(reap, suspects)
                if time.monotonic() - cleared_at > CLEAR_SECONDS:
                    await self.writer.run(clear_pages)
                    cleared_at = time.monotonic()
            except DatabaseFault as error:
                logger.warning("reaper_waits_for_database", error=type(error).__name__)
                continue
            for turn_id in ended:
                logger.warning("turn_interrupted", turn_id=str(turn_id))

    def _keep(self, coroutine: Coroutine[None, None, None]) -> None:
        # asyncio keeps only weak references to tasks.
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
