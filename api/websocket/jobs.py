"""What waits for its turn and is done at once then: faults, clearing, attaching."""

from dataclasses import dataclass

from api.websocket import rows
from api.websocket.encoder import Frame
from api.websocket.faults import told
from api.websocket.frames import Place
from api.websocket.talk import Talk
from conversations.turns.service import query


@dataclass(frozen=True, slots=True)
class Fault:
    """Not before the reply that runs has ended: to its client an error is its end (W-3)."""

    talk: Talk
    message: str

    async def run(self) -> None:
        await self.talk.wire.send({"type": "error", "error": self.message})


@dataclass(frozen=True, slots=True)
class Clearing:
    """What was said stays stored; the connection begins anew, also where it was attached."""

    talk: Talk

    async def run(self) -> None:
        self.talk.home = None
        await self.talk.wire.send({"type": "history_cleared"})


@dataclass(frozen=True, slots=True)
class Attaching:
    talk: Talk
    place: Place

    async def run(self) -> None:
        async with told(self.talk.wire):
            await attach(self.talk, self.place)


async def attach(talk: Talk, place: Place) -> None:
    """Raises ThreadNotFound, ConversationNotFound, Forbidden."""
    talk.home = await query(rows.home_at, talk.caller, place)
    row_id = str(talk.home.conversation_id)
    frame: Frame = {"type": "thread", "thread_id": row_id}
    if place.is_any:
        frame = {"type": "conversation", "conversation_id": row_id}
    await talk.wire.send(frame)
