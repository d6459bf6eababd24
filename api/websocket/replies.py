"""A reply: a turn that is begun or taken up again, and followed to its end (W-4, W-5)."""

from abc import ABC, abstractmethod
from uuid import UUID

from api.limits import limiter
from api.websocket import rows
from api.websocket.asking import Asked, asked, asked_again
from api.websocket.encoder import FrameEncoder
from api.websocket.errors import ThreadNotFound
from api.websocket.faults import told
from api.websocket.frames import Prompt, Regenerate, Resume
from api.websocket.jobs import attach
from api.websocket.talk import Talk
from api.websocket.wire import ENDING, RECONNECT
from conversations.errors import ConversationNotFound
from conversations.turns.events import TurnCompleted, TurnEnd, TurnStopped, is_end
from conversations.turns.log import Cursor, Follower
from conversations.turns.service import Turn, find_turn, query


class Reply(ABC):
    """Can be stopped from before it begins, and left while it goes on."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._turn_id: UUID | None = None
        self._follower: Follower | None = None
        self._is_unwanted = False

    async def run(self) -> None:
        async with told(self._talk.wire):
            await self.reply()

    @abstractmethod
    async def reply(self) -> None: ...

    def is_of(self, turn_id: UUID) -> bool:
        return self._turn_id == turn_id

    async def stop(self) -> None:
        self._is_unwanted = True
        if self._turn_id is not None:
            await query(rows.stop, self._talk.caller, self._turn_id)

    def leave(self) -> None:
        """The client has gone; the turn goes on without it."""
        if self._follower is not None:
            self._follower.wake()

    async def follow(self, turn: Turn, follower: Follower, *, events: bool) -> TurnEnd | None:
        """Send what comes; None where the connection ends before the turn does."""
        self._turn_id, self._follower = turn.id, follower
        encoder = FrameEncoder(turn.id, events=events)
        try:
            if self._is_unwanted:
                await self.stop()
            while self._talk.wire.is_open:
                entries = await follower.read()
                for frame in encoder.encode(entries):
                    await self._talk.wire.send(frame)
                if entries and is_end(end := entries[-1].event):
                    return end
                if not entries and turn.log.is_detached:
                    await self._talk.wire.close(ENDING, RECONNECT)
        finally:
            follower.close()
        return None


class Answering(Reply):
    """A prompt's reply; the two join the history when it is over, and not when it failed.

    Or another reply to the latest one, which it takes the place of.
    """

    def __init__(self, talk: Talk, prompt: Prompt | Regenerate) -> None:
        super().__init__(talk)
        self._prompt = prompt

    async def reply(self) -> None:
        talk, prompt = self._talk, self._prompt
        verdict = await limiter().charge(talk.scope)
        if verdict is not None and not verdict.allowed:
            refusal = {"type": "error", "error": "Rate limit exceeded"}
            await talk.wire.send({**refusal, "retry_after": verdict.retry_after})
            return
        if prompt.place is not None:
            await attach(talk, prompt.place)
        began = await self._asked()
        if prompt.events:
            await talk.wire.send(_announcement(began))
        end = await self.follow(began.turn, began.turn.follow(), events=prompt.events)
        if isinstance(end, TurnCompleted | TurnStopped) and end.message_id:
            talk.home = began.home

    async def _asked(self) -> Asked:
        talk = self._talk
        try:
            if isinstance(self._prompt, Regenerate):
                return await asked_again(talk.caller, talk.home, self._prompt)
            return await asked(talk.caller, talk.home, self._prompt)
        except ConversationNotFound as error:
            if talk.home is not None and talk.home.surface == rows.THREADS:
                raise ThreadNotFound from error
            raise


class Resuming(Reply):
    """A turn of the caller's from after a cursor, wherever it runs or ran."""

    def __init__(self, talk: Talk, resume: Resume) -> None:
        super().__init__(talk)
        self._resume = resume

    async def reply(self) -> None:
        turn_id = await query(rows.turn_id_of, self._talk.caller, self._resume.turn_id)
        turn = await find_turn(turn_id)
        await self.follow(turn, _follower(turn, self._resume.after), events=True)


def _follower(turn: Turn, after: str) -> Follower:
    cursor = Cursor.parse(after) if after else None
    is_lost = bool(after) and (cursor is None or cursor.turn_id != turn.id)
    return turn.log.follow_afresh() if is_lost else turn.follow(cursor)


def _announcement(began: Asked) -> dict[str, str]:
    return {
        "type": "turn",
        "turn_id": str(began.turn.id),
        "cursor": str(Cursor(began.turn.id, 0, 0)),
        "conversation_id": str(began.home.conversation_id),
    }
