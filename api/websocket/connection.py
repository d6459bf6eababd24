"""One connection: reads frames, does at once what can be, and lets the rest wait in line."""

import asyncio
from collections import deque
from typing import assert_never
from uuid import UUID

from django.conf import settings

from api.websocket.errors import FrameFault, TooManyPrompts
from api.websocket.faults import told
from api.websocket.frames import (
    Attach,
    ClearHistory,
    ClientFrame,
    Ping,
    Prompt,
    Regenerate,
    Resume,
    Stop,
    Watch,
    frame_in,
)
from api.websocket.guard import guard
from api.websocket.jobs import Attaching, Clearing, Fault
from api.websocket.line import Line
from api.websocket.replies import Answering, Reply, Resuming
from api.websocket.talk import Talk
from api.websocket.watches import Watches
from api.websocket.wire import ENDING, FLOODED, IDLE, RECONNECT

MOST_PROMPTS = 16
IDLE_SECONDS = 3600.0


class Connection:
    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._wire = talk.wire
        self._line = Line(then=self._after_job)
        self._watches = Watches(talk, follows=self._follows)
        self._followed: deque[Reply] = deque(maxlen=MOST_PROMPTS)
        self._is_ending = False
        self._closing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the client has left or is sent away; turns go on."""
        guarding = asyncio.create_task(guard(self._talk, is_busy=lambda: not self._line.is_idle))
        try:
            while (data := await self._next()) is not None:
                if self._line.is_full:
                    await self._wire.close(FLOODED, "Too many frames are waiting")
                    break
                async with told(self._wire):
                    await self._take(data)
        finally:
            guarding.cancel()
            self._watches.close()
            self._line.clear()
            for reply in self._replies():
                reply.leave()

    def let_go(self) -> None:
        """The server is about to end: not before the reply that runs has."""
        self._is_ending = True
        self._line.clear()
        if self._line.is_idle:
            self._closing = asyncio.create_task(self._after_job())

    async def _next(self) -> str | bytes | None:
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    return await self._wire.receive()
            except TimeoutError:
                if self._line.is_idle and not self._watches:
                    await self._wire.close(IDLE, "Nothing was said for long")

    async def _take(self, data: str | bytes) -> None:
        try:
            frame = frame_in(data, limit=settings.CONFIG.MAX_MESSAGE_SIZE)
        except FrameFault as fault:
            self._line.add(Fault(self._talk, str(fault)))
        else:
            await self._act_on(frame)

    async def _act_on(self, frame: ClientFrame) -> None:
        match frame:
            case Ping():
                await self._wire.send({"type": "pong"})
            case Stop():
                for reply in self._replies()[:1]:
                    await reply.stop()
            case Watch(conversation_id=conversation_id):
                await self._watches.add(conversation_id)
            case ClearHistory():
                self._line.add(Clearing(self._talk))
            case Attach(place=place):
                self._line.add(Attaching(self._talk, place))
            case Prompt() | Regenerate():
                self._ask(Answering(self._talk, frame))
            case Resume():
                self._ask(Resuming(self._talk, frame))
            case _ as never:
                assert_never(never)

    def _ask(self, reply: Reply) -> None:
        if self._is_ending:
            return
        if len(self._replies()) > MOST_PROMPTS:
            self._line.add(Fault(self._talk, str(TooManyPrompts(MOST_PROMPTS))))
            return
        self._followed.append(reply)
        self._line.add(reply)

    def _replies(self) -> list[Reply]:
        """The one that runs, and those that wait."""
        return [job for job in self._line.jobs if isinstance(job, Reply)]

    def _follows(self, turn_id: UUID) -> bool:
        """Whether the client has had, or will have, the turn's frames on this connection."""
        return any(reply.is_of(turn_id) for reply in self._followed)

    async def _after_job(self) -> None:
        if self._is_ending:
            await self._wire.close(ENDING, RECONNECT)
