"""The conversations that one connection watches."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from api.websocket import rows
from api.websocket.encoder import Frame
from api.websocket.errors import TooManyWatched
from api.websocket.frames import Place
from api.websocket.rows import State
from api.websocket.talk import Talk
from api.websocket.watching import LOOKOUT
from conversations.turns.service import query

MOST_WATCHED = 50


class Watches:
    """Says that something has changed, once for all that did since it could last be said."""

    def __init__(self, talk: Talk, *, follows: Callable[[UUID], bool]) -> None:
        """`follows` tells of which turns the connection gets the frames anyhow."""
        self._talk = talk
        self._follows = follows
        self._known: dict[UUID, State] = {}
        self._news: OrderedDict[UUID, Frame] = OrderedDict()
        self._teller: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._known)

    async def add(self, text: str) -> None:
        """Raises TooManyWatched, ConversationNotFound, Forbidden."""
        if len(self._known) >= MOST_WATCHED:
            raise TooManyWatched(MOST_WATCHED)
        home = await query(rows.home_at, self._talk.caller, Place(text, is_any=True))
        row_id = home.conversation_id
        states = await query(rows.states_of, [row_id])
        if (state := states.get(row_id)) is not None:
            self._known[row_id] = state
            LOOKOUT.add(row_id, self)
        await self._talk.wire.send({"type": "watching", "conversation_id": str(row_id)})

    def hear(self, conversation_id: UUID, state: State | None) -> None:
        known = self._known.get(conversation_id)
        if known is None or (state is not None and state.fingerprint == known.fingerprint):
            return
        if state is None or state.workspace != self._talk.caller.workspace:
            del self._known[conversation_id]
            LOOKOUT.remove(conversation_id, self)
            self._tell(conversation_id, None)
            return
        self._known[conversation_id] = state
        if state.turn_id is None or not self._follows(state.turn_id):
            self._tell(conversation_id, state.turn_id)

    def close(self) -> None:
        for conversation_id in self._known:
            LOOKOUT.remove(conversation_id, self)
        self._known = {}
        if self._teller is not None:
            self._teller.cancel()

    def _tell(self, conversation_id: UUID, turn_id: UUID | None) -> None:
        frame = {"type": "changed", "conversation_id": str(conversation_id)}
        self._news[conversation_id] = frame | ({"turn_id": str(turn_id)} if turn_id else {})
        if self._teller is None or self._teller.done():
            self._teller = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._news:
            _, frame = self._news.popitem(last=False)
            await self._talk.wire.send(frame)
